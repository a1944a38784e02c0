/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heaptrail.h"
#include "ht_units.h"

/* --- matching -----------------------------------------------------------------------------------
 */

/* A file compiled in another folder is the same file. */
static const char *last_parts(const char *path)
{
    const char *end = path + strlen(path);
    unsigned slashes = 0;
    while (end > path && slashes < 2U) {
        end--;
        slashes += *end == '/' ? 1U : 0U;
    }
    return *end == '/' ? end + 1 : end;
}

static void name_of(ht_desk_t *desk, const ht_tally_t *tally, char *text, size_t size)
{
    const ht_origin_row_t *origin = ht_names_origin(desk->names, tally->origin);
    const ht_place_t *place = ht_names_place(desk->names, tally->origin);
    const char *method = heaptrail_method_name((heaptrail_method_t)origin->method);
    if (desk->by != HT_BY_SITE && desk->by != HT_BY_STACK) {
        snprintf(text, size, "%s", ht_desk_group_name(desk, tally));
    } else if (place->function != NULL || place->file != NULL) {
        snprintf(text, size, "%s %s %s %s", place->file != NULL ? last_parts(place->file) : "?",
                 place->function != NULL ? place->function : "",
                 place->variable != NULL ? place->variable : "", method);
    } else if (origin->depth != 0) {
        snprintf(text, size, "0x%llx %s", (unsigned long long)origin->frames[0], method);
    } else {
        snprintf(text, size, "(unknown) %s", method);
    }
}

static void add_side(ht_side_t *side, const ht_tally_t *tally)
{
    bool larger = !side->there || tally->total_bytes > side->bytes[HT_METRIC_TOTAL];
    side->origin = larger ? tally->origin : side->origin;
    side->there = true;
    side->bytes[HT_METRIC_LIVE] += tally->left_bytes;
    side->blocks[HT_METRIC_LIVE] += tally->left_blocks;
    side->bytes[HT_METRIC_PEAK] += tally->at_peak_bytes;
    side->blocks[HT_METRIC_PEAK] += tally->at_peak_blocks;
    side->bytes[HT_METRIC_TOTAL] += tally->total_bytes;
    side->blocks[HT_METRIC_TOTAL] += tally->total_blocks;
}

typedef struct {
    const char *name;
    unsigned which;
    ht_tally_t tally;
} named_t;

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const named_t *)a)->name, ((const named_t *)b)->name);
}

/* All rows of one trace, behind those that are there. */
static bool collect(ht_comparison_t *comparison, ht_desk_t *desk, unsigned which, named_t **named,
                    size_t *count)
{
    ht_tallies_t tallies;
    ht_tally_ask_t ask = {.wanted = ht_desk_wants,
                          .key = ht_desk_key,
                          .context = desk,
                          .marks = desk->since ? desk->since_marks : 0,
                          .since_us = desk->since ? desk->since_us : 0};
    bool good =
        ht_tally_flows(&tallies, &desk->view, &ask) && ht_tally_blocks(&tallies, desk->model, &ask);
    named_t *more = realloc(*named, (*count + tallies.count + 1U) * sizeof(*more));
    good = good && more != NULL;
    *named = more != NULL ? more : *named;
    for (size_t i = 0; good && i < tallies.count; i++) {
        char text[1024];
        name_of(desk, &tallies.row[i], text, sizeof(text));
        const char *name = ht_strings_add(&comparison->strings, text, strlen(text));
        good = name != NULL;
        (*named)[(*count)++] = (named_t){name, which, tallies.row[i]};
    }
    if (good) { add_side(&comparison->total[which], &tallies.total); }
    ht_tallies_free(&tallies);
    return good;
}

static bool pair_up(ht_comparison_t *comparison, const named_t *named, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_new = i == 0 || strcmp(named[i].name, named[i - 1U].name) != 0;
        if (is_new && !ht_array_room((void **)&comparison->pair, &comparison->capacity,
                                     comparison->count, sizeof(*comparison->pair))) {
            return false;
        }
        if (is_new) { comparison->pair[comparison->count++] = (ht_pair_t){.name = named[i].name}; }
        add_side(&comparison->pair[comparison->count - 1U].side[named[i].which], &named[i].tally);
    }
    return true;
}

