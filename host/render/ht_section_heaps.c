/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Heaps: who held them at their peaks; what was free, and in how large pieces, over time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ht_desk.h"
#include "ht_units.h"

enum { SIZE, LIVE, PEAK, FREE, LARGEST, MIN_FREE, MIN_LARGEST, FRAGMENTED, COLUMNS };

static const ht_column_t s_columns[COLUMNS] = {
    [SIZE] = {"size", 8, 3},
    [LIVE] = {"live", 8, 0},
    [PEAK] = {"peak", 8, 0},
    [FREE] = {"free", 8, 0},
    [LARGEST] = {"largest", 8, 1},
    [MIN_FREE] = {"min free", 8, 2},
    [MIN_LARGEST] = {"min largest", 11, 4},
    [FRAGMENTED] = {"frag.", 5, 2},
};

static const ht_rest_t s_rest = {0, 0};

static uint32_t permille(uint64_t largest, uint64_t free_bytes)
{
    return free_bytes == 0 ? 0 : 1000U - ht_ratio(largest, free_bytes, 1000);
}

/* --- choosing -----------------------------------------------------------------------------------
 */

static bool wants_heap(const ht_desk_t *desk, ht_row_t row)
{
    const ht_heap_row_t *heap = &desk->view.heap[row];
    /* "(other memory)" of the device, where there is none. */
    if (heap->bytes == 0 && heap->peak_bytes == 0) { return false; }
    if ((heap->caps & desk->choice.caps) != desk->choice.caps) { return false; }
    return desk->choice.heap == NULL ||
           ht_name_matches(desk->choice.heap, ht_names_heap(desk->names, row));
}

static uint32_t name_columns(ht_desk_t *desk)
{
    uint32_t most = 4;
    for (uint32_t i = 0; i < desk->view.heaps; i++) {
        uint32_t columns = ht_out_name_columns(ht_names_heap(desk->names, i), SIZE_MAX);
        most = wants_heap(desk, i) && columns > most ? columns : most;
    }
    return most;
}

/* --- who held a heap at its peak ----------------------------------------------------------------
 */

static int compare(const void *a, const void *b)
{
    const ht_holder_t *one = a, *two = b;
    if (one->live_bytes != two->live_bytes) { return one->live_bytes > two->live_bytes ? -1 : 1; }
    return one->origin < two->origin ? -1 : 1;
}

/* One per origin, the largest first; to be freed. NULL: no memory. */
static ht_holder_t *holders_of(ht_desk_t *desk, ht_row_t heap, uint32_t *count)
{
    ht_holder_t *holder = calloc(desk->view.origins + 1U, sizeof(*holder));
    *count = 0;
    for (uint32_t o = 0; holder != NULL && o < desk->view.origins; o++) {
        ht_holder_t sum = {.origin = o};
        for (ht_row_t f = desk->view.origin[o].first_flow; f != UINT32_MAX;
             f = desk->view.flow[f].next) {
            const ht_flow_row_t *flow = &desk->view.flow[f];
            if (flow->heap != heap || !ht_desk_wants(desk, flow)) { continue; }
            ht_holder_t then = ht_model_at_heap_peak(&desk->view, flow);
            sum.live_blocks += then.live_blocks;
            sum.live_bytes += then.live_bytes;
        }
        if (sum.live_bytes != 0) { holder[(*count)++] = sum; }
    }
    if (holder != NULL && *count != 0) { qsort(holder, *count, sizeof(*holder), compare); }
    return holder;
}

