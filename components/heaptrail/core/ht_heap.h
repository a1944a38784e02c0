/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_heap.h
 * The heaps (capability regions): which one an address lies in, what is live in each, and samples.
 *
 * The platform tells the regions with ht_heaps_add(). Row 0 takes blocks that lie in none of them.
 */
#pragma once

#include "ht_types.h"

/** Heaps that can be told apart. */
#define HT_HEAPS_MAX 15

/** What a row is. */
enum {
    HT_HEAP_REAL = 0, /**< a heap of the platform */
    HT_HEAP_POOL = 1, /**< a pool, see ht_pool.h */
    HT_HEAP_GONE = 2, /**< was a pool: the row may be used again */
    HT_HEAP_LEFT = 3  /**< was a pool, and was allocated from while it was removed */
};

typedef struct {
    uintptr_t start;
    size_t size;      /**< 0 for a pool: no address is looked up in it */
    size_t pool_size; /**< of a pool: its memory lies in a heap, or is static */
    uint32_t caps;    /**< what the heap offers */
    uint32_t total_blocks;
    uint32_t freed_blocks;
    size_t live_bytes;
    size_t peak_bytes;
    uint32_t since_blocks; /**< filled in by one query at a time */
    size_t since_bytes;
    /* sampled */
    bool sampled;
    ht_tick_t sampled_at;
    size_t free_bytes;
    size_t largest_free_bytes;
    size_t min_free_bytes;
    size_t min_largest_free_bytes;
    uint8_t kind; /**< HT_HEAP_* */
    char name[HT_TASK_NAME_MAX];
} ht_heap_t;

typedef struct {
    ht_heap_t row[HT_HEAPS_MAX + 1];
    uint32_t count;       /**< heaps and pools added; row 0 not counted */
    uint32_t pools;       /**< pools of these */
    uint32_t gone;        /**< rows of these that were pools */
    uintptr_t last_start; /**< where the tally's heap lies: ht_is_last_heap() */
    size_t last_size;     /**< 0: it is none that an address can tell */
} ht_heaps_t;

static_assert(HT_HEAPS_MAX <= HT_MASK(HT_HEAP_BITS), "a record can name every heap");

/** The heap that an address lies in, 0 if none. O(heaps). */
ht_heap_id_t ht_heap_of(const ht_heaps_t *heaps, uintptr_t address);

/** True if an address lies in the heap of the last new block. Lock held. */
HT_INLINE bool ht_is_last_heap(const ht_heaps_t *heaps, uintptr_t address)
{
    return address - heaps->last_start < heaps->last_size;
}

/** What that heap is from now on: where there are none, all addresses lie in row 0. Lock held. */
HT_INLINE void ht_heap_is_last(ht_heaps_t *heaps, const ht_heap_t *heap)
{
    heaps->last_start = heap->start;
    heaps->last_size = heaps->count == 0 ? UINTPTR_MAX : heap->size;
}

/** Count one more block of a row that is not the tally's, or is settled. Lock held. */
HT_INLINE void ht_heap_count(ht_heap_t *heap, size_t size)
{
    heap->total_blocks++;
    size_t live = heap->live_bytes + size;
    heap->live_bytes = live;
    if (live > heap->peak_bytes) { heap->peak_bytes = live; }
}
