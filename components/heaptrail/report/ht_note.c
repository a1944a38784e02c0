/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "ht_report.h"
#include "ht_units.h"

#define BIT(kind) (1U << HEAPTRAIL_REPORT_##kind)
#define ROWS_OF_BLOCKS                                                                             \
    (BIT(STATUS) | BIT(SITES) | BIT(TASKS) | BIT(HEAPS) | BIT(OLDEST) | BIT(LIST) | BIT(SINCE) |   \
     BIT(WHOIS) | BIT(SUMMARY) | BIT(EXPLAIN) | BIT(LOWMEM))
#define ROWS_WITH_SITES                                                                            \
    (BIT(STATUS) | BIT(SITES) | BIT(OLDEST) | BIT(LIST) | BIT(FAILURES) | BIT(SINCE) |             \
     BIT(WHOIS) | BIT(SUMMARY) | BIT(EXPLAIN) | BIT(LOWMEM))
#define ROWS_WITH_TASKS                                                                            \
    (BIT(STATUS) | BIT(TASKS) | BIT(OLDEST) | BIT(LIST) | BIT(FAILURES) | BIT(WHOIS) |             \
     BIT(SUMMARY) | BIT(EXPLAIN))

/* A cause of loss: "17 blocks" + what + (limit) + remedy. */
typedef struct {
    const char *key;
    uint32_t reports;
    uint16_t counter; /**< offset in heaptrail_loss_t */
    uint16_t limit;   /**< offset in heaptrail_status_t, 0: none */
    const char *noun;
    const char *what;
    const char *remedy;
} cause_t;

#define LIMIT(name) (uint16_t) offsetof(heaptrail_status_t, name)

static const cause_t s_causes[] = {
    {"table_full", ROWS_OF_BLOCKS, offsetof(heaptrail_loss_t, table_full), LIMIT(max_blocks),
     "block", "without a record (table full at ", "): raise CONFIG_HEAPTRAIL_MAX_BLOCKS"},
    {"table_crowded", ROWS_OF_BLOCKS, offsetof(heaptrail_loss_t, table_crowded), LIMIT(max_blocks),
     "block", "without a record (no slot where it belongs, table of ",
     "): raise CONFIG_HEAPTRAIL_MAX_BLOCKS"},
    {"too_large", ROWS_OF_BLOCKS, offsetof(heaptrail_loss_t, too_large), 0, "block",
     "without a record (larger than a record can say)", ": only totals count them"},
    {"origins_full", ROWS_WITH_SITES, offsetof(heaptrail_loss_t, origins_full), LIMIT(max_origins),
     "allocation", "counted under \"(unknown site)\" (table full at ",
     "): raise CONFIG_HEAPTRAIL_MAX_SITES"},
    {"frames_full", ROWS_WITH_SITES, offsetof(heaptrail_loss_t, frames_full), 0, "allocation",
     "without a stack (no room for more frames)", ": raise CONFIG_HEAPTRAIL_FRAME_WORDS"},
    {"tasks_full", ROWS_WITH_TASKS, offsetof(heaptrail_loss_t, tasks_full), LIMIT(max_tasks),
     "allocation", "counted under \"(other tasks)\" (table full at ",
     "): raise CONFIG_HEAPTRAIL_MAX_TASKS"},
    {"failures_overwritten", BIT(STATUS) | BIT(FAILURES) | BIT(SUMMARY),
     offsetof(heaptrail_loss_t, failures_overwritten), 0, "failure", "older than those kept",
     ": raise CONFIG_HEAPTRAIL_MAX_FAILURES to see more"},
    {"unknown_frees", BIT(STATUS) | BIT(SUMMARY), offsetof(heaptrail_loss_t, unknown_frees), 0,
     "free", "of blocks without a record", " (older than the tracker, filtered, or lost above)"},
    {"filtered", ROWS_OF_BLOCKS, offsetof(heaptrail_loss_t, filtered), 0, "allocation",
     "kept out by the filter", ": heaptrail_set_filter(NULL) lets all in"},
};

#define CAUSES (sizeof(s_causes) / sizeof(s_causes[0]))

static uint32_t value_at(const void *base, size_t offset)
{
    uint32_t value;
    memcpy(&value, (const char *)base + offset, sizeof(value));
    return value;
}

