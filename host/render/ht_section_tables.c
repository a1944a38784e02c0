/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Tables by call site, function, file, component, library, task: leaks, sites, peak, temporary,
 * lifetimes, tasks. */
#include <stdio.h>
#include <string.h>

#include "ht_desk.h"
#include "ht_section_leaks.h"
#include "ht_units.h"

enum {
    TEMPORARY,
    EVER,
    LEFT,
    HELD,
    LIVE,
    BLOCKS,
    SHARE,
    OLDEST,
    PEAK,
    ALLOCS,
    FREED,
    LIVES,
    CURVE,
    COLUMNS
};

static const ht_column_t s_columns[COLUMNS] = {
    [LEFT] = {"live", 8, 0},
    [HELD] = {"held", 8, 0},
    [LIVE] = {"live", 8, 0},
    [TEMPORARY] = {"temp.", 6, 0},
    [BLOCKS] = {"blocks", 6, 0},
    [SHARE] = {"share", 5, 1},
    [OLDEST] = {"oldest", 8, 1},
    [PEAK] = {"peak", 8, 2},
    [EVER] = {"ever", 8, 0},
    [ALLOCS] = {"allocs", 6, 2},
    [FREED] = {"freed", 6, 0},
    [LIVES] = {"lives", 8, 0},
    [CURVE] = {"1us..1ms..1s..", 14, 1},
};

static const ht_rest_t s_place_rest = {36, 52};

/** A table: what is in it, and in which order. */
typedef struct {
    const char *title; /* "Live at the end" */
    ht_sort_t sort;
    uint32_t columns;
    bool blocks; /* live blocks are looked at, too */
    bool by_task;
    uint64_t (*whole)(const ht_tally_t *total); /* what shares are of */
} table_t;

#define BIT(column) (1U << (column))

static uint64_t left_bytes(const ht_tally_t *tally)
{
    return tally->left_bytes;
}

static uint64_t at_peak_bytes(const ht_tally_t *tally)
{
    return tally->at_peak_bytes;
}

static uint64_t total_bytes(const ht_tally_t *tally)
{
    return tally->total_bytes;
}

static uint64_t temporary_blocks(const ht_tally_t *tally)
{
    return tally->temporary_blocks;
}

static uint64_t total_blocks(const ht_tally_t *tally)
{
    return tally->total_blocks;
}

static const table_t s_leaks = {
    .title = "Live at the end",
    .sort = HT_SORT_LEFT,
    .columns = BIT(LEFT) | BIT(BLOCKS) | BIT(SHARE) | BIT(OLDEST) | BIT(ALLOCS),
    .blocks = true,
    .whole = left_bytes,
};
static const table_t s_sites = {
    .title = "Allocated",
    .sort = HT_SORT_TOTAL_BYTES,
    .columns = BIT(EVER) | BIT(ALLOCS) | BIT(SHARE) | BIT(LIVE) | BIT(PEAK),
    .whole = total_bytes,
};
static const table_t s_peak = {
    .title = "Held at the peak",
    .sort = HT_SORT_AT_PEAK,
    .columns = BIT(HELD) | BIT(BLOCKS) | BIT(SHARE),
    .whole = at_peak_bytes,
};
static const table_t s_temporary = {
    .title = "Temporary",
    .sort = HT_SORT_TEMPORARY,
    .columns = BIT(TEMPORARY) | BIT(ALLOCS) | BIT(SHARE) | BIT(EVER),
    .whole = temporary_blocks,
};
static const table_t s_lifetimes = {
    .title = "Lifetimes",
    .sort = HT_SORT_TOTAL_BLOCKS,
    .columns = BIT(LIVES) | BIT(FREED) | BIT(ALLOCS) | BIT(CURVE),
    .whole = total_blocks,
};
static const table_t s_tasks = {
    .title = "Allocated",
    .sort = HT_SORT_TOTAL_BYTES,
    .columns = BIT(LIVE) | BIT(BLOCKS) | BIT(PEAK) | BIT(ALLOCS) | BIT(EVER),
    .by_task = true,
    .whole = total_bytes,
};

/* --- rows ---------------------------------------------------------------------------------------
 */

static bool tally(ht_desk_t *desk, const table_t *table, ht_tallies_t *tallies)
{
    ht_tally_ask_t ask = {.wanted = ht_desk_wants,
                          .key = ht_desk_key,
                          .context = desk,
                          .marks = desk->since ? desk->since_marks : 0,
                          .since_us = desk->since ? desk->since_us : 0};
    ht_by_t by = desk->by;
    desk->by = table->by_task ? HT_BY_TASK : by;
    bool good = ht_tally_flows(tallies, &desk->view, &ask) &&
                (!table->blocks || ht_tally_blocks(tallies, desk->model, &ask));
    desk->by = by;
    if (good) { ht_tallies_sort(tallies, table->sort); }
    return good;
}

