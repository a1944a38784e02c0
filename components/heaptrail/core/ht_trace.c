/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_trace.h"

#include <string.h>

#include "ht_hot.h"

void ht_trace_init(ht_trace_t *trace, ht_raw_t *slots, uint32_t count, bool pauses)
{
    memset(trace, 0, sizeof(*trace));
    trace->pauses = pauses;
    for (uint32_t core = 0; core < HT_PORT_CORES; core++) {
        trace->ring[core] =
            (ht_ring_t){.slots = slots + core * count, .mask = count - 1U, .room = count};
    }
}

/* --- what found no room -------------------------------------------------------------------------
 */

HT_PORT_HOT void ht_trace_lose(ht_trace_t *trace)
{
    uint32_t cause = __atomic_load_n(&trace->slow, __ATOMIC_RELAXED) ? HT_LOST_SLOW : HT_LOST_FULL;
    uint32_t lost = trace->lost[cause];
    if (lost != UINT32_MAX) { __atomic_store_n(&trace->lost[cause], lost + 1U, __ATOMIC_RELAXED); }
    if (trace->pauses) {
        for (uint32_t core = 0; core < HT_PORT_CORES; core++) {
            trace->ring[core].room = 0;
        }
        __atomic_store_n(&trace->paused, 1U, __ATOMIC_RELAXED);
    }
}

uint32_t ht_trace_go_on(ht_tracker_t *tracker, ht_trace_t *trace)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    for (uint32_t core = 0; core < HT_PORT_CORES; core++) {
        trace->ring[core].room = trace->ring[core].mask + 1U;
    }
    __atomic_store_n(&trace->paused, 0U, __ATOMIC_RELAXED);
    uint32_t next = trace->next;
    ht_port_unlock(&tracker->lock, irq);
    return next;
}

/* --- events of several slots --------------------------------------------------------------------
 */

/* Put an event whose first slot is `first`, and `bytes` of more behind it. False: no room. */
static HT_PORT_HOT bool put_long(ht_trace_t *trace, uint32_t kind, const ht_raw_t *first,
                                 const void *more, size_t bytes)
{
    uint32_t slots = 1U + (uint32_t)((bytes + HT_RAW_BYTES - 1U) / HT_RAW_BYTES);
    ht_ring_t *ring = ht_trace_ring(trace);
    uint32_t head = ring->head;
    uint32_t number = trace->next;
    bool fits = head - HT_LOAD_GATE(&ring->tail) + slots <= ring->room;
    if (fits) {
        ht_raw_t *slot = &ring->slots[head & ring->mask];
        *slot = *first;
        slot->clock = ht_port_clock();
        slot->head = number << HT_RAW_KIND_BITS | kind;
        for (uint32_t i = 1; i < slots; i++) {
            size_t left = bytes - (i - 1U) * HT_RAW_BYTES;
            slot = &ring->slots[(head + i) & ring->mask];
            memcpy(slot, (const char *)more + (i - 1U) * HT_RAW_BYTES,
                   left < HT_RAW_BYTES ? left : HT_RAW_BYTES);
            slot->head = number << HT_RAW_KIND_BITS | HT_RAW_MORE;
        }
        __atomic_store_n(&ring->head, head + slots, __ATOMIC_RELEASE);
    } else {
        ht_trace_lose(trace);
    }
    trace->next = number + 1U;
    return fits;
}

/* --- what the tracker tells ---------------------------------------------------------------------
 */

/* The task that runs, where nobody asked yet. */
static HT_PORT_HOT ht_word_t by_now(const ht_tracker_t *tracker)
{
    return ht_task_bits(ht_task_find(&tracker->tasks, ht_port_task_key()));
}

HT_PORT_HOT void ht_trace_alloc(ht_tracker_t *tracker, const ht_record_t *record, ht_tick_t now)
{
    ht_trace_t *trace = tracker->trace;
    if (trace == NULL) { return; }
    ht_trace_put_alloc(trace, record, ht_record_size(record), ht_record_origin(record).index, now);
}

HT_PORT_HOT void ht_trace_dropped(ht_tracker_t *tracker, uintptr_t address, size_t size,
                                  uint32_t origin, ht_word_t by, ht_tick_t now)
{
    ht_trace_t *trace = tracker->trace;
    if (trace == NULL) { return; }
    if (origin < trace->summed) {
        trace->total_blocks++;
        ht_sum_up(&trace->total_bytes, size);
    }
    bool large = size > HT_SIZE_MAX;
    ht_trace_put(trace, large ? HT_RAW_LARGE : HT_RAW_DROPPED, address, (ht_word_t)size,
                 origin | by, now);
}

