/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Failed allocations and memory errors. */
#include <string.h>

#include "heaptrail_errors.h"
#include "ht_desk.h"
#include "ht_units.h"

/* --- failures -----------------------------------------------------------------------------------
 */

/* As report_failures.c words them. */
static const char *const s_causes[] = {
    [HT_CAUSE_UNKNOWN] = "cause unknown",
    [HT_CAUSE_IMPOSSIBLE] = "impossible: no heap has these capabilities",
    [HT_CAUSE_TOO_LARGE] = "impossible: larger than every heap with these capabilities",
    [HT_CAUSE_EXHAUSTED] = "exhausted",
    [HT_CAUSE_FRAGMENTED] = "fragmentation, not exhaustion",
    [HT_CAUSE_WOULD_FIT] = "would fit: freed since",
};
static const char *const s_cause_keys[] = {
    [HT_CAUSE_UNKNOWN] = NULL,
    [HT_CAUSE_IMPOSSIBLE] = "impossible",
    [HT_CAUSE_TOO_LARGE] = "too_large",
    [HT_CAUSE_EXHAUSTED] = "exhausted",
    [HT_CAUSE_FRAGMENTED] = "fragmented",
    [HT_CAUSE_WOULD_FIT] = "would_fit",
};

/* Of a failure that was chosen; newest first. NULL: no more. */
static const ht_failure_row_t *next_failure(ht_desk_t *desk, uint32_t *left)
{
    while (*left > 0) {
        const ht_failure_row_t *failure = &desk->view.failure[--*left];
        bool of_task =
            desk->choice.task == NULL ||
            ht_name_matches(desk->choice.task, ht_names_task(desk->names, failure->task));
        if (of_task && ht_desk_wants_origin(desk, failure->origin)) { return failure; }
    }
    return NULL;
}

static void request_line(ht_desk_t *desk, const ht_failure_row_t *failure)
{
    ht_out_t *out = &desk->r.out;
    ht_out_sentence(out, 0);
    out->indent = HT_OWN_LINE_INDENT;
    ht_out_style(out, HT_STYLE_BAD);
    ht_out_text(out, "#");
    ht_out_number(out, failure->number);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_text(out, ": ");
    ht_out_size(out, failure->size);
    ht_out_text(out, " of ");
    ht_caps(out, failure->caps);
    if (failure->alignment > 8U) {
        ht_out_text(out, ", aligned to ");
        ht_out_number(out, failure->alignment);
    }
    ht_out_text(out, ", by task ");
    ht_out_name(out, ht_names_task(desk->names, failure->task), SIZE_MAX);
    ht_out_text(out, ", ");
    ht_desk_moment(desk, failure->time_us);
    ht_out_sentence_end(out);
}

