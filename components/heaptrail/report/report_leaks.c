/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Who may leak, and what speaks for it: the surest first. */
#include "heaptrail_leaks.h"
#include "ht_report.h"
#include "ht_suspect.h"
#include "ht_units.h"

enum { ID, SURE, LIVE, BLOCKS, HOURLY, COLUMNS };

static const ht_column_t s_columns[COLUMNS] = {
    [ID] = {"id", 4, 0},         [SURE] = {"sure", 8, 0},     [LIVE] = {"live", 8, 0},
    [BLOCKS] = {"blocks", 6, 1}, [HOURLY] = {"hourly", 8, 2},
};

static const ht_rest_t s_site_rest = {36, 52};

/* One report of this kind at a time: who has the suspects. */
static heaptrail_suspect_summary_t s_summary;

static bool pass_row(void *context, const heaptrail_suspect_t *row)
{
    const ht_row_call_t *call = context;
    return call->fn(call->context, row);
}

static esp_err_t each(const ht_report_t *r, ht_row_call_t *call, heaptrail_walk_t *walk)
{
    (void)r;
    (void)walk;
    return heaptrail_for_each_suspect(pass_row, call);
}

/* What only follows others is of interest to programs. */
static bool wanted(const ht_report_t *r, const void *context)
{
    const heaptrail_suspect_t *row = context;
    return row->sure != HEAPTRAIL_SURE_FOLLOWS || r->ask->json;
}

/* They are ranked already. */
static ht_top_entry_t rank(const ht_report_t *r, const void *context)
{
    (void)r;
    const heaptrail_suspect_t *row = context;
    return (ht_top_entry_t){UINT32_MAX - row->rank, row->origin.id};
}

static void add(ht_totals_t *total, const void *context)
{
    const heaptrail_suspect_t *row = context;
    total->blocks += row->live_blocks;
    total->bytes += row->live_bytes;
}

/* --- text --------------------------------------------------------------------------------------
 */