static bool peak_lines(ht_desk_t *desk, ht_row_t row)
{
    const ht_heap_row_t *heap = &desk->view.heap[row];
    ht_out_t *out = &desk->r.out;
    uint32_t count;
    ht_holder_t *holder = holders_of(desk, row, &count);
    if (holder == NULL) { return false; }
    if (count != 0) {
        ht_out_sentence(out, HT_OWN_LINE_INDENT);
        ht_out_style(out, HT_STYLE_DIM);
        ht_out_text(out, "peak ");
        ht_desk_moment(desk, heap->peak_time_us);
        ht_out_text(out, " in ");
        ht_out_count(out, heap->peak_blocks, "block");
        ht_out_text(out, ", held by");
        ht_out_style(out, HT_STYLE_PLAIN);
        ht_out_sentence_end(out);
    }
    uint32_t top = desk->top == 0 || desk->top > 5U ? 5U : desk->top;
    for (uint32_t i = 0; i < count && i < top; i++) {
        ht_out_to(out, HT_OWN_LINE_INDENT);
        ht_out_right(out, 10, ht_text_size(holder[i].live_bytes).s);
        ht_out_right(out, 8, ht_text_count(holder[i].live_blocks).s);
        ht_out_text(out, " x ");
        ht_names_write(desk->names, out, holder[i].origin);
    }
    free(holder);
    return true;
}

static void caps_line(ht_desk_t *desk, const ht_heap_row_t *heap)
{
    ht_out_t *out = &desk->r.out;
    if (!heap->defined || (heap->caps == 0 && !heap->pool)) { return; }
    ht_out_sentence(out, HT_OWN_LINE_INDENT);
    ht_out_text(out, heap->pool ? "a pool: it lies in a block of another heap" : "");
    ht_out_text(out, heap->pool && heap->caps != 0 ? " " : "");
    if (heap->caps != 0) {
        ht_out_text(out, "[");
        ht_caps(out, heap->caps);
        ht_out_text(out, "]");
    }
    ht_out_sentence_end(out);
}

static void cells(ht_desk_t *desk, const ht_heap_row_t *heap)
{
    ht_report_t *r = &desk->r;
    bool measured = heap->samples != 0;
    ht_cell_size(r, s_columns, SIZE, heap->defined, heap->bytes);
    ht_cell_size(r, s_columns, LIVE, true, heap->live_bytes);
    ht_cell_size(r, s_columns, PEAK, true, heap->peak_bytes);
    ht_cell_size(r, s_columns, FREE, measured, heap->free_bytes);
    ht_cell_size(r, s_columns, LARGEST, measured, heap->largest_bytes);
    ht_cell_size(r, s_columns, MIN_FREE, measured, heap->least_free_bytes);
    ht_cell_size(r, s_columns, MIN_LARGEST, measured, heap->least_largest_bytes);
    ht_cell(r, s_columns, FRAGMENTED,
            measured ? ht_text_percent(permille(heap->largest_bytes, heap->free_bytes), 1000).s
                     : "-");
}

static void head(ht_desk_t *desk, uint32_t first)
{
    ht_out_t *out = &desk->r.out;
    uint32_t possible = 1U << SIZE | 1U << LIVE | 1U << PEAK;
    for (uint32_t i = 0; i < desk->view.heaps; i++) {
        possible |= desk->view.heap[i].samples != 0 ? (1U << COLUMNS) - 1U : 0U;
    }
    ht_columns_choose(&desk->r, s_columns, COLUMNS, possible, first, s_rest);
    ht_out_style(out, HT_STYLE_DIM);
    ht_out_text(out, "heap");
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_to(out, first);
    ht_columns_head(&desk->r, s_columns, COLUMNS, "");
}

bool ht_heaps_text(ht_desk_t *desk)
{
    ht_out_t *out = &desk->r.out;
    uint32_t first = name_columns(desk);
    bool good = true;
    ht_desk_title(desk);
    ht_out_text(out, "Heaps: ");
    ht_out_size(out, desk->view.live_bytes);
    ht_out_text(out, " live in ");
    ht_out_count(out, desk->view.live_blocks, "block");
    ht_desk_choice_words(desk);
    ht_desk_title_end(desk);
    head(desk, first);
    for (uint32_t i = 0; i < desk->view.heaps && good; i++) {
        if (!wants_heap(desk, i)) { continue; }
        ht_out_style(out, HT_STYLE_NAME);
        ht_out_name(out, ht_names_heap(desk->names, i), SIZE_MAX);
        ht_out_style(out, HT_STYLE_PLAIN);
        ht_out_to(out, first);
        cells(desk, &desk->view.heap[i]);
        ht_out_line(out);
        caps_line(desk, &desk->view.heap[i]);
        good = peak_lines(desk, i);
    }
    return good;
}

