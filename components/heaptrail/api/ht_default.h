/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_default.h
 * The one tracker of a firmware, and what ports call when an allocation, a free or a failure happens.
 * (The core has no such thing: tests run several trackers side by side.)
 */
#pragma once

#include "ht_scope.h"

/** All zero until the first event: then it gets the static memory of Kconfig's sizes and starts. */
extern ht_tracker_t ht_default_tracker;

/** The slow half of ht_default(): give the tracker its memory. */
void ht_default_boot(void);

/** The tracker, ready to be asked. O(1). */
static inline ht_tracker_t *ht_default(void)
{
    if (__builtin_expect(ht_default_tracker.state == HT_STATE_NEW, 0)) {
        ht_default_boot();
    }
    return &ht_default_tracker;
}

/** A block was made. `caller`: the return address of the function that knows no better. */
static inline void ht_on_alloc(void *block, size_t size, uint32_t caps, uint32_t method, uintptr_t caller)
{
    ht_tracker_t *tracker = ht_default();
    if (tracker->state == HT_STATE_RUNNING) {
        ht_tracker_add(tracker, (uintptr_t)block, size, ht_scope_origin(tracker, caller, method, caps));
    }
}

/** A block is about to go back to the heap. */
static inline void ht_on_free(void *block)
{
    ht_tracker_t *tracker = ht_default();
    if (tracker->state == HT_STATE_RUNNING || tracker->table.count != 0) {
        ht_tracker_remove(tracker, (uintptr_t)block);
    }
}

/** A request failed for good, as the user of the heap sees it. */
void ht_on_fail(size_t size, size_t alignment, uint32_t caps, uint32_t method, uintptr_t caller);
