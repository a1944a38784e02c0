/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What a reachability scan found, by the sites that lost it. */
#include "heaptrail_leaks.h"
#include "ht_report.h"
#include "ht_units.h"

enum { ID, LOST, BLOCKS, WITH, POSSIBLY, COLUMNS };

static const ht_column_t s_columns[COLUMNS] = {
    [ID] = {"id", 4, 0},      [LOST] = {"lost", 8, 0},         [BLOCKS] = {"blocks", 6, 0},
    [WITH] = {"+with", 8, 0}, [POSSIBLY] = {"possibly", 8, 0},
};

static const ht_rest_t s_site_rest = {36, 52};

/* One report of this kind at a time: who has the sums. */
static heaptrail_scan_summary_t s_summary;

static bool pass_row(void *context, const heaptrail_leak_site_t *row)
{
    const ht_row_call_t *call = context;
    return call->fn(call->context, row);
}

static esp_err_t each(const ht_report_t *r, ht_row_call_t *call, heaptrail_walk_t *walk)
{
    (void)r;
    (void)walk;
    return heaptrail_for_each_leak_site(pass_row, call);
}

static bool wanted(const ht_report_t *r, const void *context)
{
    const heaptrail_leak_site_t *row = context;
    bool has_own = (row->lost_blocks | row->possible_blocks) != 0;
    uint32_t site = r->ask->select.site_id;
    return (has_own || r->ask->json) && (site == 0 || site == row->origin.id);
}

/* What is certain first, with what goes with it; then what is possible. */
static ht_top_entry_t rank(const ht_report_t *r, const void *context)
{
    (void)r;
    const heaptrail_leak_site_t *row = context;
    uint64_t certain = (uint64_t)row->lost_bytes + row->with_bytes + row->lost_blocks;
    if (certain > UINT32_MAX) { certain = UINT32_MAX; }
    uint64_t possible = row->possible_bytes < UINT32_MAX ? row->possible_bytes : UINT32_MAX;
    return (ht_top_entry_t){certain << 32U | possible, row->origin.id};
}

static void add(ht_totals_t *total, const void *context)
{
    const heaptrail_leak_site_t *row = context;
    total->blocks += row->lost_blocks;
    total->bytes += row->lost_bytes;
}

/* --- text --------------------------------------------------------------------------------------
 */

/* "1.2 KiB in 3 blocks" */
static void amount(ht_out_t *out, heaptrail_reach_t reach)
{
    ht_out_size(out, s_summary.bytes[reach]);
    ht_out_text(out, " in ");
    ht_out_count(out, s_summary.blocks[reach], "block");
}

static void text_head(ht_report_t *r)
{
    ht_out_t *out = &r->out;
    uint32_t possible = 1U << LOST | 1U << BLOCKS | 1U << WITH | 1U << POSSIBLY;
    if (r->ask->ids) { possible |= 1U << ID; }
    ht_columns_choose(r, s_columns, COLUMNS, possible, 0, s_site_rest);
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_sentence(out, 0);
    ht_out_text(out, "Lost: ");
    amount(out, HEAPTRAIL_LOST);
    ht_out_text(out, ", and with them ");
    amount(out, HEAPTRAIL_INDIRECTLY_LOST);
    ht_out_text(out, "; possibly lost: ");
    amount(out, HEAPTRAIL_POSSIBLY_LOST);
    ht_out_text(out, "; reachable: ");
    amount(out, HEAPTRAIL_REACHABLE);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
    if (r->total.rows != 0) { ht_columns_head(r, s_columns, COLUMNS, "site"); }
}

static void text_row(ht_report_t *r, const void *context)
{
    const heaptrail_leak_site_t *row = context;
    ht_cell_count(r, s_columns, ID, row->origin.id);
    ht_cell_size(r, s_columns, LOST, row->lost_blocks != 0, row->lost_bytes);
    ht_cell_count(r, s_columns, BLOCKS, row->lost_blocks);
    ht_cell_size(r, s_columns, WITH, row->with_blocks != 0, row->with_bytes);
    ht_cell_size(r, s_columns, POSSIBLY, row->possible_blocks != 0, row->possible_bytes);
    uint32_t column = ht_last_column(r);
    ht_place(&r->out, &row->origin);
    ht_place_frames(&r->out, &row->origin, column);
}

