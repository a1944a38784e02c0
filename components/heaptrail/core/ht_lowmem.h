/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_lowmem.h
 * The low-memory trigger: who asked, and who held what, when memory fell below a level.
 *
 *   allocation     spends its size from a budget: what must be allocated at least before free
 *                  memory can be below the nearest level. One addition, in the slow half of
 *                  ht_tracker_add()
 *   budget spent   look: what is free really, which watch fires, the next budget
 *   fire           the facts of this allocation, under the lock, once (the watch is disarmed)
 *   freeze         the largest sites at this moment, a site per section; then a task is told
 *
 * A watch is armed again when a look sees its memory at its higher level (hysteresis).
 *
 * A look takes several sections, and memory may fall and rise between them. So the budget is 0
 * meanwhile: who allocates during a look looks as well. Looks are numbered. Only the last one that
 * began leaves a budget behind, and one that began before a watch turned does nothing to it: what
 * it saw is older.
 */
#pragma once

#include "heaptrail_lowmem_types.h"
#include "ht_tracker.h"

/** Sites that a snapshot keeps, at most: they are sorted in under the lock. */
#define HT_LOWMEM_SITES_MAX 16U

/** What a watch looks for; 0 in `_below`: not at that. */
typedef struct {
    uint32_t caps;
    size_t free_below;
    size_t free_rearm; /**< > free_below */
    size_t largest_below;
    size_t largest_rearm;
} ht_lowmem_levels_t;

/** What is known of the memory that a watch looks at. */
typedef struct {
    size_t free_bytes;
    size_t largest_bytes;
    bool largest_known;
} ht_lowmem_seen_t;

/** Who made a watch fire. */
typedef struct {
    uint32_t cause; /**< heaptrail_lowmem_cause_t */
    size_t size;
    ht_origin_id_t origin;
    ht_task_id_t task;
} ht_lowmem_facts_t;

typedef struct {
    uint32_t origin;
    uint32_t blocks;
    size_t bytes;
} ht_lowmem_site_t;

/** Who is told. */
typedef struct {
    heaptrail_lowmem_fn_t fn; /**< NULL: nobody */
    void *context;
} ht_lowmem_listener_t;

typedef struct ht_lowmem_watch {
    bool used;
    bool armed;
    bool untold;            /**< it fired, and no task has been told */
    bool frozen;            /**< the snapshot of the newest trigger is complete */
    volatile uint32_t busy; /**< one at a time freezes */
    uint32_t fired;         /**< how often */
    uint32_t turned;        /**< the number of the look that armed it or made it fire last */
    ht_lowmem_levels_t levels;
    ht_lowmem_listener_t listener;
    /* the newest trigger */
    ht_lowmem_facts_t facts;
    ht_lowmem_seen_t seen;
    bool by_largest;
    ht_tick_t tick;
    uint32_t made, count; /**< tracker->lowmem.made and tracker->table.count then */
    /* its snapshot */
    uint32_t drift_made, drift_ended; /**< blocks, between the trigger and the end of the copy */
    ht_tick_t drift_ticks;
    uint32_t site_count;
    ht_lowmem_site_t site[HT_LOWMEM_SITES_MAX]; /**< most bytes first */
} ht_lowmem_watch_t;

/** Give the tracker room for watches, zeroed, once, and how the platform is asked. Lock not held.
 */
void ht_lowmem_open(ht_tracker_t *tracker, ht_lowmem_watch_t *watch, uint32_t max,
                    size_t (*free_bytes)(uint32_t caps), void (*wake)(void));

/** Add a watch; `seen` is what is free now. Its index, or UINT32_MAX: no room. It is armed unless
 * memory is below its level already: then it fires when it has been above. O(1). */
uint32_t ht_lowmem_add(ht_tracker_t *tracker, const ht_lowmem_levels_t *levels,
                       const ht_lowmem_seen_t *seen, ht_lowmem_listener_t listener);

/** False: there is no such watch. O(1). */
bool ht_lowmem_remove(ht_tracker_t *tracker, uint32_t index);

/** Is it low, is it high enough to be armed again? Pure. */
bool ht_lowmem_is_low(const ht_lowmem_levels_t *levels, const ht_lowmem_seen_t *seen,
                      bool *by_largest);
bool ht_lowmem_is_high(const ht_lowmem_levels_t *levels, const ht_lowmem_seen_t *seen);

/** Bytes that may be allocated before this watch has to be looked at again. Pure. */
size_t ht_lowmem_budget_of(const ht_lowmem_levels_t *levels, bool armed, size_t free_bytes);

/** The budget is spent: look at every watch. Any context; flash must be readable. O(watches x
 * heaps) and, when one fires in a task, O(sites) in constant slices. */
void ht_lowmem_look(ht_tracker_t *tracker, const ht_lowmem_facts_t *facts);

/** The same with the largest blocks, measured now. O(blocks). Not in an ISR. */
void ht_lowmem_measure(ht_tracker_t *tracker, const ht_lowmem_facts_t *facts);

/** Take a snapshot that is still missing. Not in an ISR. O(sites) in constant slices. */
void ht_lowmem_freeze(ht_tracker_t *tracker, ht_lowmem_watch_t *watch);
