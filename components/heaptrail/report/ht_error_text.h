/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_error_text.h
 * The parts that a memory error and an address are told with: labelled lines, who did it, the story
 * of a block, its neighbours, and the bytes that changed. Asks the tracker nothing; any context.
 *
 *   heap buffer overflow: 3 bytes written behind a block of 64 bytes
 *     allocated    main/mqtt.c:88 on_message() copy [strdup]
 *                  by task mqtt_task on core 1, 12 min 5 s before
 */
#pragma once

#include "heaptrail_errors.h"
#include "ht_json.h"

/** Where the text behind a label begins. */
#define HT_LABEL_COLUMN 15U

/** "  label        ": go to HT_LABEL_COLUMN of a new line. An empty label goes there too. */
void ht_label(ht_out_t *out, const char *label);

/** The same, and begin a sentence. */
void ht_label_sentence(ht_out_t *out, const char *label);

/** True when a place says more than "(unknown site)". */
bool ht_place_known(const heaptrail_origin_t *origin);

/** The place and its stack from the present column on; ends the line. */
void ht_label_place(ht_out_t *out, const heaptrail_origin_t *origin);

/** "by task net", "by (start-up)", "in an interrupt (ISR core 0)": part of a sentence. */
void ht_who(ht_out_t *out, const char name[HEAPTRAIL_TASK_NAME_MAX], bool in_isr);

/** "3 ms before", "just now": part of a sentence. `when`: " before" or " ago". */
void ht_when(ht_out_t *out, uint64_t us, const char *when);

/** "block of 64 bytes (copy)", with the variable where it is known: part of a sentence. */
void ht_block_words(ht_out_t *out, const heaptrail_block_story_t *block);

/** What an address is, of an error or of a whois: where it lies in `block`, or in what else. */
typedef struct {
    heaptrail_place_t place;
    const char *name;                     /**< of the heap or the task, may be empty */
    ptrdiff_t offset;                     /**< from the start of `block` */
    const heaptrail_block_story_t *block; /**< address 0: none */
} ht_what_t;

/** "12 bytes into a live block of 64 bytes", "the stack of task net": part of a sentence. */
void ht_what(ht_out_t *out, const ht_what_t *what);

/** "tail_redzone"; NULL for HEAPTRAIL_PLACE_UNKNOWN. */
const char *ht_place_key(heaptrail_place_t place);

/** Lines of who allocated a block, and who freed it. `when`: " before" or " ago". */
void ht_story_allocated(ht_out_t *out, const heaptrail_block_story_t *block, const char *when);
void ht_story_freed(ht_out_t *out, const heaptrail_block_story_t *block, const char *label,
                    const char *when);

/** A neighbour: `verb` is "ends" or "begins", `age_us` may be NULL. Nothing if there is none. */
void ht_neighbour(ht_out_t *out, const heaptrail_neighbour_t *neighbour, const char *label,
                  const char *verb, const uint64_t *age_us);

/** The fields of a story into the object that is open, without address, size, age and maker. */
void ht_story_freed_json(ht_json_t *json, const heaptrail_block_story_t *block);

/** A story as an object or null. */
void ht_story_json(ht_json_t *json, const char *key, const heaptrail_block_story_t *block);

/** A neighbour as an object or null. */
void ht_neighbour_json(ht_json_t *json, const char *key, const heaptrail_neighbour_t *neighbour);

/** Rows from before a reset may say anything: their sums may wrap, and nothing worse. */
static inline int64_t ht_offset_add(int64_t offset, uint64_t bytes)
{
    return (int64_t)((uint64_t)offset + bytes);
}

/** Bytes of the window that changed. */
uint32_t ht_window_changed(const heaptrail_error_row_t *error);

/** True when the window shows every byte from the first to the last one that changed. */
bool ht_window_shows_all(const heaptrail_error_row_t *error);

/** Lines of what was expected and what was found, the changed bytes marked. */
void ht_window(ht_out_t *out, const heaptrail_error_row_t *error);

/** "3 bytes written behind a block of 64 bytes" with the kind before it; ends the line. */
void ht_error_headline(ht_out_t *out, const heaptrail_error_row_t *error, const char *prefix);

/** The whole error as text, and its fields into the object that is open. */
void ht_error_text(ht_out_t *out, const heaptrail_error_row_t *error, const char *prefix);
void ht_error_json(ht_json_t *json, const heaptrail_error_row_t *error);
