/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_tally.h"

HT_PORT_HOT void ht_tally_settle(ht_tally_t *tally)
{
    ht_task_t *task = tally->task;
    ht_heap_t *heap = tally->heap;
    ht_raise(&task->peak_bytes, task->live_bytes + tally->peak_bytes);
    task->live_bytes += tally->live_bytes;
    task->total_bytes.all += tally->total_bytes.all;
    task->total_blocks += tally->total_blocks;
    task->freed_blocks += tally->freed_blocks;
    ht_raise(&heap->peak_bytes, heap->live_bytes + tally->peak_bytes);
    heap->live_bytes += tally->live_bytes;
    heap->total_blocks += tally->total_blocks;
    heap->freed_blocks += tally->freed_blocks;
    tally->total_blocks = tally->freed_blocks = 0;
    tally->total_bytes.all = 0;
    tally->live_bytes = tally->peak_bytes = 0;
}
