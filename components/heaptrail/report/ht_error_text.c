/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * One memory error as text. It says what is known: an overflow was found at some time, and happened
 * between then and the last time that the block was seen intact.
 */
#include "ht_error_text.h"
#include "ht_report.h"

#define BEFORE " before"

/* The free() or realloc() itself is the error; else something was overwritten. */
static bool is_wrong_call(heaptrail_error_kind_t kind)
{
    return kind == HEAPTRAIL_ERROR_DOUBLE_FREE || kind == HEAPTRAIL_ERROR_REALLOC_FREED ||
           kind == HEAPTRAIL_ERROR_BAD_FREE || kind == HEAPTRAIL_ERROR_BAD_REALLOC;
}

static bool is_realloc(heaptrail_error_kind_t kind)
{
    return kind == HEAPTRAIL_ERROR_REALLOC_FREED || kind == HEAPTRAIL_ERROR_BAD_REALLOC;
}

static ht_what_t what_of(const heaptrail_error_row_t *error)
{
    return (ht_what_t){error->place, error->place_name, error->offset_bytes, &error->block};
}

/* --- the headline ------------------------------------------------------------------------------
 */

static void block_words(ht_out_t *out, const heaptrail_error_row_t *error, const char *before)
{
    ht_out_text(out, before);
    if (error->block.address == 0) {
        ht_out_text(out, " an unknown block");
        return;
    }
    ht_out_text(out, " a ");
    ht_block_words(out, &error->block);
}

/* Of damage that the window does not show all of, only the first and the last byte are known. */
static void damage_words(ht_out_t *out, const heaptrail_error_row_t *error)
{
    size_t span = error->damaged_bytes;
    size_t count = ht_window_shows_all(error) ? ht_window_changed(error) : span == 1 ? 1 : 0;
    if (span == 0 || count == 0) {
        ht_out_text(out, "bytes written");
    } else {
        ht_out_count(out, count, "byte");
        ht_out_text(out, " written");
    }
    if (span > 1 && count != span) {
        ht_out_text(out, " in a span of ");
        ht_out_count(out, span, "byte");
    }
}

static void damaged_heap_words(ht_out_t *out, const heaptrail_error_row_t *error)
{
    if (error->block.address != 0) {
        block_words(out, error, "the heap's header of");
    } else {
        ht_out_text(out, error->place_name[0] != '\0' ? "the bookkeeping of heap" HT_HARD_SPACE
                                                      : "the bookkeeping of a heap");
        if (error->place_name[0] != '\0') {
            ht_out_name(out, error->place_name, sizeof(error->place_name));
        }
    }
    ht_out_text(out, " was overwritten");
}

static void freed_again_words(ht_out_t *out, const heaptrail_error_row_t *error)
{
    if (error->offset_bytes != 0) {
        ht_what_t what = what_of(error);
        ht_what(out, &what);
    } else {
        block_words(out, error, "of");
    }
    if (error->block.freed) {
        ht_out_text(out, ", freed ");
        ht_when(out, error->block.freed_age_us, BEFORE);
    }
}

static void bad_pointer_words(ht_out_t *out, const heaptrail_error_row_t *error)
{
    ht_what_t what = what_of(error);
    ht_out_text(out, "the pointer is ");
    ht_what(out, &what);
}

static void headline_words(ht_out_t *out, const heaptrail_error_row_t *error)
{
    switch (error->kind) {
    case HEAPTRAIL_ERROR_OVERFLOW:
        damage_words(out, error);
        block_words(out, error, " behind");
        break;
    case HEAPTRAIL_ERROR_UNDERFLOW:
        damage_words(out, error);
        block_words(out, error, " before");
        break;
    case HEAPTRAIL_ERROR_WRITE_AFTER_FREE:
        damage_words(out, error);
        block_words(out, error, " in");
        ht_out_text(out, " that was freed");
        break;
    case HEAPTRAIL_ERROR_DOUBLE_FREE:
    case HEAPTRAIL_ERROR_REALLOC_FREED:
        freed_again_words(out, error);
        break;
    case HEAPTRAIL_ERROR_HEAP_DAMAGED:
        damaged_heap_words(out, error);
        break;
    case HEAPTRAIL_ERROR_STACK_OVERFLOW:
        damage_words(out, error);
        ht_out_text(out, " right below its stack");
        break;
    default:
        bad_pointer_words(out, error);
        break;
    }
}

