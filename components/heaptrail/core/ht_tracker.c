/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The hot path is in ht_hot.h; here are its rare cases, and realloc. What surrounds them (memory,
 * reset, marks) is in ht_lifecycle.c. */
#include "ht_hot.h"
#include "ht_lowmem.h"

/*
 * First sight of a task. Its TCB is often a block of the heap: remember that, to see it die. Two
 * sections, each short; nobody else adds a row for the task that we are.
 */
static HT_PORT_HOT uint32_t add_task(ht_tracker_t *tracker, uintptr_t key)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    uint32_t row = ht_task_find(&tracker->tasks, key);
    bool is_new = row == HT_TASK_OTHER;
    if (is_new) {
        ht_tally_settle(&tracker->tally); /* a row may be used again */
        row = ht_task_add(&tracker->tasks, key);
        if (ht_tracing(tracker) && row != HT_TASK_OTHER) { ht_trace_task(tracker, row); }
    }
    ht_port_unlock(&tracker->lock, irq);
    if (is_new && row != HT_TASK_OTHER) {
        irq = ht_port_lock(&tracker->lock);
        ht_record_t *tcb = ht_table_find(&tracker->table, key);
        if (tcb != NULL) { tcb->who |= (ht_word_t)1 << HT_TCB_SHIFT; }
        ht_port_unlock(&tracker->lock, irq);
    }
    return row;
}

static HT_PORT_HOT uint32_t row_of(ht_tracker_t *tracker, uintptr_t key)
{
    uint32_t row = ht_task_find(&tracker->tasks, key);
    return row != HT_TASK_OTHER ? row : add_task(tracker, key);
}

/* Another task than the last one, or a shallower part of its stack. */
HT_PORT_HOT uint32_t ht_tracker_find_task(ht_tracker_t *tracker, uintptr_t sp)
{
    uintptr_t key = ht_port_task_key();
    uint32_t row = row_of(tracker, key);
    uintptr_t low = row >= HT_TASK_FIRST ? ht_port_stack_low(key) : 0;
    if (low != 0 && sp - low < HT_STACK_BYTES_MAX) {
        ht_port_irq_t irq = ht_port_lock(&tracker->lock);
        tracker->tasks.last_low = low;
        uintptr_t span = sp - low + 1U;
        tracker->tasks.last_span = ht_tracing(tracker) ? 0 : span;
        tracker->tasks.traced_span = ht_tracing(tracker) ? span : 0;
        tracker->tasks.last = &tracker->tasks.rows[row];
        tracker->tasks.last_bits = ht_task_bits(row);
        ht_tally_turn(&tracker->tally, tracker->tasks.last, tracker->tally.heap,
                      ht_task_bits(row) |
                          (tracker->tally.who & HT_MASK(HT_HEAP_BITS) << HT_HEAP_SHIFT));
        ht_port_unlock(&tracker->lock, irq);
    }
    return row;
}

/* Both buckets of an address are full: move residents elsewhere, one section for each that is
 * tried. */
static HT_PORT_HOT void make_room(ht_tracker_t *tracker, uintptr_t address)
{
    bool room = false;
    for (uint32_t i = 0; i < 2U * HT_BUCKET_SLOTS && !room; i += HT_ROOM_TRIES) {
        ht_port_irq_t irq = ht_port_lock(&tracker->lock);
        room = ht_table_try_room(&tracker->table, address, i) != NULL;
        ht_port_unlock(&tracker->lock, irq);
    }
}

HT_PORT_HOT ht_task_id_t ht_tracker_task(ht_tracker_t *tracker)
{
    return (ht_task_id_t){row_of(tracker, ht_port_task_key())};
}

static HT_PORT_HOT bool passes(const ht_tracker_t *tracker, size_t size, uint32_t origin,
                               uint32_t task)
{
    const ht_filter_t *filter = &tracker->filter;
    return (filter->task_id == 0 || filter->task_id == task) &&
           (filter->origin_id == 0 || filter->origin_id == origin) && size >= filter->size_min &&
           (filter->size_max == 0 || size <= filter->size_max) &&
           (tracker->origins.origins[origin].caps & filter->caps) == filter->caps;
}

static HT_PORT_HOT bool filters_out(ht_tracker_t *tracker, size_t size, uint32_t origin,
                                    uint32_t task)
{
    if (passes(tracker, size, origin, task)) { return false; }
    ht_count_up(&tracker->lost_filtered);
    return true;
}

