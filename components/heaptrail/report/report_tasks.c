/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Live memory by task, and what deleted tasks left behind. */
#include "ht_report.h"
#include "ht_units.h"

enum { ID, CHOSEN, LEFT, LIVE, BLOCKS, NEW, PEAK, TOTAL, EVER, COLUMNS };

static const ht_column_t s_columns[COLUMNS] = {
    [ID] = {"id", 4, 0},     [CHOSEN] = {"chosen", 8, 0}, [LEFT] = {"left", 8, 0},
    [LIVE] = {"live", 8, 0}, [BLOCKS] = {"blocks", 6, 0}, [NEW] = {"new", 8, 0},
    [PEAK] = {"peak", 8, 1}, [TOTAL] = {"allocs", 6, 2},  [EVER] = {"ever", 8, 3},
};

static const ht_rest_t s_task_rest = {20, 24};

static ht_counts_t counts_of(const heaptrail_task_row_t *row)
{
    return (ht_counts_t){
        .live_blocks = row->live_blocks,
        .total_blocks = row->total_blocks,
        .selected_blocks = row->since_blocks,
        .live_bytes = row->live_bytes,
        .peak_bytes = row->peak_bytes,
        .selected_bytes = row->since_bytes,
        .total_bytes = row->total_bytes,
    };
}

static bool pass_row(void *context, const heaptrail_task_row_t *row)
{
    const ht_row_call_t *call = context;
    return call->fn(call->context, row);
}

static esp_err_t each(const ht_report_t *r, ht_row_call_t *call, heaptrail_walk_t *walk)
{
    return heaptrail_for_each_task(&r->ask->select, pass_row, call, walk);
}

static bool wanted(const ht_report_t *r, const void *row)
{
    const ht_counts_t counts = counts_of(row);
    return ht_counts_wanted(r, &counts);
}

static ht_top_entry_t rank(const ht_report_t *r, const void *row)
{
    const heaptrail_task_row_t *task = row;
    const ht_counts_t counts = counts_of(task);
    return (ht_top_entry_t){ht_counts_key(r, &counts), task->id};
}

static void add(ht_totals_t *total, const void *context)
{
    const heaptrail_task_row_t *row = context;
    const ht_counts_t counts = counts_of(row);
    ht_counts_add(total, &counts);
    total->orphan_blocks += row->deleted ? row->live_blocks : 0U;
    total->orphan_bytes += row->deleted ? row->live_bytes : 0U;
}

static void text_head(ht_report_t *r)
{
    uint32_t possible = 1U << LIVE | 1U << BLOCKS | 1U << PEAK | 1U << TOTAL | 1U << EVER;
    if (ht_counts_selecting(r)) {
        possible |= r->ask->select.since != NULL ? 1U << LEFT : 1U << CHOSEN;
    } else if (r->ask->select.since != NULL) {
        possible |= 1U << NEW;
    }
    if (r->ask->ids) { possible |= 1U << ID; }
    ht_columns_choose(r, s_columns, COLUMNS, possible, 0, s_task_rest);
    ht_counts_title(r, "by task", "task");
    if (r->total.rows != 0) { ht_columns_head(r, s_columns, COLUMNS, "task"); }
}

static void text_row(ht_report_t *r, const void *context)
{
    const heaptrail_task_row_t *row = context;
    bool selecting = ht_counts_selecting(r);
    uint32_t blocks = selecting ? row->since_blocks : row->live_blocks;
    ht_cell_count(r, s_columns, ID, row->id);
    ht_cell_size(r, s_columns, CHOSEN, true, row->since_bytes);
    ht_cell_size(r, s_columns, LEFT, true, row->since_bytes);
    ht_cell_size(r, s_columns, LIVE, true, row->live_bytes);
    ht_cell_count(r, s_columns, BLOCKS, blocks);
    ht_cell_size(r, s_columns, NEW, true, row->since_bytes);
    ht_cell_size(r, s_columns, PEAK, true, row->peak_bytes);
    ht_cell_count(r, s_columns, TOTAL, row->total_blocks);
    ht_cell_size(r, s_columns, EVER, true, row->total_bytes);
    (void)ht_last_column(r);
    ht_out_style(&r->out, HT_STYLE_NAME);
    ht_out_name(&r->out, row->name, sizeof(row->name));
    ht_out_style(&r->out, row->deleted && row->live_blocks != 0 ? HT_STYLE_WARN : HT_STYLE_PLAIN);
    if (row->deleted) { ht_out_text(&r->out, " deleted"); }
    ht_out_style(&r->out, HT_STYLE_PLAIN);
    ht_out_line(&r->out);
}

/* A task's row counts both, and does not tell them apart. */
static void pools_line(ht_report_t *r)
{
    heaptrail_status_t status = {0};
    if (r->total.rows == 0 || heaptrail_status(&status) != ESP_OK || status.pool_blocks == 0) {
        return;
    }
    ht_out_sentence(&r->out, 0);
    r->out.indent = 2;
    ht_out_text(&r->out, "Blocks of pools, ");
    ht_out_size(&r->out, status.pool_bytes);
    ht_out_text(&r->out, " in ");
    ht_out_count(&r->out, status.pool_blocks, "block");
    ht_out_text(&r->out, " in all, are counted here beside the blocks that the pools lie in.");
    ht_out_sentence_end(&r->out);
}

static void text_foot(ht_report_t *r)
{
    ht_out_t *out = &r->out;
    if (r->total.orphan_blocks != 0) {
        ht_out_style(out, HT_STYLE_WARN);
        ht_out_sentence(out, 0);
        out->indent = 2;
        ht_out_text(out, "Deleted tasks left ");
        ht_out_size(out, r->total.orphan_bytes);
        ht_out_text(out, " in ");
        ht_out_count(out, r->total.orphan_blocks, "block");
        ht_out_text(out, " behind.");
        ht_out_style(out, HT_STYLE_PLAIN);
        ht_out_sentence_end(out);
    }
    pools_line(r);
    ht_counts_foot(r, "task");
}

static void json_row(ht_report_t *r, const void *context)
{
    const heaptrail_task_row_t *row = context;
    const ht_counts_t counts = counts_of(row);
    ht_json_number(&r->json, "task_id", row->id);
    ht_json_string(&r->json, "task", row->name, sizeof(row->name));
    if (row->handle != 0) {
        ht_json_address(&r->json, "handle", row->handle);
    } else {
        ht_json_null(&r->json, "handle");
    }
    ht_json_bool(&r->json, "deleted", row->deleted);
    ht_counts_json(r, &counts);
}

esp_err_t ht_report_tasks(ht_report_t *r)
{
    static const ht_list_t list = {
        .name = "tasks",
        .row_bytes = sizeof(heaptrail_task_row_t),
        .each = each,
        .wanted = wanted,
        .rank = rank,
        .add = add,
        .text_head = text_head,
        .text_row = text_row,
        .text_foot = text_foot,
        .json_head = ht_counts_json_head,
        .json_row = json_row,
    };
    return ht_list_write(r, &list);
}
