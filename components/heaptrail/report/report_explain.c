/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Why the last allocation that could be explained failed. */
#include "ht_reason.h"
#include "ht_units.h"

#define INDENT 2U

typedef struct {
    ht_out_t *out;
    uint32_t number;
} asker_t;

/* Who asked, if the failure is still in the ring. */
static bool asker_lines(void *context, const heaptrail_failure_row_t *row)
{
    asker_t *asker = context;
    ht_out_t *out = asker->out;
    if (row->number != asker->number) { return true; }
    ht_out_sentence(out, INDENT);
    ht_out_text(out, row->in_isr ? "asked for in " : "asked for by task" HT_HARD_SPACE);
    ht_out_name(out, row->task_name, sizeof(row->task_name));
    ht_out_text(out, ", ");
    ht_out_time(out, row->age_us);
    ht_out_text(out, " ago");
    ht_out_sentence_end(out);
    ht_out_to(out, INDENT + 2U);
    ht_place(out, &row->origin);
    ht_place_frames(out, &row->origin, INDENT + 2U);
    return false;
}

static void title(ht_out_t *out, const heaptrail_explanation_t *row)
{
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_sentence(out, 0);
    out->indent = INDENT;
    ht_out_text(out, "Failed allocation #");
    ht_out_number(out, row->failure_number);
    ht_out_text(out, ", ");
    ht_out_size(out, row->size_bytes);
    ht_out_text(out, " of ");
    ht_caps(out, row->caps);
    ht_out_text(out, ": ");
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_style(out, HT_STYLE_WARN);
    ht_verdict(out, row);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

static void text(ht_report_t *r, const heaptrail_explanation_t *row)
{
    asker_t asker = {&r->out, row->failure_number};
    title(&r->out, row);
    (void)heaptrail_for_each_failure(NULL, asker_lines, &asker, NULL);
    ht_explain_text(&r->out, row, INDENT);
    ht_note_losses(r, HEAPTRAIL_REPORT_EXPLAIN);
}

esp_err_t ht_report_explain(ht_report_t *r)
{
    heaptrail_explanation_t row;
    bool found = ht_explanation_of(0, &row);
    if (r->ask->json) {
        ht_json_bool(&r->json, "found", found);
        if (found) { ht_explain_json(&r->json, &row); }
    } else if (found) {
        text(r, &row);
    } else {
        ht_note(r, HT_STYLE_PLAIN, "No failed allocation to explain.");
    }
    return found ? ESP_OK : ESP_ERR_NOT_FOUND;
}
