/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Live blocks, one a row: the oldest of them, or a list in the order that was asked for. */
#include "ht_report.h"
#include "ht_units.h"

enum { AGE, SIZE, ADDRESS, WIDE_ADDRESS, WIDEST_ADDRESS, SITE, COLUMNS };

static const ht_column_t s_columns[COLUMNS] = {
    [AGE] = {"age", 8, 0},
    [SIZE] = {"size", 8, 0},
    [ADDRESS] = {"address", 10, 0},
    [WIDE_ADDRESS] = {"address", 14, 0},
    [WIDEST_ADDRESS] = {"address", 18, 0},
    [SITE] = {"site", 4, 1},
};

#define SITE_COLUMNS 36U

static bool pass_row(void *context, const heaptrail_block_row_t *row)
{
    const ht_row_call_t *call = context;
    return call->fn(call->context, row);
}

static esp_err_t each(const ht_report_t *r, ht_row_call_t *call, heaptrail_walk_t *walk)
{
    return heaptrail_for_each_block(&r->ask->select, pass_row, call, walk);
}

static bool wanted(const ht_report_t *r, const void *row)
{
    (void)r;
    (void)row;
    return true;
}

static heaptrail_sort_t order_of(const ht_report_t *r)
{
    return r->ask->kind == HEAPTRAIL_REPORT_OLDEST ? HEAPTRAIL_SORT_AGE : r->ask->sort;
}

static ht_top_entry_t rank(const ht_report_t *r, const void *context)
{
    const heaptrail_block_row_t *row = context;
    switch (order_of(r)) {
    case HEAPTRAIL_SORT_AGE:
        return (ht_top_entry_t){UINT64_MAX - row->sequence, row->sequence};
    case HEAPTRAIL_SORT_ADDRESS:
        return (ht_top_entry_t){UINT64_MAX - row->address, row->sequence};
    default:
        return (ht_top_entry_t){row->size_bytes, row->sequence};
    }
}

static void add(ht_totals_t *total, const void *context)
{
    const heaptrail_block_row_t *row = context;
    uint32_t columns = ht_out_name_columns(row->task_name, sizeof(row->task_name));
    total->blocks++;
    total->bytes += row->size_bytes;
    if (columns > total->name_columns) { total->name_columns = columns; }
    if (row->address > total->highest) { total->highest = row->address; }
}

/* As wide as the highest address needs: 32, 48 or 64 bits. */
static uint32_t address_column(uint64_t highest)
{
    return highest >> 32U == 0 ? ADDRESS : highest >> 48U == 0 ? WIDE_ADDRESS : WIDEST_ADDRESS;
}

static const char *order_name(const ht_report_t *r)
{
    if (r->ask->kind == HEAPTRAIL_REPORT_OLDEST) { return ""; }
    switch (order_of(r)) {
    case HEAPTRAIL_SORT_AGE:
        return ", oldest first";
    case HEAPTRAIL_SORT_ADDRESS:
        return ", by address";
    case HEAPTRAIL_SORT_NONE:
        return ", in no order";
    default:
        return ", largest first";
    }
}

static void text_head(ht_report_t *r)
{
    ht_out_t *out = &r->out;
    uint32_t task = r->total.name_columns < 4U ? 4U : r->total.name_columns;
    ht_rest_t rest = {SITE_COLUMNS + task + HT_GAP, SITE_COLUMNS + task + HT_GAP};
    uint32_t address = 1U << address_column(r->total.highest);
    uint32_t site = r->ask->ids ? 1U << SITE : 0U;
    ht_columns_choose(r, s_columns, COLUMNS, 1U << AGE | 1U << SIZE | address | site, 0, rest);
    ht_out_style(out, HT_STYLE_TITLE);
    ht_out_sentence(out, 0);
    ht_out_text(out,
                r->ask->kind == HEAPTRAIL_REPORT_OLDEST ? "Oldest live blocks" : "Live blocks");
    if (r->ask->select.since != NULL) { ht_out_text(out, " since the mark"); }
    ht_out_text(out, order_name(r));
    ht_note_select(r);
    ht_out_text(out, r->total.rows == 0 ? ": none." : ", of ");
    if (r->total.rows != 0) {
        ht_out_count(out, r->total.rows, "block");
        ht_out_text(out, " and ");
        ht_out_size(out, r->total.bytes);
    }
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
    if (r->total.rows != 0) { ht_columns_head(r, s_columns, COLUMNS, "task and site"); }
}

static void text_row(ht_report_t *r, const void *context)
{
    const heaptrail_block_row_t *row = context;
    const ht_figure_t address = ht_text_address(row->address);
    uint32_t task = r->total.name_columns < 4U ? 4U : r->total.name_columns;
    ht_cell_age(r, s_columns, AGE, true, row->age_us);
    ht_cell_size(r, s_columns, SIZE, true, row->size_bytes);
    ht_cell(r, s_columns, ADDRESS, address.s);
    ht_cell(r, s_columns, WIDE_ADDRESS, address.s);
    ht_cell(r, s_columns, WIDEST_ADDRESS, address.s);
    ht_cell_count(r, s_columns, SITE, row->origin.id);
    uint32_t column = ht_last_column(r);
    ht_out_name(&r->out, row->task_name, sizeof(row->task_name));
    if (r->last_column == HT_OWN_LINE) {
        ht_out_text(&r->out, " ");
    } else {
        ht_out_to(&r->out, column + task + HT_GAP);
    }
    column = r->out.column;
    ht_place(&r->out, &row->origin);
    ht_place_frames(&r->out, &row->origin, column);
}

static void text_foot(ht_report_t *r)
{
    ht_note_rows(r, "block");
    ht_note_losses(r, r->ask->kind);
}

static void json_head(ht_report_t *r)
{
    static const char *const keys[] = {[HEAPTRAIL_SORT_BYTES] = "bytes",
                                       [HEAPTRAIL_SORT_AGE] = "age",
                                       [HEAPTRAIL_SORT_ADDRESS] = "address",
                                       [HEAPTRAIL_SORT_NONE] = "none"};
    if (r->ask->kind == HEAPTRAIL_REPORT_LIST) {
        ht_json_string(&r->json, "sort", keys[r->ask->sort], SIZE_MAX);
    }
    ht_json_number(&r->json, "live_blocks", r->total.blocks);
    ht_json_number(&r->json, "live_bytes", r->total.bytes);
}

void ht_block_json(ht_json_t *json, const heaptrail_block_row_t *row)
{
    ht_json_address(json, "address", row->address);
    ht_json_number(json, "size_bytes", row->size_bytes);
    ht_json_number(json, "age_us", row->age_us);
    ht_json_number(json, "sequence", row->sequence);
    ht_json_number(json, "heap_id", row->heap_id);
    ht_json_number(json, "task_id", row->task_id);
    ht_json_string(json, "task", row->task_name, sizeof(row->task_name));
    ht_json_number(json, "core", row->core);
    ht_json_bool(json, "in_isr", row->in_isr);
    ht_place_json(json, &row->origin);
}

static void json_row(ht_report_t *r, const void *row)
{
    ht_block_json(&r->json, row);
}

static esp_err_t write_blocks(ht_report_t *r)
{
    static const ht_list_t list = {
        .name = "blocks",
        .row_bytes = sizeof(heaptrail_block_row_t),
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

esp_err_t ht_report_oldest(ht_report_t *r)
{
    return write_blocks(r);
}

esp_err_t ht_report_list(ht_report_t *r)
{
    return write_blocks(r);
}
