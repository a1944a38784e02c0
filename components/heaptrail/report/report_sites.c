/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Live memory by call site, and what a window left behind. */
#include "ht_report.h"
#include "ht_units.h"

enum { ID, CHOSEN, LEFT, LIVE, BLOCKS, NEW, OLDEST, PEAK, TOTAL, LIVES, COLUMNS };

static const ht_column_t s_columns[COLUMNS] = {
    [ID] = {"id", 4, 0},         [CHOSEN] = {"chosen", 8, 0}, [LEFT] = {"left", 8, 0},
    [LIVE] = {"live", 8, 0},     [BLOCKS] = {"blocks", 6, 0}, [NEW] = {"new", 8, 0},
    [OLDEST] = {"oldest", 8, 1}, [PEAK] = {"peak", 8, 2},     [TOTAL] = {"allocs", 6, 3},
    [LIVES] = {"lives", 8, 4},
};

/* Columns of a site: less makes it unreadable, this much holds most of them. */
static const ht_rest_t s_site_rest = {36, 52};

static ht_counts_t counts_of(const heaptrail_site_row_t *row)
{
    return (ht_counts_t){
        .live_blocks = row->live_blocks,
        .total_blocks = row->total_blocks,
        .selected_blocks = row->since_blocks,
        .live_bytes = row->live_bytes,
        .peak_bytes = row->peak_bytes,
        .selected_bytes = row->since_bytes,
        .total_bytes = row->total_bytes,
    };
}

static bool pass_row(void *context, const heaptrail_site_row_t *row)
{
    const ht_row_call_t *call = context;
    return call->fn(call->context, row);
}

static esp_err_t each(const ht_report_t *r, ht_row_call_t *call, heaptrail_walk_t *walk)
{
    return heaptrail_for_each_site(&r->ask->select, pass_row, call, walk);
}

static bool wanted(const ht_report_t *r, const void *row)
{
    const heaptrail_site_row_t *site = row;
    const ht_counts_t counts = counts_of(site);
    bool troubled = !ht_counts_selecting(r) && r->ask->sort == HEAPTRAIL_SORT_BYTES &&
                    (site->failures != 0 || site->dropped_blocks != 0);
    return troubled || ht_counts_wanted(r, &counts);
}

static ht_top_entry_t rank(const ht_report_t *r, const void *row)
{
    const heaptrail_site_row_t *site = row;
    const ht_counts_t counts = counts_of(site);
    return (ht_top_entry_t){ht_counts_key(r, &counts), site->origin.id};
}

static void add(ht_totals_t *total, const void *row)
{
    ht_counts_t counts = counts_of(row);
    const heaptrail_site_row_t *site = row;
    if (site->origin.method == HEAPTRAIL_METHOD_POOL) {
        total->pool_blocks += counts.live_blocks;
        total->pool_bytes += counts.live_bytes;
        total->pool_selected_blocks += counts.selected_blocks;
        total->pool_selected_bytes += counts.selected_bytes;
        counts.live_blocks = 0; /* their memory is live at the site of the pool */
        counts.live_bytes = 0;
    }
    ht_counts_add(total, &counts);
}

/* --- lifetimes ---------------------------------------------------------------------------------
 */

/* The bucket in which the middle one of all ended lives lies; the number of buckets: none has
 * ended. */
static uint32_t usual_bucket(const heaptrail_site_row_t *row)
{
    uint64_t sum = 0;
    uint64_t below = 0;
    uint32_t bucket = 0;
    for (uint32_t b = 0; b < HEAPTRAIL_LIFETIME_BUCKETS; b++) {
        sum += row->lifetimes[b];
    }
    if (sum == 0) { return HEAPTRAIL_LIFETIME_BUCKETS; }
    while (below + row->lifetimes[bucket] < (sum + 1U) / 2U) {
        below += row->lifetimes[bucket++];
    }
    return bucket;
}

static uint64_t ticks_to_us(uint64_t ticks)
{
    uint32_t hz = heaptrail_tick_hz();
    return hz == 0 ? 0 : ticks * 1000000U / hz;
}

/* "~16 ms": under 16 ms, and not under 8. The first bucket has no lower bound, the last no upper
 * one. */
static void lives_cell(ht_report_t *r, const heaptrail_site_row_t *row)
{
    uint32_t bucket = usual_bucket(row);
    bool last = bucket == HEAPTRAIL_LIFETIME_BUCKETS - 1U;
    const ht_figure_t age = ht_text_age(ticks_to_us(UINT64_C(1) << (last ? bucket - 1U : bucket)));
    char text[1 + sizeof(age.s)];
    text[0] = bucket == 0 ? '<' : last ? '>' : '~';
    for (uint32_t i = 0; i < sizeof(age.s); i++) {
        text[1U + i] = age.s[i];
    }
    ht_cell(r, s_columns, LIVES, bucket == HEAPTRAIL_LIFETIME_BUCKETS ? "-" : text);
}

