/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_reason.h"
#include "ht_units.h"

#define SIZE_COLUMNS 8U
#define COUNT_COLUMNS 6U

bool ht_explanation_of(uint32_t failure_number, heaptrail_explanation_t *row)
{
    if (heaptrail_last_explanation(row) != ESP_OK) { return false; }
    return failure_number == 0 || row->failure_number == failure_number;
}

HT_APART bool ht_explanation_exists(void)
{
    heaptrail_explanation_t row;
    return ht_explanation_of(0, &row);
}

/* --- text --------------------------------------------------------------------------------------
 */

static void impossible_words(ht_out_t *out, const heaptrail_explanation_t *row)
{
    if (row->heaps == 0) {
        ht_out_text(out, "impossible: no heap offers this memory");
        return;
    }
    ht_out_text(out, "impossible: larger than every heap that offers this memory");
    if (row->size_bytes > row->largest_heap_bytes) {
        ht_out_text(out, " (by ");
        ht_out_size(out, row->size_bytes - row->largest_heap_bytes);
        ht_out_text(out, ")");
    }
}

void ht_verdict(ht_out_t *out, const heaptrail_explanation_t *row)
{
    switch (row->verdict) {
    case HEAPTRAIL_VERDICT_IMPOSSIBLE:
        impossible_words(out, row);
        break;
    case HEAPTRAIL_VERDICT_EXHAUSTED:
        ht_out_text(out, "exhausted");
        if (row->size_bytes > row->free_bytes) {
            ht_out_text(out, ", ");
            ht_out_size(out, row->size_bytes - row->free_bytes);
            ht_out_text(out, " too little is free");
        }
        break;
    case HEAPTRAIL_VERDICT_FRAGMENTED:
        ht_out_text(out, "fragmentation, not exhaustion: enough is free, in smaller pieces");
        break;
    case HEAPTRAIL_VERDICT_FITS:
        ht_out_text(out, "it would fit now: memory came back meanwhile");
        break;
    default:
        ht_out_text(out, "cause unknown: the heaps were not measured");
        break;
    }
}

static void supply_line(ht_out_t *out, const heaptrail_explanation_t *row, uint32_t indent)
{
    ht_out_sentence(out, indent);
    ht_out_count(out, row->heaps, "heap");
    ht_out_text(out, row->heaps == 1 ? " offers this memory: " : " offer this memory: ");
    ht_out_size(out, row->heap_bytes);
    if (row->heaps != 1) {
        ht_out_text(out, " in all, the largest ");
        ht_out_size(out, row->largest_heap_bytes);
    }
    ht_out_sentence_end(out);
}

static void free_line(ht_out_t *out, const heaptrail_explanation_t *row, uint32_t indent)
{
    uint32_t permille = row->fragmentation_permille;
    ht_out_sentence(out, indent);
    ht_out_text(out, "free: ");
    ht_out_size(out, row->free_bytes);
    ht_out_text(out, " (");
    ht_out_text(out, ht_text_percent(row->free_bytes, row->heap_bytes).s);
    ht_out_text(out, "), the largest piece ");
    ht_out_size(out, row->largest_free_bytes);
    ht_out_text(out, "; ");
    ht_out_text(out, ht_text_percent(permille, 1000).s);
    ht_out_text(out, " of it lies in other pieces");
    ht_out_sentence_end(out);
}

static void held_line(ht_out_t *out, const heaptrail_explanation_t *row, uint32_t indent)
{
    ht_out_sentence(out, indent);
    ht_out_text(out, "held: ");
    ht_out_size(out, row->live_bytes);
    ht_out_text(out, " by live blocks, ");
    ht_out_size(out, row->quarantine_bytes);
    ht_out_text(out, " by the quarantine, ");
    ht_out_size(out, row->heaptrail_bytes);
    ht_out_text(out, " by heaptrail itself");
    ht_out_sentence_end(out);
}

static void head(ht_out_t *out, uint32_t indent, const char *second, uint32_t columns,
                 const char *last)
{
    ht_out_to(out, indent);
    ht_out_style(out, HT_STYLE_DIM);
    ht_out_right(out, SIZE_COLUMNS, "size");
    ht_out_text(out, "  ");
    ht_out_right(out, columns, second);
    ht_out_text(out, "  ");
    ht_out_text(out, last);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_line(out);
}

