/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Low-memory watches: what they wait for, who made them fire, and who held what then. */
#include "heaptrail_lowmem.h"
#include "ht_report.h"
#include "ht_units.h"

#define INDENT 2U

typedef struct {
    ht_report_t *r;
    uint32_t watches, fired;
} under_way_t;

static bool count_row(void *context, const heaptrail_lowmem_row_t *row)
{
    under_way_t *now = context;
    now->watches++;
    now->fired += row->fired != 0;
    return true;
}

/* --- text --------------------------------------------------------------------------------------
 */

static void level_words(ht_out_t *out, const heaptrail_lowmem_row_t *row)
{
    if (row->free_below_bytes != 0) {
        ht_out_text(out, "less than ");
        ht_out_size(out, row->free_below_bytes);
        ht_out_text(out, " free");
    }
    if (row->largest_below_bytes != 0) {
        ht_out_text(out, row->free_below_bytes != 0 ? " or no block of " : "no block of ");
        ht_out_size(out, row->largest_below_bytes);
    }
    ht_out_text(out, " in ");
    ht_caps(out, row->caps);
}

static void rearm_words(ht_out_t *out, const heaptrail_lowmem_row_t *row)
{
    ht_out_text(out, "waiting for ");
    if (row->free_below_bytes != 0) {
        ht_out_size(out, row->free_rearm_bytes);
        ht_out_text(out, " free");
    }
    if (row->largest_below_bytes != 0) {
        ht_out_text(out, row->free_below_bytes != 0 ? " and a block of " : "a block of ");
        ht_out_size(out, row->largest_rearm_bytes);
    }
    ht_out_text(out, " to be armed again");
}

static void watch_line(ht_out_t *out, const heaptrail_lowmem_row_t *row)
{
    ht_out_sentence(out, 0);
    out->indent = INDENT;
    ht_out_style(out, HT_STYLE_NAME);
    ht_out_text(out, "#");
    ht_out_number(out, row->id);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_text(out, ": ");
    level_words(out, row);
    ht_out_text(out, "; ");
    ht_out_style(out, row->fired != 0 ? HT_STYLE_WARN : HT_STYLE_GOOD);
    if (row->fired == 0) {
        ht_out_text(out, "never fired");
    } else {
        ht_out_text(out, "fired ");
        ht_out_count(out, row->fired, "time");
    }
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_text(out, "; ");
    if (row->armed) {
        ht_out_text(out, "armed");
    } else {
        rearm_words(out, row);
    }
    ht_out_sentence_end(out);
}

static void asker_words(ht_out_t *out, const heaptrail_lowmem_row_t *row)
{
    if (row->cause == HEAPTRAIL_LOWMEM_SAMPLE) {
        ht_out_text(out, "seen by a measurement");
        return;
    }
    ht_out_text(out, "when ");
    if (!row->in_isr) { ht_out_text(out, "task" HT_HARD_SPACE); }
    ht_out_name(out, row->task_name, sizeof(row->task_name));
    ht_out_text(out, row->cause == HEAPTRAIL_LOWMEM_FAILURE ? " asked in vain for " : " took ");
    ht_out_size(out, row->size_bytes);
}

static void trigger_lines(ht_out_t *out, const heaptrail_lowmem_row_t *row)
{
    ht_out_sentence(out, INDENT);
    ht_out_time(out, row->age_us);
    ht_out_text(out, " ago: ");
    ht_out_style(out, HT_STYLE_BAD);
    ht_out_size(out, row->free_bytes);
    ht_out_text(out, " free");
    if (row->largest_known) {
        ht_out_text(out, ", largest ");
        ht_out_size(out, row->largest_free_bytes);
    }
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_text(out, ", ");
    asker_words(out, row);
    ht_out_sentence_end(out);
    if (row->cause == HEAPTRAIL_LOWMEM_SAMPLE) { return; }
    ht_out_to(out, INDENT + 2U);
    ht_place(out, &row->origin);
    ht_place_frames(out, &row->origin, INDENT + 2U);
}

static void drift_line(ht_out_t *out, const heaptrail_lowmem_row_t *row)
{
    ht_out_sentence(out, INDENT);
    if (!row->frozen) {
        ht_out_text(out, "who held what is not copied yet");
    } else if (row->drift_allocations == 0 && row->drift_frees == 0) {
        ht_out_text(out, "held at that moment:");
    } else {
        ht_out_text(out, "held at that moment, off by at most ");
        ht_out_count(out, row->drift_allocations, "allocation");
        ht_out_text(out, " and ");
        ht_out_count(out, row->drift_frees, "free");
        ht_out_text(out, ":");
    }
    ht_out_sentence_end(out);
}

static void site_lines(ht_report_t *r, const heaptrail_lowmem_row_t *row)
{
    ht_out_t *out = &r->out;
    uint32_t shown = row->site_count < r->limit ? row->site_count : r->limit;
    heaptrail_lowmem_site_t site;
    for (uint32_t i = 0; i < shown; i++) {
        if (heaptrail_lowmem_site(row->id, i, &site) != ESP_OK) { return; }
        ht_out_to(out, INDENT + 2U);
        ht_out_right(out, 8U, ht_text_size(site.live_bytes).s);
        ht_out_right(out, 8U, ht_text_count(site.live_blocks).s);
        ht_out_text(out, " ");
        ht_out_text(out, "x ");
        ht_place(out, &site.origin);
    }
}

