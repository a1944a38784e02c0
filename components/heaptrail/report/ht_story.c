/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What an address is, whose block it belongs to, and who lives next to it. */
#include "ht_error_text.h"
#include "ht_report.h"

void ht_label(ht_out_t *out, const char *label)
{
    ht_out_style(out, HT_STYLE_DIM);
    ht_out_text(out, "  ");
    ht_out_text(out, label);
    ht_out_style(out, HT_STYLE_PLAIN);
    ht_out_to(out, HT_LABEL_COLUMN);
}

void ht_label_sentence(ht_out_t *out, const char *label)
{
    ht_label(out, label);
    ht_out_sentence(out, HT_LABEL_COLUMN);
}

bool ht_place_known(const heaptrail_origin_t *origin)
{
    return origin->site != NULL || (origin->frames != NULL && origin->frame_count != 0);
}

void ht_label_place(ht_out_t *out, const heaptrail_origin_t *origin)
{
    ht_place(out, origin);
    ht_place_frames(out, origin, HT_LABEL_COLUMN);
}

/* The rows of what is no task have names in round brackets: "(start-up)". */
void ht_who(ht_out_t *out, const char name[HEAPTRAIL_TASK_NAME_MAX], bool in_isr)
{
    if (in_isr) {
        ht_out_text(out, "in an interrupt");
        if (name[0] == '(') { ht_out_text(out, " "); }
        if (name[0] == '(') { ht_out_name(out, name, HEAPTRAIL_TASK_NAME_MAX); }
        return;
    }
    ht_out_text(out, name[0] == '\0'  ? "by an unknown task"
                     : name[0] == '(' ? "by" HT_HARD_SPACE
                                      : "by task" HT_HARD_SPACE);
    if (name[0] != '\0') { ht_out_name(out, name, HEAPTRAIL_TASK_NAME_MAX); }
}

/* --- what an address is ------------------------------------------------------------------------
 */

void ht_block_words(ht_out_t *out, const heaptrail_block_story_t *block)
{
    const heaptrail_site_t *site = block->allocated.site;
    ht_out_text(out, "block of ");
    ht_out_count(out, block->size_bytes, "byte");
    if (site == NULL || site->variable == NULL) { return; }
    ht_out_text(out, " (");
    ht_out_name(out, site->variable, SIZE_MAX);
    ht_out_text(out, ")");
}

static void in_block(ht_out_t *out, const ht_what_t *what)
{
    ptrdiff_t size = (ptrdiff_t)what->block->size_bytes;
    ptrdiff_t offset = what->offset;
    if (offset == 0) {
        ht_out_text(out, "the first byte of");
    } else if (offset < 0) {
        ht_out_count(out, 0U - (uint64_t)offset, "byte");
        ht_out_text(out, " before");
    } else if (offset < size || size < 0) {
        ht_out_count(out, (uint64_t)offset, "byte");
        ht_out_text(out, " into");
    } else if (offset == size) {
        ht_out_text(out, "right behind the end of");
    } else {
        ht_out_count(out, (uint64_t)offset - (uint64_t)size, "byte");
        ht_out_text(out, " behind the end of");
    }
    ht_out_text(out, what->block->freed ? " a freed " : " a live ");
    ht_block_words(out, what->block);
}

static void named(ht_out_t *out, const char *known, const char *name, const char *unknown)
{
    ht_out_text(out, name[0] != '\0' ? known : unknown);
    if (name[0] != '\0') { ht_out_name(out, name, HEAPTRAIL_TASK_NAME_MAX); }
}

void ht_what(ht_out_t *out, const ht_what_t *what)
{
    if (what->block->address != 0 && what->place <= HEAPTRAIL_PLACE_RECENTLY_FREED) {
        in_block(out, what);
        return;
    }
    switch (what->place) {
    case HEAPTRAIL_PLACE_HEAP:
        named(out, "in heap" HT_HARD_SPACE, what->name, "in a heap");
        ht_out_text(out, ", in no recorded block: free memory or a header");
        break;
    case HEAPTRAIL_PLACE_STACK:
        named(out, "on the stack of task" HT_HARD_SPACE, what->name, "on a stack");
        break;
    case HEAPTRAIL_PLACE_STATIC:
        ht_out_text(out, "in static memory (.data or .bss), on no heap");
        break;
    case HEAPTRAIL_PLACE_READ_ONLY:
        ht_out_text(out, "in code or constants, on no heap");
        break;
    case HEAPTRAIL_PLACE_OTHER:
        ht_out_text(out, "in memory of no heap that is known, or of another allocator");
        break;
    default:
        ht_out_text(out, "in no memory that is known");
        break;
    }
}

const char *ht_place_key(heaptrail_place_t place)
{
    static const char *const keys[HEAPTRAIL_PLACE_COUNT] = {
        [HEAPTRAIL_PLACE_BLOCK] = "block",
        [HEAPTRAIL_PLACE_FRONT_REDZONE] = "front_redzone",
        [HEAPTRAIL_PLACE_TAIL_REDZONE] = "tail_redzone",
        [HEAPTRAIL_PLACE_QUARANTINE] = "quarantine",
        [HEAPTRAIL_PLACE_RECENTLY_FREED] = "recently_freed",
        [HEAPTRAIL_PLACE_HEAP] = "heap",
        [HEAPTRAIL_PLACE_STACK] = "stack",
        [HEAPTRAIL_PLACE_STATIC] = "static",
        [HEAPTRAIL_PLACE_READ_ONLY] = "read_only",
        [HEAPTRAIL_PLACE_OTHER] = "other",
    };
    return (unsigned)place < HEAPTRAIL_PLACE_COUNT ? keys[place] : NULL;
}