/*
 * Count a new block of another task, or in another heap, than the last one's. Its heap is the last
 * one from now on, if an address tells it; its task is that already, if its stack tells it. Lock
 * held.
 */
HT_PORT_HOT void ht_tracker_count_elsewhere(ht_tracker_t *tracker, const ht_record_t *record)
{
    ht_tally_t *tally = &tracker->tally;
    size_t size = ht_record_size(record);
    ht_task_t *task = &tracker->tasks.rows[ht_record_task(record).index];
    ht_heap_t *heap = &tracker->heaps.row[ht_record_heap(record).index];
    if (heap->kind == HT_HEAP_REAL && (!HT_PORT_STACK_TELLS_TASK || task == tally->task)) {
        ht_tally_turn(tally, task, heap, record->who & HT_TALLY_MASK);
        ht_heap_is_last(&tracker->heaps, heap);
        ht_tally_add(tally, size);
    } else {
        ht_tally_settle(tally);
        ht_task_count(task, size);
        ht_heap_count(heap, size);
    }
}

/* The task of this control block is gone. Lock held. */
HT_PORT_HOT void ht_tracker_retire_task(ht_tracker_t *tracker, uintptr_t key)
{
    uint32_t row = ht_task_retire(&tracker->tasks, key);
    if (ht_tracing(tracker)) { ht_trace_task_gone(tracker, row); }
}

HT_PORT_HOT void ht_tracker_unknown(ht_tracker_t *tracker, uintptr_t address)
{
    ht_count_up(&tracker->unknown_frees);
    if (ht_tracing(tracker)) { ht_trace_unknown(tracker, address, false); }
    ht_tracker_retire_task(tracker, address); /* a TCB that was dropped, filtered or forgotten */
}

HT_PORT_HOT void ht_tracker_note_unknown(ht_tracker_t *tracker, uintptr_t address)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_tracker_unknown(tracker, address);
    ht_port_unlock(&tracker->lock, irq);
}

/* A block that gets no record still counts in its origin's totals. Lock held. */
static HT_PORT_HOT void drop(ht_tracker_t *tracker, ht_origin_t *origin, size_t size)
{
    bool large = size > HT_SIZE_MAX;
    if (!large && !ht_table_has_room(&tracker->table)) {
        ht_hot_drop(tracker, origin, size);
        return;
    }
    origin->total_blocks++;
    origin->total_bytes.all += size;
    origin->dropped_blocks++;
    ht_count_up(large ? &tracker->lost_large : &tracker->lost_crowded);
}

HT_PORT_HOT void ht_tracker_add(ht_tracker_t *tracker, uintptr_t address, size_t size,
                                ht_origin_id_t origin)
{
    (void)ht_tracker_add_guarded(tracker, address, size, origin, HT_GUARD_NONE);
}

HT_PORT_HOT bool ht_tracker_add_guarded(ht_tracker_t *tracker, uintptr_t address, size_t size,
                                        ht_origin_id_t origin, uint32_t guard)
{
    return ht_tracker_add_slow(tracker, address, size, origin, guard, ht_port_stack_pointer());
}

/* What a block may take of the heap, at most: with header, redzones, alignment, and rounded up to
 * the next of TLSF's lists, of which there are 8 between two powers of two in small heaps. */
static inline size_t most_of(size_t size)
{
    return size + size / 8U + 256U;
}

/* With a low-memory watch: is so much allocated that memory must be looked at? Lock held. */
static HT_PORT_HOT bool spends(ht_lowmem_t *lowmem, size_t size)
{
    if (lowmem->count == 0) { return false; }
    size_t spent = lowmem->spent + most_of(size);
    lowmem->spent = spent < lowmem->spent ? SIZE_MAX : spent;
    return lowmem->spent >= lowmem->budget && ht_port_can_report();
}

