/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_hot.h
 * The hot path, inline: what every allocation and every free executes. One function of a port
 * includes it for each of the two; everybody else calls ht_tracker_add() and ht_tracker_remove().
 *
 * Written for the instruction count (bench/): the rare cases are functions of their own.
 */
#pragma once

#include "ht_trace.h"

/* The rare cases, in ht_tracker.c. The first takes the lock itself, for short. */
uint32_t ht_tracker_find_task(ht_tracker_t *tracker, uintptr_t sp);
bool ht_tracker_add_slow(ht_tracker_t *tracker, uintptr_t address, size_t size,
                         ht_origin_id_t origin, uint32_t guard, uintptr_t sp);
bool ht_tracker_add_crowded(ht_tracker_t *tracker, uintptr_t address, size_t size,
                            ht_origin_t *from, uint32_t guard, uintptr_t sp, ht_tick_t now);
void ht_tracker_count_elsewhere(ht_tracker_t *tracker, const ht_record_t *record);
void ht_tracker_unknown(ht_tracker_t *tracker, uintptr_t address);
void ht_tracker_retire_task(ht_tracker_t *tracker, uintptr_t key);
void ht_tracker_note_unknown(ht_tracker_t *tracker, uintptr_t address); /* takes the lock, too */

/* The next stamp: the clock if it moved on, else the next order within its tick. Lock held. */
HT_INLINE void ht_next_stamp(ht_tracker_t *tracker, ht_tick_t now)
{
    ht_stamp_t *last = &tracker->last;
    if (__builtin_expect(now != last->tick, 0) &&
        (ht_tick_t)(now - last->tick) <= ((ht_tick_t) ~(ht_tick_t)0 >> 1)) {
        last->tick = now;
        last->order = 0;
    } else if (__builtin_expect(last->order < HT_ORDER_MAX, 1)) {
        last->order++;
    } else { /* more allocations than a tick has orders: borrow from the future */
        last->tick++;
        last->order = 0;
    }
}

/*
 * Which stack we are on tells which task we are: the last task's row stays good while the stack
 * pointer lies in the part of its stack that was seen. (Interrupts have a stack of their own on
 * every chip; where they do not, ht_port_stack_low() says 0 and nothing is kept.) Lock held.
 */
HT_INLINE bool ht_is_last_task(const ht_tracker_t *tracker, uintptr_t sp)
{
    return sp - tracker->tasks.last_low < tracker->tasks.last_span;
}

/* The same, while there is a trace as well. */
HT_INLINE bool ht_knows_task(const ht_tracker_t *tracker, uintptr_t sp)
{
    return sp - tracker->tasks.last_low < (tracker->tasks.last_span | tracker->tasks.traced_span);
}

/* The row of the calling task, when only a look-up can tell. No lock. */
HT_INLINE uint32_t ht_task_by_key(ht_tracker_t *tracker)
{
    return HT_PORT_STACK_TELLS_TASK ? HT_TASK_OTHER : ht_tracker_task(tracker).index;
}

/* Give the lock back, do something that would make the section too long, and take it again. */
#define HT_OUTSIDE(tracker, irq, step)                                                             \
    do {                                                                                           \
        ht_port_unlock(&(tracker)->lock, irq);                                                     \
        step;                                                                                      \
        (irq) = ht_port_lock(&(tracker)->lock);                                                    \
    } while (0)

/* The bits of the heap that a new block lies in. Lock held. O(heaps), usually O(1). */
HT_INLINE ht_word_t ht_heap_bits_at(const ht_tracker_t *tracker, uintptr_t address)
{
    return __builtin_expect(ht_is_last_heap(&tracker->heaps, address), 1)
               ? tracker->tally.who & HT_MASK(HT_HEAP_BITS) << HT_HEAP_SHIFT
               : ht_heap_bits(ht_heap_of(&tracker->heaps, address).index);
}

/* A slot was taken for a new block of this task in this heap: fill it in, and count, but for the
 * two. Lock held. */
HT_INLINE void ht_hot_fill(ht_tracker_t *tracker, ht_record_t *record, uintptr_t address,
                           size_t size, ht_origin_t *from, ht_word_t by, uint32_t guard,
                           ht_tick_t now)
{
    ht_next_stamp(tracker, now);
    record->address = address;
    record->what = ht_record_what(size, tracker->last.order);
    record->who = from->id | by | ((ht_word_t)guard << HT_GUARD_SHIFT) |
                  ((ht_word_t)(HT_PORT_CORES == 1U ? 0 : ht_port_core()) << HT_CORE_SHIFT);
    record->tick = tracker->last.tick;
    ht_origin_add(from, size);
}