static bool text_row(void *context, const heaptrail_lowmem_row_t *row)
{
    under_way_t *now = context;
    watch_line(&now->r->out, row);
    if (row->fired != 0) {
        trigger_lines(&now->r->out, row);
        drift_line(&now->r->out, row);
        site_lines(now->r, row);
    }
    return true;
}

static void title(ht_out_t *out, const under_way_t *now)
{
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_sentence(out, 0);
    ht_out_text(out, "Low memory: ");
    if (now->watches == 0) {
        ht_out_text(out, "no watch is set (heaptrail_lowmem_watch()).");
    } else {
        ht_out_count(out, now->watches, now->watches == 1 ? "watch" : "watche");
        ht_out_text(out, ", of which ");
        ht_out_number(out, now->fired);
        ht_out_text(out, " fired");
    }
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static void json_sites(ht_report_t *r, const heaptrail_lowmem_row_t *row)
{
    heaptrail_lowmem_site_t site;
    ht_json_array(&r->json, "sites");
    for (uint32_t i = 0; i < row->site_count && i < r->limit; i++) {
        if (heaptrail_lowmem_site(row->id, i, &site) != ESP_OK) { break; }
        ht_json_line(&r->json);
        ht_json_object(&r->json, NULL);
        ht_json_number(&r->json, "live_blocks", site.live_blocks);
        ht_json_number(&r->json, "live_bytes", site.live_bytes);
        ht_place_json(&r->json, &site.origin);
        ht_json_object_end(&r->json);
    }
    ht_json_array_end(&r->json);
}

static void json_trigger(ht_report_t *r, const heaptrail_lowmem_row_t *row)
{
    static const char *const causes[] = {"allocation", "sample", "failure"};
    ht_json_t *json = &r->json;
    ht_json_object(json, "trigger");
    ht_json_string(json, "cause", (unsigned)row->cause < 3U ? causes[row->cause] : NULL, SIZE_MAX);
    ht_json_bool(json, "by_largest", row->by_largest);
    ht_json_number(json, "age_us", row->age_us);
    ht_json_number(json, "free_bytes", row->free_bytes);
    ht_json_maybe(json, "largest_free_bytes", row->largest_known, row->largest_free_bytes);
    if (row->cause != HEAPTRAIL_LOWMEM_SAMPLE) {
        ht_json_number(json, "size_bytes", row->size_bytes);
        ht_json_number(json, "task_id", row->task_id);
        ht_json_string(json, "task", row->task_name, sizeof(row->task_name));
        ht_json_bool(json, "in_isr", row->in_isr);
        ht_place_json(json, &row->origin);
    }
    ht_json_bool(json, "frozen", row->frozen);
    ht_json_number(json, "drift_allocations", row->drift_allocations);
    ht_json_number(json, "drift_frees", row->drift_frees);
    ht_json_number(json, "drift_us", row->drift_us);
    json_sites(r, row);
    ht_json_object_end(json);
}

static bool json_row(void *context, const heaptrail_lowmem_row_t *row)
{
    under_way_t *now = context;
    ht_json_t *json = &now->r->json;
    ht_json_line(json);
    ht_json_object(json, NULL);
    ht_json_number(json, "watch", row->id);
    ht_caps_json(json, "watched_caps", row->caps);
    ht_json_maybe(json, "free_below_bytes", row->free_below_bytes != 0, row->free_below_bytes);
    ht_json_maybe(json, "free_rearm_bytes", row->free_below_bytes != 0, row->free_rearm_bytes);
    ht_json_maybe(json, "largest_below_bytes", row->largest_below_bytes != 0,
                  row->largest_below_bytes);
    ht_json_maybe(json, "largest_rearm_bytes", row->largest_below_bytes != 0,
                  row->largest_rearm_bytes);
    ht_json_bool(json, "armed", row->armed);
    ht_json_number(json, "fired", row->fired);
    if (row->fired != 0) {
        json_trigger(now->r, row);
    } else {
        ht_json_null(json, "trigger");
    }
    ht_json_object_end(json);
    return true;
}

esp_err_t ht_report_lowmem(ht_report_t *r)
{
    under_way_t now = {.r = r};
    esp_err_t err = heaptrail_for_each_lowmem(count_row, &now, NULL);
    if (err != ESP_OK) { return err; }
    if (r->ask->json) {
        ht_json_array(&r->json, "watches");
        err = heaptrail_for_each_lowmem(json_row, &now, NULL);
        ht_json_array_end(&r->json);
        return err;
    }
    title(&r->out, &now);
    err = heaptrail_for_each_lowmem(text_row, &now, NULL);
    ht_note_losses(r, HEAPTRAIL_REPORT_LOWMEM);
    return err;
}