/* Place a record and fill it in; NULL: it was dropped. The lock may be given back meanwhile. */
static HT_PORT_HOT ht_record_t *make_record(ht_tracker_t *tracker, const ht_add_t *add,
                                            uint32_t task, ht_tick_t now, ht_port_irq_t *irq)
{
    ht_origin_t *from = &tracker->origins.origins[add->origin.index];
    ht_record_t *record = NULL;
    if (__builtin_expect(add->size <= HT_SIZE_MAX, 1)) {
        record = ht_table_place(&tracker->table, add->address);
        if (__builtin_expect(record == NULL, 0) && ht_table_has_room(&tracker->table)) {
            HT_OUTSIDE(tracker, *irq, make_room(tracker, add->address));
            record = ht_table_place_or_stash(&tracker->table, add->address);
        }
    }
    if (__builtin_expect(record == NULL, 0)) {
        drop(tracker, from, add->size);
        if (ht_tracing(tracker)) {
            ht_trace_dropped(tracker, add->address, add->size, from->id, ht_task_bits(task), now);
        }
        return NULL;
    }
    ht_word_t by =
        ht_task_bits(task) | (add->pool.index != 0 ? ht_heap_bits(add->pool.index)
                                                   : ht_heap_bits_at(tracker, add->address));
    ht_hot_fill(tracker, record, add->address, add->size, from, by, add->guard, now);
    ht_hot_count(tracker, record, by, add->size);
    if (ht_tracing(tracker)) { ht_trace_alloc(tracker, record, now); }
    return record;
}

HT_PORT_HOT bool ht_tracker_add_as(ht_tracker_t *tracker, const ht_add_t *add, uintptr_t sp)
{
    uint32_t task = ht_task_by_key(tracker);
    ht_tick_t now = ht_port_tick();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    if (HT_PORT_STACK_TELLS_TASK) {
        task = (uint32_t)(tracker->tasks.last_bits >> HT_TASK_SHIFT);
        if (__builtin_expect(!ht_knows_task(tracker, sp), 0)) { /* our row stays ours meanwhile */
            HT_OUTSIDE(tracker, irq, task = ht_tracker_find_task(tracker, sp));
        }
    }
    bool look = false;
    ht_record_t *record = NULL;
    if (__builtin_expect(!tracker->filtering, 1)) {
        record = make_record(tracker, add, task, now, &irq);
    } else {
        look = add->pool.index == 0 && spends(&tracker->lowmem, add->size);
        if (!filters_out(tracker, add->size, add->origin.index, task)) {
            record = make_record(tracker, add, task, now, &irq);
            tracker->lowmem.made += record != NULL;
        }
    }
    ht_port_unlock(&tracker->lock, irq);
    if (__builtin_expect(look, 0)) {
        ht_lowmem_look(tracker, &(ht_lowmem_facts_t){
                                    HEAPTRAIL_LOWMEM_ALLOCATION, add->size, add->origin, {task}});
    }
    return record != NULL;
}

HT_PORT_HOT bool ht_tracker_add_slow(ht_tracker_t *tracker, uintptr_t address, size_t size,
                                     ht_origin_id_t origin, uint32_t guard, uintptr_t sp)
{
    const ht_add_t add = {.address = address, .size = size, .origin = origin, .guard = guard};
    return ht_tracker_add_as(tracker, &add, sp);
}

/* Both buckets were full a moment ago: at 7/8 load that is every twelfth block. Most often one of
 * the first residents can move; that, and the rest, in one section. */
HT_PORT_HOT bool ht_tracker_add_crowded(ht_tracker_t *tracker, uintptr_t address, size_t size,
                                        ht_origin_t *from, uint32_t guard, uintptr_t sp,
                                        ht_tick_t now)
{
    ht_record_t *record = NULL;
    for (uint32_t i = 0; i < 4U * HT_ROOM_TRIES && record == NULL; i += HT_ROOM_TRIES) {
        ht_word_t by = ht_task_bits(ht_task_by_key(tracker));
        ht_port_irq_t irq = ht_port_lock(&tracker->lock);
        if (HT_PORT_STACK_TELLS_TASK) { by = tracker->tasks.last_bits; }
        if ((!HT_PORT_STACK_TELLS_TASK || ht_knows_task(tracker, sp)) &&
            ht_table_has_room(&tracker->table)) {
            record = ht_table_try_room(&tracker->table, address, i);
        }
        if (record != NULL) {
            tracker->table.count++;
            by |= ht_heap_bits_at(tracker, address);
            ht_hot_fill(tracker, record, address, size, from, by, guard, now);
            ht_hot_count(tracker, record, by, size);
            if (ht_tracing(tracker)) { ht_trace_alloc(tracker, record, now); }
        }
        ht_port_unlock(&tracker->lock, irq);
    }
    return record != NULL ||
           ht_tracker_add_slow(tracker, address, size, (ht_origin_id_t){from->id}, guard, sp);
}

