/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Allocations that failed: who asked, for what, and why it could not be had. */
#include "ht_reason.h"
#include "ht_units.h"

typedef enum { UNKNOWN, IMPOSSIBLE, TOO_LARGE, EXHAUSTED, FRAGMENTED, WOULD_FIT } cause_t;

/* MALLOC_CAP_* that need care, by value: the renderers know nothing of ESP-IDF. */
enum { DMA = 1 << 3, SPIRAM = 1 << 10, DMA_DESC = 3 << 17, CACHE_ALIGNED = 1 << 19 };

/* What ESP-IDF looks for when it is asked for `caps`, as esp_heap_adjust_alignment_to_hw() makes
 * it: cache alignment is no property of a heap, and no heap has both SPIRAM and DMA though PSRAM
 * may serve both. */
static uint32_t caps_looked_for(uint32_t caps)
{
    bool descriptors = (caps & DMA_DESC) != 0;
    caps &= ~(uint32_t)(DMA_DESC | CACHE_ALIGNED);
    if (descriptors) { caps |= DMA; }
    return (caps & SPIRAM) != 0 ? caps & ~(uint32_t)DMA : caps;
}

/* The heaps that could serve a request. */
typedef struct {
    uint32_t caps;
    uint32_t heaps;    /**< seen at all */
    uint32_t suitable; /**< that offer `caps` */
    size_t largest;    /**< size of the largest suitable one */
} supply_t;

static bool add_supply(void *context, const heaptrail_heap_row_t *row)
{
    supply_t *supply = context;
    supply->heaps += row->caps != 0 ? 1U : 0U;
    if (row->caps == 0 || (row->caps & supply->caps) != supply->caps) { return true; }
    supply->suitable++;
    if (row->size_bytes > supply->largest) { supply->largest = row->size_bytes; }
    return true;
}

static cause_t cause_of(const heaptrail_failure_row_t *row)
{
    supply_t supply = {.caps = caps_looked_for(row->caps)};
    (void)heaptrail_for_each_heap(NULL, add_supply, &supply, NULL);
    if (supply.heaps != 0 && supply.suitable == 0) { return IMPOSSIBLE; }
    if (supply.heaps != 0 && row->size_bytes > supply.largest) { return TOO_LARGE; }
    if (!row->measured) { return UNKNOWN; }
    if (row->free_bytes < row->size_bytes) { return EXHAUSTED; }
    return row->largest_free_bytes < row->size_bytes ? FRAGMENTED : WOULD_FIT;
}

static bool pass_row(void *context, const heaptrail_failure_row_t *row)
{
    const ht_row_call_t *call = context;
    return call->fn(call->context, row);
}

static esp_err_t each(const ht_report_t *r, ht_row_call_t *call, heaptrail_walk_t *walk)
{
    return heaptrail_for_each_failure(&r->ask->select, pass_row, call, walk);
}

static bool wanted(const ht_report_t *r, const void *row)
{
    (void)r;
    (void)row;
    return true;
}

/* The newest first. */
static ht_top_entry_t rank(const ht_report_t *r, const void *context)
{
    (void)r;
    const heaptrail_failure_row_t *row = context;
    return (ht_top_entry_t){row->number, row->number};
}

static void add(ht_totals_t *total, const void *context)
{
    const heaptrail_failure_row_t *row = context;
    total->bytes += row->size_bytes;
}

/* --- text --------------------------------------------------------------------------------------
 */

