/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_task.h
 * Who allocates: one row per task, kept when the task is gone as long as the room lasts.
 *
 *   rows   [ other | start-up | ISR 0 | ISR 1 | task | task | ... ]
 *   index  [ 0 | 5 | 0 | 4 | ... ]      hash of the key -> row, for the tasks that are alive
 *
 * A handle is the address of a task control block and comes back for another task. So a row has a
 * number and a copy of the name of its own, and the index forgets a key when its task ends.
 */
#pragma once

#include "ht_types.h"

/** Rows that are no tasks. */
enum {
    HT_TASK_OTHER = 0, /**< the table of tasks is full */
    HT_TASK_STARTUP = 1,
    HT_TASK_ISR_0 = 2,
    HT_TASK_ISR_1 = 3,
    HT_TASK_FIRST = 4
};

/** A stack pointer further above a task's stack than this is on another stack (a coroutine's). */
#define HT_STACK_BYTES_MAX ((uintptr_t)(64U << 10))

/** Entries of the index that a look-up reads, at most. */
#define HT_TASK_PROBES 16

typedef struct {
    uintptr_t key; /**< 0 in rows that are no tasks and in rows of tasks that are gone */
    size_t live_bytes;
    size_t peak_bytes;
    ht_sum_t total_bytes;
    uint32_t total_blocks;
    uint32_t freed_blocks;
    uint32_t since_blocks; /**< filled in by one query at a time */
    size_t since_bytes;
    uint32_t used; /**< 0: never, 1: alive, 2: gone */
    char name[HT_TASK_NAME_MAX];
} ht_task_t;

enum { HT_TASK_UNUSED = 0, HT_TASK_ALIVE = 1, HT_TASK_GONE = 2 };

typedef struct {
    ht_task_t *rows; /**< HT_TASK_FIRST + max of them */
    uint16_t *index; /**< index_mask + 1 of them, a power of two >= 2 * max */
    uint32_t max;
    uint32_t index_mask;
    uint32_t row_count;  /**< rows ever used, the first four included */
    uintptr_t last_low;  /**< the last task's stack, as far as it was seen: ht_is_last_task() */
    uintptr_t last_span; /**< bytes; 0: nothing is known, or there is a trace */
    uintptr_t
        traced_span; /**< the same while there is a trace, so that the hot path finds nothing */
    ht_task_t *last; /**< its row, and the bits of its number in a record */
    ht_word_t last_bits;
    uint32_t cursor; /**< where the search for a row to use again goes on */
    uint32_t lost;   /**< allocations that went to "other" */
} ht_tasks_t;

/** The entries that an index for max tasks has: a power of two, at least 2 * max. */
uint32_t ht_tasks_index_size(uint32_t max);

/** Name the first four rows. */
void ht_tasks_init(ht_tasks_t *tasks);

/** The row of a key that is not yet in the index: makes one. HT_TASK_OTHER when there is no room.
 * Lock held. */
uint32_t ht_task_add(ht_tasks_t *tasks, uintptr_t key);

/** The task is gone: its handle may come back. Its row, which is returned (HT_TASK_OTHER: there is
 * none), stays. Lock held. O(1). */
uint32_t ht_task_retire(ht_tasks_t *tasks, uintptr_t key);

HT_INLINE uint32_t ht_task_hash(const ht_tasks_t *tasks, uintptr_t key)
{
    return (uint32_t)((uint32_t)(key >> 4) * 0x9E3779B1U >> 16) & tasks->index_mask;
}

/** The row of a key, or HT_TASK_OTHER if it has none. No lock: it may miss an entry that moves just
 * then, because another task ended. So who finds none looks again with the lock held. */
HT_INLINE uint32_t ht_task_find(const ht_tasks_t *tasks, uintptr_t key)
{
    if (key < HT_KEY_FIRST_TASK) { return HT_TASK_STARTUP + (uint32_t)key; }
    uint32_t at = ht_task_hash(tasks, key);
    for (uint32_t i = 0; i < HT_TASK_PROBES; i++) {
        uint32_t row =
            __atomic_load_n(&tasks->index[(at + i) & tasks->index_mask], __ATOMIC_RELAXED);
        if (__atomic_load_n(&tasks->rows[row].key, __ATOMIC_RELAXED) == key) { return row; }
        if (row == 0) { break; }
    }
    return HT_TASK_OTHER;
}

HT_INLINE uint32_t ht_task_live_blocks(const ht_task_t *task)
{
    return task->total_blocks - task->freed_blocks;
}

/** Count one more block of a row that is not the tally's, or is settled. Lock held. */
HT_INLINE void ht_task_count(ht_task_t *task, size_t size)
{
    task->total_blocks++;
    ht_sum_up(&task->total_bytes, size);
    size_t live = task->live_bytes + size;
    task->live_bytes = live;
    if (live > task->peak_bytes) { task->peak_bytes = live; }
}
