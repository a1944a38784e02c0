/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A list in fixed memory. The first pass over the query counts and finds the ranks of the first
 * rows; then a few rows at a time are copied out and written, so that a row is shown once even if
 * it changes rank meanwhile. Where no order is asked for, and for all rows as JSON, they are
 * written in one pass, as the tracker has them.
 */
#include <string.h>

#include "ht_report.h"

typedef union {
    heaptrail_site_row_t site[2];
    heaptrail_block_row_t block[3];
    heaptrail_failure_row_t failure[3];
} rows_t;

typedef struct {
    ht_report_t *r;
    const ht_list_t *list;
    ht_top_t top;
    uint32_t first;  /**< rank of rows[0] */
    uint32_t room;   /**< rows that fit */
    uint32_t loaded; /**< a bit for each row present */
    rows_t rows;
} state_t;

static bool rank_row(void *context, const void *row)
{
    state_t *s = context;
    if (s->list->wanted(s->r, row)) {
        ht_top_entry_t entry = s->list->rank(s->r, row);
        ht_top_offer(&s->top, entry.key, entry.id);
    }
    return true;
}

static bool count_row(void *context, const void *row)
{
    state_t *s = context;
    bool wanted = s->list->wanted(s->r, row);
    s->r->total.rows += wanted ? 1U : 0U;
    s->r->total.silent += wanted ? 0U : 1U;
    if (wanted) { s->list->add(&s->r->total, row); }
    return rank_row(context, row);
}

static void *slot(state_t *s, uint32_t i)
{
    return (char *)&s->rows + i * s->list->row_bytes;
}

static bool load_row(void *context, const void *row)
{
    state_t *s = context;
    uint64_t id = s->list->rank(s->r, row).id;
    for (uint32_t i = 0; i < s->room && s->first + i < s->top.count; i++) {
        if (s->top.entry[s->first + i].id == id) {
            memcpy(slot(s, i), row, s->list->row_bytes);
            s->loaded |= 1U << i;
        }
    }
    return true;
}

static void write_row(ht_report_t *r, const ht_list_t *list, const void *row)
{
    r->total.shown++;
    if (!r->ask->json) {
        list->text_row(r, row);
        return;
    }
    ht_json_line(&r->json);
    ht_json_object(&r->json, NULL);
    list->json_row(r, row);
    ht_json_object_end(&r->json);
}

static bool stream_row(void *context, const void *row)
{
    state_t *s = context;
    if (s->list->wanted(s->r, row)) { write_row(s->r, s->list, row); }
    return s->r->total.shown < s->r->limit;
}

static esp_err_t pass(state_t *s, ht_row_fn fn)
{
    heaptrail_walk_t walk = {0};
    ht_row_call_t call = {fn, s};
    esp_err_t err = s->list->each(s->r, &call, &walk);
    s->r->total.disturbed = s->r->total.disturbed || walk.disturbed;
    return err;
}

/* Write the rows that `top` holds, a few at a time. */
static esp_err_t write_ranked(state_t *s)
{
    ht_totals_t *total = &s->r->total;
    for (s->first = 0; s->first < s->top.count; s->first += s->room) {
        s->loaded = 0;
        esp_err_t err = pass(s, load_row);
        if (err != ESP_OK) { return err; }
        for (uint32_t i = 0; i < s->room && s->first + i < s->top.count; i++) {
            if (total->shown + total->vanished >= s->r->limit) { return ESP_OK; }
            if ((s->loaded & 1U << i) != 0) {
                write_row(s->r, s->list, slot(s, i));
            } else {
                total->vanished++;
            }
        }
    }
    return ESP_OK;
}

static bool is_ordered(const ht_report_t *r)
{
    return r->ask->sort != HEAPTRAIL_SORT_NONE && (!r->ask->json || r->limit < r->total.rows);
}

static esp_err_t write_rows(state_t *s)
{
    ht_totals_t *total = &s->r->total;
    if (!is_ordered(s->r)) { return pass(s, stream_row); }
    esp_err_t err = write_ranked(s);
    while (err == ESP_OK && s->top.count == HT_TOP_MAX &&
           total->shown + total->vanished < s->r->limit) {
        ht_top_next(&s->top);
        err = pass(s, rank_row);
        if (err == ESP_OK) { err = write_ranked(s); }
    }
    return err;
}

static void json_head(ht_report_t *r, const ht_list_t *list)
{
    ht_json_bool(&r->json, "ordered", is_ordered(r));
    if (list->json_head != NULL) { list->json_head(r); }
    ht_json_array(&r->json, "rows");
}

static void json_foot(ht_report_t *r, esp_err_t err)
{
    ht_json_array_end(&r->json);
    ht_json_line(&r->json);
    ht_json_number(&r->json, "rows_total", r->total.rows);
    ht_json_number(&r->json, "rows_shown", r->total.shown);
    ht_json_number(&r->json, "rows_vanished", r->total.vanished);
    ht_json_bool(&r->json, "disturbed", r->total.disturbed);
    ht_json_bool(&r->json, "complete", err == ESP_OK);
}

static void no_answer(ht_report_t *r)
{
    if (r->ask->json) {
        ht_json_bool(&r->json, "complete", false);
    } else {
        ht_note(r, HT_STYLE_WARN,
                "No answer: nothing has been recorded yet, or another report is being made.");
    }
}

esp_err_t ht_list_write(ht_report_t *r, const ht_list_t *list)
{
    state_t s = {.r = r, .list = list, .room = (uint32_t)(sizeof(rows_t) / list->row_bytes)};
    memset(&r->total, 0, sizeof(r->total));
    esp_err_t err = pass(&s, count_row);
    if (err != ESP_OK) {
        no_answer(r);
        return err;
    }
    if (r->ask->json) {
        json_head(r, list);
        err = write_rows(&s);
        json_foot(r, err);
        return err;
    }
    list->text_head(r);
    err = write_rows(&s);
    if (err != ESP_OK) {
        ht_note(r, HT_STYLE_WARN, "Rows are missing: another report was made at the same time.");
    }
    list->text_foot(r);
    return err;
}