/* Count it at task and heap. Lock held. */
HT_INLINE void ht_hot_count(ht_tracker_t *tracker, const ht_record_t *record, ht_word_t by,
                            size_t size)
{
    if (__builtin_expect(by == tracker->tally.who, 1)) {
        ht_tally_add(&tracker->tally, size);
    } else {
        ht_tracker_count_elsewhere(tracker, record);
    }
}

/* A block that gets no record because the table is full. Lock held. */
HT_INLINE void ht_hot_drop(ht_tracker_t *tracker, ht_origin_t *from, size_t size)
{
    from->total_blocks++;
    ht_sum_up(&from->total_bytes, size);
    from->dropped_blocks++;
    ht_count_up(&tracker->lost_full);
}

/**
 * Record a new block, unless anything about it is unusual. The slow ways need the same sp: what
 * they learn is good up to there. `from` is not row 0 if the tracker filters. Takes the lock. It
 * calls nothing that is likely, so that a function which does this last saves no register.
 */
HT_INLINE ht_hot_t ht_hot_try_add(ht_tracker_t *tracker, uintptr_t address, size_t size,
                                  ht_origin_t *from, uint32_t guard, ht_tick_t now, uintptr_t sp)
{
    ht_word_t by = ht_task_bits(ht_task_by_key(tracker));
    ht_hot_t outcome = HT_HOT_UNUSUAL;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    /* While there is a trace, no stack is the last task's. */
    if (__builtin_expect((HT_PORT_STACK_TELLS_TASK ? ht_is_last_task(tracker, sp) &&
                                                         ht_is_last_heap(&tracker->heaps, address)
                                                   : !ht_tracing(tracker)) &&
                             (!HT_PORT_LARGE_BLOCKS || size <= HT_SIZE_MAX),
                         1)) {
        if (__builtin_expect(!ht_table_has_room(&tracker->table), 0)) {
            ht_hot_drop(tracker, from, size);
            outcome = HT_HOT_DROPPED;
        } else {
            ht_record_t *record = ht_table_place(&tracker->table, address);
            outcome = HT_HOT_CROWDED;
            if (__builtin_expect(record != NULL, 1)) {
                by = HT_PORT_STACK_TELLS_TASK ? tracker->tally.who
                                              : by | ht_heap_bits_at(tracker, address);
                ht_hot_fill(tracker, record, address, size, from, by, guard, now);
                if (HT_PORT_STACK_TELLS_TASK) {
                    ht_tally_add(&tracker->tally, size);
                } else {
                    ht_hot_count(tracker, record, by, size);
                }
                outcome = HT_HOT_ADDED;
            }
        }
    }
    ht_port_unlock(&tracker->lock, irq);
    return outcome;
}

/** The rest of it: true if there is a record now. */
HT_INLINE bool ht_hot_add_otherwise(ht_tracker_t *tracker, ht_hot_t outcome, uintptr_t address,
                                    size_t size, ht_origin_t *from, uint32_t guard, ht_tick_t now,
                                    uintptr_t sp)
{
    if (outcome == HT_HOT_CROWDED) {
        return ht_tracker_add_crowded(tracker, address, size, from, guard, sp, now);
    }
    return outcome == HT_HOT_UNUSUAL &&
           ht_tracker_add_slow(tracker, address, size, (ht_origin_id_t){from->id}, guard, sp);
}

/** Record a new block; guard: HT_GUARD_*. False: there is no record of it. Takes the lock. */
HT_INLINE bool ht_hot_add(ht_tracker_t *tracker, uintptr_t address, size_t size, ht_origin_t *from,
                          uint32_t guard, ht_tick_t now)
{
    uintptr_t sp = ht_port_stack_pointer();
    if (__builtin_expect(tracker->filtering, 0)) {
        return ht_tracker_add_slow(tracker, address, size, (ht_origin_id_t){from->id}, guard, sp);
    }
    ht_hot_t outcome = __builtin_expect(ht_tracing(tracker), 0)
                           ? ht_trace_try_add(tracker, address, size, from, guard, now, sp)
                           : ht_hot_try_add(tracker, address, size, from, guard, now, sp);
    return __builtin_expect(outcome == HT_HOT_ADDED, 1) ||
           ht_hot_add_otherwise(tracker, outcome, address, size, from, guard, now, sp);
}

