/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The hot path. What surrounds it (memory, reset, marks) is in ht_lifecycle.c. */
#include "ht_tracker.h"

static inline void count_up(uint32_t *counter)
{
    if (*counter != UINT32_MAX) { (*counter)++; }
}

/* The next stamp: the clock if it moved on, else the next order within its tick. Lock held. */
static inline void next_stamp(ht_tracker_t *tracker, ht_tick_t now)
{
    ht_stamp_t *last = &tracker->last;
    if ((ht_tick_t)(now - last->tick - 1U) < ((ht_tick_t) ~(ht_tick_t)0 >> 1)) {
        last->tick = now;
        last->order = 0;
    } else if (last->order < HT_ORDER_MAX) {
        last->order++;
    } else { /* more allocations than a tick has orders: borrow from the future */
        last->tick++;
        last->order = 0;
    }
}

/* First sight of a task. Its TCB is often a block of the heap: remember that, to see it die. Lock
 * held. */
static HT_PORT_HOT uint32_t add_task(ht_tracker_t *tracker, uintptr_t key)
{
    uint32_t row = ht_task_find(&tracker->tasks, key);
    if (row == HT_TASK_OTHER) {
        row = ht_task_add(&tracker->tasks, key);
        ht_record_t *tcb = ht_table_find(&tracker->table, key);
        if (row != HT_TASK_OTHER && tcb != NULL) { tcb->what |= (ht_word_t)1 << HT_TCB_SHIFT; }
    }
    return row;
}

HT_PORT_HOT ht_task_id_t ht_tracker_task(ht_tracker_t *tracker)
{
    uintptr_t key = ht_port_task_key();
    ht_task_id_t id = {ht_task_find(&tracker->tasks, key)};
    if (id.index == HT_TASK_OTHER) {
        ht_port_irq_t irq = ht_port_lock(&tracker->lock);
        id.index = add_task(tracker, key);
        ht_port_unlock(&tracker->lock, irq);
    }
    return id;
}

static bool passes(const ht_tracker_t *tracker, size_t size, uint32_t origin, uint32_t task)
{
    const ht_filter_t *filter = &tracker->filter;
    return (filter->task_id == 0 || filter->task_id == task) &&
           (filter->origin_id == 0 || filter->origin_id == origin) && size >= filter->size_min &&
           (filter->size_max == 0 || size <= filter->size_max) &&
           (tracker->origins.origins[origin].caps & filter->caps) == filter->caps;
}

/* A block that gets no record still counts in its origin's totals. Lock held. */
static HT_PORT_HOT void drop(ht_tracker_t *tracker, ht_origin_t *origin, size_t size)
{
    origin->total_blocks++;
    origin->total_bytes += size;
    origin->dropped_blocks++;
    if (size > HT_SIZE_MAX) {
        count_up(&tracker->lost_large);
    } else if (tracker->table.count >= tracker->table.limit) {
        count_up(&tracker->lost_full);
    } else {
        count_up(&tracker->lost_crowded);
    }
}

HT_PORT_HOT void ht_tracker_add(ht_tracker_t *tracker, uintptr_t address, size_t size,
                                ht_origin_id_t origin)
{
    uintptr_t key = ht_port_task_key();
    uint32_t task = ht_task_find(&tracker->tasks, key);
    ht_heap_id_t heap = ht_heap_of(&tracker->heaps, address);
    ht_tick_t now = ht_port_tick();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    if (__builtin_expect(task == HT_TASK_OTHER, 0)) { task = add_task(tracker, key); }
    if (__builtin_expect(tracker->filtering, 0) && !passes(tracker, size, origin.index, task)) {
        count_up(&tracker->lost_filtered);
        ht_port_unlock(&tracker->lock, irq);
        return;
    }
    next_stamp(tracker, now);
    ht_origin_t *from = &tracker->origins.origins[origin.index];
    ht_record_t *record = NULL;
    if (__builtin_expect(size <= HT_SIZE_MAX, 1)) {
        record = ht_table_insert(&tracker->table, address);
    }
    if (__builtin_expect(record == NULL, 0)) {
        drop(tracker, from, size);
    } else {
        record->address = address;
        record->what = ht_record_what(size, heap, ht_port_core());
        record->who = ht_record_who(origin, (ht_task_id_t){task}, tracker->last.order);
        record->tick = tracker->last.tick;
        ht_origin_add(from, size);
        ht_task_count(&tracker->tasks.rows[task], size);
        ht_heap_count(&tracker->heaps.row[heap.index], size);
    }
    ht_port_unlock(&tracker->lock, irq);
}