/* "  82 KiB      41  " */
static void cells(ht_out_t *out, uint32_t indent, size_t bytes, uint32_t columns, const char *text)
{
    ht_out_to(out, indent);
    ht_out_right(out, SIZE_COLUMNS, ht_text_size(bytes).s);
    ht_out_text(out, "  ");
    ht_out_right(out, columns, text);
    ht_out_text(out, "  ");
}

static void sites(ht_out_t *out, const heaptrail_explanation_t *row, uint32_t indent)
{
    if (row->site[0].blocks == 0) { return; }
    ht_out_to(out, indent);
    ht_out_text(out, "most of this memory, by call site:");
    ht_out_line(out);
    head(out, indent, "blocks", COUNT_COLUMNS, "site");
    for (uint32_t i = 0; i < HEAPTRAIL_TOP_SITES && row->site[i].blocks != 0; i++) {
        cells(out, indent, row->site[i].bytes, COUNT_COLUMNS, ht_text_count(row->site[i].blocks).s);
        uint32_t column = out->column;
        ht_place(out, &row->site[i].origin);
        ht_place_frames(out, &row->site[i].origin, column);
    }
}

static void tasks(ht_out_t *out, const heaptrail_explanation_t *row, uint32_t indent)
{
    if (row->task[0].blocks == 0) { return; }
    ht_out_to(out, indent);
    ht_out_text(out, "most of this memory, by task:");
    ht_out_line(out);
    head(out, indent, "blocks", COUNT_COLUMNS, "task");
    for (uint32_t i = 0; i < HEAPTRAIL_TOP_TASKS && row->task[i].blocks != 0; i++) {
        cells(out, indent, row->task[i].bytes, COUNT_COLUMNS, ht_text_count(row->task[i].blocks).s);
        ht_out_name(out, row->task[i].name, HEAPTRAIL_TASK_NAME_MAX);
        ht_out_line(out);
    }
}

/* Live blocks between free ones: without them there would be one large piece. */
static void hole_line(ht_out_t *out, const heaptrail_explanation_t *row, uint32_t indent)
{
    bool enough = row->hole_bytes >= row->size_bytes;
    ht_out_sentence(out, indent);
    ht_out_text(out, "who pins the hole: ");
    ht_out_size(out, row->hole_bytes);
    ht_out_text(out, enough ? " would be free in one piece, which is enough, but for "
                            : " would be free in one piece, though not enough, but for ");
    ht_out_count(out, row->pin_blocks, "live block");
    ht_out_text(out, " of ");
    ht_out_size(out, row->pin_bytes);
    ht_out_text(out, row->pin_blocks == 1 ? ":" : " together:");
    ht_out_sentence_end(out);
}

static void pins(ht_out_t *out, const heaptrail_explanation_t *row, uint32_t indent)
{
    uint32_t listed = 0;
    if (row->hole_bytes == 0 || row->pin_blocks == 0) { return; }
    hole_line(out, row, indent);
    head(out, indent, "age", SIZE_COLUMNS, "site");
    for (; listed < HEAPTRAIL_PINS && row->pin[listed].address != 0; listed++) {
        cells(out, indent, row->pin[listed].size_bytes, SIZE_COLUMNS,
              ht_text_age(row->pin[listed].age_us).s);
        uint32_t column = out->column;
        ht_place(out, &row->pin[listed].origin);
        ht_place_frames(out, &row->pin[listed].origin, column);
    }
    if (row->pin_blocks <= listed) { return; }
    ht_out_sentence(out, indent);
    ht_out_count(out, row->pin_blocks - listed, "block");
    ht_out_text(out, " more between them not shown.");
    ht_out_sentence_end(out);
}

void ht_explain_text(ht_out_t *out, const heaptrail_explanation_t *row, uint32_t indent)
{
    if (row->heaps == 0) { return; }
    supply_line(out, row, indent);
    if (row->verdict != HEAPTRAIL_VERDICT_UNKNOWN) { free_line(out, row, indent); }
    held_line(out, row, indent);
    sites(out, row, indent);
    tasks(out, row, indent);
    pins(out, row, indent);
}