/* --- the story of a block ----------------------------------------------------------------------
 */

/* Less than a tick is not known as a time. */
void ht_when(ht_out_t *out, uint64_t us, const char *when)
{
    ht_out_text(out, us == 0 ? "just" : "");
    if (us != 0) { ht_out_time(out, us); }
    ht_out_text(out, us == 0 && when[1] == 'a' ? " now" : when);
}

static void when_words(ht_out_t *out, uint64_t us, const char *when)
{
    ht_out_text(out, ", ");
    ht_when(out, us, when);
    ht_out_sentence_end(out);
}

void ht_story_allocated(ht_out_t *out, const heaptrail_block_story_t *block, const char *when)
{
    if (block->address == 0) { return; }
    ht_label(out, "allocated");
    ht_label_place(out, &block->allocated);
    ht_out_sentence(out, HT_LABEL_COLUMN);
    ht_who(out, block->task_name, block->in_isr);
    if (!block->in_isr || block->task_name[0] != '(') {
        ht_out_text(out, " on core" HT_HARD_SPACE);
        ht_out_number(out, block->core);
    }
    when_words(out, block->age_us, when);
}

void ht_story_freed(ht_out_t *out, const heaptrail_block_story_t *block, const char *label,
                    const char *when)
{
    if (block->address == 0 || !block->freed) { return; }
    ht_label(out, label);
    if (ht_place_known(&block->freed_by)) { ht_label_place(out, &block->freed_by); }
    ht_out_sentence(out, HT_LABEL_COLUMN);
    ht_who(out, block->freed_task_name, block->freed_in_isr);
    when_words(out, block->freed_age_us, when);
}

void ht_neighbour(ht_out_t *out, const heaptrail_neighbour_t *neighbour, const char *label,
                  const char *verb, const uint64_t *age_us)
{
    if (neighbour->address == 0) { return; }
    ht_label_sentence(out, label);
    ht_out_count(out, neighbour->size_bytes, "byte");
    ht_out_text(out, " at ");
    ht_out_address(out, neighbour->address);
    ht_out_text(out, ", ");
    if (neighbour->task_name[0] != '\0') {
        ht_who(out, neighbour->task_name, false);
        if (age_us != NULL) {
            ht_out_text(out, " ");
            ht_when(out, *age_us, " ago");
        }
        ht_out_text(out, "; ");
    }
    ht_out_text(out, verb);
    ht_out_text(out, " ");
    ht_out_count(out, neighbour->gap_bytes, "byte");
    ht_out_text(out, verb[0] == 'e' ? " before" : " behind");
    ht_out_sentence_end(out);
    ht_out_to(out, HT_LABEL_COLUMN);
    ht_label_place(out, &neighbour->allocated);
}

/* --- JSON --------------------------------------------------------------------------------------
 */

void ht_story_freed_json(ht_json_t *json, const heaptrail_block_story_t *block)
{
    ht_json_bool(json, "freed", block->freed);
    if (!block->freed) {
        ht_json_null(json, "freed_by");
        return;
    }
    ht_json_object(json, "freed_by");
    ht_json_number(json, "age_us", block->freed_age_us);
    ht_json_number(json, "task_id", block->freed_task_id);
    ht_json_string(json, "task", block->freed_task_name, HEAPTRAIL_TASK_NAME_MAX);
    ht_json_bool(json, "in_isr", block->freed_in_isr);
    ht_place_json(json, &block->freed_by);
    ht_json_object_end(json);
}

void ht_story_json(ht_json_t *json, const char *key, const heaptrail_block_story_t *block)
{
    if (block->address == 0) {
        ht_json_null(json, key);
        return;
    }
    ht_json_object(json, key);
    ht_json_address(json, "address", block->address);
    ht_json_number(json, "size_bytes", block->size_bytes);
    ht_json_number(json, "age_us", block->age_us);
    ht_json_number(json, "task_id", block->task_id);
    ht_json_string(json, "task", block->task_name, HEAPTRAIL_TASK_NAME_MAX);
    ht_json_number(json, "core", block->core);
    ht_json_bool(json, "in_isr", block->in_isr);
    ht_place_json(json, &block->allocated);
    ht_story_freed_json(json, block);
    ht_json_object_end(json);
}

void ht_neighbour_json(ht_json_t *json, const char *key, const heaptrail_neighbour_t *neighbour)
{
    if (neighbour->address == 0) {
        ht_json_null(json, key);
        return;
    }
    ht_json_object(json, key);
    ht_json_address(json, "address", neighbour->address);
    ht_json_number(json, "size_bytes", neighbour->size_bytes);
    ht_json_number(json, "gap_bytes", neighbour->gap_bytes);
    ht_json_string(json, "task", neighbour->task_name, HEAPTRAIL_TASK_NAME_MAX);
    ht_place_json(json, &neighbour->allocated);
    ht_json_object_end(json);
}