/* --- text --------------------------------------------------------------------------------------
 */

static void text_head(ht_report_t *r)
{
    uint32_t possible =
        1U << LIVE | 1U << OLDEST | 1U << PEAK | 1U << TOTAL | 1U << LIVES | 1U << BLOCKS;
    if (ht_counts_selecting(r)) {
        possible |= r->ask->select.since != NULL ? 1U << LEFT : 1U << CHOSEN;
        /* The oldest block of a site may be from before the mark. */
        if (r->ask->select.since != NULL) { possible &= ~(1U << OLDEST); }
    } else if (r->ask->select.since != NULL) {
        possible |= 1U << NEW;
    }
    if (r->ask->ids) { possible |= 1U << ID; }
    ht_columns_choose(r, s_columns, COLUMNS, possible, 0, s_site_rest);
    ht_counts_title(r, "by call site", "site");
    if (r->total.rows != 0) { ht_columns_head(r, s_columns, COLUMNS, "site"); }
}

static void troubles(ht_report_t *r, const heaptrail_site_row_t *row, uint32_t indent)
{
    ht_out_t *out = &r->out;
    if (row->failures == 0 && row->dropped_blocks == 0) { return; }
    ht_out_sentence(out, indent + 2U);
    ht_out_style(out, HT_STYLE_WARN);
    if (row->failures != 0) {
        ht_out_count(out, row->failures, "allocation");
        ht_out_text(out, row->dropped_blocks != 0 ? " failed, " : " failed");
    }
    if (row->dropped_blocks != 0) {
        ht_out_count(out, row->dropped_blocks, "block");
        ht_out_text(out, " without a record, in the total only");
    }
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

static void text_row(ht_report_t *r, const void *context)
{
    const heaptrail_site_row_t *row = context;
    bool selecting = ht_counts_selecting(r);
    uint32_t blocks = selecting ? row->since_blocks : row->live_blocks;
    ht_cell_count(r, s_columns, ID, row->origin.id);
    ht_cell_size(r, s_columns, CHOSEN, true, row->since_bytes);
    ht_cell_size(r, s_columns, LEFT, true, row->since_bytes);
    ht_cell_size(r, s_columns, LIVE, true, row->live_bytes);
    ht_cell_count(r, s_columns, BLOCKS, blocks);
    ht_cell_size(r, s_columns, NEW, true, row->since_bytes);
    ht_cell_age(r, s_columns, OLDEST, row->live_blocks != 0, row->oldest_age_us);
    ht_cell_size(r, s_columns, PEAK, true, row->peak_bytes);
    ht_cell_count(r, s_columns, TOTAL, row->total_blocks);
    lives_cell(r, row);
    uint32_t column = ht_last_column(r);
    ht_place(&r->out, &row->origin);
    ht_place_frames(&r->out, &row->origin, column);
    troubles(r, row, column);
}

static void text_foot(ht_report_t *r)
{
    ht_counts_foot(r, "site");
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static void json_head(ht_report_t *r)
{
    ht_counts_json_head(r);
    ht_json_maybe(&r->json, "tick_hz", heaptrail_tick_hz() != 0, heaptrail_tick_hz());
}

static void json_row(ht_report_t *r, const void *context)
{
    const heaptrail_site_row_t *row = context;
    const ht_counts_t counts = counts_of(row);
    uint32_t bucket = usual_bucket(row);
    uint32_t buckets = HEAPTRAIL_LIFETIME_BUCKETS;
    ht_place_json(&r->json, &row->origin);
    ht_counts_json(r, &counts);
    ht_json_number(&r->json, "dropped_blocks", row->dropped_blocks);
    ht_json_number(&r->json, "failures", row->failures);
    ht_json_maybe(&r->json, "oldest_age_us", row->live_blocks != 0, row->oldest_age_us);
    ht_json_maybe(&r->json, "usual_lifetime_us", bucket < buckets,
                  ticks_to_us(UINT64_C(1) << bucket));
    ht_json_array(&r->json, "lifetimes");
    while (buckets > 0 && row->lifetimes[buckets - 1U] == 0) {
        buckets--;
    }
    for (uint32_t b = 0; b < buckets; b++) {
        ht_json_number(&r->json, NULL, row->lifetimes[b]);
    }
    ht_json_array_end(&r->json);
}

esp_err_t ht_report_sites(ht_report_t *r)
{
    static const ht_list_t list = {
        .name = "sites",
        .row_bytes = sizeof(heaptrail_site_row_t),
        .each = each,
        .wanted = wanted,
        .rank = rank,
        .add = add,
        .text_head = text_head,
        .text_row = text_row,
        .text_foot = text_foot,
        .json_head = json_head,
        .json_row = json_row,
    };
    return ht_list_write(r, &list);
}