HT_APART void ht_explanation_text(ht_out_t *out, uint32_t number, uint32_t indent)
{
    heaptrail_explanation_t row;
    if (ht_explanation_of(number, &row)) { ht_explain_text(out, &row, indent); }
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static const char *verdict_key(heaptrail_verdict_t verdict)
{
    static const char *const keys[HEAPTRAIL_VERDICT_COUNT] = {
        [HEAPTRAIL_VERDICT_IMPOSSIBLE] = "impossible",
        [HEAPTRAIL_VERDICT_EXHAUSTED] = "exhausted",
        [HEAPTRAIL_VERDICT_FRAGMENTED] = "fragmented",
        [HEAPTRAIL_VERDICT_FITS] = "would_fit",
    };
    return (unsigned)verdict < HEAPTRAIL_VERDICT_COUNT ? keys[verdict] : NULL;
}

static void sites_json(ht_json_t *json, const heaptrail_explanation_t *row)
{
    ht_json_array(json, "top_sites");
    for (uint32_t i = 0; i < HEAPTRAIL_TOP_SITES && row->site[i].blocks != 0; i++) {
        ht_json_object(json, NULL);
        ht_json_number(json, "live_blocks", row->site[i].blocks);
        ht_json_number(json, "live_bytes", row->site[i].bytes);
        ht_place_json(json, &row->site[i].origin);
        ht_json_object_end(json);
    }
    ht_json_array_end(json);
}

static void tasks_json(ht_json_t *json, const heaptrail_explanation_t *row)
{
    ht_json_array(json, "top_tasks");
    for (uint32_t i = 0; i < HEAPTRAIL_TOP_TASKS && row->task[i].blocks != 0; i++) {
        ht_json_object(json, NULL);
        ht_json_number(json, "task_id", row->task[i].task_id);
        ht_json_string(json, "task", row->task[i].name, HEAPTRAIL_TASK_NAME_MAX);
        ht_json_number(json, "live_blocks", row->task[i].blocks);
        ht_json_number(json, "live_bytes", row->task[i].bytes);
        ht_json_object_end(json);
    }
    ht_json_array_end(json);
}

static void pins_json(ht_json_t *json, const heaptrail_explanation_t *row)
{
    ht_json_maybe(json, "hole_bytes", row->hole_bytes != 0, row->hole_bytes);
    ht_json_number(json, "pin_blocks", row->pin_blocks);
    ht_json_number(json, "pin_bytes", row->pin_bytes);
    ht_json_array(json, "pins");
    for (uint32_t i = 0; i < HEAPTRAIL_PINS && row->pin[i].address != 0; i++) {
        ht_json_object(json, NULL);
        ht_json_address(json, "address", row->pin[i].address);
        ht_json_number(json, "size_bytes", row->pin[i].size_bytes);
        ht_json_number(json, "age_us", row->pin[i].age_us);
        ht_place_json(json, &row->pin[i].origin);
        ht_json_object_end(json);
    }
    ht_json_array_end(json);
}

void ht_explain_json(ht_json_t *json, const heaptrail_explanation_t *row)
{
    bool measured = row->verdict != HEAPTRAIL_VERDICT_UNKNOWN;
    ht_json_number(json, "number", row->failure_number);
    ht_json_number(json, "size_bytes", row->size_bytes);
    ht_caps_json(json, "asked_caps", row->caps);
    ht_json_string(json, "verdict", verdict_key(row->verdict), SIZE_MAX);
    ht_json_number(json, "heaps", row->heaps);
    ht_json_number(json, "heap_bytes", row->heap_bytes);
    ht_json_number(json, "largest_heap_bytes", row->largest_heap_bytes);
    ht_json_maybe(json, "free_bytes", measured, row->free_bytes);
    ht_json_maybe(json, "largest_free_bytes", measured, row->largest_free_bytes);
    ht_json_maybe(json, "fragmentation_permille", measured, row->fragmentation_permille);
    ht_json_number(json, "live_bytes", row->live_bytes);
    ht_json_number(json, "quarantine_bytes", row->quarantine_bytes);
    ht_json_number(json, "heaptrail_bytes", row->heaptrail_bytes);
    sites_json(json, row);
    tasks_json(json, row);
    pins_json(json, row);
}

HT_APART void ht_explanation_json(ht_json_t *json, const char *key)
{
    heaptrail_explanation_t row;
    if (!ht_explanation_of(0, &row)) {
        ht_json_null(json, key);
        return;
    }
    ht_json_object(json, key);
    ht_explain_json(json, &row);
    ht_json_object_end(json);
}
