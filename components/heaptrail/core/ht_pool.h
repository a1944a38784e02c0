/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_pool.h
 * Pools: second heaps, inside a block of a heap or in static memory, with allocators of their own.
 *
 *   heap    [ ... | the block that the pool lies in                | ... ]   filed under 0x3fc90000
 *   pool            [ first block | second | free ... ]                      filed under 0xc036fffd
 *
 * A pool is a row among the heaps whose `size` is 0, so that no look-up by address finds it, and
 * whose blocks are filed under ht_pool_key(): no key is ever a heap's.
 */
#pragma once

#include "ht_tracker.h"

/** Add a pool. `name` is cut. {0}: no room among the heaps, or it overlaps another pool
 * (*overlaps). O(heaps). */
ht_heap_id_t ht_pool_add(ht_tracker_t *tracker, uintptr_t start, size_t size, const char *name,
                         bool *overlaps);

/** End every block of a pool and forget the pool. False: there is none. O(table) in constant
 * slices. */
bool ht_pool_remove(ht_tracker_t *tracker, ht_heap_id_t pool, uint32_t *ended);

/** True if this row is a pool now. Any context. O(1). */
bool ht_pool_exists(const ht_tracker_t *tracker, ht_heap_id_t pool);

/** True if [address, address + size) lies in the pool. Any context. O(1). */
bool ht_pool_holds(const ht_tracker_t *tracker, ht_heap_id_t pool, uintptr_t address, size_t size);

/** Record a new block. One that is there already has ended unseen. False: no record. O(1). */
bool ht_pool_make(ht_tracker_t *tracker, ht_heap_id_t pool, uintptr_t address, size_t size,
                  ht_origin_id_t origin);

/** A block ended. False: it has no record (counted). O(1). */
bool ht_pool_end(ht_tracker_t *tracker, ht_heap_id_t pool, uintptr_t address);

/** Is this block dead? Called with no lock held. */
typedef bool (*ht_pool_dead_fn)(void *context, void *block, size_t size);

/** End every block that `dead` says so of, NULL: every one. How many. O(table) in constant slices.
 */
uint32_t ht_pool_sweep(ht_tracker_t *tracker, ht_heap_id_t pool, ht_pool_dead_fn dead,
                       void *context);