int64_t ht_pair_change(const ht_pair_t *pair, ht_metric_t metric)
{
    return (int64_t)(pair->side[1].bytes[metric] - pair->side[0].bytes[metric]);
}

static uint64_t size_of_change(const ht_pair_t *pair, ht_metric_t metric)
{
    int64_t change = ht_pair_change(pair, metric);
    return change < 0 ? 0U - (uint64_t)change : (uint64_t)change;
}

/* Growth before shrinking of the same size. */
static int compare_pairs(const void *a, const void *b, void *context)
{
    ht_metric_t metric = *(ht_metric_t *)context;
    uint64_t one = size_of_change(a, metric), two = size_of_change(b, metric);
    if (one != two) { return one > two ? -1 : 1; }
    int64_t first = ht_pair_change(a, metric), second = ht_pair_change(b, metric);
    if (first != second) { return first > second ? -1 : 1; }
    return strcmp(((const ht_pair_t *)a)->name, ((const ht_pair_t *)b)->name);
}

bool ht_compare(ht_comparison_t *comparison, ht_desk_t *a, ht_desk_t *b, ht_metric_t metric)
{
    named_t *named = NULL;
    size_t count = 0;
    *comparison = (ht_comparison_t){0};
    bool good =
        collect(comparison, a, 0, &named, &count) && collect(comparison, b, 1, &named, &count);
    if (good && count != 0) { qsort(named, count, sizeof(*named), compare_names); }
    good = good && pair_up(comparison, named, count);
    if (good && comparison->count != 0) {
        qsort_r(comparison->pair, comparison->count, sizeof(*comparison->pair), compare_pairs,
                &metric);
    }
    free(named);
    return good;
}

void ht_comparison_free(ht_comparison_t *comparison)
{
    free(comparison->pair);
    ht_strings_free(&comparison->strings);
    *comparison = (ht_comparison_t){0};
}

static bool is_differing(const ht_pair_t *pair, ht_metric_t metric, uint64_t least)
{
    uint64_t change = size_of_change(pair, metric);
    if (least != 0) { return change >= least; }
    return change != 0 || pair->side[0].blocks[metric] != pair->side[1].blocks[metric];
}

size_t ht_comparison_differing(const ht_comparison_t *comparison, ht_metric_t metric,
                               uint64_t least)
{
    size_t count = 0;
    for (size_t i = 0; i < comparison->count; i++) {
        count += is_differing(&comparison->pair[i], metric, least) ? 1U : 0U;
    }
    return count;
}

const char *ht_metric_name(ht_metric_t metric)
{
    static const char *const names[HT_METRICS] = {
        [HT_METRIC_LIVE] = "live", [HT_METRIC_PEAK] = "peak", [HT_METRIC_TOTAL] = "total"};
    return names[metric];
}

/* --- text ---------------------------------------------------------------------------------------
 */

enum { CHANGE, BLOCKS, A, B, COLUMNS };

static const ht_column_t s_columns[COLUMNS] = {
    [CHANGE] = {"change", 9, 0}, [BLOCKS] = {"blocks", 7, 1}, [A] = {"A", 8, 0}, [B] = {"B", 8, 0}};

static const ht_rest_t s_place_rest = {36, 44};

static const char *const s_titles[HT_METRICS] = {
    [HT_METRIC_LIVE] = "Live at the end",
    [HT_METRIC_PEAK] = "Held at the peak",
    [HT_METRIC_TOTAL] = "Allocated",
};

static void sign(char *text, size_t size, int64_t change, const char *words)
{
    snprintf(text, size, "%s%s", change > 0 ? "+" : change < 0 ? "-" : "", words);
}