HT_PORT_HOT void ht_trace_free(ht_tracker_t *tracker, const ht_record_t *record, ht_word_t by,
                               ht_tick_t now)
{
    ht_trace_t *trace = tracker->trace;
    if (trace == NULL) { return; }
    if (!ht_record_is_pooled(record)) {
        ht_trace_put_free(trace, record, by, now);
        return;
    }
    if (ht_record_origin(record).index < trace->summed) { trace->freed_blocks++; }
    ht_trace_put(trace, HT_RAW_POOL_FREE, record->address, record->what, record->who, now);
}

HT_PORT_HOT void ht_trace_unknown(ht_tracker_t *tracker, uintptr_t address, bool by_realloc)
{
    ht_trace_t *trace = tracker->trace;
    if (trace == NULL) { return; }
    ht_trace_put(trace, by_realloc ? HT_RAW_REALLOC_FREE : HT_RAW_FREE, address, 0, by_now(tracker),
                 ht_port_tick());
}

HT_PORT_HOT void ht_trace_put_back(ht_tracker_t *tracker, const ht_record_t *record,
                                   uintptr_t address)
{
    ht_trace_t *trace = tracker->trace;
    if (trace == NULL) { return; }
    const ht_raw_t first = {.address = address,
                            .what = record != NULL ? record->what : 0,
                            .who = record != NULL ? record->who : 0,
                            .tick = ht_port_tick()};
    const ht_record_t more = {.address = record != NULL, .tick = record != NULL ? record->tick : 0};
    (void)put_long(trace, HT_RAW_PUT_BACK, &first, &more, sizeof(more));
}

HT_PORT_HOT void ht_trace_drop_held(ht_tracker_t *tracker, const ht_record_t *record)
{
    ht_trace_t *trace = tracker->trace;
    if (trace != NULL && ht_record_origin(record).index < trace->summed) { trace->freed_blocks++; }
}

HT_PORT_HOT void ht_trace_forget(ht_tracker_t *tracker, const ht_record_t *record)
{
    ht_trace_t *trace = tracker->trace;
    if (trace != NULL && ht_record_origin(record).index < trace->summed) {
        trace->total_blocks--;
        trace->total_bytes.all -= ht_record_size(record);
    }
}

HT_PORT_HOT void ht_trace_relabel(ht_tracker_t *tracker, const ht_record_t *record,
                                  ht_origin_id_t origin)
{
    ht_trace_t *trace = tracker->trace;
    if (trace == NULL) { return; }
    size_t size = ht_record_size(record);
    if (ht_record_origin(record).index < trace->summed) {
        trace->total_blocks--;
        trace->total_bytes.all -= size;
    }
    if (origin.index < trace->summed) {
        trace->total_blocks++;
        trace->total_bytes.all += size;
    }
    ht_trace_put(trace, HT_RAW_RELABEL, record->address, 0, origin.index, ht_port_tick());
}

/* The second slot's words: free bytes, largest free block, capabilities, and the number with
 * "measured" as its lowest bit. */
HT_PORT_HOT void ht_trace_failure(ht_tracker_t *tracker, const ht_failure_t *failure, ht_tick_t now)
{
    ht_trace_t *trace = tracker->trace;
    if (trace == NULL) { return; }
    const ht_raw_t first = {.address = failure->size,
                            .what = failure->alignment,
                            .who = failure->origin.index |
                                   ((ht_word_t)failure->task.index << HT_TASK_SHIFT),
                            .tick = now};
    const ht_record_t more = {.address = failure->free_bytes,
                              .what = failure->largest_free_bytes,
                              .who = failure->caps,
                              .tick = (ht_tick_t)failure->number << 1 | failure->measured};
    (void)put_long(trace, HT_RAW_FAILURE, &first, &more, sizeof(more));
}

HT_PORT_HOT void ht_trace_task(ht_tracker_t *tracker, uint32_t row)
{
    ht_trace_t *trace = tracker->trace;
    if (trace == NULL) { return; }
    const ht_task_t *task = &tracker->tasks.rows[row];
    const ht_raw_t first = {.address = task->key, .who = ht_task_bits(row), .tick = ht_port_tick()};
    (void)put_long(trace, HT_RAW_TASK, &first, task->name, sizeof(task->name));
}

HT_PORT_HOT void ht_trace_task_gone(ht_tracker_t *tracker, uint32_t row)
{
    ht_trace_t *trace = tracker->trace;
    if (trace == NULL || row == HT_TASK_OTHER) { return; }
    ht_trace_put(trace, HT_RAW_TASK_GONE, 0, 0, ht_task_bits(row), ht_port_tick());
}

void ht_trace_heap_facts(const ht_heap_t *row, ht_trace_heap_t *facts)
{
    *facts = (ht_trace_heap_t){.caps = row->caps, .pool = row->kind != HT_HEAP_REAL};
    memcpy(facts->name, row->name, sizeof(facts->name));
}

