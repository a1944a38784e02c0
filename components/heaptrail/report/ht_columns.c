/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "ht_report.h"
#include "ht_units.h"

static uint32_t width_of(const ht_column_t *column, uint32_t count, uint32_t chosen, uint32_t first)
{
    uint32_t width = first;
    for (uint32_t i = 0; i < count; i++) {
        if ((chosen & 1U << i) != 0) { width += column[i].width + HT_GAP; }
    }
    return width;
}

static uint32_t choose(const ht_column_t *column, uint32_t count, uint32_t possible, uint32_t first,
                       uint32_t width)
{
    uint32_t chosen = 0;
    for (uint32_t rank = 0; rank <= count; rank++) {
        for (uint32_t i = 0; i < count; i++) {
            uint32_t with = chosen | 1U << i;
            bool fits = rank == 0 || width_of(column, count, with, first) <= width;
            if (column[i].rank == rank && (possible & 1U << i) != 0 && fits) { chosen = with; }
        }
    }
    return chosen;
}

void ht_columns_choose(ht_report_t *r, const ht_column_t *column, uint32_t count, uint32_t possible,
                       uint32_t first, ht_rest_t rest)
{
    uint32_t width = r->out.width;
    uint32_t room = width > rest.good ? width - rest.good : 0;
    r->columns = choose(column, count, possible, first, room);
    r->last_column = width_of(column, count, r->columns, first);
    if (r->last_column + rest.least > width) {
        r->columns = choose(column, count, possible, first, width + HT_GAP);
        r->last_column = HT_OWN_LINE;
    }
}

void ht_cell(ht_report_t *r, const ht_column_t *column, uint32_t which, const char *text)
{
    if ((r->columns & 1U << which) == 0) { return; }
    if (r->out.column != 0) { ht_out_text(&r->out, "  "); }
    ht_out_right(&r->out, column[which].width, text);
}

void ht_cell_size(ht_report_t *r, const ht_column_t *column, uint32_t which, bool known,
                  uint64_t bytes)
{
    ht_cell(r, column, which, known ? ht_text_size(bytes).s : "-");
}

void ht_cell_count(ht_report_t *r, const ht_column_t *column, uint32_t which, uint64_t count)
{
    ht_cell(r, column, which, ht_text_count(count).s);
}

void ht_cell_age(ht_report_t *r, const ht_column_t *column, uint32_t which, bool known, uint64_t us)
{
    ht_cell(r, column, which, known ? ht_text_age(us).s : "-");
}

uint32_t ht_last_column(ht_report_t *r)
{
    uint32_t column = r->last_column;
    if (column == HT_OWN_LINE) {
        ht_out_line(&r->out);
        column = HT_OWN_LINE_INDENT;
    }
    ht_out_to(&r->out, column);
    return column;
}

void ht_columns_head(ht_report_t *r, const ht_column_t *column, uint32_t count, const char *last)
{
    ht_out_style(&r->out, HT_STYLE_DIM);
    for (uint32_t i = 0; i < count; i++) {
        ht_cell(r, column, i, column[i].head);
    }
    if (r->last_column != HT_OWN_LINE) { ht_last_column(r); }
    if (r->last_column != HT_OWN_LINE) { ht_out_text(&r->out, last); }
    ht_out_style(&r->out, HT_STYLE_PLAIN);
    ht_out_line(&r->out);
}