static void cause_line(ht_desk_t *desk, const ht_failure_row_t *failure)
{
    ht_out_t *out = &desk->r.out;
    ht_out_sentence(out, HT_OWN_LINE_INDENT);
    if (failure->measured) {
        ht_out_text(out, "free then ");
        ht_out_size(out, failure->free_bytes);
        ht_out_text(out, ", largest ");
        ht_out_size(out, failure->largest_bytes);
        ht_out_text(out, ": ");
    }
    ht_out_style(out, HT_STYLE_WARN);
    ht_out_text(out, s_causes[failure->cause]);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

static void holder_lines(ht_desk_t *desk, const ht_failure_row_t *failure)
{
    ht_out_t *out = &desk->r.out;
    if (failure->holder_count == 0) { return; }
    ht_out_sentence(out, HT_OWN_LINE_INDENT);
    ht_out_text(out, "held then by live blocks: ");
    ht_out_size(out, failure->live_bytes);
    ht_out_text(out, "; most of it, by call site:");
    ht_out_sentence_end(out);
    for (uint32_t i = 0; i < failure->holder_count; i++) {
        ht_out_to(out, HT_OWN_LINE_INDENT);
        ht_out_right(out, 10, ht_text_size(failure->holder[i].live_bytes).s);
        ht_out_right(out, 8, ht_text_count(failure->holder[i].live_blocks).s);
        ht_out_text(out, " x ");
        ht_names_write(desk->names, out, failure->holder[i].origin);
    }
}

static void none(ht_desk_t *desk, const char *what)
{
    ht_desk_title(desk);
    ht_out_text(&desk->r.out, what);
    ht_out_text(&desk->r.out, ": none");
    ht_desk_choice_words(desk);
    ht_out_text(&desk->r.out, ".");
    ht_desk_title_end(desk);
}

bool ht_failures_text(ht_desk_t *desk)
{
    ht_out_t *out = &desk->r.out;
    uint32_t left = desk->view.failure_rows;
    const ht_failure_row_t *failure = next_failure(desk, &left);
    if (failure == NULL) {
        none(desk, "Failed allocations");
        return true;
    }
    ht_desk_title(desk);
    ht_out_text(out, "Failed allocations, newest first: ");
    ht_out_count(out, desk->view.failures, "failure");
    ht_out_text(out, " ever, ");
    ht_out_number(out, desk->view.failure_rows);
    ht_out_text(out, " kept");
    ht_desk_choice_words(desk);
    ht_desk_title_end(desk);
    for (uint32_t shown = 0; failure != NULL && (desk->top == 0 || shown < desk->top); shown++) {
        request_line(desk, failure);
        ht_out_to(out, HT_OWN_LINE_INDENT);
        ht_names_write(desk->names, out, failure->origin);
        ht_names_write_stack(desk->names, out, failure->origin, HT_OWN_LINE_INDENT, desk->frames);
        cause_line(desk, failure);
        holder_lines(desk, failure);
        failure = next_failure(desk, &left);
    }
    return true;
}

static void failure_tree(ht_desk_t *desk, json_t *row, const ht_failure_row_t *failure)
{
    ht_tree_number(row, "number", failure->number);
    ht_tree_number(row, "size_bytes", failure->size);
    ht_tree_caps(row, "asked_caps", failure->caps);
    ht_tree_number(row, "alignment_bytes", failure->alignment);
    ht_tree_text(row, "task", ht_names_task(desk->names, failure->task));
    ht_tree_number(row, "time_us", failure->time_us);
    ht_tree_maybe(row, "free_bytes", failure->measured, failure->free_bytes);
    ht_tree_maybe(row, "largest_free_bytes", failure->measured, failure->largest_bytes);
    ht_tree_text(row, "cause", s_cause_keys[failure->cause]);
    ht_names_tree(desk->names, row, failure->origin);
    ht_tree_number(row, "heaps", failure->heaps);
    ht_tree_number(row, "held_bytes", failure->live_bytes);
    json_t *holders = ht_tree_array(row, "top_sites");
    for (uint32_t i = 0; i < failure->holder_count; i++) {
        json_t *holder = ht_tree_row(holders);
        ht_tree_number(holder, "live_blocks", failure->holder[i].live_blocks);
        ht_tree_number(holder, "live_bytes", failure->holder[i].live_bytes);
        ht_names_tree(desk->names, holder, failure->holder[i].origin);
    }
}

bool ht_failures_tree(ht_desk_t *desk, json_t *object)
{
    uint32_t left = desk->view.failure_rows;
    ht_tree_number(object, "failures", desk->view.failures);
    json_t *rows = ht_tree_array(object, "rows");
    const ht_failure_row_t *failure = next_failure(desk, &left);
    for (uint32_t shown = 0; failure != NULL && (desk->top == 0 || shown < desk->top); shown++) {
        failure_tree(desk, ht_tree_row(rows), failure);
        failure = next_failure(desk, &left);
    }
    return true;
}

/* --- errors -------------------------------------------------------------------------------------
 */

static bool is_error_chosen(ht_desk_t *desk, const ht_error_row_t *error)
{
    if (desk->choice.task != NULL &&
        !ht_name_matches(desk->choice.task, ht_names_task(desk->names, error->task))) {
        return false;
    }
    return ht_desk_wants_origin(desk, error->block_origin) ||
           ht_desk_wants_origin(desk, error->caller_origin);
}

static uint64_t errors_chosen(ht_desk_t *desk)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < desk->view.error_rows; i++) {
        count += is_error_chosen(desk, &desk->view.error[i]) ? 1U : 0U;
    }
    return count + desk->view.errors - desk->view.error_rows;
}

static void error_title(ht_desk_t *desk, const ht_error_row_t *error)
{
    ht_out_t *out = &desk->r.out;
    ht_out_sentence(out, 0);
    out->indent = HT_OWN_LINE_INDENT;
    ht_out_style(out, HT_STYLE_BAD);
    ht_out_text(out, "#");
    ht_out_number(out, error->number);
    ht_out_text(out, ": ");
    ht_out_text(out, heaptrail_error_name((heaptrail_error_kind_t)error->kind));
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_text(out, ", by task ");
    ht_out_name(out, ht_names_task(desk->names, error->task), SIZE_MAX);
    ht_out_text(out, ", ");
    ht_desk_moment(desk, error->time_us);
    if (error->repeats != 0) {
        ht_out_text(out, "; ");
        ht_out_count(out, error->repeats, "time");
        ht_out_text(out, " more");
    }
    ht_out_sentence_end(out);
}

