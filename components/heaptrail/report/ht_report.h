/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_report.h
 * What the renderers share: the report under way, lists of rows, the names of places, notes.
 */
#pragma once

#include "heaptrail_report.h"
#include "ht_json.h"
#include "ht_top.h"

/** Rows and totals of the list under way. */
typedef struct {
    uint32_t rows; /**< that belong to the report */
    uint32_t shown;
    uint32_t vanished; /**< chosen, but gone when their turn came */
    uint32_t silent;   /**< rows that do not belong to it: nothing live there, nothing selected */
    bool disturbed;
    uint32_t blocks;
    uint64_t bytes;
    uint32_t selected_blocks;
    uint64_t selected_bytes;
    uint32_t pool_blocks; /**< of pools: not in `blocks`, which has what the pools lie in */
    uint64_t pool_bytes;
    uint32_t pool_selected_blocks; /**< of selected_blocks */
    uint64_t pool_selected_bytes;
    uint32_t orphan_blocks; /**< of deleted tasks */
    uint64_t orphan_bytes;
    uint32_t name_columns; /**< of the widest task or heap name */
    bool measurable;       /**< at least one heap has a size */
    bool sampled;          /**< at least one heap was measured, `sample_age_us` ago at most */
    uint64_t sample_age_us;
    uintptr_t highest; /**< address */
} ht_totals_t;

typedef struct {
    const heaptrail_report_t *ask;
    uint32_t limit;   /**< rows to show */
    bool part;        /**< one of the parts of a summary */
    bool chosen;      /**< `select` asks for more than a mark */
    uint32_t columns; /**< of the list under way: a bit each, and where the last one begins */
    uint32_t last_column;
    ht_totals_t total;
    ht_out_t out;
    ht_json_t json;
} ht_report_t;

/* --- lists: the rows of a query, the first ones by rank, in fixed memory ------------------------
 */

typedef bool (*ht_row_fn)(void *context, const void *row);

typedef struct {
    ht_row_fn fn;
    void *context;
} ht_row_call_t;

/** A kind of row. `row` is a heaptrail_*_row_t of that kind. */
typedef struct {
    const char *name; /**< of the report, as in JSON */
    size_t row_bytes;
    esp_err_t (*each)(const ht_report_t *r, ht_row_call_t *call, heaptrail_walk_t *walk);
    bool (*wanted)(const ht_report_t *r, const void *row);
    ht_top_entry_t (*rank)(const ht_report_t *r, const void *row);
    void (*add)(ht_totals_t *total, const void *row);
    void (*text_head)(ht_report_t *r);
    void (*text_row)(ht_report_t *r, const void *row);
    void (*text_foot)(ht_report_t *r);
    void (*json_head)(ht_report_t *r);
    void (*json_row)(ht_report_t *r, const void *row);
} ht_list_t;

/** Write a list as text or JSON, or that there is no answer. */
esp_err_t ht_list_write(ht_report_t *r, const ht_list_t *list);

/* --- columns -------------------------------------------------------------------------------------
 */

typedef struct {
    const char *head;
    uint8_t width;
    uint8_t rank; /**< 0: always there; the higher, the wider the terminal must be */
} ht_column_t;

/** Between two columns. */
#define HT_GAP 2U

/** Where the last column does not fit, it gets a line of its own. */
#define HT_OWN_LINE UINT32_MAX
#define HT_OWN_LINE_INDENT 4U

/** Columns that the last one needs at least, and that it wants before optional ones come in. */
typedef struct {
    uint32_t least, good;
} ht_rest_t;

/** Choose those of `possible` that fit behind `first`; sets r->columns and r->last_column. */
void ht_columns_choose(ht_report_t *r, const ht_column_t *column, uint32_t count, uint32_t possible,
                       uint32_t first, ht_rest_t rest);

/** One cell, right-aligned, if its column was chosen. */
void ht_cell(ht_report_t *r, const ht_column_t *column, uint32_t which, const char *text);

/** The same with a number, "-" if it is not `known`. (Apart, so that only one text is on the
 * stack.) */
void ht_cell_size(ht_report_t *r, const ht_column_t *column, uint32_t which, bool known,
                  uint64_t bytes);
void ht_cell_count(ht_report_t *r, const ht_column_t *column, uint32_t which, uint64_t count);
void ht_cell_age(ht_report_t *r, const ht_column_t *column, uint32_t which, bool known,
                 uint64_t us);

