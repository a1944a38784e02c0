/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_tally.h
 * What the last task did in the last heap, counted once and not in both of their rows.
 *
 *   tally   (task 5, heap 2)   3 blocks more, 1 freed, 400 bytes more, 600 at most
 *              |       |
 *   rows    task 5   heap 2    know nothing of these until the tally is settled
 *
 * Most blocks are made and freed by the task that did it last, in the heap of the last one. So the
 * hot path counts in one place what belongs to two. Whoever reads or changes the counters of a row
 * settles first: all but the peaks is a sum, and a peak is what the row had when the tally began
 * and the most that the tally had.
 *
 * None of these functions locks: the tracker's lock must be held.
 */
#pragma once

#include "ht_heap.h"
#include "ht_task.h"
#include "ht_types.h"

typedef struct {
    union { /**< the numbers of the two, as a record has them */
        ht_word_t who;
        ht_half_t who_half[2];
    };
    uint32_t total_blocks;
    uint32_t freed_blocks;
    ht_sum_t total_bytes;
    size_t live_bytes; /**< may be less than nothing */
    size_t peak_bytes; /**< the most that it was, at least 0 */
    ht_task_t *task;
    ht_heap_t *heap;
} ht_tally_t;

/** Of a record's `who`: whose it is. */
#define HT_TALLY_MASK                                                                              \
    (HT_MASK(HT_TASK_BITS) << HT_TASK_SHIFT | HT_MASK(HT_HEAP_BITS) << HT_HEAP_SHIFT)

/** Tell both rows what they do not know yet. O(1). */
void ht_tally_settle(ht_tally_t *tally);

/** From now on it is this task's, in this heap. O(1). */
HT_INLINE void ht_tally_turn(ht_tally_t *tally, ht_task_t *task, ht_heap_t *heap, ht_word_t who)
{
    ht_tally_settle(tally);
    tally->task = task;
    tally->heap = heap;
    tally->who = who;
}

/** Count one more block of the two. */
HT_INLINE void ht_tally_add(ht_tally_t *tally, size_t size)
{
    tally->total_blocks++;
    ht_sum_up(&tally->total_bytes, size);
    size_t live = tally->live_bytes + size;
    tally->live_bytes = live;
    if ((intptr_t)live > (intptr_t)tally->peak_bytes) { tally->peak_bytes = live; }
}

/** Count the end of one. */
HT_INLINE void ht_tally_end(ht_tally_t *tally, size_t size)
{
    tally->freed_blocks++;
    tally->live_bytes -= size;
}

/** Count the end of a block of another task or heap. Perhaps one of the two is the tally's: then
 * what it had at most until now is more than what it can have from now on. */
HT_INLINE void ht_tally_end_elsewhere(const ht_tally_t *tally, ht_task_t *task, ht_heap_t *heap,
                                      size_t size)
{
    if (task == tally->task) { ht_raise(&task->peak_bytes, task->live_bytes + tally->peak_bytes); }
    if (heap == tally->heap) { ht_raise(&heap->peak_bytes, heap->live_bytes + tally->peak_bytes); }
    task->freed_blocks++;
    task->live_bytes -= size;
    heap->freed_blocks++;
    heap->live_bytes -= size;
}