void ht_error_headline(ht_out_t *out, const heaptrail_error_row_t *error, const char *prefix)
{
    ht_out_style(out, HT_STYLE_BAD);
    ht_out_sentence(out, 0);
    out->indent = 2;
    ht_out_text(out, prefix);
    ht_out_text(out, "#");
    ht_out_number(out, error->number);
    ht_out_text(out, error->before_reset ? " before the reset: " : " ");
    ht_out_text(out, heaptrail_error_name(error->kind));
    if (error->kind == HEAPTRAIL_ERROR_STACK_OVERFLOW) {
        ht_out_text(out, " of task" HT_HARD_SPACE);
        ht_out_name(out, error->stack_task_name, sizeof(error->stack_task_name));
    }
    ht_out_text(out, ": ");
    headline_words(out, error);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_sentence_end(out);
}

/* --- where -------------------------------------------------------------------------------------
 */

/* The heap keeps its own words between the blocks. */
static void header_line(ht_out_t *out, const heaptrail_error_row_t *error)
{
    if (error->address == 0) { return; }
    ht_label_sentence(out, "where");
    ht_out_address(out, error->address);
    if (error->block.address != 0) {
        ht_out_text(out, "; the block is at ");
        ht_out_address(out, error->block.address);
    }
    ht_out_sentence_end(out);
}

/* "offset 64 to 66, right behind the end of the block at 0x3fc9a0b4" */
static void where_line(ht_out_t *out, const heaptrail_error_row_t *error)
{
    int64_t first = error->offset_bytes;
    int64_t end = ht_offset_add(first, error->damaged_bytes);
    int64_t size = (int64_t)error->block.size_bytes;
    if (error->damaged_bytes == 0) {
        header_line(out, error);
        return;
    }
    if (error->block.address == 0) { return; }
    ht_label_sentence(out, "where");
    ht_out_text(out, "offset ");
    ht_out_signed(out, first);
    if (error->damaged_bytes > 1) {
        ht_out_text(out, " to ");
        ht_out_signed(out, ht_offset_add(first, error->damaged_bytes - 1U));
    }
    ht_out_text(out, ", ");
    if (first >= size) {
        if (first > size) { ht_out_count(out, (uint64_t)first - (uint64_t)size, "byte"); }
        ht_out_text(out, first > size ? " behind the end of" : "right behind the end of");
    } else if (end <= 0) {
        if (end < 0) { ht_out_count(out, 0U - (uint64_t)first, "byte"); }
        ht_out_text(out, end < 0 ? " before the start of" : "right before the start of");
    } else {
        ht_out_text(out, "inside");
    }
    ht_out_text(out, error->kind == HEAPTRAIL_ERROR_STACK_OVERFLOW ? " a block of " : " the block");
    if (error->kind == HEAPTRAIL_ERROR_STACK_OVERFLOW) {
        ht_out_count(out, error->block.size_bytes, "byte");
    }
    ht_out_text(out, " at ");
    ht_out_address(out, error->block.address);
    ht_out_sentence_end(out);
}

static void pointer_line(ht_out_t *out, const heaptrail_error_row_t *error)
{
    ht_label_sentence(out, "pointer");
    ht_out_address(out, error->address);
    if (error->block.address != 0 && error->offset_bytes != 0) {
        ht_out_text(out, "; the block is at ");
        ht_out_address(out, error->block.address);
    }
    if (error->place == HEAPTRAIL_PLACE_QUARANTINE) {
        ht_out_text(out, "; the block still waits in the quarantine");
    } else if (error->place == HEAPTRAIL_PLACE_RECENTLY_FREED) {
        ht_out_text(out, "; the last block known there was freed, and is out of the quarantine");
    }
    ht_out_sentence_end(out);
}

