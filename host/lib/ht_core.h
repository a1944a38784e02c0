/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_core.h
 * What the tracker of a machine that stopped knew: `heaptrail_state` out of its memory, by SPEC.md,
 * 1 to 3. The rows are those that the device's own queries return.
 */
#pragma once

#include "heaptrail_types.h"
#include "ht_memory.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What the dump says of itself. */
typedef struct {
    uint64_t address;       /**< where heaptrail_state lay */
    unsigned pointer_bytes; /**< 4 or 8 */
    uint32_t tick_hz;
    uint32_t image;       /**< first word of the SHA-256 of the firmware; 0: not known */
    uint32_t state_bytes; /**< of heaptrail_state */
    bool has_counters;    /**< tasks and heaps have their peaks and totals; false: an older build */
} ht_core_info_t;

/** A block that was freed, and is remembered. */
typedef struct {
    heaptrail_block_row_t block; /**< as it was, its age counted from its allocation */
    heaptrail_origin_t freed_by;
    uint32_t freed_task_id;
    char freed_task_name[HEAPTRAIL_TASK_NAME_MAX];
    uint64_t freed_age_us;
    bool in_quarantine; /**< it had not gone back to the heap */
} ht_core_freed_t;

/** Everything, to be read only. Ages count to the newest allocation, since which no time is known.
 */
typedef struct {
    ht_core_info_t info;
    heaptrail_status_t status;
    heaptrail_site_row_t *sites; /**< by id; those without an allocation are there too */
    size_t site_count;
    heaptrail_task_row_t *tasks; /**< by id */
    size_t task_count;
    heaptrail_heap_row_t *heaps; /**< by id; a pool that is gone has an empty name and no size */
    size_t heap_count;
    heaptrail_block_row_t *blocks; /**< live ones, in no order */
    size_t block_count;
    heaptrail_failure_row_t *failures; /**< the oldest first */
    size_t failure_count;
    ht_core_freed_t *freed; /**< the newest first */
    size_t freed_count;
    char **notes; /**< what is missing or damaged, sentence by sentence */
    size_t note_count;
} ht_core_t;

/**
 * Which firmware the dumps are of, before its ELF file is known: the first bytes of its SHA-256, as
 * heaptrail_state or the dump's own notes tell them. @return how many; 0: neither tells.
 */
size_t ht_core_firmware(const ht_memory_t *memory, uint8_t sha256[32]);

/** Told now and then while the live table is read: rows done, and all of them. */
typedef struct {
    void (*tell)(void *context, uint64_t done, uint64_t total);
    void *context;
} ht_core_progress_t;

/**
 * Find and read the state.
 * @param program  the program's ELF file, where `heaptrail_state` is looked up; NULL: the dumps are
 * searched for it.
 * @param progress  NULL: nobody wants to know.
 * @return to be freed with ht_core_free(), before `memory`; NULL: `error` says why.
 * Cost: O(slots of the tables).
 */
ht_core_t *ht_core_open(const ht_memory_t *memory, const char *program,
                        const ht_core_progress_t *progress, ht_lookup_error_t *error);
void ht_core_free(ht_core_t *core);

#ifdef __cplusplus
}
#endif