HT_PORT_HOT bool ht_tracker_remove(ht_tracker_t *tracker, uintptr_t address)
{
    return ht_hot_remove(tracker, address);
}

HT_PORT_HOT bool ht_tracker_end(ht_tracker_t *tracker, uintptr_t address, ht_origin_id_t origin,
                                ht_ended_t *ended)
{
    return ht_hot_remember(tracker, address, origin, ended);
}

HT_PORT_HOT bool ht_tracker_end_forgotten(ht_tracker_t *tracker, uintptr_t address, uint32_t *guard)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_record_t *record = ht_table_find_forgotten(&tracker->table, address);
    if (record != NULL) {
        *guard = ht_record_guard(record);
        ht_count_up(&tracker->unknown_frees);
        ht_table_erase(&tracker->table, record);
    }
    ht_port_unlock(&tracker->lock, irq);
    return record != NULL;
}

uint32_t ht_tracker_task_seen(ht_tracker_t *tracker, uintptr_t key)
{
    return row_of(tracker, key);
}

HT_PORT_HOT bool ht_tracker_sees_all(const ht_tracker_t *tracker)
{
    return HT_PORT_SEES_ALL && tracker->state == HT_STATE_RUNNING && !tracker->blind &&
           tracker->lost_full == 0 && tracker->lost_crowded == 0 && tracker->lost_large == 0;
}

/*
 * Take a record out of sight. If the block's pointer is not the heap's it stays, marked: it says
 * where the heap's block begins. (One that is there already is of a block whose end was missed.)
 * Lock held.
 */
static HT_PORT_HOT void retire_record(ht_tracker_t *tracker, ht_record_t *record)
{
    if (ht_record_moves_pointer(record)) {
        ht_record_t *stale = ht_table_find_forgotten(&tracker->table, record->address);
        if (stale == NULL) {
            record->address |= HT_ADDRESS_FORGOTTEN;
            return;
        }
        stale->what = record->what;
        stale->who = record->who;
    }
    ht_table_erase(&tracker->table, record);
}

bool ht_tracker_unregister(ht_tracker_t *tracker, uintptr_t address)
{
    uint32_t task = ht_tracing(tracker) ? ht_tracker_task(tracker).index : HT_TASK_OTHER;
    ht_tick_t now = ht_port_tick();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_record_t *record = ht_table_find(&tracker->table, address);
    if (record != NULL) {
        if (ht_tracing(tracker)) { ht_trace_free(tracker, record, ht_task_bits(task), now); }
        ht_count_end(tracker, record, now);
        if (ht_record_is_tcb(record)) { ht_tracker_retire_task(tracker, record->address); }
        retire_record(tracker, record);
        tracker->blind = true;
    }
    ht_port_unlock(&tracker->lock, irq);
    return record != NULL;
}

HT_PORT_HOT bool ht_tracker_known(ht_tracker_t *tracker, uintptr_t address, ht_known_t *known)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    const ht_record_t *record = ht_table_find(&tracker->table, address);
    if (record != NULL) {
        known->size = ht_record_size(record);
        known->caps = tracker->origins.origins[ht_record_origin(record).index].caps;
    }
    ht_port_unlock(&tracker->lock, irq);
    return record != NULL;
}

HT_PORT_HOT ht_hold_t ht_tracker_hold(ht_tracker_t *tracker, uintptr_t address)
{
    ht_hold_t hold = {.address = address};
    if (ht_tracing(tracker)) { (void)ht_tracker_task(tracker); /* has a row from now on */ }
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    hold.generation = tracker->generation;
    hold.slot = ht_table_find(&tracker->table, address);
    if (ht_tracing(tracker)) { ht_trace_unknown(tracker, address, true); }
    if (hold.slot != NULL) {
        tracker->held_blocks++;
        tracker->held_bytes += ht_record_size(hold.slot);
        ht_table_hold(hold.slot);
    } else {
        ht_count_up(&tracker->unknown_frees);
    }
    ht_port_unlock(&tracker->lock, irq);
    return hold;
}