/* Count the end at task and heap, where they are not the last ones. Lock held. */
HT_INLINE void ht_count_end_elsewhere(ht_tracker_t *tracker, const ht_record_t *record)
{
    ht_tally_end_elsewhere(&tracker->tally, &tracker->tasks.rows[ht_record_task(record).index],
                           &tracker->heaps.row[ht_record_heap(record).index],
                           ht_record_size(record));
}

/* Count it at its origin. Lock held. */
HT_INLINE void ht_count_end_of_origin(ht_tracker_t *tracker, const ht_record_t *record,
                                      ht_tick_t now)
{
    ht_origin_remove(&tracker->origins.origins[ht_record_origin(record).index],
                     ht_record_size(record),
                     ht_lifetime_bucket(&tracker->bit_length, now - record->tick));
}

/* The block of a record ended. Lock held; the slot is the caller's to empty or to keep. */
HT_INLINE void ht_count_end(ht_tracker_t *tracker, const ht_record_t *record, ht_tick_t now)
{
    ht_count_end_of_origin(tracker, record, now);
    if (__builtin_expect((record->who & HT_TALLY_MASK) == tracker->tally.who, 1)) {
        ht_tally_end(&tracker->tally, ht_record_size(record));
    } else {
        ht_count_end_elsewhere(tracker, record);
    }
}

/* The whole end of a block: counted, a task retired with its TCB, the slot empty. Lock held. (Its
 * trace is the caller's.) */
HT_INLINE void ht_end_block(ht_tracker_t *tracker, ht_record_t *record, ht_tick_t now)
{
    ht_count_end(tracker, record, now);
    if (__builtin_expect(ht_record_is_tcb(record), 0)) {
        ht_tracker_retire_task(tracker, record->address);
    }
    ht_table_erase(&tracker->table, record);
}

/** Forget a block that is about to be freed. Takes the lock. */
HT_INLINE bool ht_hot_remove(ht_tracker_t *tracker, uintptr_t address)
{
    ht_tick_t now = ht_port_tick();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    if (__builtin_expect(ht_tracing(tracker), 0)) {
        ht_port_unlock(&tracker->lock, irq);
        return ht_trace_remove(tracker, address);
    }
    ht_record_t *record = ht_table_find(&tracker->table, address);
    if (__builtin_expect(record == NULL, 0)) {
        ht_tracker_unknown(tracker, address);
    } else {
        ht_end_block(tracker, record, now);
    }
    ht_port_unlock(&tracker->lock, irq);
    return record != NULL;
}

/** Forget a block that is about to be freed, and remember it among the freed ones. Takes the lock.
 */
HT_INLINE bool ht_hot_remember(ht_tracker_t *tracker, uintptr_t address, ht_origin_id_t origin,
                               ht_ended_t *ended)
{
    uint32_t task = ht_task_by_key(tracker);
    uintptr_t sp = ht_port_stack_pointer();
    ht_tick_t now = ht_port_tick();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    if (HT_PORT_STACK_TELLS_TASK) {
        task = (uint32_t)(tracker->tasks.last_bits >> HT_TASK_SHIFT);
        if (__builtin_expect(!ht_knows_task(tracker, sp), 0)) {
            HT_OUTSIDE(tracker, irq, task = ht_tracker_find_task(tracker, sp));
        }
    }
    ht_record_t *record = ht_table_find(&tracker->table, address);
    if (record != NULL) {
        if (__builtin_expect(ht_tracing(tracker), 0)) {
            ht_trace_free(tracker, record, ht_task_bits(task), now);
        }
        ht_freed_ring_t *freed = &tracker->freed;
        ended->record = *record;
        ended->held = false;
        ht_end_block(tracker, record, now);
        if (freed->on) {
            bool held = ht_freed_takes(freed, ht_record_size(&ended->record));
            ended->number = freed->count;
            ht_freed_t *entry = ht_freed_put(freed, &ended->record, held);
            if (entry != NULL) {
                entry->freed_who =
                    ht_record_who(origin, (ht_task_id_t){task}, (ht_heap_id_t){0}, 0);
                entry->freed_tick = now;
                ended->held = held;
            }
        }
    }
    ht_port_unlock(&tracker->lock, irq);
    return record != NULL;
}