/** The line of headings, `last` being that of the last column. */
void ht_columns_head(ht_report_t *r, const ht_column_t *column, uint32_t count, const char *last);

/** Go to where the last column begins. @return That column. */
uint32_t ht_last_column(ht_report_t *r);

/* --- the counters that sites and tasks have in common --------------------------------------------
 */

typedef struct {
    uint32_t live_blocks, total_blocks, selected_blocks;
    size_t live_bytes, peak_bytes, selected_bytes;
    uint64_t total_bytes;
} ht_counts_t;

bool ht_counts_wanted(const ht_report_t *r, const ht_counts_t *counts);
uint64_t ht_counts_key(const ht_report_t *r, const ht_counts_t *counts);
void ht_counts_add(ht_totals_t *total, const ht_counts_t *counts);
void ht_counts_title(ht_report_t *r, const char *by, const char *noun);
void ht_counts_json(ht_report_t *r, const ht_counts_t *counts);
void ht_counts_json_head(ht_report_t *r);

/** "; 3 KiB in 41 blocks in pools", if there are any. Part of a sentence. */
void ht_note_pools(ht_report_t *r);

/** True when the report is about selected blocks, not about all live ones. */
bool ht_counts_selecting(const ht_report_t *r);

/** "20 of 41 sites shown; 3 sites hold nothing" */
void ht_counts_foot(ht_report_t *r, const char *noun);

/* --- places
 * ---------------------------------------------------------------------------------------- */

/** `file:line function() variable [method, caps]` from the present column on, wrapped; ends the
 * line. */
void ht_place(ht_out_t *out, const heaptrail_origin_t *origin);

/** The stack below it, if there is more than the place says. */
void ht_place_frames(ht_out_t *out, const heaptrail_origin_t *origin, uint32_t indent);

/** The fields of a place, into the object that is open. */
void ht_place_json(ht_json_t *json, const heaptrail_origin_t *origin);

/** "8BIT|INTERNAL", "any memory" for 0; part of a sentence or not. */
void ht_caps(ht_out_t *out, uint32_t caps);
void ht_caps_json(ht_json_t *json, const char *key, uint32_t caps);

/** The fields of a block, into the object that is open. */
void ht_block_json(ht_json_t *json, const heaptrail_block_row_t *row);

/** The name of an address, if a function that knows one has been set. */
bool ht_symbol(uintptr_t address, char *text, size_t size);
bool ht_symbol_is_set(void);

/** Names of tasks and heaps by number; "task 7" if there is none. */
void ht_task_name(ht_out_t *out, uint32_t id);
void ht_heap_name(ht_out_t *out, uint32_t id);

/* --- notes
 * ----------------------------------------------------------------------------------------- */

/** ", only of task wifi, larger than 1 KiB": what is selected, part of a sentence. */
void ht_note_select(ht_report_t *r);

/** Rows cut, disturbed, vanished. */
void ht_note_rows(ht_report_t *r, const char *noun);

/** What was lost, as far as it touches this report. */
void ht_note_losses(ht_report_t *r, heaptrail_report_kind_t kind);
void ht_note_losses_json(ht_report_t *r);

/** Whether a loss of this report or any is not zero. */
bool ht_note_lossless(const heaptrail_status_t *status);

/** One line, wrapped. */
void ht_note(ht_report_t *r, ht_style_t style, const char *text);

/* --- reports
 * --------------------------------------------------------------------------------------- */

esp_err_t ht_report_status(ht_report_t *r);
esp_err_t ht_report_sites(ht_report_t *r);
esp_err_t ht_report_tasks(ht_report_t *r);
esp_err_t ht_report_heaps(ht_report_t *r);
esp_err_t ht_report_oldest(ht_report_t *r);
esp_err_t ht_report_list(ht_report_t *r);
esp_err_t ht_report_failures(ht_report_t *r);
esp_err_t ht_report_whois(ht_report_t *r);
esp_err_t ht_report_summary(ht_report_t *r);
esp_err_t ht_report_errors(ht_report_t *r);
esp_err_t ht_report_checks(ht_report_t *r);
esp_err_t ht_report_explain(ht_report_t *r);
esp_err_t ht_report_lowmem(ht_report_t *r);
esp_err_t ht_report_leaks(ht_report_t *r);

/** Any error since the start, or kept from before a reset. */
bool ht_report_has_errors(void);
