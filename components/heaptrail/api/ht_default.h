/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_default.h
 * The one tracker of a firmware, and what ports call when an allocation, a free or a failure
 * happens. (The core has no such thing: tests run several trackers side by side.)
 */
#pragma once

#include "ht_scope.h"
#include "ht_state.h"

/** All zero until the first event: then it gets the static memory of Kconfig's sizes and starts. */
#define ht_default_tracker (heaptrail_state.tracker)

/** The slow half of ht_default(): give the tracker its memory. */
void ht_default_boot(void);

/** The tracker, ready to be asked. O(1). */
HT_INLINE ht_tracker_t *ht_default(void)
{
    if (__builtin_expect(ht_default_tracker.state == HT_STATE_NEW, 0)) { ht_default_boot(); }
    return &ht_default_tracker;
}

/** A block was made. `caller`: the return address of the function that knows no better. O(depth).
 */
void ht_on_alloc(void *block, size_t size, uint32_t caps, uint32_t method, uintptr_t caller);

/*
 * Slots in use, read without the lock: who is about to free a recorded block sees at least that
 * one, because its record was made before the block was handed to it. A race, and meant to be one.
 */
__attribute__((no_sanitize("thread"))) static inline uint32_t
ht_unlocked_count(const ht_tracker_t *tracker)
{
    return *(const volatile uint32_t *)&tracker->table.count;
}

/** The blocks of a stopped tracker are followed to their end, but there is nothing to follow. */
HT_INLINE bool ht_is_idle(const ht_tracker_t *tracker)
{
    return __builtin_expect(tracker->state != HT_STATE_RUNNING, 0) &&
           ht_unlocked_count(tracker) == 0;
}

/** A block is about to go back to the heap. O(1). */
void ht_on_free(void *block);

/** Before and after the heap's realloc(). `block` was given, `made` came back (NULL: it failed). */
HT_INLINE ht_hold_t ht_on_realloc(void *block)
{
    ht_tracker_t *tracker = ht_default();
    if (block == NULL || ht_is_idle(tracker)) { return (ht_hold_t){0}; }
    return ht_tracker_hold(tracker, (uintptr_t)block);
}

HT_INLINE void ht_on_realloced(ht_hold_t hold, void *made, size_t size, uint32_t caps,
                               uint32_t method, uintptr_t caller)
{
    if (made == NULL) {
        if (hold.address != 0) { ht_tracker_put_back(&ht_default_tracker, hold); }
        return;
    }
    ht_tracker_drop_held(&ht_default_tracker, hold);
    ht_on_alloc(made, size, caps, method, caller);
}

/** A request failed for good, as the user of the heap sees it. */
void ht_on_fail(size_t size, size_t alignment, uint32_t caps, uint32_t method, uintptr_t caller);