/* Rows that have something of what is sorted by come first. */
static uint32_t rows_with(const ht_tallies_t *tallies, ht_sort_t sort)
{
    uint32_t count = 0;
    while (count < tallies->count && ht_tally_rank(&tallies->row[count], sort) != 0) {
        count++;
    }
    return count;
}

/* The bucket in which the middle one of all ended lives lies. HT_LIFETIMES: none has ended. */
static uint32_t usual_bucket(const ht_tally_t *tally)
{
    uint64_t sum = 0, below = 0;
    uint32_t bucket = 0;
    for (uint32_t b = 0; b < HT_LIFETIMES; b++) {
        sum += tally->lifetimes[b];
    }
    if (sum == 0) { return HT_LIFETIMES; }
    while (below + tally->lifetimes[bucket] < (sum + 1U) / 2U) {
        below += tally->lifetimes[bucket++];
    }
    return bucket;
}

static bool peak_of(const ht_desk_t *desk, const ht_tally_t *tally, bool by_task, uint64_t *bytes)
{
    if (by_task) {
        *bytes = desk->view.task[tally->key].peak_bytes;
        return !ht_desk_has_choice(desk);
    }
    *bytes = desk->view.origin[tally->origin].peak_bytes;
    return tally->origins == 1 && desk->choice.task == NULL && desk->choice.heap == NULL;
}

/* --- text ---------------------------------------------------------------------------------------
 */

/* "184 KiB in 602 blocks": how much of what the table is about. */
static void amount(ht_out_t *out, const table_t *table, const ht_tally_t *total)
{
    bool now = table == &s_leaks, then = table == &s_peak;
    uint64_t blocks = now ? total->left_blocks : then ? total->at_peak_blocks : total->total_blocks;
    if (table == &s_temporary) {
        ht_out_text(out, ht_text_grouped(total->temporary_blocks).s);
        ht_out_text(out, " of ");
        ht_out_count(out, total->total_blocks, "allocation");
        return;
    }
    if (table == &s_lifetimes) {
        ht_out_count(out, total->freed_blocks, "block");
        ht_out_text(out, " freed");
        return;
    }
    ht_out_size(out, table->whole(total));
    ht_out_text(out, " in ");
    ht_out_count(out, blocks, now || then ? "block" : "allocation");
    if (now && total->pool_blocks != 0) {
        ht_out_text(out, "; ");
        ht_out_size(out, total->pool_bytes);
        ht_out_text(out, " in ");
        ht_out_count(out, total->pool_blocks, "block");
        ht_out_text(out, " in pools");
    }
}

static void title(ht_desk_t *desk, const table_t *table, const ht_tally_t *total)
{
    ht_out_t *out = &desk->r.out;
    ht_by_t by = table->by_task ? HT_BY_TASK : desk->by;
    ht_desk_title(desk);
    ht_out_text(out, table->title);
    if (table == &s_leaks && desk->since) {
        ht_out_text(out, " and made since ");
        ht_out_name(out, desk->since_words, SIZE_MAX);
    }
    if (table == &s_peak) {
        ht_out_text(out, ", ");
        ht_desk_moment(desk, desk->view.peak_time_us);
    }
    ht_out_text(out, ", by ");
    ht_out_text(out, by == HT_BY_SITE ? "call site" : ht_desk_noun(by));
    ht_out_text(out, ": ");
    amount(out, table, total);
    ht_desk_choice_words(desk);
    ht_desk_title_end(desk);
}

static void lives_cell(ht_desk_t *desk, const ht_tally_t *tally)
{
    char text[40] = "-";
    uint32_t bucket = usual_bucket(tally);
    bool last = bucket == HT_LIFETIMES - 1U;
    if (bucket < HT_LIFETIMES) {
        uint64_t us = UINT64_C(1) << (last ? bucket - 1U : bucket);
        snprintf(text, sizeof(text), "%c%s",
                 bucket == 0 ? '<'
                 : last      ? '>'
                             : '~',
                 ht_text_age(us).s);
    }
    ht_cell(&desk->r, s_columns, LIVES, text);
}

/* Fourteen columns, three buckets each: up to 8 us, 64 us, 512 us, ... */
static void curve_cell(ht_desk_t *desk, const ht_tally_t *tally)
{
    uint64_t sum[14] = {0};
    if ((desk->r.columns & BIT(CURVE)) == 0) { return; }
    for (uint32_t b = 0; b < HT_LIFETIMES; b++) {
        sum[b / 3U] += tally->lifetimes[b];
    }
    ht_out_text(&desk->r.out, "  ");
    ht_desk_curve(desk, sum, 14);
}