/* "3 blocks are too young to be judged": what the scan could not tell. */
static void unknown(ht_report_t *r, uint32_t blocks, const char *one, const char *many)
{
    if (blocks == 0) { return; }
    ht_out_style(&r->out, HT_STYLE_WARN);
    ht_out_sentence(&r->out, 0);
    ht_out_count(&r->out, blocks, "block");
    ht_out_text(&r->out, blocks == 1 ? one : many);
    ht_out_style(&r->out, HT_STYLE_PLAIN);
    ht_out_sentence_end(&r->out);
}

static void text_foot(ht_report_t *r)
{
    ht_note_rows(r, "site");
    unknown(r, s_summary.young_blocks, " is too young to be judged: not counted as lost",
            " are too young to be judged: not counted as lost");
    unknown(r, s_summary.unsure_blocks, " was lost in one pass and not in another: not counted",
            " were lost in one pass and not in another: not counted");
    unknown(r, s_summary.left_out_blocks, " had no room in the memory of the scan",
            " had no room in the memory of the scan");
    if (s_summary.disturbed) {
        ht_note(r, HT_STYLE_WARN, "The table moved while it was copied: blocks may be missing.");
    }
    ht_note_losses(r, HEAPTRAIL_REPORT_LEAKS);
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static void json_head(ht_report_t *r)
{
    static const struct {
        const char *blocks, *bytes;
    } keys[HEAPTRAIL_REACH_COUNT] = {
        [HEAPTRAIL_REACHABLE] = {"reachable_blocks", "reachable_bytes"},
        [HEAPTRAIL_POSSIBLY_LOST] = {"possibly_lost_blocks", "possibly_lost_bytes"},
        [HEAPTRAIL_INDIRECTLY_LOST] = {"indirectly_lost_blocks", "indirectly_lost_bytes"},
        [HEAPTRAIL_LOST] = {"lost_blocks", "lost_bytes"},
    };
    ht_json_t *json = &r->json;
    for (uint32_t i = 0; i < HEAPTRAIL_REACH_COUNT; i++) {
        ht_json_number(json, keys[i].blocks, s_summary.blocks[i]);
        ht_json_number(json, keys[i].bytes, s_summary.bytes[i]);
    }
    ht_json_number(json, "young_blocks", s_summary.young_blocks);
    ht_json_number(json, "unsure_blocks", s_summary.unsure_blocks);
    ht_json_number(json, "left_out_blocks", s_summary.left_out_blocks);
    ht_json_bool(json, "table_moved", s_summary.disturbed);
    ht_json_number(json, "passes", s_summary.passes);
    ht_json_number(json, "words", s_summary.words);
    ht_json_number(json, "took_us", s_summary.took_us);
}

static void json_row(ht_report_t *r, const void *context)
{
    const heaptrail_leak_site_t *row = context;
    ht_place_json(&r->json, &row->origin);
    ht_json_number(&r->json, "lost_blocks", row->lost_blocks);
    ht_json_number(&r->json, "lost_bytes", row->lost_bytes);
    ht_json_number(&r->json, "with_blocks", row->with_blocks);
    ht_json_number(&r->json, "with_bytes", row->with_bytes);
    ht_json_number(&r->json, "possibly_lost_blocks", row->possible_blocks);
    ht_json_number(&r->json, "possibly_lost_bytes", row->possible_bytes);
    ht_json_number(&r->json, "indirectly_lost_blocks", row->indirect_blocks);
    ht_json_number(&r->json, "indirectly_lost_bytes", row->indirect_bytes);
}

/* --- the report --------------------------------------------------------------------------------
 */

static const char *reason(esp_err_t err)
{
    switch (err) {
    case ESP_ERR_NOT_SUPPORTED:
        return "No answer: this platform cannot tell where variables and stacks are, or cannot "
               "stop the other threads.";
    case ESP_ERR_NO_MEM:
        return "No answer: there is no memory for the scan.";
    default:
        return "No answer: nothing has been recorded yet, or another scan is under way.";
    }
}

static esp_err_t no_answer(ht_report_t *r, esp_err_t err)
{
    if (r->ask->json) {
        ht_json_bool(&r->json, "complete", false);
    } else {
        ht_note(r, HT_STYLE_WARN, reason(err));
    }
    return err;
}

esp_err_t ht_report_leaks(ht_report_t *r)
{
    static const ht_list_t list = {
        .name = "leaks",
        .row_bytes = sizeof(heaptrail_leak_site_t),
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
    heaptrail_scan_summary_t summary;
    esp_err_t err = heaptrail_leaks_find(NULL, &summary);
    if (err != ESP_OK) { return no_answer(r, err); }
    s_summary = summary;
    err = ht_list_write(r, &list);
    heaptrail_leaks_forget();
    return err;
}