static void loss_line(ht_report_t *r, const heaptrail_status_t *status, const cause_t *cause)
{
    ht_out_t *out = &r->out;
    uint32_t n = value_at(&status->loss, cause->counter);
    ht_out_style(out, HT_STYLE_WARN);
    ht_out_sentence(out, 0);
    out->indent = 2;
    ht_out_text(out, n == UINT32_MAX ? "Lost: at least " : "Lost: ");
    ht_out_count(out, n, cause->noun);
    ht_out_text(out, " ");
    ht_out_text(out, cause->what);
    if (cause->limit != 0) { ht_out_number(out, value_at(status, cause->limit)); }
    ht_out_text(out, cause->remedy);
    ht_out_text(out, ".");
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

bool ht_note_lossless(const heaptrail_status_t *status)
{
    for (size_t i = 0; i < CAUSES; i++) {
        if (value_at(&status->loss, s_causes[i].counter) != 0) { return false; }
    }
    return true;
}

void ht_note_losses(ht_report_t *r, heaptrail_report_kind_t kind)
{
    heaptrail_status_t status = {0};
    if (r->part || heaptrail_status(&status) != ESP_OK) { return; }
    for (size_t i = 0; i < CAUSES; i++) {
        bool touches = (s_causes[i].reports & 1U << kind) != 0;
        if (touches && value_at(&status.loss, s_causes[i].counter) != 0) {
            loss_line(r, &status, &s_causes[i]);
        }
    }
    if (!status.running && kind != HEAPTRAIL_REPORT_STATUS && kind != HEAPTRAIL_REPORT_SUMMARY) {
        ht_note(r, HT_STYLE_WARN, "Recording is stopped: newer allocations are not here.");
    }
}

void ht_note_losses_json(ht_report_t *r)
{
    heaptrail_status_t status = {0};
    if (heaptrail_status(&status) != ESP_OK) { return; }
    ht_json_bool(&r->json, "recording", status.running);
    ht_json_object(&r->json, "loss");
    for (size_t i = 0; i < CAUSES; i++) {
        ht_json_number(&r->json, s_causes[i].key, value_at(&status.loss, s_causes[i].counter));
    }
    ht_json_object_end(&r->json);
}

void ht_note(ht_report_t *r, ht_style_t style, const char *text)
{
    ht_out_style(&r->out, style);
    ht_out_sentence(&r->out, 0);
    r->out.indent = 2;
    ht_out_text(&r->out, text);
    ht_out_style(&r->out, HT_STYLE_PLAIN);
    ht_out_sentence_end(&r->out);
}

void ht_note_rows(ht_report_t *r, const char *noun)
{
    const ht_totals_t *total = &r->total;
    if (total->shown < total->rows && total->shown + total->vanished != total->rows) {
        ht_out_style(&r->out, HT_STYLE_DIM);
        ht_out_number(&r->out, total->shown);
        ht_out_text(&r->out, " of ");
        ht_out_count(&r->out, total->rows, noun);
        ht_out_text(&r->out, " shown.");
        ht_out_style(&r->out, HT_STYLE_PLAIN);
        ht_out_line(&r->out);
    }
    if (total->vanished != 0) {
        ht_out_count(&r->out, total->vanished, noun);
        ht_out_text(&r->out, " gone while this was written.");
        ht_out_line(&r->out);
    }
    if (total->disturbed) {
        ht_note(r, HT_STYLE_WARN,
                "The program allocated meanwhile: a few blocks may be missing or counted twice.");
    }
}

static bool select_site(void *context, const heaptrail_site_row_t *row)
{
    ht_report_t *r = context;
    const heaptrail_site_t *site = row->origin.site;
    if (row->origin.id != r->ask->select.site_id) { return true; }
    if (site != NULL && site->function != NULL) {
        ht_out_text(&r->out, " of ");
        ht_out_name(&r->out, site->function, SIZE_MAX);
        ht_out_text(&r->out, "()");
    }
    return false;
}

void ht_note_select(ht_report_t *r)
{
    const heaptrail_select_t *select = &r->ask->select;
    ht_out_t *out = &r->out;
    if (!r->chosen) { return; }
    ht_out_text(out, "; only blocks");
    if (select->task_id != 0) {
        ht_out_text(out, " of ");
        ht_task_name(out, select->task_id);
    }
    if (select->site_id != 0) { (void)heaptrail_for_each_site(NULL, select_site, r, NULL); }
    if (select->heap_id != 0) {
        ht_out_text(out, " in ");
        ht_heap_name(out, select->heap_id);
    }
    if (select->caps != 0) {
        ht_out_text(out, " in ");
        ht_caps(out, select->caps);
    }
    if (select->size_min != 0) {
        ht_out_text(out, " of at least ");
        ht_out_size(out, select->size_min);
    }
    if (select->age_min_us != 0) {
        ht_out_text(out, " older than ");
        ht_out_time(out, select->age_min_us);
    }
    if (select->choice != NULL && select->choice->words != NULL) {
        ht_out_text(out, " ");
        ht_out_text(out, select->choice->words);
    }
}