/* In the order of the columns. */
static void cells(ht_desk_t *desk, const table_t *table, const ht_tally_t *row, uint64_t whole)
{
    ht_report_t *r = &desk->r;
    uint64_t peak;
    bool leaks = table == &s_leaks;
    bool known = peak_of(desk, row, table->by_task, &peak);
    uint64_t blocks = leaks              ? row->left_blocks
                      : table == &s_peak ? row->at_peak_blocks
                                         : row->live_blocks;
    ht_cell_count(r, s_columns, TEMPORARY, row->temporary_blocks);
    ht_cell_size(r, s_columns, EVER, true, row->total_bytes);
    ht_cell_size(r, s_columns, LEFT, true, row->left_bytes);
    ht_cell_size(r, s_columns, HELD, true, row->at_peak_bytes);
    ht_cell_size(r, s_columns, LIVE, true, row->live_bytes);
    ht_cell_count(r, s_columns, BLOCKS, blocks);
    ht_cell(r, s_columns, SHARE, ht_text_percent(ht_tally_rank(row, table->sort), whole).s);
    ht_cell_age(r, s_columns, OLDEST, row->left_blocks != 0, desk->view.last_us - row->oldest_us);
    ht_cell_size(r, s_columns, PEAK, known, peak);
    ht_cell_count(r, s_columns, ALLOCS, row->total_blocks);
    ht_cell_count(r, s_columns, FREED, row->freed_blocks);
    lives_cell(desk, row);
    curve_cell(desk, row);
}

static void last_cell(ht_desk_t *desk, const table_t *table, const ht_tally_t *row)
{
    ht_out_t *out = &desk->r.out;
    uint32_t column = ht_last_column(&desk->r);
    ht_by_t by = table->by_task ? HT_BY_TASK : desk->by;
    if (by == HT_BY_SITE || by == HT_BY_STACK) {
        ht_names_write(desk->names, out, row->origin);
        ht_names_write_stack(desk->names, out, row->origin, column, desk->frames);
        if (row->origins > 1) {
            ht_out_sentence(out, column + 2U);
            ht_out_style(out, HT_STYLE_DIM);
            ht_out_text(out, "and by ");
            ht_out_count(out, row->origins - 1U, "other stack");
            ht_out_text(out, ": --by stack");
            ht_out_style(out, HT_STYLE_PLAIN);
            ht_out_sentence_end(out);
        }
        return;
    }
    ht_by_t asked = desk->by;
    desk->by = by;
    ht_out_sentence(out, column);
    ht_out_style(out, HT_STYLE_NAME);
    ht_out_name(out, ht_desk_group_name(desk, row), SIZE_MAX);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
    desk->by = asked;
}

