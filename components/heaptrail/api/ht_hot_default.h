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

/** The end of ht_hot_make() where anything is unusual. Returns `block`. */
void *ht_hot_make_slow(void *block, size_t size, ht_origin_t *from, ht_tick_t now, uintptr_t sp,
                       ht_hot_t outcome);

/** Nobody entered a scope on this core. */
HT_INLINE bool ht_hot_no_scope(const ht_tracker_t *tracker)
{
    return tracker->scope_hint[ht_port_core()] == NULL;
}

/** Running, the caller is all that is asked for, there are neither checks nor a filter. */
HT_INLINE bool ht_hot_is_quick(const ht_tracker_t *tracker)
{
    return tracker->way > 0 && ht_hot_no_scope(tracker);
}

/** Where that is not so. */
HT_INLINE void ht_hot_otherwise(const ht_tracker_t *tracker, void *block, size_t size,
                                uint32_t caps, uint32_t method, uintptr_t caller)
{
    if (tracker->way != HT_WAY_STOPPED) { ht_on_alloc_slow(block, size, caps, method, caller); }
}

/**
 * Record a block that is neither guarded nor anything else, if ht_hot_is_quick(), with what
 * ht_origin_quickly() found. It is meant to be the last thing that a function does, in a function
 * of its own that is HT_PORT_LEAF: then nothing is saved on the stack. That is why the tick comes
 * in. Returns `block`.
 */
HT_INLINE void *ht_hot_make(void *block, size_t size, ht_origin_t *from, ht_tick_t now)
{
    uintptr_t sp = ht_port_stack_pointer();
    ht_hot_t outcome =
        ht_hot_try_add(&ht_default_tracker, (uintptr_t)block, size, from, HT_GUARD_NONE, now, sp);
    return __builtin_expect(outcome <= HT_HOT_DROPPED, 1)
               ? block
               : ht_hot_make_slow(block, size, from, now, sp, outcome);
}

/** The same while there is a trace. */
HT_INLINE void *ht_hot_make_traced(void *block, size_t size, ht_origin_t *from, ht_tick_t now)
{
    uintptr_t sp = ht_port_stack_pointer();
    ht_hot_t outcome =
        ht_trace_try_add(&ht_default_tracker, (uintptr_t)block, size, from, HT_GUARD_NONE, now, sp);
    return __builtin_expect(outcome <= HT_HOT_DROPPED, 1)
               ? block
               : ht_hot_make_slow(block, size, from, now, sp, outcome);
}
