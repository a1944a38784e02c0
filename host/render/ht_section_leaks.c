/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Leaks: who may leak and what speaks for it, by the trace and by the device; then what lives. */
#include <string.h>

#include "ht_analyse_leaks.h"
#include "ht_desk.h"
#include "ht_format.h"
#include "ht_section_leaks.h"
#include "ht_suspect.h"
#include "ht_units.h"

enum { SURENESS, LIVE, BLOCKS, HOURLY, COLUMNS };

static const ht_column_t s_columns[COLUMNS] = {
    [SURENESS] = {"sure", 8, 0},
    [LIVE] = {"live", 8, 0},
    [BLOCKS] = {"blocks", 6, 1},
    [HOURLY] = {"hourly", 8, 2},
};

static const ht_rest_t s_place_rest = {36, 52};

static bool find(ht_desk_t *desk, ht_leaks_t *leaks)
{
    const ht_tally_ask_t ask = {
        .wanted = ht_desk_has_choice(desk) ? ht_desk_wants : NULL,
        .context = desk,
        .marks = desk->since ? desk->since_marks : 0,
        .since_us = desk->since ? desk->since_us : 0,
    };
    return ht_leaks(leaks, desk->model, &ask, ht_desk_wants_origin);
}

static uint32_t count32(uint64_t value)
{
    return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

/* What only follows others has no row as text. */
static size_t rows_of(const ht_leaks_t *leaks)
{
    return leaks->count - leaks->sites[HT_SURE_FOLLOWS];
}

/* --- words ---------------------------------------------------------------------------------------
 */

/* As the device's interface has it: its renderer writes the words. */
static heaptrail_suspect_t as_device(ht_desk_t *desk, const ht_leak_row_t *row)
{
    const ht_suspect_t *is = &row->is;
    heaptrail_suspect_t suspect = {
        .sure = (heaptrail_sure_t)is->sure,
        .evidence = (uint32_t)is->evidence,
        .lost_blocks = count32(is->reach.lost_blocks),
        .lost_bytes = is->reach.lost_bytes,
        .with_blocks = count32(is->reach.with_blocks),
        .with_bytes = is->reach.with_bytes,
        .possible_blocks = count32(is->reach.possible_blocks),
        .possible_bytes = is->reach.possible_bytes,
        .indirect_blocks = count32(is->reach.indirect_blocks),
        .indirect_bytes = is->reach.indirect_bytes,
        .growth = {.rises = (is->growth.flags & HT_GROWTH_RISES) != 0,
                   .steady = (is->growth.flags & HT_GROWTH_STEADY) != 0,
                   .bytes_per_hour = is->growth.bytes_per_hour,
                   .span_us = is->growth.span_us},
        .left_blocks = count32(is->left.blocks),
        .left_bytes = is->left.bytes,
        .left_tasks = count32(is->left.tasks),
        .overdue_blocks = count32(is->overdue.blocks),
        .overdue_bytes = is->overdue.bytes,
        .overdue_times = count32(is->overdue.times),
    };
    strncpy(suspect.left_task, ht_names_task(desk->names, row->left_task),
            sizeof(suspect.left_task) - 1U);
    return suspect;
}

static void title(ht_desk_t *desk, const ht_leaks_t *leaks)
{
    ht_out_t *out = &desk->r.out;
    ht_desk_title(desk);
    ht_sure_counts(out, leaks->sites);
    if (desk->since) {
        ht_out_text(out, "; only of what was made since ");
        ht_out_name(out, desk->since_words, SIZE_MAX);
    }
    ht_desk_choice_words(desk);
    ht_desk_title_end(desk);
}

static void reach_words(ht_out_t *out, const ht_search_t *search)
{
    const uint32_t blocks[HEAPTRAIL_REACH_COUNT] = {
        [HEAPTRAIL_LOST] = count32(search->lost_blocks),
        [HEAPTRAIL_INDIRECTLY_LOST] = count32(search->indirect_blocks),
        [HEAPTRAIL_POSSIBLY_LOST] = count32(search->possible_blocks),
        [HEAPTRAIL_REACHABLE] = count32(search->reachable_blocks),
    };
    const size_t bytes[HEAPTRAIL_REACH_COUNT] = {
        [HEAPTRAIL_LOST] = search->lost_bytes,
        [HEAPTRAIL_INDIRECTLY_LOST] = search->indirect_bytes,
        [HEAPTRAIL_POSSIBLY_LOST] = search->possible_bytes,
        [HEAPTRAIL_REACHABLE] = search->reachable_bytes,
    };
    ht_reach_words(out, blocks, bytes);
}

/* When the device looked, and what it found in all. */
static void search_line(ht_desk_t *desk, const ht_search_t *search)
{
    ht_out_t *out = &desk->r.out;
    ht_out_sentence(out, 0);
    ht_out_text(out, search->scanned == HT_SCANNED ? "Scanned " : "Searched ");
    ht_desk_moment(desk, desk->view.search_us);
    if (search->scanned == HT_SCANNED) {
        ht_out_text(out, ": lost: ");
        reach_words(out, search);
    }
    if (search->caps != 0) {
        const heaptrail_exhaustion_t end = {.caps = (uint32_t)search->caps,
                                            .free_bytes = search->free_bytes,
                                            .bytes_per_hour = search->bytes_per_hour,
                                            .left_us = search->left_us};
        ht_out_text(out, "; then ");
        ht_exhaustion_words(out, &end);
    }
    ht_out_sentence_end(out);
}

static const char *why_not_scanned(const ht_search_t *search)
{
    static const char how[] =
        "What nothing points to is not known: no scan was made while this was traced. One is made "
        "by heaptrail leaks at the device's prompt, heaptrail_suspects_find(), leaks=exit on "
        "Linux.";
    if (search == NULL) { return how; }
    switch (search->scanned) {
    case HT_SCANNED_NOT_ASKED:
        return "Not scanned, as asked: what nothing points to is not known.";
    case HT_SCANNED_NOT_SUPPORTED:
        return "Not scanned: the device cannot tell where its variables and stacks are.";
    case HT_SCANNED_NO_MEMORY:
        return "Not scanned: the device had no memory for it.";
    default:
        return "Not scanned: the device could not.";
    }
}

static void search_notes(ht_desk_t *desk)
{
    const ht_search_t *search = desk->view.search;
    ht_out_t *out = &desk->r.out;
    if (search == NULL || search->scanned != HT_SCANNED) {
        ht_desk_note(desk, HT_STYLE_WARN, why_not_scanned(search));
    }
    if (search == NULL) { return; }
    if (desk->about.of_some_sizes) {
        ht_desk_note(desk, HT_STYLE_WARN,
                     "The device judged blocks of any size: --min-size and --max-size choose among "
                     "those of the trace only.");
    }
    uint64_t missing =
        search->suspects > desk->view.suspects ? search->suspects - desk->view.suspects : 0;
    ht_unknown_line(out, missing, "suspect", " that was found is missing in the trace",
                    " that were found are missing in the trace");
    ht_unknown_line(out, search->young_blocks, "block", " was too young to be judged",
                    " were too young to be judged");
    ht_unknown_line(out, search->unsure_blocks, "block", " was lost in one pass and not in another",
                    " were lost in one pass and not in another");
    ht_unknown_line(out, search->left_out_blocks, "block", " had no room in the memory of the scan",
                    " had no room in the memory of the scan");
    ht_unknown_line(out, search->suppressed_sites, "suspect", " was suppressed",
                    " were suppressed");
    if ((search->flags & HT_SEARCH_DISTURBED) != 0) {
        ht_desk_note(desk, HT_STYLE_WARN,
                     "The table moved while it was copied: blocks may be missing.");
    }
}

static void refuted_words(ht_out_t *out, const ht_leak_row_t *row)
{
    if (row->refuted_blocks == 0) { return; }
    ht_out_text(out, "; ");
    ht_out_count(out, row->refuted_blocks, "block");
    ht_out_text(out, " that the scan called lost ");
    ht_out_text(out, row->refuted_blocks == 1 ? "was" : "were");
    ht_out_text(out, " freed since");
}

static void row_text(ht_desk_t *desk, const ht_leak_row_t *row)
{
    ht_report_t *r = &desk->r;
    const ht_suspect_t *is = &row->is;
    const heaptrail_suspect_t suspect = as_device(desk, row);
    ht_out_style(&r->out, ht_sure_style(suspect.sure));
    ht_cell(r, s_columns, SURENESS, ht_sure_word(suspect.sure));
    ht_out_style(&r->out, HT_STYLE_PLAIN);
    ht_cell_size(r, s_columns, LIVE, true, is->live_bytes);
    ht_cell_count(r, s_columns, BLOCKS, is->live_blocks);
    ht_cell_size(r, s_columns, HOURLY, suspect.growth.rises, (uint64_t)is->growth.bytes_per_hour);
    uint32_t column = ht_last_column(r);
    ht_names_write(desk->names, &r->out, row->origin);
    ht_names_write_stack(desk->names, &r->out, row->origin, column, desk->frames);
    ht_out_to(&r->out, column);
    ht_out_sentence(&r->out, column);
    ht_suspect_words(&r->out, &suspect);
    refuted_words(&r->out, row);
    ht_out_sentence_end(&r->out);
}

bool ht_suspects_text(ht_desk_t *desk)
{
    ht_leaks_t leaks;
    bool good = find(desk, &leaks);
    size_t rows = good ? rows_of(&leaks) : 0;
    size_t shown = desk->top == 0 || rows < desk->top ? rows : desk->top;
    if (good) { title(desk, &leaks); }
    if (good && desk->view.search != NULL) { search_line(desk, desk->view.search); }
    if (shown != 0) {
        ht_columns_choose(&desk->r, s_columns, COLUMNS, (1U << COLUMNS) - 1U, 0, s_place_rest);
        ht_columns_head(&desk->r, s_columns, COLUMNS, "site, and what speaks for it");
    }
    for (size_t i = 0; i < shown; i++) {
        row_text(desk, &leaks.row[i]);
    }
    if (good && shown < rows) { ht_desk_shown(desk, "site", shown, rows); }
    if (good) { search_notes(desk); }
    ht_leaks_free(&leaks);
    return good;
}

/* --- JSON ----------------------------------------------------------------------------------------
 */

static void reach_tree(json_t *row, const ht_suspect_t *is)
{
    ht_tree_text(row, "sure", ht_sure_word((heaptrail_sure_t)is->sure));
    ht_tree_number(row, "live_blocks", is->live_blocks);
    ht_tree_number(row, "live_bytes", is->live_bytes);
    ht_tree_number(row, "lost_blocks", is->reach.lost_blocks);
    ht_tree_number(row, "lost_bytes", is->reach.lost_bytes);
    ht_tree_number(row, "with_blocks", is->reach.with_blocks);
    ht_tree_number(row, "with_bytes", is->reach.with_bytes);
    ht_tree_number(row, "possibly_lost_blocks", is->reach.possible_blocks);
    ht_tree_number(row, "possibly_lost_bytes", is->reach.possible_bytes);
    ht_tree_number(row, "indirectly_lost_blocks", is->reach.indirect_blocks);
    ht_tree_number(row, "indirectly_lost_bytes", is->reach.indirect_bytes);
}

/* An object, or null. */
static json_t *part(json_t *row, const char *key, const ht_suspect_t *is, uint64_t evidence)
{
    if ((is->evidence & evidence) != 0) { return ht_tree_object(row, key); }
    ht_tree_maybe(row, key, false, 0);
    return NULL;
}

static void growth_tree(json_t *row, const ht_suspect_t *is)
{
    json_t *growth = part(row, "growth", is, HT_EVIDENCE_GROWTH);
    if (growth == NULL) { return; }
    ht_tree_bool(growth, "steady", (is->growth.flags & HT_GROWTH_STEADY) != 0);
    json_object_set_new(growth, "bytes_per_hour", json_integer(is->growth.bytes_per_hour));
    ht_tree_number(growth, "span_us", is->growth.span_us);
    ht_tree_number(growth, "steps", is->growth.steps);
    ht_tree_maybe(growth, "rising_permille", is->growth.rising_permille != 0,
                  is->growth.rising_permille);
    ht_tree_number(growth, "from_bytes", is->growth.from_bytes);
    ht_tree_number(growth, "to_bytes", is->growth.to_bytes);
}

static void left_tree(ht_desk_t *desk, json_t *row, const ht_suspect_t *is, ht_row_t task)
{
    json_t *left = part(row, "task_gone", is, HT_EVIDENCE_TASK_GONE);
    if (left == NULL) { return; }
    ht_tree_number(left, "blocks", is->left.blocks);
    ht_tree_number(left, "bytes", is->left.bytes);
    ht_tree_number(left, "task_id", desk->view.task[task].index);
    ht_tree_text(left, "task", ht_names_task(desk->names, task));
    ht_tree_bool(left, "more_tasks", is->left.tasks > 1);
}

static void overdue_tree(json_t *row, const ht_suspect_t *is)
{
    json_t *overdue = part(row, "overdue", is, HT_EVIDENCE_OVERDUE);
    if (overdue == NULL) { return; }
    ht_tree_number(overdue, "blocks", is->overdue.blocks);
    ht_tree_number(overdue, "bytes", is->overdue.bytes);
    ht_tree_number(overdue, "age_us", is->overdue.age_us);
    ht_tree_number(overdue, "usual_us", is->overdue.usual_us);
    ht_tree_number(overdue, "times", is->overdue.times);
}

/* With the keys of the device's report. */
static json_t *suspect_tree(ht_desk_t *desk, json_t *rows, const ht_suspect_t *is, ht_row_t origin,
                            ht_row_t task)
{
    json_t *row = ht_tree_row(rows);
    ht_names_tree(desk->names, row, origin);
    reach_tree(row, is);
    growth_tree(row, is);
    left_tree(desk, row, is, task);
    overdue_tree(row, is);
    return row;
}

static void scan_tree(json_t *object, const ht_search_t *search)
{
    bool known = search->scanned == HT_SCANNED;
    ht_tree_bool(object, "scanned", known);
    ht_tree_maybe(object, "reachable_blocks", known, search->reachable_blocks);
    ht_tree_maybe(object, "reachable_bytes", known, search->reachable_bytes);
    ht_tree_maybe(object, "possibly_lost_blocks", known, search->possible_blocks);
    ht_tree_maybe(object, "possibly_lost_bytes", known, search->possible_bytes);
    ht_tree_maybe(object, "indirectly_lost_blocks", known, search->indirect_blocks);
    ht_tree_maybe(object, "indirectly_lost_bytes", known, search->indirect_bytes);
    ht_tree_maybe(object, "lost_blocks", known, search->lost_blocks);
    ht_tree_maybe(object, "lost_bytes", known, search->lost_bytes);
    ht_tree_maybe(object, "young_blocks", known, search->young_blocks);
    ht_tree_maybe(object, "unsure_blocks", known, search->unsure_blocks);
    ht_tree_maybe(object, "left_out_blocks", known, search->left_out_blocks);
    ht_tree_bool(object, "table_moved", (search->flags & HT_SEARCH_DISTURBED) != 0);
    ht_tree_maybe(object, "passes", known, search->passes);
    ht_tree_maybe(object, "words", known, search->words);
    ht_tree_maybe(object, "took_us", known, search->took_us);
}

static void exhaustion_tree(json_t *object, const ht_search_t *search)
{
    if (search->caps == 0) {
        ht_tree_maybe(object, "exhaustion", false, 0);
        return;
    }
    json_t *end = ht_tree_object(object, "exhaustion");
    ht_tree_caps(end, "caps", (uint32_t)search->caps);
    ht_tree_number(end, "free_bytes", search->free_bytes);
    ht_tree_number(end, "bytes_per_hour", search->bytes_per_hour);
    ht_tree_number(end, "left_us", search->left_us);
}

/* The device's own report, as far as it came. */
static void search_tree(ht_desk_t *desk, json_t *object)
{
    const ht_model_view_t *view = &desk->view;
    const ht_search_t *search = view->search;
    if (search == NULL) {
        ht_tree_maybe(object, "device", false, 0);
        return;
    }
    json_t *device = ht_tree_object(object, "device");
    ht_tree_number(device, "time_us", view->search_us);
    ht_tree_number(device, "number", search->number);
    ht_tree_number(device, "certain_sites", search->sure_sites[HT_SURE_CERTAIN]);
    ht_tree_number(device, "likely_sites", search->sure_sites[HT_SURE_LIKELY]);
    ht_tree_number(device, "possible_sites", search->sure_sites[HT_SURE_POSSIBLE]);
    ht_tree_number(device, "suppressed_sites", search->suppressed_sites);
    scan_tree(device, search);
    ht_tree_number(device, "growth_steps", search->growth_steps);
    ht_tree_number(device, "growth_span_us", search->growth_span_us);
    ht_tree_number(device, "growth_left_out_sites", search->growth_left_out);
    ht_tree_number(device, "growth_bytes_per_hour", search->growth_per_hour);
    exhaustion_tree(device, search);
    ht_tree_number(device, "rows_total", search->suspects);
    json_t *rows = ht_tree_array(device, "rows");
    for (uint32_t i = 0; i < view->suspects; i++) {
        const ht_suspect_row_t *row = &view->suspect[i];
        (void)suspect_tree(desk, rows, &row->told, row->origin, row->left_task);
    }
}

bool ht_suspects_tree(ht_desk_t *desk, json_t *object)
{
    ht_leaks_t leaks;
    bool good = find(desk, &leaks);
    size_t shown = desk->top == 0 || leaks.count < desk->top ? leaks.count : desk->top;
    json_t *suspects = ht_tree_object(object, "suspects");
    ht_tree_number(suspects, "certain_sites", leaks.sites[HT_SURE_CERTAIN]);
    ht_tree_number(suspects, "likely_sites", leaks.sites[HT_SURE_LIKELY]);
    ht_tree_number(suspects, "possible_sites", leaks.sites[HT_SURE_POSSIBLE]);
    ht_tree_number(suspects, "rows_total", leaks.count);
    ht_tree_number(suspects, "rows_shown", good ? shown : 0);
    json_t *rows = ht_tree_array(suspects, "rows");
    for (size_t i = 0; good && i < shown; i++) {
        const ht_leak_row_t *leak = &leaks.row[i];
        json_t *row = suspect_tree(desk, rows, &leak->is, leak->origin, leak->left_task);
        ht_tree_number(row, "refuted_blocks", leak->refuted_blocks);
        ht_tree_bool(row, "growth_by_device", (leak->by_device & HT_EVIDENCE_GROWTH) != 0);
    }
    search_tree(desk, object);
    ht_leaks_free(&leaks);
    return good;
}
