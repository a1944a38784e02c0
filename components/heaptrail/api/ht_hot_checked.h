/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_hot_checked.h
 * The commonest allocation and free, inline: an ordinary block, its caller known, with two redzones
 * or with none, nothing filled, nothing kept. Everything else is ht_checked.h's and ht_default.h's.
 *
 *     ht_hot_plan_t plan = ht_hot_plan(size, caps);
 *     if (plan.way == HT_HOT_CHECKED) { return <ht_checked_alloc()>; }
 *     void *raw = <the heap's malloc>(plan.bytes, caps);
 *     return raw != NULL ? ht_hot_make(raw, &plan, ...) : <the slow way>;
 */
#pragma once

#include "ht_checked.h"
#include "ht_guard.h"
#include "ht_hot_default.h"

/** Larger ones take the other way, so that no sum here overflows. */
#define HT_HOT_BYTES_MAX ((size_t)1U << 20)

typedef enum { HT_HOT_PLAIN, HT_HOT_REDZONES, HT_HOT_CHECKED } ht_hot_way_t;

typedef struct {
    ht_hot_way_t way;
    size_t bytes; /**< what to ask the heap for */
} ht_hot_plan_t;

/* Redzones and nothing else, around an ordinary block? */
HT_INLINE bool ht_hot_is_simple(size_t size, uint32_t caps)
{
    const ht_tracker_t *tracker = &ht_default_tracker;
    return tracker->checks.simple_alloc && tracker->quick &&
           tracker->scope_hint[ht_port_core()] == NULL && ht_port_takes_front(caps) &&
           ht_port_dma_line(caps) == 0 && size - 1U < HT_HOT_BYTES_MAX;
}

/** Which way a request takes. */
HT_INLINE ht_hot_plan_t ht_hot_plan(size_t size, uint32_t caps)
{
    if (!ht_checking()) { return (ht_hot_plan_t){HT_HOT_PLAIN, size}; }
    if (!ht_hot_is_simple(size, caps)) { return (ht_hot_plan_t){HT_HOT_CHECKED, size}; }
    const ht_checks_t *checks = &ht_default_tracker.checks;
    return (ht_hot_plan_t){HT_HOT_REDZONES,
                           checks->front + ((size + checks->tail + 3U) & ~(size_t)3U)};
}

/** The slow end of ht_hot_make(): there is no record, so there are no redzones. */
void *ht_checked_undress(void *raw);

/** Make a block of what the heap gave: redzones, if the plan says so, and a record. */
HT_INLINE void *ht_hot_make(void *raw, const ht_hot_plan_t *plan, size_t size, uint32_t caps,
                            uint32_t method, uintptr_t caller)
{
    ht_tracker_t *tracker = &ht_default_tracker;
    uintptr_t block = (uintptr_t)raw;
    uint32_t guard = HT_GUARD_NONE;
    if (__builtin_expect(plan->way == HT_HOT_REDZONES, 0)) {
        block += tracker->checks.front;
        guard = HT_GUARD_BOTH;
        ht_guard_write(&tracker->checks, block, size, guard);
    } else if (__builtin_expect(!ht_hot_is_quick(tracker), 0)) {
        ht_hot_otherwise(tracker, raw, size, caps, method, caller);
        return raw;
    }
    ht_origin_id_t origin =
        ht_origin_of_caller(&tracker->origins, &tracker->lock, caller, caps, method);
    bool added = ht_hot_add(tracker, block, size, origin, guard);
    if (__builtin_expect(!added && guard != HT_GUARD_NONE, 0)) { return ht_checked_undress(raw); }
    return (void *)block;
}

/** The slow end of ht_hot_end(): the redzones are damaged. */
void ht_checked_damaged(const ht_record_t *record, uintptr_t caller);

/** May ht_hot_end() be taken? */
HT_INLINE bool ht_hot_ends_simply(void)
{
    return !ht_default_tracker.checks.slow_free;
}

/**
 * End a block and look at its redzones. What comes back goes to the heap's free(). NULL: checks are
 * on and it is no plain matter; ht_checked_free() has to do it.
 */
HT_INLINE void *ht_hot_end(void *block, uintptr_t caller)
{
    ht_tracker_t *tracker = &ht_default_tracker;
    ht_tick_t now = ht_port_tick();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_record_t *record = ht_table_find(&tracker->table, (uintptr_t)block);
    if (__builtin_expect(record == NULL, 0)) {
        bool checking = tracker->checks.on;
        if (!checking) { ht_tracker_unknown(tracker, (uintptr_t)block); }
        ht_port_unlock(&tracker->lock, irq);
        return checking ? NULL : block;
    }
    if (__builtin_expect(ht_record_guard(record) == HT_GUARD_NONE, 1)) {
        ht_end_block(tracker, record, now);
        ht_port_unlock(&tracker->lock, irq);
        return block;
    }
    const ht_record_t ended = *record;
    ht_end_block(tracker, record, now);
    ht_port_unlock(&tracker->lock, irq);
    uint32_t guard = ht_record_guard(&ended);
    if (__builtin_expect(
            !ht_guard_intact(&tracker->checks, (uintptr_t)block, ht_record_size(&ended), guard),
            0)) {
        ht_checked_damaged(&ended, caller);
    }
    return (char *)block - ht_guard_front(&tracker->checks, guard);
}