/* --- fragmentation over time --------------------------------------------------------------------
 */

static void curve(ht_desk_t *desk, const char *name, const ht_heap_row_t *heap,
                  uint64_t (*value)(const ht_heap_point_t *), const char *low, const char *high)
{
    uint64_t values[HT_SERIES_POINTS];
    uint32_t step = desk->r.out.width < 96U ? 2U : 1U, count = 0;
    for (uint32_t i = 0; i < heap->point_count; i += step) {
        values[count++] = value(&heap->point[i]);
    }
    ht_out_to(&desk->r.out, HT_OWN_LINE_INDENT);
    ht_out_text(&desk->r.out, name);
    ht_out_to(&desk->r.out, 14);
    ht_desk_curve(desk, values, count);
    ht_out_text(&desk->r.out, "  ");
    ht_out_text(&desk->r.out, low);
    ht_out_text(&desk->r.out, " .. ");
    ht_out_text(&desk->r.out, high);
    ht_out_line(&desk->r.out);
}

static uint64_t free_at(const ht_heap_point_t *point)
{
    return point->free_bytes;
}

static uint64_t largest_at(const ht_heap_point_t *point)
{
    return point->largest_bytes;
}

static uint64_t permille_at(const ht_heap_point_t *point)
{
    return permille(point->largest_bytes, point->free_bytes);
}

typedef struct {
    uint64_t low, high;
} range_t;

static range_t range_of(const ht_heap_row_t *heap, uint64_t (*value)(const ht_heap_point_t *))
{
    range_t range = {UINT64_MAX, 0};
    for (uint32_t i = 0; i < heap->point_count; i++) {
        uint64_t v = value(&heap->point[i]);
        range.low = v < range.low ? v : range.low;
        range.high = v > range.high ? v : range.high;
    }
    return range;
}

static void size_curve(ht_desk_t *desk, const char *name, const ht_heap_row_t *heap,
                       uint64_t (*value)(const ht_heap_point_t *))
{
    range_t range = range_of(heap, value);
    curve(desk, name, heap, value, ht_text_size(range.low).s, ht_text_size(range.high).s);
}

static void heap_curves(ht_desk_t *desk, ht_row_t row)
{
    const ht_heap_row_t *heap = &desk->view.heap[row];
    ht_out_t *out = &desk->r.out;
    ht_out_sentence(out, 0);
    ht_out_style(out, HT_STYLE_NAME);
    ht_out_name(out, ht_names_heap(desk->names, row), SIZE_MAX);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_text(out, ": ");
    ht_out_count(out, heap->samples, "measurement");
    ht_out_text(out, " from ");
    ht_out_time(out, heap->point[0].time_us);
    ht_out_text(out, " to ");
    ht_out_time(out, heap->sample_time_us);
    ht_out_text(out, "; worst ");
    ht_out_text(out, ht_text_percent(heap->worst_permille, 1000).s);
    ht_out_text(out, " ");
    ht_desk_moment(desk, heap->worst_time_us);
    ht_out_sentence_end(out);
    size_curve(desk, "free", heap, free_at);
    size_curve(desk, "largest", heap, largest_at);
    range_t range = range_of(heap, permille_at);
    curve(desk, "frag.", heap, permille_at, ht_text_percent(range.low, 1000).s,
          ht_text_percent(range.high, 1000).s);
}