static void stack_line(ht_out_t *out, const heaptrail_error_row_t *error)
{
    if (error->stack_task_name[0] == '\0') { return; }
    ht_label_sentence(out, "stack");
    if (error->kind != HEAPTRAIL_ERROR_STACK_OVERFLOW) {
        ht_out_text(out, "of task" HT_HARD_SPACE);
        ht_out_name(out, error->stack_task_name, sizeof(error->stack_task_name));
        ht_out_text(out, " lies next to it; ");
    }
    if (!error->stack_margin_known) {
        ht_out_text(out, "how much of it was ever used is not known");
    } else if (error->stack_margin_bytes == 0) {
        ht_out_text(out, "it was used to its last byte");
    } else {
        ht_out_count(out, error->stack_margin_bytes, "byte");
        ht_out_text(out,
                    " of it were never used: the task jumped over them, or somebody else wrote");
    }
    ht_out_sentence_end(out);
}

/* --- when --------------------------------------------------------------------------------------
 */

static void uptime_words(ht_out_t *out, const heaptrail_error_row_t *error)
{
    ht_out_text(out, ", ");
    ht_out_time(out, error->uptime_us);
    ht_out_text(out, " after the start");
    if (error->before_reset) { ht_out_text(out, " of the run before the reset"); }
}

static void call_lines(ht_out_t *out, const heaptrail_error_row_t *error)
{
    bool again = error->kind == HEAPTRAIL_ERROR_DOUBLE_FREE;
    ht_label(out, is_realloc(error->kind) ? "reallocated" : again ? "freed again" : "freed");
    if (ht_place_known(&error->caller)) { ht_label_place(out, &error->caller); }
    ht_out_sentence(out, HT_LABEL_COLUMN);
    ht_who(out, error->caller_task_name, error->caller_in_isr);
    uptime_words(out, error);
    ht_out_sentence_end(out);
}

static void found_lines(ht_out_t *out, const heaptrail_error_row_t *error)
{
    static const char *const words[HEAPTRAIL_FOUND_COUNT] = {
        [HEAPTRAIL_FOUND_FREE] = "when the block was freed, ",
        [HEAPTRAIL_FOUND_REALLOC] = "when the block was reallocated, ",
        [HEAPTRAIL_FOUND_QUARANTINE] = "when the block left the quarantine, in a call ",
        [HEAPTRAIL_FOUND_VERIFY] = "by heaptrail_verify(), called ",
        [HEAPTRAIL_FOUND_SCRUB] = "by the background scrubber, run ",
        [HEAPTRAIL_FOUND_EXIT] = "at the end of the program, ",
    };
    bool known = (unsigned)error->found < HEAPTRAIL_FOUND_COUNT;
    ht_label_sentence(out, "detected");
    ht_out_text(out, known ? words[error->found] : "");
    ht_who(out, error->caller_task_name, error->caller_in_isr);
    uptime_words(out, error);
    ht_out_sentence_end(out);
    if (ht_place_known(&error->caller)) {
        ht_out_to(out, HT_LABEL_COLUMN);
        ht_label_place(out, &error->caller);
    }
}

/* The heap's own words were overwritten: no check of redzones has looked at them. */
static bool is_of_header(const heaptrail_error_row_t *error)
{
    return error->kind == HEAPTRAIL_ERROR_HEAP_DAMAGED ||
           (error->kind == HEAPTRAIL_ERROR_STACK_OVERFLOW && error->damaged_bytes == 0);
}

/* Between which times it was written. A free() looks at the block, too. */
static void written_line(ht_out_t *out, const heaptrail_error_row_t *error)
{
    const heaptrail_block_story_t *block = &error->block;
    bool header = is_of_header(error);
    bool checked = error->block_checked && !header;
    bool freed =
        block->freed && !header && (!checked || block->freed_age_us <= error->block_checked_us);
    if (!checked && block->address == 0) { return; }
    ht_label_sentence(out, "written");
    uint64_t us = freed ? block->freed_age_us : checked ? error->block_checked_us : block->age_us;
    ht_out_text(out, us != 0 ? "within the " : "right before that: ");
    if (us != 0) {
        ht_out_time(out, us);
        ht_out_text(out, " before that: ");
    }
    ht_out_text(out, freed     ? "since it was freed"
                     : checked ? "the block was last seen intact then"
                     : header  ? "since the block was made"
                               : "the block has not been looked at since it was made");
    ht_out_sentence_end(out);
}