HT_PORT_HOT void ht_tracker_forget(ht_tracker_t *tracker, ht_record_t *record)
{
    size_t size = ht_record_size(record);
    ht_tally_settle(&tracker->tally);
    if (ht_tracing(tracker)) { ht_trace_forget(tracker, record); }
    ht_origin_t *origin = &tracker->origins.origins[ht_record_origin(record).index];
    ht_task_t *task = &tracker->tasks.rows[ht_record_task(record).index];
    ht_heap_t *heap = &tracker->heaps.row[ht_record_heap(record).index];
    origin->total_blocks--;
    origin->total_bytes.all -= size;
    origin->live_bytes -= size;
    task->total_blocks--;
    task->total_bytes.all -= size;
    task->live_bytes -= size;
    heap->total_blocks--;
    heap->live_bytes -= size;
    retire_record(tracker, record);
}

HT_PORT_HOT void ht_tracker_adopt(ht_tracker_t *tracker, ht_record_t *record, ht_heap_id_t heap)
{
    if (heap.index == 0 || ht_record_heap(record).index != 0) { return; }
    ht_heap_t *other = &tracker->heaps.row[0];
    size_t size = ht_record_size(record);
    record->who |= ht_heap_bits(heap.index);
    ht_tally_settle(&tracker->tally);
    other->live_bytes -= size;
    other->total_blocks--;
    ht_heap_count(&tracker->heaps.row[heap.index], size);
}

/* A block comes out of realloc(). Lock held. */
static inline void let_go(ht_tracker_t *tracker, const ht_record_t *slot)
{
    tracker->held_blocks--;
    tracker->held_bytes -= ht_record_size(slot);
}

HT_PORT_HOT void ht_tracker_put_back(ht_tracker_t *tracker, ht_hold_t hold)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    bool was_reset = hold.generation != tracker->generation;
    if (hold.slot != NULL) { let_go(tracker, hold.slot); }
    if (hold.slot != NULL && was_reset) {
        hold.slot->address = hold.address;
        ht_tracker_forget(tracker, hold.slot);
    } else if (hold.slot != NULL) {
        hold.slot->address = hold.address;
        ht_tracker_adopt(tracker, hold.slot, ht_heap_of(&tracker->heaps, hold.address));
    } else if (!was_reset && tracker->unknown_frees != 0 && tracker->unknown_frees != UINT32_MAX) {
        tracker->unknown_frees--; /* it was not freed after all */
    }
    if (ht_tracing(tracker) && !was_reset) { ht_trace_put_back(tracker, hold.slot, hold.address); }
    ht_port_unlock(&tracker->lock, irq);
}

HT_PORT_HOT void ht_tracker_drop_held(ht_tracker_t *tracker, ht_hold_t hold)
{
    if (hold.slot == NULL) { return; }
    ht_tick_t now = ht_port_tick();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    let_go(tracker, hold.slot);
    if (hold.generation == tracker->generation) {
        if (ht_tracing(tracker)) { ht_trace_drop_held(tracker, hold.slot); }
        ht_count_end(tracker, hold.slot, now);
        ht_table_erase(&tracker->table, hold.slot);
    } else { /* reset meanwhile; and the block is gone */
        hold.slot->who &= ~(HT_MASK(HT_GUARD_BITS) << HT_GUARD_SHIFT);
        ht_tracker_forget(tracker, hold.slot);
    }
    ht_port_unlock(&tracker->lock, irq);
}

HT_PORT_HOT bool ht_tracker_relabel(ht_tracker_t *tracker, uintptr_t address, ht_origin_id_t origin)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_record_t *record = ht_table_find(&tracker->table, address);
    if (record != NULL) {
        if (ht_tracing(tracker)) { ht_trace_relabel(tracker, record, origin); }
        size_t size = ht_record_size(record);
        ht_origin_t *from = &tracker->origins.origins[ht_record_origin(record).index];
        from->total_blocks--;
        from->total_bytes.all -= size;
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
    ht_next_stamp(tracker, now);
    failure->stamp = tracker->last;
    ht_count_up(&tracker->origins.origins[failure->origin.index].failures);
    ht_failure_put(&tracker->failures, failure);
    failure->number = tracker->failures.count;
    if (ht_tracing(tracker)) { ht_trace_failure(tracker, failure, now); }
    ht_port_unlock(&tracker->lock, irq);
}
