/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The tracker about itself. */
#include "ht_check_words.h"
#include "ht_units.h"

static void label(ht_out_t *out, const char *name)
{
    ht_out_style(out, HT_STYLE_DIM);
    ht_out_text(out, "  ");
    ht_out_text(out, name);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence(out, 12);
}

static void title(ht_out_t *out, const heaptrail_status_t *status)
{
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_sentence(out, 0);
    ht_out_text(out, status->running ? "Tracker: recording"
                                     : "Tracker: STOPPED, nothing new is recorded");
    ht_out_text(out, ", up ");
    ht_out_time(out, status->uptime_us);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

static void traffic(ht_out_t *out, const heaptrail_status_t *status)
{
    label(out, "live");
    ht_out_size(out, status->live_bytes);
    ht_out_text(out, " in ");
    ht_out_count(out, status->live_blocks, "block");
    if (status->pools != 0) {
        ht_out_text(out, "; in ");
        ht_out_count(out, status->pools, "pool");
        ht_out_text(out, " ");
        ht_out_size(out, status->pool_bytes);
        ht_out_text(out, " in ");
        ht_out_count(out, status->pool_blocks, "block");
    }
    ht_out_sentence_end(out);
    label(out, "ever");
    ht_out_size(out, status->total_bytes);
    ht_out_text(out, " in ");
    ht_out_count(out, status->total_blocks, "allocation");
    ht_out_text(out, ", ");
    ht_out_count(out, status->total_frees, "free");
    ht_out_text(out, ", ");
    ht_out_count(out, status->failures, "failure");
    ht_out_sentence_end(out);
}

static void level(ht_out_t *out, const char *name, uint32_t used, uint32_t max)
{
    label(out, name);
    ht_out_number(out, used);
    ht_out_text(out, " of ");
    ht_out_number(out, max);
    ht_out_text(out, " (");
    ht_out_text(out, ht_text_percent(used, max).s);
    ht_out_text(out, ")");
    ht_out_sentence_end(out);
}

static void own(ht_out_t *out, const heaptrail_status_t *status)
{
    label(out, "own RAM");
    ht_out_size(out, status->memory_bytes);
    ht_out_text(out, "; ");
    ht_out_count(out, status->heaps, "heap");
    ht_out_text(out, "; stacks of ");
    ht_out_count(out, status->stack_depth, "frame");
    ht_out_sentence_end(out);
}

static void checks_line(ht_out_t *out)
{
    heaptrail_checks_t checks = {0};
    if (heaptrail_get_checks(&checks) != ESP_OK) { return; }
    label(out, "checks");
    ht_check_words(out, &checks);
    ht_out_sentence_end(out);
}

static void text(ht_report_t *r, const heaptrail_status_t *status)
{
    title(&r->out, status);
    traffic(&r->out, status);
    level(&r->out, "records", status->live_blocks + status->pool_blocks, status->max_blocks);
    level(&r->out, "sites", status->origins, status->max_origins);
    level(&r->out, "tasks", status->tasks, status->max_tasks);
    own(&r->out, status);
    checks_line(&r->out);
    if (r->part) { return; }
    ht_note_losses(r, HEAPTRAIL_REPORT_STATUS);
    if (ht_note_lossless(status)) { ht_note(r, HT_STYLE_GOOD, "Nothing was lost."); }
}

static void json(ht_json_t *j, const heaptrail_status_t *status)
{
    ht_json_bool(j, "running", status->running);
    ht_json_number(j, "live_blocks", status->live_blocks);
    ht_json_number(j, "live_bytes", status->live_bytes);
    ht_json_number(j, "total_blocks", status->total_blocks);
    ht_json_number(j, "total_bytes", status->total_bytes);
    ht_json_number(j, "total_frees", status->total_frees);
    ht_json_number(j, "failures", status->failures);
    ht_json_number(j, "max_blocks", status->max_blocks);
    ht_json_number(j, "sites", status->origins);
    ht_json_number(j, "max_sites", status->max_origins);
    ht_json_number(j, "tasks", status->tasks);
    ht_json_number(j, "max_tasks", status->max_tasks);
    ht_json_number(j, "heaps", status->heaps);
    ht_json_number(j, "stack_depth", status->stack_depth);
    ht_json_number(j, "memory_bytes", status->memory_bytes);
    ht_json_number(j, "uptime_us", status->uptime_us);
    ht_json_number(j, "pools", status->pools);
    ht_json_number(j, "pool_blocks", status->pool_blocks);
    ht_json_number(j, "pool_bytes", status->pool_bytes);
    heaptrail_checks_t checks = {0};
    if (heaptrail_get_checks(&checks) == ESP_OK) {
        ht_check_words_json(j, "checks", &checks);
    } else {
        ht_json_null(j, "checks"); /* a core dump does not tell */
    }
}

esp_err_t ht_report_status(ht_report_t *r)
{
    heaptrail_status_t status = {0};
    esp_err_t err = heaptrail_status(&status);
    if (err != ESP_OK) { return err; }
    if (r->ask->json) {
        json(&r->json, &status);
    } else {
        text(r, &status);
    }
    return ESP_OK;
}