static void text_head(ht_report_t *r)
{
    ht_out_t *out = &r->out;
    heaptrail_status_t status = {0};
    (void)heaptrail_status(&status);
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_sentence(out, 0);
    ht_out_text(out, "Failed allocations");
    if (r->ask->select.since != NULL) { ht_out_text(out, " since the mark"); }
    if (r->total.rows == 0) {
        ht_out_text(out, ": none.");
    } else {
        ht_out_text(out, ", newest first: ");
        ht_out_count(out, status.failures, "failure");
        ht_out_text(out, " ever, ");
        ht_out_number(out, r->total.rows);
        ht_out_text(out, r->ask->select.since != NULL ? " of these" : " kept");
    }
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

static void request_line(ht_out_t *out, const heaptrail_failure_row_t *row)
{
    ht_out_sentence(out, 0);
    out->indent = HT_OWN_LINE_INDENT;
    ht_out_style(out, HT_STYLE_BAD);
    ht_out_text(out, "#");
    ht_out_number(out, row->number);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_text(out, ": ");
    ht_out_size(out, row->size_bytes);
    ht_out_text(out, " of ");
    ht_caps(out, row->caps);
    if (row->alignment != 0) {
        ht_out_text(out, ", aligned to ");
        ht_out_number(out, row->alignment);
    }
    ht_out_text(out, row->in_isr ? ", in " : ", by task ");
    ht_out_name(out, row->task_name, sizeof(row->task_name));
    ht_out_text(out, ", ");
    ht_out_time(out, row->age_us);
    ht_out_text(out, " ago");
    ht_out_sentence_end(out);
}

static void cause_words(ht_out_t *out, cause_t cause, const heaptrail_failure_row_t *row)
{
    static const char *const words[] = {
        [UNKNOWN] = "cause unknown",
        [IMPOSSIBLE] = "impossible: no heap has these capabilities",
        [TOO_LARGE] = "impossible: larger than every heap with these capabilities",
        [EXHAUSTED] = "exhausted, ",
        [FRAGMENTED] = "fragmentation, not exhaustion",
        [WOULD_FIT] = "would fit: freed since",
    };
    bool aligned = cause == WOULD_FIT && row->alignment > sizeof(void *);
    ht_out_text(out, aligned ? "would fit but for the alignment, or freed since" : words[cause]);
    if (cause == EXHAUSTED) {
        ht_out_size(out, row->size_bytes - row->free_bytes);
        ht_out_text(out, " too little");
    }
}

static void cause_line(ht_out_t *out, const heaptrail_failure_row_t *row)
{
    cause_t cause = cause_of(row);
    ht_out_sentence(out, HT_OWN_LINE_INDENT);
    if (row->measured) {
        ht_out_text(out, "free then ");
        ht_out_size(out, row->free_bytes);
        ht_out_text(out, ", largest ");
        ht_out_size(out, row->largest_free_bytes);
        ht_out_text(out, ": ");
    } else {
        ht_out_text(out, "not measured (in an interrupt, or too soon after another): ");
    }
    ht_out_style(out, cause == UNKNOWN ? HT_STYLE_DIM : HT_STYLE_WARN);
    cause_words(out, cause, row);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

static void text_row(ht_report_t *r, const void *context)
{
    const heaptrail_failure_row_t *row = context;
    request_line(&r->out, row);
    ht_out_to(&r->out, HT_OWN_LINE_INDENT);
    ht_place(&r->out, &row->origin);
    ht_place_frames(&r->out, &row->origin, HT_OWN_LINE_INDENT);
    cause_line(&r->out, row);
    if (!r->part) { ht_explanation_text(&r->out, row->number, HT_OWN_LINE_INDENT); }
}

static void text_foot(ht_report_t *r)
{
    ht_note_rows(r, "failure");
    if (r->part && ht_explanation_exists()) {
        ht_note(r, HT_STYLE_DIM, "HEAPTRAIL_REPORT_EXPLAIN tells who holds that memory.");
    }
    ht_note_losses(r, HEAPTRAIL_REPORT_FAILURES);
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static const char *const s_cause_keys[] = {
    [UNKNOWN] = NULL,          [IMPOSSIBLE] = "impossible", [TOO_LARGE] = "too_large",
    [EXHAUSTED] = "exhausted", [FRAGMENTED] = "fragmented", [WOULD_FIT] = "would_fit",
};

static void json_head(ht_report_t *r)
{
    heaptrail_status_t status = {0};
    (void)heaptrail_status(&status);
    ht_json_number(&r->json, "failures", status.failures);
    ht_explanation_json(&r->json, "explanation");
}

static void json_row(ht_report_t *r, const void *context)
{
    const heaptrail_failure_row_t *row = context;
    ht_json_t *json = &r->json;
    ht_json_number(json, "number", row->number);
    ht_json_number(json, "size_bytes", row->size_bytes);
    ht_caps_json(json, "asked_caps", row->caps);
    ht_json_maybe(json, "alignment_bytes", row->alignment != 0, row->alignment);
    ht_json_number(json, "task_id", row->task_id);
    ht_json_string(json, "task", row->task_name, sizeof(row->task_name));
    ht_json_bool(json, "in_isr", row->in_isr);
    ht_json_number(json, "age_us", row->age_us);
    ht_json_maybe(json, "free_bytes", row->measured, row->free_bytes);
    ht_json_maybe(json, "largest_free_bytes", row->measured, row->largest_free_bytes);
    ht_json_string(json, "cause", s_cause_keys[cause_of(row)], SIZE_MAX);
    ht_place_json(json, &row->origin);
}

esp_err_t ht_report_failures(ht_report_t *r)
{
    static const ht_list_t list = {
        .name = "failures",
        .row_bytes = sizeof(heaptrail_failure_row_t),
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