/* The block of a record ended. Lock held; the slot is the caller's to empty or to keep. */
static inline void count_end(ht_tracker_t *tracker, const ht_record_t *record, ht_tick_t now)
{
    size_t size = ht_record_size(record);
    ht_tick_t age = now - record->tick;
    if (age > ((ht_tick_t) ~(ht_tick_t)0 >> 1)) {
        age = 0; /* its stamp was borrowed from the future */
    }
    ht_origin_remove(&tracker->origins.origins[ht_record_origin(record).index], size, age);
    ht_task_t *task = &tracker->tasks.rows[ht_record_task(record).index];
    task->freed_blocks++;
    task->live_bytes -= size;
    ht_heap_t *heap = &tracker->heaps.row[ht_record_heap(record).index];
    heap->freed_blocks++;
    heap->live_bytes -= size;
}

HT_PORT_HOT bool ht_tracker_remove(ht_tracker_t *tracker, uintptr_t address)
{
    ht_tick_t now = ht_port_tick();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_record_t *record = ht_table_find(&tracker->table, address);
    if (__builtin_expect(record == NULL, 0)) {
        count_up(&tracker->unknown_frees);
        ht_port_unlock(&tracker->lock, irq);
        return false;
    }
    count_end(tracker, record, now);
    if (__builtin_expect(ht_record_is_tcb(record), 0)) { ht_task_retire(&tracker->tasks, address); }
    ht_table_erase(&tracker->table, record);
    ht_port_unlock(&tracker->lock, irq);
    return true;
}

HT_PORT_HOT ht_hold_t ht_tracker_hold(ht_tracker_t *tracker, uintptr_t address)
{
    ht_hold_t hold = {.address = address};
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    hold.generation = tracker->generation;
    hold.slot = ht_table_find(&tracker->table, address);
    if (hold.slot != NULL) {
        hold.slot->address = HT_ADDRESS_HELD;
    } else {
        count_up(&tracker->unknown_frees);
    }
    ht_port_unlock(&tracker->lock, irq);
    return hold;
}

void ht_tracker_forget(ht_tracker_t *tracker, ht_record_t *record)
{
    size_t size = ht_record_size(record);
    ht_origin_t *origin = &tracker->origins.origins[ht_record_origin(record).index];
    ht_task_t *task = &tracker->tasks.rows[ht_record_task(record).index];
    ht_heap_t *heap = &tracker->heaps.row[ht_record_heap(record).index];
    origin->total_blocks--;
    origin->total_bytes -= size;
    origin->live_bytes -= size;
    task->total_blocks--;
    task->total_bytes -= size;
    task->live_bytes -= size;
    heap->total_blocks--;
    heap->live_bytes -= size;
    ht_table_erase(&tracker->table, record);
}

HT_PORT_HOT void ht_tracker_put_back(ht_tracker_t *tracker, ht_hold_t hold)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    bool was_reset = hold.generation != tracker->generation;
    if (hold.slot != NULL && was_reset) {
        ht_tracker_forget(tracker, hold.slot);
    } else if (hold.slot != NULL) {
        hold.slot->address = hold.address;
    } else if (!was_reset && tracker->unknown_frees != UINT32_MAX) {
        tracker->unknown_frees--; /* it was not freed after all */
    }
    ht_port_unlock(&tracker->lock, irq);
}

HT_PORT_HOT void ht_tracker_drop_held(ht_tracker_t *tracker, ht_hold_t hold)
{
    if (hold.slot == NULL) { return; }
    ht_tick_t now = ht_port_tick();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    if (hold.generation == tracker->generation) {
        count_end(tracker, hold.slot, now);
        ht_table_erase(&tracker->table, hold.slot);
    } else {
        ht_tracker_forget(tracker, hold.slot);
    }
    ht_port_unlock(&tracker->lock, irq);
}

bool ht_tracker_relabel(ht_tracker_t *tracker, uintptr_t address, ht_origin_id_t origin)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_record_t *record = ht_table_find(&tracker->table, address);
    if (record != NULL) {
        size_t size = ht_record_size(record);
        ht_origin_t *from = &tracker->origins.origins[ht_record_origin(record).index];
        from->total_blocks--;
        from->total_bytes -= size;
        from->live_bytes -= size;
        ht_origin_add(&tracker->origins.origins[origin.index], size);
        record->who = (record->who & ~HT_MASK(HT_ORIGIN_BITS)) | origin.index;
    }
    ht_port_unlock(&tracker->lock, irq);
    return record != NULL;
}

HT_PORT_HOT void ht_tracker_fail(ht_tracker_t *tracker, ht_failure_t *failure)
{
    failure->task = ht_tracker_task(tracker);
    ht_tick_t now = ht_port_tick();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    next_stamp(tracker, now);
    failure->stamp = tracker->last;
    count_up(&tracker->origins.origins[failure->origin.index].failures);
    ht_failure_put(&tracker->failures, failure);
    ht_port_unlock(&tracker->lock, irq);
}
