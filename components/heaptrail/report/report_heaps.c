/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Heaps: who uses them, what is free, and in how large pieces. */
#include "ht_report.h"
#include "ht_units.h"

enum { SIZE, LIVE, CHOSEN, NEW, FREE, LARGEST, MIN_FREE, MIN_LARGEST, FRAGMENTED, COLUMNS };

static const ht_column_t s_columns[COLUMNS] = {
    [SIZE] = {"size", 8, 3},         [LIVE] = {"live", 8, 2},
    [CHOSEN] = {"chosen", 8, 2},     [NEW] = {"new", 8, 2},
    [FREE] = {"free", 8, 0},         [LARGEST] = {"largest", 8, 0},
    [MIN_FREE] = {"min free", 8, 4}, [MIN_LARGEST] = {"min largest", 11, 1},
    [FRAGMENTED] = {"frag.", 5, 5},
};

#define BAR_COLUMNS 12U
static const ht_rest_t s_bar_rest = {BAR_COLUMNS, BAR_COLUMNS};
#define PERMILLE_FRAGMENTED 500U
#define PERCENT_NEARLY_FULL 5U

static bool pass_row(void *context, const heaptrail_heap_row_t *row)
{
    const ht_row_call_t *call = context;
    return call->fn(call->context, row);
}

static esp_err_t each(const ht_report_t *r, ht_row_call_t *call, heaptrail_walk_t *walk)
{
    return heaptrail_for_each_heap(&r->ask->select, pass_row, call, walk);
}

static bool wanted(const ht_report_t *r, const void *context)
{
    const heaptrail_heap_row_t *row = context;
    const heaptrail_select_t *select = &r->ask->select;
    return (select->heap_id == 0 || select->heap_id == row->id) &&
           (row->caps & select->caps) == select->caps;
}

/* As the platform numbers them. */
static ht_top_entry_t rank(const ht_report_t *r, const void *context)
{
    (void)r;
    const heaptrail_heap_row_t *row = context;
    return (ht_top_entry_t){UINT32_MAX - row->id, row->id};
}

static void add(ht_totals_t *total, const void *context)
{
    const heaptrail_heap_row_t *row = context;
    uint32_t columns =
        row->name[0] == '\0' ? 7U : ht_out_name_columns(row->name, sizeof(row->name));
    total->pool_blocks += row->pool ? row->live_blocks : 0U;
    total->pool_bytes += row->pool ? row->live_bytes : 0U;
    total->blocks += row->pool ? 0U : row->live_blocks;
    total->bytes += row->pool ? 0U : row->live_bytes;
    total->selected_blocks += row->since_blocks;
    total->selected_bytes += row->since_bytes;
    if (columns > total->name_columns) { total->name_columns = columns; }
    if (row->sampled && row->sample_age_us > total->sample_age_us) {
        total->sample_age_us = row->sample_age_us;
    }
    total->sampled = total->sampled || row->sampled;
    total->measurable = total->measurable || row->size_bytes != 0;
}

/* --- text --------------------------------------------------------------------------------------
 */

static void text_head(ht_report_t *r)
{
    uint32_t first = r->total.name_columns < 4U ? 4U : r->total.name_columns;
    ht_out_t *out = &r->out;
    uint32_t possible = (1U << COLUMNS) - 1U;
    if (!r->chosen) { possible &= ~(1U << CHOSEN); }
    if (r->chosen || r->ask->select.since == NULL) { possible &= ~(1U << NEW); }
    ht_columns_choose(r, s_columns, COLUMNS, possible, first + HT_GAP, s_bar_rest);
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_sentence(out, 0);
    ht_out_count(out, r->total.rows, "heap");
    ht_out_text(out, ", ");
    ht_out_size(out, r->total.bytes);
    ht_out_text(out, " live in ");
    ht_out_count(out, r->total.blocks, "block");
    ht_note_pools(r);
    if (r->total.sampled) {
        ht_out_text(out, "; measured ");
        ht_out_time(out, r->total.sample_age_us);
        ht_out_text(out, " ago");
    } else if (r->total.measurable) {
        ht_out_text(out, "; not measured");
    }
    ht_note_select(r);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
    if (r->total.rows == 0) { return; }
    ht_out_style(out, HT_STYLE_DIM);
    ht_out_text(out, "heap");
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_to(out, first);
    ht_columns_head(r, s_columns, COLUMNS, "#live +other");
}