static bool table_text(ht_desk_t *desk, const table_t *table)
{
    ht_tallies_t tallies;
    bool good = tally(desk, table, &tallies);
    const char *noun = ht_desk_noun(table->by_task ? HT_BY_TASK : desk->by);
    uint32_t rows = good ? rows_with(&tallies, table->sort) : 0;
    uint32_t shown = desk->top == 0 || rows < desk->top ? rows : desk->top;
    if (good) { title(desk, table, &tallies.total); }
    if (shown != 0) {
        ht_columns_choose(&desk->r, s_columns, COLUMNS, table->columns, 0, s_place_rest);
        ht_columns_head(&desk->r, s_columns, COLUMNS, noun);
    }
    for (uint32_t i = 0; i < shown; i++) {
        cells(desk, table, &tallies.row[i], table->whole(&tallies.total));
        last_cell(desk, table, &tallies.row[i]);
    }
    if (good) { ht_desk_shown(desk, noun, shown, rows); }
    ht_tallies_free(&tallies);
    return good;
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

static void lifetimes_tree(json_t *row, const ht_tally_t *tally)
{
    uint32_t bucket = usual_bucket(tally), count = HT_LIFETIMES;
    ht_tree_maybe(row, "usual_lifetime_us", bucket < HT_LIFETIMES, UINT64_C(1) << (bucket & 63U));
    while (count > 0 && tally->lifetimes[count - 1U] == 0) {
        count--;
    }
    json_t *array = ht_tree_array(row, "lifetimes");
    for (uint32_t b = 0; b < count; b++) {
        json_array_append_new(array, json_integer((json_int_t)tally->lifetimes[b]));
    }
}

static void counts_tree(ht_desk_t *desk, const table_t *table, json_t *row, const ht_tally_t *tally)
{
    uint64_t peak;
    bool known = peak_of(desk, tally, table->by_task, &peak);
    ht_tree_number(row, "live_blocks", tally->live_blocks);
    ht_tree_number(row, "live_bytes", tally->live_bytes);
    ht_tree_maybe(row, "peak_bytes", known, peak);
    ht_tree_number(row, "total_blocks", tally->total_blocks);
    ht_tree_number(row, "total_bytes", tally->total_bytes);
    ht_tree_number(row, "freed_blocks", tally->freed_blocks);
    ht_tree_number(row, "temporary_blocks", tally->temporary_blocks);
    ht_tree_number(row, "carried_blocks", tally->carried_blocks);
    ht_tree_number(row, "vanished_blocks", tally->vanished_blocks);
    ht_tree_number(row, "at_peak_blocks", tally->at_peak_blocks);
    ht_tree_number(row, "at_peak_bytes", tally->at_peak_bytes);
    ht_tree_number(row, "pool_blocks", tally->pool_blocks);
    ht_tree_number(row, "failures", tally->failures);
    if (table->blocks) {
        ht_tree_number(row, "since_blocks", tally->left_blocks);
        ht_tree_number(row, "since_bytes", tally->left_bytes);
        ht_tree_maybe(row, "oldest_age_us", tally->left_blocks != 0,
                      desk->view.last_us - tally->oldest_us);
    }
    if (!table->by_task && desk->by != HT_BY_TASK) { lifetimes_tree(row, tally); }
}

static void row_tree(ht_desk_t *desk, const table_t *table, json_t *row, const ht_tally_t *tally)
{
    ht_by_t asked = desk->by;
    desk->by = table->by_task ? HT_BY_TASK : asked;
    if (desk->by == HT_BY_SITE || desk->by == HT_BY_STACK) {
        ht_names_tree(desk->names, row, tally->origin);
        ht_tree_number(row, "stacks", tally->origins);
    } else {
        ht_tree_text(row, ht_desk_noun(desk->by), ht_desk_group_name(desk, tally));
    }
    if (table->by_task) {
        const ht_task_row_t *task = &desk->view.task[tally->key];
        ht_tree_number(row, "task_id", task->index);
        ht_tree_address(row, "handle", task->handle);
        ht_tree_bool(row, "deleted", task->gone);
    }
    desk->by = asked;
    counts_tree(desk, table, row, tally);
}

static bool table_tree(ht_desk_t *desk, const table_t *table, json_t *object)
{
    ht_tallies_t tallies;
    bool good = tally(desk, table, &tallies);
    uint32_t rows = good ? rows_with(&tallies, table->sort) : 0;
    uint32_t shown = desk->top == 0 || rows < desk->top ? rows : desk->top;
    const ht_tally_t *total = &tallies.total;
    ht_tree_text(object, "by", ht_desk_noun(table->by_task ? HT_BY_TASK : desk->by));
    ht_tree_number(object, "live_blocks", total->live_blocks);
    ht_tree_number(object, "live_bytes", total->live_bytes);
    ht_tree_number(object, "total_blocks", total->total_blocks);
    ht_tree_number(object, "total_bytes", total->total_bytes);
    ht_tree_number(object, "temporary_blocks", total->temporary_blocks);
    if (table->blocks) {
        ht_tree_name(object, "since", desk->since ? desk->since_words : NULL);
        ht_tree_number(object, "since_blocks", total->left_blocks);
        ht_tree_number(object, "since_bytes", total->left_bytes);
    }
    if (table == &s_peak) {
        ht_tree_number(object, "peak_time_us", desk->view.peak_time_us);
        ht_tree_number(object, "at_peak_blocks", total->at_peak_blocks);
        ht_tree_number(object, "at_peak_bytes", total->at_peak_bytes);
    }
    ht_tree_number(object, "rows_total", rows);
    ht_tree_number(object, "rows_shown", shown);
    json_t *array = ht_tree_array(object, "rows");
    for (uint32_t i = 0; i < shown; i++) {
        row_tree(desk, table, ht_tree_row(array), &tallies.row[i]);
    }
    ht_tallies_free(&tallies);
    return good;
}

bool ht_leaks_text(ht_desk_t *desk)
{
    bool good = ht_suspects_text(desk);
    ht_out_text(&desk->r.out, "\n");
    return good && table_text(desk, &s_leaks);
}

bool ht_leaks_tree(ht_desk_t *desk, json_t *object)
{
    return ht_suspects_tree(desk, object) && table_tree(desk, &s_leaks, object);
}

/* --- the sections -------------------------------------------------------------------------------
 */

#define SECTION(name)                                                                              \
    bool ht_##name##_text(ht_desk_t *desk)                                                         \
    {                                                                                              \
        return table_text(desk, &s_##name);                                                        \
    }                                                                                              \
    bool ht_##name##_tree(ht_desk_t *desk, json_t *object)                                         \
    {                                                                                              \
        return table_tree(desk, &s_##name, object);                                                \
    }

SECTION(sites)
SECTION(peak)
SECTION(temporary)
SECTION(lifetimes)
SECTION(tasks)