/* The device's report, line by line. */
static void device_words(ht_desk_t *desk, const char *report)
{
    for (const char *line = report; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        if (length != 0) {
            ht_out_to(&desk->r.out, HT_OWN_LINE_INDENT);
            ht_out_name(&desk->r.out, line, length);
        }
        ht_out_line(&desk->r.out);
        line += length + (line[length] == '\n' ? 1U : 0U);
    }
}

static void who_line(ht_desk_t *desk, const char *words, ht_row_t origin)
{
    if (origin == 0) { return; }
    ht_out_to(&desk->r.out, HT_OWN_LINE_INDENT);
    ht_out_text(&desk->r.out, words);
    ht_names_write(desk->names, &desk->r.out, origin);
    ht_names_write_stack(desk->names, &desk->r.out, origin, HT_OWN_LINE_INDENT + 2U, desk->frames);
}

static void our_words(ht_desk_t *desk, const ht_error_row_t *error)
{
    ht_out_t *out = &desk->r.out;
    ht_out_sentence(out, HT_OWN_LINE_INDENT);
    ht_out_text(out, "at ");
    ht_out_address(out, error->address);
    if (error->block != 0) {
        ht_out_text(out, ", of the block of ");
        ht_out_text(out, ht_text_grouped(error->block_size).s);
        ht_out_text(out, " bytes at ");
        ht_out_address(out, error->block);
    }
    if (error->damaged_bytes != 0) {
        ht_out_text(out, "; ");
        ht_out_count(out, error->damaged_bytes, "byte");
        ht_out_text(out, " damaged");
    }
    ht_out_sentence_end(out);
}

bool ht_errors_text(ht_desk_t *desk)
{
    ht_out_t *out = &desk->r.out;
    uint32_t shown = 0;
    uint64_t count = errors_chosen(desk);
    if (count == 0) {
        none(desk, "Memory errors");
        return true;
    }
    ht_desk_title(desk);
    ht_out_text(out, "Memory errors: ");
    ht_out_text(out, ht_text_grouped(count).s);
    ht_desk_choice_words(desk);
    ht_desk_title_end(desk);
    for (uint32_t i = 0; i < desk->view.error_rows && (desk->top == 0 || shown < desk->top); i++) {
        const ht_error_row_t *error = &desk->view.error[i];
        if (!is_error_chosen(desk, error)) { continue; }
        shown++;
        error_title(desk, error);
        if (error->report[0] != '\0') {
            device_words(desk, error->report);
        } else {
            our_words(desk, error);
        }
        who_line(desk, "allocated  ", error->block_origin);
        who_line(desk, "freed      ", error->free_origin);
        who_line(desk, "found by   ", error->caller_origin);
    }
    return true;
}

static void error_tree(ht_desk_t *desk, json_t *row, const ht_error_row_t *error)
{
    ht_tree_number(row, "number", error->number);
    ht_tree_text(row, "kind", heaptrail_error_key((heaptrail_error_kind_t)error->kind));
    ht_tree_number(row, "repeats", error->repeats);
    ht_tree_number(row, "time_us", error->time_us);
    ht_tree_text(row, "task", ht_names_task(desk->names, error->task));
    ht_tree_address(row, "address", error->address);
    ht_tree_number(row, "damaged_bytes", error->damaged_bytes);
    json_object_set_new(row, "damage_offset_bytes", json_integer((json_int_t)error->damage_offset));
    json_t *block = ht_tree_object(row, "block");
    ht_tree_address(block, "address", error->block);
    ht_tree_number(block, "size_bytes", error->block_size);
    ht_tree_text(block, "task", ht_names_task(desk->names, error->block_task));
    ht_names_tree(desk->names, ht_tree_object(block, "allocated"), error->block_origin);
    ht_names_tree(desk->names, ht_tree_object(block, "freed"), error->free_origin);
    ht_names_tree(desk->names, ht_tree_object(row, "caller"), error->caller_origin);
    ht_tree_name(row, "text", error->report);
}

bool ht_errors_tree(ht_desk_t *desk, json_t *object)
{
    ht_tree_number(object, "errors", desk->view.errors);
    json_t *rows = ht_tree_array(object, "rows");
    for (uint32_t i = 0; i < desk->view.error_rows; i++) {
        const ht_error_row_t *error = &desk->view.error[i];
        if (is_error_chosen(desk, error)) { error_tree(desk, ht_tree_row(rows), error); }
    }
    return true;
}