/* "[##++++....]": recorded, in use but not recorded, free. */
static void bar(ht_out_t *out, const heaptrail_heap_row_t *row)
{
    uint32_t cells = BAR_COLUMNS - 2U;
    uint32_t live = ht_ratio(row->live_bytes, row->size_bytes, cells);
    uint32_t free_cells = ht_ratio(row->free_bytes, row->size_bytes, cells);
    live = live == 0 && row->live_bytes != 0 ? 1U : live;
    ht_out_text(out, "[");
    for (uint32_t i = 0; i < cells; i++) {
        ht_out_text(out, i < live ? "#" : i < cells - free_cells ? "+" : ".");
    }
    ht_out_text(out, "]");
}

static void sampled_cells(ht_report_t *r, const heaptrail_heap_row_t *row)
{
    bool known = row->sampled;
    ht_cell_size(r, s_columns, FREE, known, row->free_bytes);
    ht_cell_size(r, s_columns, LARGEST, known, row->largest_free_bytes);
    ht_cell_size(r, s_columns, MIN_FREE, known, row->min_free_bytes);
    ht_cell_size(r, s_columns, MIN_LARGEST, known, row->min_largest_free_bytes);
    ht_cell(r, s_columns, FRAGMENTED,
            known ? ht_text_percent(row->fragmentation_permille, 1000).s : "-");
}

static ht_style_t verdict_style(const heaptrail_heap_row_t *row)
{
    if (!row->sampled) { return HT_STYLE_DIM; }
    if (ht_ratio(row->free_bytes, row->size_bytes, 100) < PERCENT_NEARLY_FULL) {
        return HT_STYLE_BAD;
    }
    return row->fragmentation_permille >= PERMILLE_FRAGMENTED ? HT_STYLE_WARN : HT_STYLE_GOOD;
}

static void size_words(ht_out_t *out, const char *before, size_t bytes, const char *after)
{
    ht_out_text(out, before);
    ht_out_size(out, bytes);
    ht_out_text(out, after);
}

static void verdict_words(ht_out_t *out, const heaptrail_heap_row_t *row)
{
    size_t largest = row->largest_free_bytes;
    bool was_worse = row->min_largest_free_bytes < largest / 2U;
    if (!row->sampled) {
        ht_out_text(out, row->size_bytes == 0 ? "outside the known heaps" : "not measured");
        return;
    }
    if (row->free_bytes == 0) {
        ht_out_text(out, "full: nothing is free");
    } else if (ht_ratio(row->free_bytes, row->size_bytes, 100) < PERCENT_NEARLY_FULL) {
        size_words(out, "nearly full: ", row->free_bytes, " free");
        size_words(out, ", largest block ", largest, "");
    } else if (row->fragmentation_permille >= PERMILLE_FRAGMENTED) {
        size_words(out, "fragmented: ", row->free_bytes, " free");
        size_words(out, ", but the largest block is ", largest, "");
    } else {
        size_words(out, "healthy: requests up to ", largest, " fit");
    }
    if (was_worse) { size_words(out, ", once only ", row->min_largest_free_bytes, ""); }
}

static void verdict(ht_out_t *out, const heaptrail_heap_row_t *row)
{
    ht_out_sentence(out, HT_OWN_LINE_INDENT);
    ht_out_style(out, verdict_style(row));
    verdict_words(out, row);
    ht_out_style(out, HT_STYLE_PLAIN);
    if (row->pool) { ht_out_text(out, "; a pool, inside other memory"); }
    if (row->caps != 0) {
        ht_out_style(out, HT_STYLE_DIM);
        ht_out_text(out, " [");
        ht_caps(out, row->caps);
        ht_out_text(out, "]");
        ht_out_style(out, HT_STYLE_PLAIN);
    }
    ht_out_sentence_end(out);
}

