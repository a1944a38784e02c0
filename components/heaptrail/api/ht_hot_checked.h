/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_hot_checked.h
 * The commonest allocation and free with checks, inline: an ordinary block, its caller known, two
 * redzones, nothing filled, nothing kept. Everything else is ht_checked.h's and ht_default.h's.
 *
 *     if (!ht_hot_is_simple(size, caps)) { return <ht_checked_alloc()>; }
 *     void *raw = <the heap's malloc>(ht_hot_bytes(size), caps);
 *     return raw != NULL ? ht_hot_make_guarded(raw, ...) : <the slow way>;
 */
#pragma once

#include "ht_checked.h"
#include "ht_guard.h"
#include "ht_hot_default.h"

/** Larger ones take the other way, so that no sum here overflows. */
#define HT_HOT_BYTES_MAX ((size_t)1U << 20)

/** With checks on: redzones and nothing else, around an ordinary block? The sizes of redzones are
 * there before the way is this one, and stay. */
HT_INLINE bool ht_hot_is_simple(size_t size, uint32_t caps)
{
    const ht_tracker_t *tracker = &ht_default_tracker;
    return __atomic_load_n(&tracker->way, __ATOMIC_ACQUIRE) == HT_WAY_GUARDED &&
           ht_hot_no_scope(tracker) && ht_port_takes_front(caps) && ht_port_dma_line(caps) == 0 &&
           size - 1U < HT_HOT_BYTES_MAX;
}

/** What to ask the heap for. */
HT_INLINE size_t ht_hot_bytes(size_t size)
{
    const ht_checks_t *checks = &ht_default_tracker.checks;
    return checks->front + ((size + checks->tail + 3U) & ~(size_t)3U);
}

/** The end of ht_hot_make_guarded() where anything is unusual. */
void *ht_hot_make_guarded_slow(void *raw, size_t size, ht_origin_t *from, ht_tick_t now,
                               uintptr_t sp, ht_hot_t outcome);

/** Make a block of what the heap gave: two redzones and a record. As ht_hot_make() otherwise. */
HT_INLINE void *ht_hot_make_guarded(void *raw, size_t size, ht_origin_t *from, ht_tick_t now)
{
    ht_tracker_t *tracker = &ht_default_tracker;
    uintptr_t block = (uintptr_t)raw + tracker->checks.front;
    ht_guard_write(&tracker->checks, block, size, HT_GUARD_BOTH);
    uintptr_t sp = ht_port_stack_pointer();
    ht_hot_t outcome = ht_hot_try_add(tracker, block, size, from, HT_GUARD_BOTH, now, sp);
    return __builtin_expect(outcome == HT_HOT_ADDED, 1)
               ? (void *)block
               : ht_hot_make_guarded_slow(raw, size, from, now, sp, outcome);
}

/** May ht_hot_end() be taken? */
HT_INLINE bool ht_hot_ends_simply(void)
{
    return ht_default_tracker.ends_simply;
}

/** What ht_hot_end() did. */
typedef enum {
    HT_HOT_ENDED,
    HT_HOT_ENDED_GUARDED, /**< there may be redzones */
    HT_HOT_UNKNOWN,       /**< nothing: there is no record */
    HT_HOT_STAYS /**< nothing: it is a task's control block, or records wait in the stash, or there
                   is a trace */
} ht_hot_end_t;

/* What the half of `who` that is not the origin has in it and ht_tally_t's has not. */
#define HT_HALF_BIT(shift) ((ht_half_t)1 << ((shift)-HT_ORIGIN_BITS))
#define HT_HALF_CORE (HT_PORT_CORES == 1U ? 0U : HT_HALF_BIT(HT_CORE_SHIFT))
#define HT_HALF_TCB HT_HALF_BIT(HT_TCB_SHIFT)
#define HT_HALF_GUARD (HT_HALF_BIT(HT_GUARD_SHIFT) * HT_MASK(HT_GUARD_BITS))

/**
 * End the record of a block that is about to be freed; not NULL. `was` is the record, of one that
 * may have redzones. As ht_hot_make(), for a function of its own.
 */
HT_INLINE ht_hot_end_t ht_hot_end(void *block, ht_tick_t now, ht_record_t *was)
{
    ht_tracker_t *tracker = &ht_default_tracker;
    ht_hot_end_t outcome = HT_HOT_STAYS;
    *was = (ht_record_t){0};
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_record_t *record = ht_table_find_filed(&tracker->table, (uintptr_t)block);
    if (__builtin_expect(tracker->table.stays == 0, 1)) {
        if (__builtin_expect(record == NULL, 0)) {
            outcome = HT_HOT_UNKNOWN;
        } else {
            /* Nothing but 0: the last task's, in the last heap, without redzones. */
            ht_word_t other = (ht_word_t)(record->who_half[1] ^ tracker->tally.who_half[1]) &
                              ~(ht_word_t)HT_HALF_CORE;
            if (__builtin_expect(other == 0, 1)) {
                outcome = HT_HOT_ENDED;
                ht_count_end_of_origin(tracker, record, now);
                ht_tally_end(&tracker->tally, ht_record_size(record));
                ht_table_erase_filed(&tracker->table, record);
            } else if ((other & ~(ht_word_t)HT_HALF_GUARD) == 0) {
                outcome = HT_HOT_ENDED_GUARDED;
                *was = *record;
                ht_count_end_of_origin(tracker, was, now);
                ht_tally_end(&tracker->tally, ht_record_size(was));
                ht_table_erase_filed(&tracker->table, record);
            } else if ((other & HT_HALF_TCB) == 0) {
                outcome = HT_HOT_ENDED_GUARDED;
                *was = *record;
                ht_count_end_of_origin(tracker, was, now);
                ht_count_end_elsewhere(tracker, was);
                ht_table_erase_filed(&tracker->table, record);
            }
        }
    }
    ht_port_unlock(&tracker->lock, irq);
    return outcome;
}

/** Report the damage to the redzones of a block that is being freed. */
void ht_checked_damaged(const ht_record_t *record, uintptr_t caller);