static void size_change(char *text, size_t size, int64_t change)
{
    uint64_t bytes = change < 0 ? 0U - (uint64_t)change : (uint64_t)change;
    sign(text, size, change, ht_text_size(bytes).s);
}

static void heads(ht_desk_t *a, ht_desk_t *b)
{
    const ht_desk_t *desk[2] = {a, b};
    for (unsigned i = 0; i < 2U; i++) {
        const ht_model_view_t *view = &desk[i]->view;
        ht_out_t *out = &a->r.out;
        ht_out_sentence(out, 0);
        out->indent = 3;
        ht_out_style(out, HT_STYLE_TITLE);
        ht_out_text(out, i == 0 ? "A  " : "B  ");
        ht_out_style(out, HT_STYLE_PLAIN);
        ht_out_name(out, desk[i]->about.path, SIZE_MAX);
        ht_out_text(out, ": ");
        ht_out_time(out, view->last_us - view->window_us);
        ht_out_text(out, ", live ");
        ht_out_size(out, view->live_bytes);
        ht_out_text(out, ", peak ");
        ht_out_size(out, view->peak_bytes);
        ht_out_text(out, ", ");
        ht_out_count(out, view->total_blocks, "allocation");
        ht_out_sentence_end(out);
    }
}

static void title(const ht_comparison_t *comparison, ht_desk_t *desk, ht_metric_t metric)
{
    char text[40];
    ht_pair_t total = {.side = {comparison->total[0], comparison->total[1]}};
    ht_out_t *out = &desk->r.out;
    ht_desk_title(desk);
    ht_out_text(out, s_titles[metric]);
    ht_out_text(out, ", by ");
    ht_out_text(out, desk->by == HT_BY_SITE ? "call site" : ht_desk_noun(desk->by));
    ht_out_text(out, ", largest change first: ");
    size_change(text, sizeof(text), ht_pair_change(&total, metric));
    ht_out_text(out, text);
    ht_desk_choice_words(desk);
    ht_desk_title_end(desk);
}

static void place(ht_desk_t *desk, const ht_pair_t *pair, ht_desk_t *a, ht_desk_t *b)
{
    ht_out_t *out = &desk->r.out;
    uint32_t column = ht_last_column(&desk->r);
    bool newer = pair->side[1].there;
    if (desk->by == HT_BY_SITE || desk->by == HT_BY_STACK) {
        ht_names_write(newer ? b->names : a->names, out, pair->side[newer ? 1 : 0].origin);
    } else {
        ht_out_name(out, pair->name, SIZE_MAX);
        ht_out_line(out);
    }
    if (pair->side[0].there && newer) { return; }
    ht_out_to(out, column + 2U);
    ht_out_style(out, HT_STYLE_DIM);
    ht_out_text(out, newer ? "only in B" : "only in A");
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_line(out);
}

static void row(ht_desk_t *desk, const ht_pair_t *pair, ht_metric_t metric)
{
    char text[40];
    int64_t change = ht_pair_change(pair, metric);
    int64_t blocks = (int64_t)(pair->side[1].blocks[metric] - pair->side[0].blocks[metric]);
    uint64_t count = blocks < 0 ? 0U - (uint64_t)blocks : (uint64_t)blocks;
    ht_out_style(&desk->r.out, change > 0   ? HT_STYLE_BAD
                               : change < 0 ? HT_STYLE_GOOD
                                            : HT_STYLE_PLAIN);
    size_change(text, sizeof(text), change);
    ht_cell(&desk->r, s_columns, CHANGE, text);
    ht_out_style(&desk->r.out, HT_STYLE_PLAIN);
    sign(text, sizeof(text), blocks, ht_text_count(count).s);
    ht_cell(&desk->r, s_columns, BLOCKS, text);
    ht_cell_size(&desk->r, s_columns, A, pair->side[0].there, pair->side[0].bytes[metric]);
    ht_cell_size(&desk->r, s_columns, B, pair->side[1].there, pair->side[1].bytes[metric]);
}

