/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_query.h
 * Questions to a tracker. Rows are copied under the lock a few at a time, and handed out outside
 * it.
 *
 * While a walk runs, the program goes on: a block allocated or freed meanwhile may or may not be
 * seen. A block that the table moved to another bucket meanwhile may be seen twice or not at all;
 * then `disturbed` is set, and a caller who wants an exact list asks again.
 */
#pragma once

#include "heaptrail_types.h"
#include "ht_tracker.h"

/** Which rows. All zero: every row. */
typedef struct {
    const heaptrail_mark_t
        *since; /**< only what came later; for sites, tasks and heaps: what to count as since_* */
    uint32_t task_id;                 /**< blocks of this task only; 0: any */
    uint32_t origin_id;               /**< blocks of this origin only; 0: any */
    uint32_t heap_id;                 /**< blocks in this heap only; 0: any */
    uint32_t caps;                    /**< blocks in heaps that offer all of these; 0: any */
    size_t size_min;                  /**< blocks of at least this size */
    uint64_t age_min_us;              /**< blocks of at least this age */
    const heaptrail_choice_t *choice; /**< blocks that this function chooses; NULL: any */
} ht_select_t;

/** What a walk gives back besides rows. */
typedef struct {
    uint32_t rows;  /**< handed to the callback */
    bool disturbed; /**< rows moved meanwhile: some may be missing or doubled */
    bool stopped;   /**< the callback ended it */
} ht_walk_t;

/** Return false to end the walk. Called in the caller's context, with no lock held. */
typedef bool (*ht_block_fn)(void *context, const heaptrail_block_row_t *row);
typedef bool (*ht_site_fn)(void *context, const heaptrail_site_row_t *row);
typedef bool (*ht_task_fn)(void *context, const heaptrail_task_row_t *row);
typedef bool (*ht_heap_fn)(void *context, const heaptrail_heap_row_t *row);
typedef bool (*ht_failure_fn)(void *context, const heaptrail_failure_row_t *row);

/** An origin as rows show it. Its frames stay where they are as long as the tracker lives. O(1). */
heaptrail_origin_t ht_query_origin(const ht_tracker_t *tracker, ht_origin_id_t id);

/** Ticks since a tick; 0 for a stamp that was borrowed from the future. */
HT_INLINE ht_tick_t ht_age(ht_tick_t now, ht_tick_t tick)
{
    ht_tick_t age = now - tick;
    return age > ((ht_tick_t) ~(ht_tick_t)0 >> 1) ? 0 : age;
}

/** True when what has this row's sequence number came later than the mark. O(1). */
bool ht_query_is_since(uint64_t sequence, const heaptrail_mark_t *mark);

/** Copy the live records of a bucket, under the lock. @return How many. O(1). */
uint32_t ht_query_bucket(ht_tracker_t *tracker, uint32_t bucket, ht_record_t out[HT_BUCKET_SLOTS],
                         uint32_t *moves);

/** Live blocks, in no order. O(slots); 8 slots under one lock. `select` may be NULL. */
ht_walk_t ht_query_blocks(ht_tracker_t *tracker, const ht_select_t *select, ht_block_fn fn,
                          void *context);

/**
 * Count since_blocks, since_bytes and the oldest age of every site, task and heap: one walk over
 * the table. False: another query is doing that now. Rows read until ht_query_since_end() carry the
 * result.
 */
bool ht_query_since_begin(ht_tracker_t *tracker, const ht_select_t *select, bool *disturbed);
void ht_query_since_end(ht_tracker_t *tracker);

/** Sites that ever allocated, failed or dropped, in the order they were first seen. O(origins). */
ht_walk_t ht_query_sites(ht_tracker_t *tracker, ht_site_fn fn, void *context);

/** Tasks that were ever seen. O(tasks). */
ht_walk_t ht_query_tasks(ht_tracker_t *tracker, ht_task_fn fn, void *context);

/** Heaps; the row of blocks in no heap only where there is such a block. O(heaps). */
ht_walk_t ht_query_heaps(ht_tracker_t *tracker, ht_heap_fn fn, void *context);

/** Failed allocations that are still in the ring, oldest first. O(ring). */
ht_walk_t ht_query_failures(ht_tracker_t *tracker, const ht_select_t *select, ht_failure_fn fn,
                            void *context);

/** One site by number. False: there is no such origin. O(1). */
bool ht_query_site(ht_tracker_t *tracker, uint32_t origin_id, heaptrail_site_row_t *row);

/** One task by number, which there is. O(1). */
void ht_query_task(ht_tracker_t *tracker, uint32_t id, heaptrail_task_row_t *row);

/** The live block of a heap (not of a pool) that begins at this very address. False: none does.
 * O(1). */
bool ht_query_block_at(ht_tracker_t *tracker, uintptr_t address, heaptrail_block_row_t *row);

/**
 * The live block that an address lies in: its first byte is O(1), any other byte O(slots).
 * `offset` is the distance from the block's start. False: in no block that has a record.
 */
bool ht_query_whois(ht_tracker_t *tracker, uintptr_t address, heaptrail_block_row_t *row,
                    size_t *offset);

/** Counters, sizes, losses. O(origins + heaps), in constant slices. */
void ht_query_status(ht_tracker_t *tracker, heaptrail_status_t *status);