void ht_trace_heap(ht_tracker_t *tracker, uint32_t row)
{
    ht_trace_t *trace = tracker->trace;
    if (trace == NULL) { return; }
    const ht_heap_t *heap = &tracker->heaps.row[row];
    const ht_raw_t first = {.address = heap->start,
                            .what = heap->kind == HT_HEAP_REAL ? heap->size : heap->pool_size,
                            .who = row,
                            .tick = ht_port_tick()};
    ht_trace_heap_t more;
    ht_trace_heap_facts(heap, &more);
    (void)put_long(trace, HT_RAW_HEAP, &first, &more, sizeof(more));
}

void ht_trace_reset(ht_tracker_t *tracker)
{
    ht_trace_t *trace = tracker->trace;
    if (trace == NULL) { return; }
    ht_trace_put(trace, HT_RAW_RESET, tracker->generation, 0, 0, ht_port_tick());
}

void ht_trace_error(ht_tracker_t *tracker, uint32_t number)
{
    if (!ht_tracing(tracker)) { return; }
    ht_word_t by = ht_task_bits(ht_tracker_task(tracker).index);
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_trace_t *trace = tracker->trace;
    if (trace != NULL) { ht_trace_put(trace, HT_RAW_ERROR, number, 0, by, ht_port_tick()); }
    ht_port_unlock(&tracker->lock, irq);
}

HT_PORT_HOT ht_hot_t ht_trace_try_add(ht_tracker_t *tracker, uintptr_t address, size_t size,
                                      ht_origin_t *from, uint32_t guard, ht_tick_t now,
                                      uintptr_t sp)
{
    ht_word_t by = ht_task_bits(ht_task_by_key(tracker));
    ht_hot_t outcome = HT_HOT_UNUSUAL;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_trace_t *trace = tracker->trace;
    if (__builtin_expect(trace != NULL && size <= HT_SIZE_MAX &&
                             (!HT_PORT_STACK_TELLS_TASK || ht_knows_task(tracker, sp)) &&
                             ht_table_has_room(&tracker->table),
                         1)) {
        if (HT_PORT_STACK_TELLS_TASK) { by = tracker->tasks.last_bits; }
        ht_record_t *record = ht_table_place(&tracker->table, address);
        outcome = HT_HOT_CROWDED;
        if (__builtin_expect(record != NULL, 1)) {
            by |= ht_heap_bits_at(tracker, address);
            ht_hot_fill(tracker, record, address, size, from, by, guard, now);
            ht_hot_count(tracker, record, by, size);
            ht_trace_put_alloc(trace, record, size, from->id, now);
            outcome = HT_HOT_ADDED;
        }
    }
    ht_port_unlock(&tracker->lock, irq);
    return outcome;
}

HT_PORT_HOT bool ht_trace_remove(ht_tracker_t *tracker, uintptr_t address)
{
    uintptr_t sp = ht_port_stack_pointer();
    ht_word_t by = ht_task_bits(ht_task_by_key(tracker));
    ht_tick_t now = ht_port_tick();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    if (HT_PORT_STACK_TELLS_TASK) {
        if (__builtin_expect(!ht_knows_task(tracker, sp), 0)) {
            HT_OUTSIDE(tracker, irq, by = ht_task_bits(ht_tracker_find_task(tracker, sp)));
        } else {
            by = tracker->tasks.last_bits;
        }
    }
    ht_record_t *record = ht_table_find(&tracker->table, address);
    if (__builtin_expect(record == NULL, 0)) {
        ht_tracker_unknown(tracker, address);
    } else {
        ht_trace_free(tracker, record, by, now);
        ht_end_block(tracker, record, now);
    }
    ht_port_unlock(&tracker->lock, irq);
    return record != NULL;
}

/* --- sums ---------------------------------------------------------------------------------------
 */

/*
 * An origin's counters are added under the lock in which the trace learns that it now knows them,
 * one origin at a time. What happens at an origin from then on is added by the events themselves,
 * what happens at the others is in their counters when their turn comes.
 */
void ht_trace_sum(ht_tracker_t *tracker, ht_trace_t *trace)
{
    uint32_t done = 0;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    trace->summed = trace->total_blocks = trace->freed_blocks = 0;
    trace->total_bytes.all = 0;
    ht_port_unlock(&tracker->lock, irq);
    while (done <= tracker->origins.max) {
        irq = ht_port_lock(&tracker->lock);
        bool last = done > tracker->origins.count;
        if (!last) {
            const ht_origin_t *origin = &tracker->origins.origins[done];
            trace->total_blocks += origin->total_blocks;
            trace->total_bytes.all += origin->total_bytes.all;
            trace->freed_blocks += ht_origin_freed_blocks(origin);
        }
        done = last ? UINT32_MAX : done + 1U;
        trace->summed = done;
        ht_port_unlock(&tracker->lock, irq);
    }
}