static void text_row(ht_report_t *r, const void *context)
{
    const heaptrail_heap_row_t *row = context;
    uint32_t first = r->total.name_columns < 4U ? 4U : r->total.name_columns;
    ht_out_style(&r->out, HT_STYLE_NAME);
    ht_out_name(&r->out, row->name[0] == '\0' ? "(other)" : row->name, sizeof(row->name));
    ht_out_style(&r->out, HT_STYLE_PLAIN);
    ht_out_to(&r->out, first);
    ht_cell_size(r, s_columns, SIZE, true, row->size_bytes);
    ht_cell_size(r, s_columns, LIVE, true, row->live_bytes);
    ht_cell_size(r, s_columns, CHOSEN, true, row->since_bytes);
    ht_cell_size(r, s_columns, NEW, true, row->since_bytes);
    sampled_cells(r, row);
    if (r->last_column != HT_OWN_LINE && row->sampled) {
        (void)ht_last_column(r);
        bar(&r->out, row);
    }
    ht_out_line(&r->out);
    verdict(&r->out, row);
}

static void text_foot(ht_report_t *r)
{
    ht_note_rows(r, "heap");
    ht_note_losses(r, HEAPTRAIL_REPORT_HEAPS);
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static const char *verdict_key(const heaptrail_heap_row_t *row)
{
    if (!row->sampled) { return NULL; }
    if (ht_ratio(row->free_bytes, row->size_bytes, 100) < PERCENT_NEARLY_FULL) {
        return "nearly_full";
    }
    return row->fragmentation_permille >= PERMILLE_FRAGMENTED ? "fragmented" : "healthy";
}

static void json_row(ht_report_t *r, const void *context)
{
    const heaptrail_heap_row_t *row = context;
    ht_json_t *json = &r->json;
    bool known = row->sampled;
    ht_json_number(json, "heap_id", row->id);
    ht_json_string(json, "heap", row->name, sizeof(row->name));
    ht_json_address(json, "start", row->start);
    ht_json_number(json, "size_bytes", row->size_bytes);
    ht_caps_json(json, "caps", row->caps);
    ht_json_number(json, "live_blocks", row->live_blocks);
    ht_json_number(json, "live_bytes", row->live_bytes);
    ht_json_number(json, "peak_bytes", row->peak_bytes);
    ht_json_number(json, "total_blocks", row->total_blocks);
    ht_json_number(json, "since_blocks", row->since_blocks);
    ht_json_number(json, "since_bytes", row->since_bytes);
    ht_json_maybe(json, "free_bytes", known, row->free_bytes);
    ht_json_maybe(json, "largest_free_bytes", known, row->largest_free_bytes);
    ht_json_maybe(json, "min_free_bytes", known, row->min_free_bytes);
    ht_json_maybe(json, "min_largest_free_bytes", known, row->min_largest_free_bytes);
    ht_json_maybe(json, "fragmentation_permille", known, row->fragmentation_permille);
    ht_json_maybe(json, "sample_age_us", known, row->sample_age_us);
    ht_json_string(json, "verdict", verdict_key(row), SIZE_MAX);
    ht_json_bool(json, "pool", row->pool);
}

esp_err_t ht_report_heaps(ht_report_t *r)
{
    static const ht_list_t list = {
        .name = "heaps",
        .row_bytes = sizeof(heaptrail_heap_row_t),
        .each = each,
        .wanted = wanted,
        .rank = rank,
        .add = add,
        .text_head = text_head,
        .text_row = text_row,
        .text_foot = text_foot,
        .json_row = json_row,
    };
    return ht_list_write(r, &list);
}