static void heap_line(ht_out_t *out, const heaptrail_error_row_t *error)
{
    if (!error->heap_checked || is_of_header(error)) { return; }
    ht_label_sentence(out, "all intact");
    ht_out_time(out, error->heap_checked_us);
    ht_out_text(out, " before that, when the scrubber began its last clean round");
    ht_out_sentence_end(out);
}

/* --- what was done -----------------------------------------------------------------------------
 */

static const char *done_words(const heaptrail_error_row_t *error)
{
    if (is_realloc(error->kind)) { return "nothing: the realloc() was refused"; }
    if (is_wrong_call(error->kind)) { return "nothing: the free() was ignored"; }
    if (is_of_header(error)) {
        bool kept = error->block.address != 0 && (error->found == HEAPTRAIL_FOUND_FREE ||
                                                  error->found == HEAPTRAIL_FOUND_QUARANTINE);
        return kept ? "the block was not given back to the heap: its memory is lost" : NULL;
    }
    switch (error->found) {
    case HEAPTRAIL_FOUND_FREE:
        return "the block was freed";
    case HEAPTRAIL_FOUND_QUARANTINE:
        return "the block left the quarantine";
    case HEAPTRAIL_FOUND_EXIT:
        return NULL;
    default:
        return error->damaged_bytes != 0 ? "the bytes were put right again" : NULL;
    }
}

/* Two errors that look the same from here. */
static void doubt_line(ht_out_t *out, const heaptrail_error_row_t *error)
{
    bool before = error->kind == HEAPTRAIL_ERROR_UNDERFLOW ||
                  (error->kind == HEAPTRAIL_ERROR_HEAP_DAMAGED && error->block.address != 0);
    if (!before || error->left.address == 0) { return; }
    ht_label_sentence(out, "or");
    ht_out_text(out, "the block before it was overrun: from here that looks the same");
    ht_out_sentence_end(out);
}

static void done_lines(ht_out_t *out, const heaptrail_error_row_t *error)
{
    const char *done = done_words(error);
    if (error->repeats != 0) {
        ht_label_sentence(out, "repeated");
        ht_out_text(out, "the same kind from the same place ");
        ht_out_count(out, error->repeats, "time");
        ht_out_text(out, " more, counted only");
        ht_out_sentence_end(out);
    }
    if (done == NULL && !error->aborted) { return; }
    ht_label_sentence(out, "done");
    ht_out_text(out, done != NULL ? done : "");
    if (error->aborted) {
        ht_out_text(out, done != NULL ? "; " : "");
        ht_out_style(out, HT_STYLE_BAD);
        ht_out_text(out,
                    error->before_reset ? "the program was aborted" : "the program is aborted");
        ht_out_style(out, HT_STYLE_PLAIN);
        ht_out_text(out, ", as the policy says");
    }
    ht_out_sentence_end(out);
}

static void wrong_call(ht_out_t *out, const heaptrail_error_row_t *error)
{
    pointer_line(out, error);
    call_lines(out, error);
    ht_story_freed(out, &error->block,
                   error->kind == HEAPTRAIL_ERROR_REALLOC_FREED ? "freed" : "first freed", BEFORE);
    ht_story_allocated(out, &error->block, BEFORE);
}

static void damage(ht_out_t *out, const heaptrail_error_row_t *error)
{
    where_line(out, error);
    ht_window(out, error);
    stack_line(out, error);
    ht_story_allocated(out, &error->block, BEFORE);
    ht_story_freed(out, &error->block, "freed", BEFORE);
    found_lines(out, error);
    written_line(out, error);
    heap_line(out, error);
}

void ht_error_text(ht_out_t *out, const heaptrail_error_row_t *error, const char *prefix)
{
    ht_error_headline(out, error, prefix);
    if (is_wrong_call(error->kind)) {
        wrong_call(out, error);
    } else {
        damage(out, error);
    }
    ht_neighbour(out, &error->left, "before it", "ends", NULL);
    ht_neighbour(out, &error->right, "behind it", "begins", NULL);
    doubt_line(out, error);
    done_lines(out, error);
}