static void title(ht_out_t *out)
{
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_sentence(out, 0);
    ht_sure_counts(out, s_summary.sites);
    if (s_summary.exhaustion.caps != 0) {
        ht_out_text(out, "; ");
        ht_exhaustion_words(out, &s_summary.exhaustion);
    }
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

static void scan_line(ht_out_t *out)
{
    ht_out_sentence(out, 0);
    ht_out_text(out, "Lost: ");
    ht_reach_words(out, s_summary.scan.blocks, s_summary.scan.bytes);
    ht_out_sentence_end(out);
}

static void text_head(ht_report_t *r)
{
    uint32_t possible = 1U << SURE | 1U << LIVE | 1U << BLOCKS | 1U << HOURLY;
    if (r->ask->ids) { possible |= 1U << ID; }
    ht_columns_choose(r, s_columns, COLUMNS, possible, 0, s_site_rest);
    title(&r->out);
    if (s_summary.scanned == ESP_OK) { scan_line(&r->out); }
    if (r->total.rows != 0) {
        ht_columns_head(r, s_columns, COLUMNS, "site, and what speaks for it");
    }
}

static void text_row(ht_report_t *r, const void *context)
{
    const heaptrail_suspect_t *row = context;
    const heaptrail_growth_t *growth = &row->growth;
    ht_cell_count(r, s_columns, ID, row->origin.id);
    ht_out_style(&r->out, ht_sure_style(row->sure));
    ht_cell(r, s_columns, SURE, ht_sure_word(row->sure));
    ht_out_style(&r->out, HT_STYLE_PLAIN);
    ht_cell_size(r, s_columns, LIVE, true, row->live_bytes);
    ht_cell_count(r, s_columns, BLOCKS, row->live_blocks);
    ht_cell_size(r, s_columns, HOURLY, growth->rises, (uint64_t)growth->bytes_per_hour);
    uint32_t column = ht_last_column(r);
    ht_place(&r->out, &row->origin);
    ht_place_frames(&r->out, &row->origin, column);
    ht_out_to(&r->out, column);
    ht_out_sentence(&r->out, column);
    ht_suspect_words(&r->out, row);
    ht_out_sentence_end(&r->out);
}

static void unread(ht_report_t *r, size_t bytes)
{
    if (bytes == 0) { return; }
    ht_out_style(&r->out, HT_STYLE_WARN);
    ht_out_sentence(&r->out, 0);
    ht_out_size(&r->out, bytes);
    ht_out_text(&r->out, " of blocks cannot be read: what only they hold is counted as lost");
    ht_out_style(&r->out, HT_STYLE_PLAIN);
    ht_out_sentence_end(&r->out);
}

static const char *why_not(esp_err_t err)
{
    switch (err) {
    case ESP_ERR_NOT_FOUND:
        return "Not scanned, as asked: what nothing points to is not known.";
    case ESP_ERR_NOT_SUPPORTED:
        return "Not scanned: this platform cannot tell where variables and stacks are, or cannot "
               "stop the other threads.";
    case ESP_ERR_NO_MEM:
        return "Not scanned: there is no memory for it.";
    default:
        return "No answer: nothing has been recorded yet, or another scan is under way.";
    }
}

static bool asks_for(const ht_report_t *r, uint32_t evidence)
{
    const heaptrail_report_t *ask = r->ask;
    return ask->select.task_id == 0 && (ask->evidence == 0 || (ask->evidence & evidence) != 0);
}

static void text_foot(ht_report_t *r)
{
    const heaptrail_scan_summary_t *scan = &s_summary.scan;
    ht_out_t *out = &r->out;
    ht_note_rows(r, "site");
    if (s_summary.growth_steps == 0 && asks_for(r, HEAPTRAIL_EVIDENCE_GROWTH)) {
        ht_note(r, HT_STYLE_WARN,
                "Growth is not known: nothing was sampled yet (heaptrail_growth_sample()).");
    }
    if (s_summary.scanned != ESP_OK) { ht_note(r, HT_STYLE_WARN, why_not(s_summary.scanned)); }
    ht_unknown_line(out, scan->young_blocks, "block",
                    " is too young to be judged: not counted as lost",
                    " are too young to be judged: not counted as lost");
    ht_unknown_line(out, scan->unsure_blocks, "block",
                    " was lost in one pass and not in another: not counted",
                    " were lost in one pass and not in another: not counted");
    ht_unknown_line(out, scan->left_out_blocks, "block", " had no room in the memory of the scan",
                    " had no room in the memory of the scan");
    ht_unknown_line(out, scan->gone_blocks, "block", " was freed while the scan ran: not judged",
                    " were freed while the scan ran: not judged");
    unread(r, scan->unread_bytes);
    ht_unknown_line(out, scan->running_threads, "thread",
                    " did not stop: what only its registers hold may be called lost",
                    " did not stop: what only their registers hold may be called lost");
    ht_unknown_line(out, s_summary.suppressed_sites, "suspect", " is suppressed",
                    " are suppressed");
    ht_unknown_line(out, s_summary.growth_left_out, "site",
                    " is not followed over time: HEAPTRAIL_GROWTH_SITES",
                    " are not followed over time: HEAPTRAIL_GROWTH_SITES");
    if (s_summary.disturbed) {
        ht_note(r, HT_STYLE_WARN, "The table moved while it was copied: blocks may be missing.");
    }
    ht_note_losses(r, HEAPTRAIL_REPORT_LEAKS);
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static void scan_json(ht_json_t *json)
{
    static const struct {
        const char *blocks, *bytes;
    } keys[HEAPTRAIL_REACH_COUNT] = {
        [HEAPTRAIL_REACHABLE] = {"reachable_blocks", "reachable_bytes"},
        [HEAPTRAIL_POSSIBLY_LOST] = {"possibly_lost_blocks", "possibly_lost_bytes"},
        [HEAPTRAIL_INDIRECTLY_LOST] = {"indirectly_lost_blocks", "indirectly_lost_bytes"},
        [HEAPTRAIL_LOST] = {"lost_blocks", "lost_bytes"},
    };
    const heaptrail_scan_summary_t *scan = &s_summary.scan;
    bool known = s_summary.scanned == ESP_OK;
    ht_json_bool(json, "scanned", known);
    for (uint32_t i = 0; i < HEAPTRAIL_REACH_COUNT; i++) {
        ht_json_maybe(json, keys[i].blocks, known, scan->blocks[i]);
        ht_json_maybe(json, keys[i].bytes, known, scan->bytes[i]);
    }
    ht_json_maybe(json, "young_blocks", known, scan->young_blocks);
    ht_json_maybe(json, "unsure_blocks", known, scan->unsure_blocks);
    ht_json_maybe(json, "left_out_blocks", known, scan->left_out_blocks);
    ht_json_maybe(json, "gone_blocks", known, scan->gone_blocks);
    ht_json_maybe(json, "unread_bytes", known, scan->unread_bytes);
    ht_json_maybe(json, "running_threads", known, scan->running_threads);
    ht_json_bool(json, "table_moved", s_summary.disturbed);
    ht_json_maybe(json, "passes", known, scan->passes);
    ht_json_maybe(json, "words", known, scan->words);
    ht_json_maybe(json, "took_us", known, scan->took_us);
}

static void json_head(ht_report_t *r)
{
    ht_json_t *json = &r->json;
    ht_json_number(json, "certain_sites", s_summary.sites[HEAPTRAIL_SURE_CERTAIN]);
    ht_json_number(json, "likely_sites", s_summary.sites[HEAPTRAIL_SURE_LIKELY]);
    ht_json_number(json, "possible_sites", s_summary.sites[HEAPTRAIL_SURE_POSSIBLE]);
    ht_json_number(json, "suppressed_sites", s_summary.suppressed_sites);
    scan_json(json);
    ht_json_number(json, "growth_steps", s_summary.growth_steps);
    ht_json_number(json, "growth_span_us", s_summary.growth_span_us);
    ht_json_number(json, "growth_left_out_sites", s_summary.growth_left_out);
    ht_json_number(json, "growth_bytes_per_hour", s_summary.bytes_per_hour);
    ht_exhaustion_json(json, &s_summary.exhaustion);
}

static void json_row(ht_report_t *r, const void *context)
{
    const heaptrail_suspect_t *row = context;
    ht_place_json(&r->json, &row->origin);
    ht_suspect_json(&r->json, row);
}

/* --- the report --------------------------------------------------------------------------------
 */

static esp_err_t no_answer(ht_report_t *r, esp_err_t err)
{
    if (r->ask->json) {
        ht_json_bool(&r->json, "complete", false);
    } else {
        ht_note(r, HT_STYLE_WARN,
                err == ESP_ERR_NO_MEM ? "No answer: there is no memory to gather it in."
                                      : why_not(err));
    }
    return err;
}

/* Of a task only what it left behind is known. */
static esp_err_t find(const ht_report_t *r, heaptrail_suspect_summary_t *summary)
{
    const heaptrail_report_t *ask = r->ask;
    const heaptrail_suspect_options_t options = {
        .evidence = ask->select.task_id != 0 ? HEAPTRAIL_EVIDENCE_TASK_GONE : ask->evidence,
        .site_id = ask->select.site_id,
        .task_id = ask->select.task_id,
    };
    return heaptrail_suspects_find(&options, summary);
}

esp_err_t ht_report_leaks(ht_report_t *r)
{
    static const ht_list_t list = {
        .name = "leaks",
        .row_bytes = sizeof(heaptrail_suspect_t),
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
    heaptrail_suspect_summary_t summary;
    esp_err_t err = find(r, &summary);
    if (err != ESP_OK) { return no_answer(r, err); }
    s_summary = summary;
    err = ht_list_write(r, &list);
    heaptrail_suspects_forget();
    return err;
}