void ht_trace_sum_again(ht_tracker_t *tracker)
{
    ht_trace_t *trace = __atomic_load_n(&tracker->trace, __ATOMIC_ACQUIRE);
    if (trace != NULL) { ht_trace_sum(tracker, trace); }
}

void ht_trace_sums(const ht_tracker_t *tracker, const ht_trace_t *trace, ht_trace_sums_t *sums)
{
    const ht_tally_t *tally = &tracker->tally;
    uint32_t blocks = tally->total_blocks - tally->freed_blocks;
    size_t bytes = tally->live_bytes;
    for (uint32_t id = 0; id <= tracker->heaps.count; id++) {
        const ht_heap_t *row = &tracker->heaps.row[id];
        if (row->kind != HT_HEAP_REAL) { continue; }
        blocks += row->total_blocks - row->freed_blocks;
        bytes += row->live_bytes;
    }
    *sums = (ht_trace_sums_t){
        .live_blocks = blocks - tracker->held_blocks,
        .total_blocks = trace->total_blocks,
        .freed_blocks = trace->freed_blocks + tracker->held_blocks,
        .failures = tracker->failures.count,
        .live_bytes = bytes - tracker->held_bytes,
        .total_bytes = trace->total_bytes.all,
    };
}

bool ht_trace_mark(ht_tracker_t *tracker, const char *name, bool *traced)
{
    ht_trace_mark_t mark = {.name = ""};
    bool fits = false;
    for (size_t i = 0; name != NULL && name[i] != '\0' && i + 1U < sizeof(mark.name); i++) {
        mark.name[i] = name[i];
    }
    ht_word_t by = ht_tracing(tracker) ? ht_task_bits(ht_tracker_task(tracker).index) : 0;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_trace_t *trace = tracker->trace;
    *traced = trace != NULL;
    if (trace != NULL) {
        ht_trace_sums(tracker, trace, &mark.sums);
        const ht_raw_t first = {.address = ++trace->marks, .who = by, .tick = ht_port_tick()};
        fits = put_long(trace, HT_RAW_MARK, &first, &mark, sizeof(mark));
    }
    ht_port_unlock(&tracker->lock, irq);
    return fits;
}

/* Room for one more piece, and a quarter of the ring. Lock held. */
static bool has_room(ht_trace_t *trace)
{
    const ht_ring_t *ring = ht_trace_ring(trace);
    uint32_t used = ring->head - HT_LOAD_GATE(&ring->tail);
    return ring->room != 0 && used + 1U + HT_TRACE_PIECE / HT_RAW_BYTES <= ring->room / 4U * 3U;
}

/* Where a piece belongs is said with it, so the drain may read it twice. When one finds no room the
 * record is given up: the drain forgets the pieces before it when the next record begins. */
bool ht_trace_say(ht_tracker_t *tracker, const ht_trace_said_t *said, bool *traced)
{
    bool fits = true;
    for (uint32_t done = 0; fits && done < said->length; done += HT_TRACE_PIECE) {
        uint8_t piece[HT_TRACE_PIECE] = {0};
        uint32_t left = said->length - done;
        memcpy(piece, said->bytes + done, left < sizeof(piece) ? left : sizeof(piece));
        ht_port_irq_t irq = ht_port_lock(&tracker->lock);
        ht_trace_t *trace = tracker->trace;
        *traced = trace != NULL;
        fits = trace != NULL && has_room(trace);
        if (fits) {
            const ht_raw_t first = {.address = (uintptr_t)done << 16 | said->length,
                                    .what = said->tag,
                                    .who = said->origin,
                                    .tick = ht_port_tick()};
            fits = put_long(trace, HT_RAW_SAID, &first, piece, sizeof(piece));
        }
        ht_port_unlock(&tracker->lock, irq);
    }
    return fits;
}

/* --- on and off ---------------------------------------------------------------------------------
 */

void ht_trace_attach(ht_tracker_t *tracker, ht_trace_t *trace)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    __atomic_store_n(&tracker->trace, trace, __ATOMIC_RELAXED);
    ht_table_stay(&tracker->table, true);
    tracker->tasks.traced_span = tracker->tasks.last_span;
    tracker->tasks.last_span = 0;
    ht_tracker_choose_way(tracker);
    ht_port_unlock(&tracker->lock, irq);
    ht_trace_sum(tracker, trace);
}

void ht_trace_detach(ht_tracker_t *tracker)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    __atomic_store_n(&tracker->trace, NULL, __ATOMIC_RELAXED);
    ht_table_stay(&tracker->table, false);
    tracker->tasks.traced_span = 0;
    ht_tracker_choose_way(tracker);
    ht_port_unlock(&tracker->lock, irq);
}