bool ht_fragmentation_text(ht_desk_t *desk)
{
    bool any = false;
    for (uint32_t i = 0; i < desk->view.heaps; i++) {
        any |= wants_heap(desk, i) && desk->view.heap[i].point_count != 0;
    }
    ht_desk_title(desk);
    ht_out_text(&desk->r.out, any ? "Fragmentation over time: 1 - largest / free"
                                  : "Fragmentation: no heap was measured in this time.");
    ht_desk_title_end(desk);
    for (uint32_t i = 0; i < desk->view.heaps; i++) {
        if (wants_heap(desk, i) && desk->view.heap[i].point_count != 0) { heap_curves(desk, i); }
    }
    return true;
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

static void heap_tree(ht_desk_t *desk, json_t *row, ht_row_t at)
{
    const ht_heap_row_t *heap = &desk->view.heap[at];
    bool measured = heap->samples != 0;
    ht_tree_number(row, "heap_id", heap->index);
    ht_tree_text(row, "heap", ht_names_heap(desk->names, at));
    ht_tree_address(row, "start", heap->start);
    ht_tree_maybe(row, "size_bytes", heap->defined, heap->bytes);
    ht_tree_caps(row, "caps", heap->caps);
    ht_tree_bool(row, "pool", heap->pool);
    ht_tree_number(row, "live_blocks", heap->live_blocks);
    ht_tree_number(row, "live_bytes", heap->live_bytes);
    ht_tree_number(row, "peak_bytes", heap->peak_bytes);
    ht_tree_number(row, "peak_time_us", heap->peak_time_us);
    ht_tree_maybe(row, "free_bytes", measured, heap->free_bytes);
    ht_tree_maybe(row, "largest_free_bytes", measured, heap->largest_bytes);
    ht_tree_maybe(row, "min_free_bytes", measured, heap->least_free_bytes);
    ht_tree_maybe(row, "min_largest_free_bytes", measured, heap->least_largest_bytes);
    ht_tree_maybe(row, "fragmentation_permille", measured,
                  permille(heap->largest_bytes, heap->free_bytes));
}

bool ht_heaps_tree(ht_desk_t *desk, json_t *object)
{
    json_t *rows = ht_tree_array(object, "rows");
    for (uint32_t i = 0; i < desk->view.heaps; i++) {
        uint32_t count;
        if (!wants_heap(desk, i)) { continue; }
        json_t *row = ht_tree_row(rows);
        ht_holder_t *holder = holders_of(desk, i, &count);
        if (holder == NULL) { return false; }
        heap_tree(desk, row, i);
        json_t *held = ht_tree_array(row, "at_peak");
        for (uint32_t h = 0; h < count && (desk->top == 0 || h < desk->top); h++) {
            json_t *tree = ht_tree_row(held);
            ht_tree_number(tree, "live_blocks", holder[h].live_blocks);
            ht_tree_number(tree, "live_bytes", holder[h].live_bytes);
            ht_names_tree(desk->names, tree, holder[h].origin);
        }
        free(holder);
    }
    return true;
}

bool ht_fragmentation_tree(ht_desk_t *desk, json_t *object)
{
    json_t *rows = ht_tree_array(object, "rows");
    for (uint32_t i = 0; i < desk->view.heaps; i++) {
        const ht_heap_row_t *heap = &desk->view.heap[i];
        if (!wants_heap(desk, i)) { continue; }
        json_t *row = ht_tree_row(rows);
        ht_tree_text(row, "heap", ht_names_heap(desk->names, i));
        ht_tree_number(row, "measurements", heap->samples);
        ht_tree_maybe(row, "worst_permille", heap->samples != 0, heap->worst_permille);
        ht_tree_maybe(row, "worst_time_us", heap->samples != 0, heap->worst_time_us);
        json_t *points = ht_tree_array(row, "points");
        for (uint32_t p = 0; p < heap->point_count; p++) {
            json_t *point = ht_tree_row(points);
            ht_tree_number(point, "time_us", heap->point[p].time_us);
            ht_tree_number(point, "free_bytes", heap->point[p].free_bytes);
            ht_tree_number(point, "largest_free_bytes", heap->point[p].largest_bytes);
        }
    }
    return true;
}
