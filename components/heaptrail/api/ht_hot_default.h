/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_hot_default.h
 * The hot path of the default tracker, inline: for the wraps that are worth it. ht_default.h has
 * the same as functions.
 */
#pragma once

#include "ht_default.h"
#include "ht_hot.h"

/** Not running yet or any more, or a scope or a stack to look at. */
void ht_on_alloc_slow(void *block, size_t size, uint32_t caps, uint32_t method, uintptr_t caller);

/** Running, and the caller is all that is asked for. */
HT_INLINE bool ht_hot_is_quick(const ht_tracker_t *tracker)
{
    return tracker->quick && tracker->scope_hint[ht_port_core()] == NULL;
}

/** Where that is not so. */
HT_INLINE void ht_hot_otherwise(const ht_tracker_t *tracker, void *block, size_t size,
                                uint32_t caps, uint32_t method, uintptr_t caller)
{
    if (tracker->state != HT_STATE_STOPPED) { ht_on_alloc_slow(block, size, caps, method, caller); }
}

HT_INLINE void ht_hot_on_alloc(void *block, size_t size, uint32_t caps, uint32_t method,
                               uintptr_t caller)
{
    ht_tracker_t *tracker = &ht_default_tracker;
    if (__builtin_expect(!ht_hot_is_quick(tracker), 0)) {
        ht_hot_otherwise(tracker, block, size, caps, method, caller);
        return;
    }
    (void)ht_hot_add(tracker, (uintptr_t)block, size,
                     ht_origin_of_caller(&tracker->origins, &tracker->lock, caller, caps, method),
                     HT_GUARD_NONE);
}

HT_INLINE void ht_hot_on_free(void *block)
{
    /* Not one slot in use: a tracker that is new or stopped. It also spares a look-up that cannot
     * hit. */
    if (__builtin_expect(ht_unlocked_count(&ht_default_tracker) != 0, 1)) {
        ht_hot_remove(&ht_default_tracker, (uintptr_t)block);
    } else if (ht_default_tracker.state == HT_STATE_RUNNING) {
        ht_tracker_remove(&ht_default_tracker, (uintptr_t)block); /* counts it as unknown */
    }
}
