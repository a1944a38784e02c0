/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The entry: checks the question and hands it to the report of its kind. */
#include <stdio.h>

#include "ht_report.h"

#define DEFAULT_ROWS 20U
#define DEFAULT_SUMMARY_ROWS 5U
#define SAMPLE_GOOD_US 1000000U

typedef struct {
    const char *name;
    esp_err_t (*write)(ht_report_t *r);
} kind_t;

static const kind_t s_kinds[HEAPTRAIL_REPORT_COUNT] = {
    [HEAPTRAIL_REPORT_STATUS] = {"status", ht_report_status},
    [HEAPTRAIL_REPORT_SITES] = {"sites", ht_report_sites},
    [HEAPTRAIL_REPORT_TASKS] = {"tasks", ht_report_tasks},
    [HEAPTRAIL_REPORT_HEAPS] = {"heaps", ht_report_heaps},
    [HEAPTRAIL_REPORT_OLDEST] = {"oldest", ht_report_oldest},
    [HEAPTRAIL_REPORT_FAILURES] = {"failures", ht_report_failures},
    [HEAPTRAIL_REPORT_SINCE] = {"since", ht_report_sites},
    [HEAPTRAIL_REPORT_WHOIS] = {"whois", ht_report_whois},
    [HEAPTRAIL_REPORT_SUMMARY] = {"summary", ht_report_summary},
    [HEAPTRAIL_REPORT_ERRORS] = {"errors", ht_report_errors},
    [HEAPTRAIL_REPORT_CHECKS] = {"checks", ht_report_checks},
    [HEAPTRAIL_REPORT_EXPLAIN] = {"explain", ht_report_explain},
    [HEAPTRAIL_REPORT_LIST] = {"list", ht_report_list},
    [HEAPTRAIL_REPORT_LOWMEM] = {"lowmem", ht_report_lowmem},
    [HEAPTRAIL_REPORT_LEAKS] = {"leaks", ht_report_leaks},
};

/* What is wrong, what has failed and what is short comes before what is held. */
static const heaptrail_report_kind_t s_summary[] = {
    HEAPTRAIL_REPORT_STATUS, HEAPTRAIL_REPORT_ERRORS, HEAPTRAIL_REPORT_FAILURES,
    HEAPTRAIL_REPORT_HEAPS,  HEAPTRAIL_REPORT_SITES,  HEAPTRAIL_REPORT_TASKS,
};

#define PARTS (sizeof(s_summary) / sizeof(s_summary[0]))

/* Every heap counts: the one that is short may be the last. There are few. */
static uint32_t limit_of_part(const ht_report_t *r, heaptrail_report_kind_t kind)
{
    return kind == HEAPTRAIL_REPORT_HEAPS ? UINT32_MAX : r->limit;
}

/* People need not read that there are no errors. */
static bool is_silent(const ht_report_t *r, heaptrail_report_kind_t kind)
{
    return kind == HEAPTRAIL_REPORT_ERRORS && !r->ask->json && !ht_report_has_errors();
}

static esp_err_t part(ht_report_t *r, heaptrail_report_kind_t kind)
{
    if (is_silent(r, kind)) { return ESP_OK; }
    if (!r->ask->json) {
        esp_err_t err = s_kinds[kind].write(r);
        ht_out_line(&r->out);
        return err;
    }
    ht_json_line(&r->json);
    ht_json_object(&r->json, s_kinds[kind].name);
    esp_err_t err = s_kinds[kind].write(r);
    ht_json_object_end(&r->json);
    return err;
}

esp_err_t ht_report_summary(ht_report_t *r)
{
    esp_err_t first = ESP_OK;
    r->part = true;
    for (size_t i = 0; i < PARTS; i++) {
        uint32_t limit = r->limit;
        r->limit = limit_of_part(r, s_summary[i]);
        esp_err_t err = part(r, s_summary[i]);
        r->limit = limit;
        if (first == ESP_OK) { first = err; }
    }
    r->part = false;
    if (!r->ask->json) { ht_note_losses(r, HEAPTRAIL_REPORT_SUMMARY); }
    return first;
}

