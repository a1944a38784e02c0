/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_explain.h
 * Why a request cannot be served: what the heaps that could serve it hold, for whom, and which
 * blocks lie between two pieces that would be one without them.
 *
 *   heap    | free A | used | used | free B | used | free C | ...
 *            `-------- a hole -------'
 *                      `- its pins -'
 *
 * Numbers and no pointers, so that it can be kept until somebody asks; only the names of tasks are
 * copied, because a task's row may be given to another one.
 */
#pragma once

#include "heaptrail_error_types.h"
#include "ht_tracker.h"

/** Who holds memory: an origin or a task. Blocks 0: nobody more. */
typedef struct {
    uint32_t id;
    uint32_t blocks;
    size_t bytes;
} ht_holder_t;

/** A block that lies in a hole. With a record: what the firmware knows; else as the heap sees it.
 */
typedef struct {
    uintptr_t address;
    size_t size;
    uint32_t origin; /**< 0: unknown, or the block has no record */
    uint64_t age_us;
} ht_pin_t;

typedef struct {
    size_t size;
    uint32_t caps;
    heaptrail_verdict_t verdict;
    uint32_t heaps; /**< that offer the capabilities, and their sizes */
    size_t heap_bytes;
    size_t largest_heap_bytes;
    bool measured; /**< the next two are known */
    size_t free_bytes;
    size_t largest_free_bytes;
    size_t live_bytes; /**< of blocks with a record in these heaps */
    size_t quarantine_bytes;
    size_t heaptrail_bytes;
    ht_holder_t site[HEAPTRAIL_TOP_SITES]; /**< by bytes in these heaps, most first */
    ht_holder_t task[HEAPTRAIL_TOP_TASKS];
    char task_name[HEAPTRAIL_TOP_TASKS][HT_TASK_NAME_MAX];
    size_t hole_bytes; /**< 0: no hole, or not known */
    uint32_t pin_blocks;
    size_t pin_bytes; /**< as the heap counts, redzones included */
    ht_pin_t pin[HEAPTRAIL_PINS];
} ht_explanation_t;

/**
 * Explain a request as if it failed now. `alignment` 0: what malloc() gives.
 *
 * The hole is one that would serve the request, with the fewest bytes to be gone; if no hole would,
 * or the request fits anyway, the largest one. Only holes between neighbouring free blocks count.
 *
 * False, and `out` is untouched: another query uses the since_* fields (ht_query_since_begin()), or
 * the tracker is new. Tasks only. O(slots + origins + tasks), in constant slices under the
 * tracker's lock, and a walk over each of these heaps under its own. No recursion; allocates
 * nothing.
 */
bool ht_explain(ht_tracker_t *tracker, size_t size, size_t alignment, uint32_t caps,
                ht_explanation_t *out);

/** The same for a request that did fail. What was measured then is not measured again, so that the
 * verdict is that of the failure. */
bool ht_explain_failed(ht_tracker_t *tracker, const ht_failure_t *failure, ht_explanation_t *out);