void ht_comparison_text(const ht_comparison_t *comparison, ht_desk_t *a, ht_desk_t *b,
                        ht_metric_t metric, uint64_t least)
{
    ht_out_t *out = &a->r.out;
    size_t rows = ht_comparison_differing(comparison, metric, least), shown = 0;
    heads(a, b);
    ht_out_line(out);
    title(comparison, a, metric);
    if (rows == 0) {
        ht_desk_note(a, HT_STYLE_GOOD, "No difference.");
        return;
    }
    ht_columns_choose(&a->r, s_columns, COLUMNS, (1U << COLUMNS) - 1U, 0, s_place_rest);
    ht_columns_head(&a->r, s_columns, COLUMNS, ht_desk_noun(a->by));
    for (size_t i = 0; i < comparison->count && (a->top == 0 || shown < a->top); i++) {
        if (!is_differing(&comparison->pair[i], metric, least)) { continue; }
        row(a, &comparison->pair[i], metric);
        place(a, &comparison->pair[i], a, b);
        shown++;
    }
    if (shown < rows) {
        ht_out_number(out, shown);
        ht_out_text(out, " of ");
        ht_out_count(out, rows, "difference");
        ht_out_text(out, " shown; --top 0 shows all.");
        ht_out_line(out);
    }
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

static void side_tree(json_t *object, const char *key, const ht_side_t *side)
{
    if (!side->there) {
        json_object_set_new(object, key, json_null());
        return;
    }
    json_t *tree = ht_tree_object(object, key);
    ht_tree_number(tree, "live_blocks", side->blocks[HT_METRIC_LIVE]);
    ht_tree_number(tree, "live_bytes", side->bytes[HT_METRIC_LIVE]);
    ht_tree_number(tree, "at_peak_blocks", side->blocks[HT_METRIC_PEAK]);
    ht_tree_number(tree, "at_peak_bytes", side->bytes[HT_METRIC_PEAK]);
    ht_tree_number(tree, "total_blocks", side->blocks[HT_METRIC_TOTAL]);
    ht_tree_number(tree, "total_bytes", side->bytes[HT_METRIC_TOTAL]);
}

static void pair_tree(const ht_pair_t *pair, ht_desk_t *a, ht_desk_t *b, ht_metric_t metric,
                      json_t *tree)
{
    bool newer = pair->side[1].there;
    json_object_set_new(tree, "change_bytes",
                        json_integer((json_int_t)ht_pair_change(pair, metric)));
    ht_tree_text(tree, "matched", pair->name);
    side_tree(tree, "a", &pair->side[0]);
    side_tree(tree, "b", &pair->side[1]);
    if (a->by == HT_BY_SITE || a->by == HT_BY_STACK) {
        ht_names_tree(newer ? b->names : a->names, tree, pair->side[newer ? 1 : 0].origin);
    }
}

void ht_comparison_tree(const ht_comparison_t *comparison, ht_desk_t *a, ht_desk_t *b,
                        ht_metric_t metric, uint64_t least, json_t *object)
{
    size_t shown = 0;
    ht_tree_text(object, "a", a->about.path);
    ht_tree_text(object, "b", b->about.path);
    ht_tree_text(object, "by", ht_desk_noun(a->by));
    ht_tree_text(object, "metric", ht_metric_name(metric));
    side_tree(object, "total_a", &comparison->total[0]);
    side_tree(object, "total_b", &comparison->total[1]);
    ht_tree_number(object, "peak_bytes_a", a->view.peak_bytes);
    ht_tree_number(object, "peak_bytes_b", b->view.peak_bytes);
    ht_tree_number(object, "rows_total", ht_comparison_differing(comparison, metric, least));
    json_t *rows = ht_tree_array(object, "rows");
    for (size_t i = 0; i < comparison->count && (a->top == 0 || shown < a->top); i++) {
        if (!is_differing(&comparison->pair[i], metric, least)) { continue; }
        pair_tree(&comparison->pair[i], a, b, metric, ht_tree_row(rows));
        shown++;
    }
}
