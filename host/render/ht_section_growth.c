/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Growth: sites whose live bytes keep rising, a line through them, and how sure that is. */
#include <math.h>
#include <stdio.h>

#include "ht_desk.h"
#include "ht_units.h"

enum { PER_HOUR, NOW, R2, SURE, CURVE, COLUMNS };

static const ht_column_t s_columns[COLUMNS] = {
    [PER_HOUR] = {"per hour", 9, 0}, [NOW] = {"live now", 8, 0},     [R2] = {"R^2", 5, 1},
    [SURE] = {"sure", 7, 0},         [CURVE] = {"over time", 16, 2},
};

static const ht_rest_t s_place_rest = {36, 44};

static uint64_t rounded(double value)
{
    return value <= 0      ? 0
           : value >= 9e18 ? UINT64_C(9000000000000000000)
                           : (uint64_t)llround(value);
}

static void sure_cell(ht_desk_t *desk, const ht_fit_t *fit)
{
    char text[16];
    double percent = 100.0 * fit->confidence;
    snprintf(text, sizeof(text), percent > 99.9 ? ">99.9 %%" : "%.1f %%", percent);
    ht_cell(&desk->r, s_columns, SURE, text);
}

static void curve_cell(ht_desk_t *desk, ht_row_t origin)
{
    const ht_series_t *series = desk->view.series;
    uint64_t value[16];
    uint32_t count = series->count < 16U ? series->count : 16U;
    if ((desk->r.columns & 1U << CURVE) == 0) { return; }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = (i + 1U) * series->count / count - 1U;
        value[i] = origin < series->origins[at] ? series->by_origin[at][origin] : 0;
    }
    ht_out_text(&desk->r.out, "  ");
    ht_desk_curve(desk, value, count);
}

static void row_text(ht_desk_t *desk, const ht_growth_t *growth)
{
    char r2[16];
    ht_report_t *r = &desk->r;
    ht_cell(r, s_columns, PER_HOUR, ht_text_size(rounded(growth->bytes_per_hour)).s);
    ht_cell_size(r, s_columns, NOW, true, desk->view.origin[growth->origin].live_bytes);
    snprintf(r2, sizeof(r2), "%.3f", growth->fit.r2);
    ht_cell(r, s_columns, R2, r2);
    sure_cell(desk, &growth->fit);
    curve_cell(desk, growth->origin);
    uint32_t column = ht_last_column(r);
    ht_names_write(desk->names, &r->out, growth->origin);
    ht_names_write_stack(desk->names, &r->out, growth->origin, column, desk->frames);
}

static void title(ht_desk_t *desk, const ht_growths_t *growths)
{
    ht_out_t *out = &desk->r.out;
    ht_desk_title(desk);
    if (growths->samples < HT_GROWTH_SAMPLES) {
        ht_out_text(out, "Growth: the time is too short to tell.");
    } else if (growths->count == 0) {
        ht_out_text(out, "Growth: no site keeps growing");
        ht_desk_choice_words(desk);
        ht_out_text(out, ".");
    } else {
        ht_out_text(out, "Growth: ");
        ht_out_count(out, growths->count, "site");
        ht_out_text(out, growths->count == 1 ? " keeps growing; " : " keep growing; ");
        ht_out_text(out, "a line through ");
        ht_out_count(out, growths->samples, "sample");
        ht_out_text(out, " from ");
        ht_out_time(out, growths->from_us);
        ht_out_text(out, " to ");
        ht_out_time(out, growths->to_us);
        ht_desk_choice_words(desk);
    }
    ht_desk_title_end(desk);
}

bool ht_growth_text(ht_desk_t *desk)
{
    ht_growths_t growths;
    bool good = ht_growth(&growths, &desk->view, ht_desk_wants_origin, desk);
    if (good) { title(desk, &growths); }
    if (good && growths.count != 0) {
        uint32_t all = (1U << COLUMNS) - 1U;
        ht_columns_choose(&desk->r, s_columns, COLUMNS, all, 0, s_place_rest);
        ht_columns_head(&desk->r, s_columns, COLUMNS, "site");
    }
    for (size_t i = 0; good && i < growths.count && (desk->top == 0 || i < desk->top); i++) {
        row_text(desk, &growths.row[i]);
    }
    ht_growths_free(&growths);
    return good;
}

static void fit_tree(json_t *row, const ht_growth_t *growth)
{
    ht_tree_real(row, "bytes_per_hour", growth->bytes_per_hour);
    ht_tree_real(row, "r2", growth->fit.r2);
    ht_tree_real(row, "t", growth->fit.t);
    ht_tree_real(row, "confidence", growth->fit.confidence);
    ht_tree_real(row, "effective_samples", growth->fit.effective);
    ht_tree_number(row, "first_bytes", growth->first_bytes);
    ht_tree_number(row, "last_bytes", growth->last_bytes);
}

bool ht_growth_tree(ht_desk_t *desk, json_t *object)
{
    ht_growths_t growths;
    bool good = ht_growth(&growths, &desk->view, ht_desk_wants_origin, desk);
    ht_tree_number(object, "samples", growths.samples);
    ht_tree_number(object, "from_us", growths.from_us);
    ht_tree_number(object, "to_us", growths.to_us);
    if (growths.samples >= HT_GROWTH_SAMPLES) {
        fit_tree(ht_tree_object(object, "all"), &growths.total);
    }
    ht_tree_number(object, "rows_total", growths.count);
    json_t *rows = ht_tree_array(object, "rows");
    for (size_t i = 0; good && i < growths.count && (desk->top == 0 || i < desk->top); i++) {
        json_t *row = ht_tree_row(rows);
        fit_tree(row, &growths.row[i]);
        ht_tree_number(row, "live_bytes", desk->view.origin[growths.row[i].origin].live_bytes);
        ht_names_tree(desk->names, row, growths.row[i].origin);
    }
    ht_growths_free(&growths);
    return good;
}