static uint32_t limit_of(const heaptrail_report_t *report)
{
    if (report->max_rows != 0) { return report->max_rows; }
    if (report->json) { return UINT32_MAX; }
    return report->kind == HEAPTRAIL_REPORT_SUMMARY ? DEFAULT_SUMMARY_ROWS : DEFAULT_ROWS;
}

static bool find_newest_sample(void *context, const heaptrail_heap_row_t *row)
{
    uint64_t *age_us = context;
    if (row->sampled && row->sample_age_us < *age_us) { *age_us = row->sample_age_us; }
    return true;
}

/* What is said about heaps is measured now, or was a moment ago. */
static void freshen(heaptrail_report_kind_t kind)
{
    uint64_t age_us = UINT64_MAX;
    if (kind != HEAPTRAIL_REPORT_HEAPS && kind != HEAPTRAIL_REPORT_SUMMARY) { return; }
    esp_err_t err = heaptrail_for_each_heap(NULL, find_newest_sample, &age_us, NULL);
    if (err == ESP_OK && age_us > SAMPLE_GOOD_US) { (void)heaptrail_sample(); }
}

static bool is_order_of(heaptrail_sort_t sort, heaptrail_report_kind_t kind)
{
    bool of_blocks = sort >= HEAPTRAIL_SORT_AGE && sort <= HEAPTRAIL_SORT_NONE;
    return kind == HEAPTRAIL_REPORT_LIST ? of_blocks || sort == HEAPTRAIL_SORT_BYTES
                                         : (unsigned)sort <= HEAPTRAIL_SORT_TOTAL;
}

static bool valid(const heaptrail_report_t *report)
{
    return report != NULL && (unsigned)report->kind < HEAPTRAIL_REPORT_COUNT &&
           is_order_of(report->sort, report->kind) &&
           (report->kind != HEAPTRAIL_REPORT_SINCE || report->select.since != NULL);
}

static esp_err_t write_json(ht_report_t *r)
{
    ht_json_object(&r->json, NULL);
    ht_json_number(&r->json, "heaptrail", 1);
    ht_json_string(&r->json, "report", s_kinds[r->ask->kind].name, SIZE_MAX);
    esp_err_t err = s_kinds[r->ask->kind].write(r);
    ht_note_losses_json(r);
    ht_json_object_end(&r->json);
    ht_out_line(&r->out);
    return err;
}

esp_err_t heaptrail_report(const heaptrail_report_t *report, heaptrail_write_fn_t write,
                           void *context)
{
    if (!valid(report) || write == NULL) { return ESP_ERR_INVALID_ARG; }
    const heaptrail_select_t *select = &report->select;
    ht_report_t r = {.ask = report, .limit = limit_of(report)};
    r.chosen = (select->task_id | select->site_id | select->heap_id | select->caps) != 0 ||
               select->size_min != 0 || select->age_min_us != 0 || select->choice != NULL;
    r.json.out = &r.out;
    freshen(report->kind);
    ht_out_init(&r.out, write, context, report->width, report->color && !report->json);
    esp_err_t err = report->json ? write_json(&r) : s_kinds[report->kind].write(&r);
    ht_out_flush(&r.out);
    return err;
}

static void to_stdout(void *context, const char *text, size_t length)
{
    (void)context;
    (void)fwrite(text, 1, length, stdout);
}

esp_err_t heaptrail_print(heaptrail_report_kind_t kind)
{
    static const heaptrail_mark_t beginning;
    heaptrail_report_t report = {.kind = kind};
    if (kind == HEAPTRAIL_REPORT_SINCE) { report.select.since = &beginning; }
    esp_err_t err = heaptrail_report(&report, to_stdout, NULL);
    (void)fflush(stdout);
    return err;
}
