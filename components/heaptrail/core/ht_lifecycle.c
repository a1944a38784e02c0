/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* A tracker's life around the hot path: memory, heaps, marks, stop and go, reset. */
#include <string.h>

#include "ht_hot.h"

#define MAX_BLOCKS (1U << 24)

const char *ht_sizes_check(const ht_sizes_t *sizes)
{
    if (sizes->max_blocks == 0 || sizes->max_blocks > MAX_BLOCKS) { return "max_blocks"; }
    if (sizes->max_origins == 0 || sizes->max_origins >= HT_MASK(HT_ORIGIN_BITS) ||
        sizes->max_origins > MAX_BLOCKS) {
        return "max_origins";
    }
    if (sizes->max_tasks == 0 || sizes->max_tasks > HT_MASK(HT_TASK_BITS) + 1U - HT_TASK_FIRST) {
        return "max_tasks";
    }
    if (sizes->stack_depth > HT_STACK_DEPTH_MAX) { return "stack_depth"; }
    if (sizes->frame_words > MAX_BLOCKS || (sizes->frame_words == 0 && sizes->stack_depth > 1)) {
        return "frame_words";
    }
    if (sizes->max_failures > MAX_BLOCKS) { return "max_failures"; }
    if (sizes->max_freed > MAX_BLOCKS || (sizes->max_freed & (sizes->max_freed - 1U)) != 0) {
        return "max_freed";
    }
    return NULL;
}

/* Where each table lies in the tracker's memory. The one with the largest alignment comes first. */
typedef struct {
    size_t origins, buckets, tasks, failures, freed, frames, origin_index, task_index, end;
} layout_t;

static size_t take(size_t *at, size_t count, size_t size)
{
    size_t start = (*at + sizeof(uint64_t) - 1U) & ~(sizeof(uint64_t) - 1U);
    *at = start + count * size;
    return start;
}

static layout_t lay_out(const ht_sizes_t *sizes)
{
    layout_t layout = {0};
    size_t at = 0;
    layout.origins = take(&at, sizes->max_origins + 1U, sizeof(ht_origin_t));
    layout.buckets = take(&at, ht_table_buckets_for(sizes->max_blocks) + 1U, sizeof(ht_bucket_t));
    layout.tasks = take(&at, HT_TASK_FIRST + sizes->max_tasks, sizeof(ht_task_t));
    layout.failures = take(&at, sizes->max_failures, sizeof(ht_failure_t));
    layout.freed = take(&at, sizes->max_freed, sizeof(ht_freed_t));
    layout.frames = take(&at, sizes->frame_words, sizeof(uintptr_t));
    layout.origin_index =
        take(&at, ht_origins_index_size(sizes->max_origins), sizeof(ht_origin_slot_t));
    layout.task_index = take(&at, ht_tasks_index_size(sizes->max_tasks), sizeof(uint16_t));
    (void)take(&at, 0, 1);
    layout.end = (at + sizeof(uint64_t) - 1U) & ~(sizeof(uint64_t) - 1U);
    return layout;
}

size_t ht_tracker_memory_bytes(const ht_sizes_t *sizes)
{
    return ht_sizes_check(sizes) == NULL ? lay_out(sizes).end : 0;
}

ht_plan_t ht_tracker_plan(const ht_sizes_t *sizes, void *memory)
{
    layout_t layout = lay_out(sizes);
    unsigned char *base = memory;
    ht_plan_t plan = {.stack_depth = sizes->stack_depth,
                      .memory_bytes = layout.end + sizeof(ht_tracker_t)};
    ht_table_init(&plan.table, (void *)(base + layout.buckets),
                  ht_table_buckets_for(sizes->max_blocks));
    plan.origins = (ht_origins_t){
        .origins = (void *)(base + layout.origins),
        .index = (void *)(base + layout.origin_index),
        .frames = (void *)(base + layout.frames),
        .max = sizes->max_origins,
        .index_mask = ht_origins_index_size(sizes->max_origins) - 1U,
        .frames_max = sizes->frame_words,
    };
    plan.tasks = (ht_tasks_t){
        .rows = (void *)(base + layout.tasks),
        .index = (void *)(base + layout.task_index),
        .max = sizes->max_tasks,
        .index_mask = ht_tasks_index_size(sizes->max_tasks) - 1U,
    };
    ht_tasks_init(&plan.tasks);
    plan.failures =
        (ht_failures_t){.ring = (void *)(base + layout.failures), .max = sizes->max_failures};
    plan.freed = (ht_freed_ring_t){.ring = (void *)(base + layout.freed), .max = sizes->max_freed};
    return plan;
}

static inline int8_t way_of(const ht_tracker_t *tracker)
{
    const ht_checks_t *checks = &tracker->checks;
    if (tracker->state != HT_STATE_RUNNING) {
        return tracker->state == HT_STATE_NEW || checks->on ? HT_WAY_OTHER : HT_WAY_STOPPED;
    }
    if (tracker->filtering) { return HT_WAY_OTHER; }
    if (!checks->on && tracker->stack_depth <= 1) {
        return ht_tracing(tracker) ? HT_WAY_TRACED : HT_WAY_QUICK;
    }
    if (!checks->on) { return HT_WAY_STACKS; }
    return checks->simple_alloc && tracker->stack_depth <= 1 ? HT_WAY_GUARDED : HT_WAY_OTHER;
}

HT_PORT_HOT void ht_tracker_choose_way(ht_tracker_t *tracker)
{
    tracker->ends_simply =
        tracker->state == HT_STATE_RUNNING && !tracker->checks.slow_free && !ht_tracing(tracker);
    tracker->way = way_of(tracker);
}

HT_PORT_HOT void ht_tracker_settle(ht_tracker_t *tracker)
{
    ht_checks_t *checks = &tracker->checks;
    ht_freed_ring_t *freed = &tracker->freed;
    freed->on = freed->max != 0 && (checks->wrong_frees || freed->limit_blocks != 0);
    checks->simple_alloc = checks->redzones && checks->front != 0 && !checks->fill_new;
    checks->slow_free = checks->fill_freed || checks->heap_headers || freed->on;
    ht_tracker_choose_way(tracker);
}

void ht_tracker_prepare(ht_tracker_t *tracker, const ht_plan_t *plan)
{
    ht_bit_lengths_init(&tracker->bit_length);
    ht_callers_init(&tracker->callers, &plan->origins);
}

bool ht_tracker_claim(ht_tracker_t *tracker)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    bool unused = tracker->state == HT_STATE_STOPPED && tracker->table.count == 0 &&
                  tracker->origins.count == 0;
    if (unused) { __atomic_store_n(&tracker->state, HT_STATE_MOVING, __ATOMIC_RELAXED); }
    ht_port_unlock(&tracker->lock, irq);
    return unused;
}

/* Only the ring is another one: what a quarantine may hold, and how it is filled, was set. */
static HT_PORT_HOT void take_ring(ht_freed_ring_t *freed, const ht_freed_ring_t *plan)
{
    const uint32_t most = plan->max != 0 ? plan->max - 1U : 0;
    freed->ring = plan->ring;
    freed->max = plan->max;
    if (freed->limit_blocks > most) { freed->limit_blocks = most; }
}

HT_PORT_HOT void ht_tracker_begin(ht_tracker_t *tracker, const ht_plan_t *plan, uint32_t state)
{
    tracker->table = plan->table;
    tracker->origins = plan->origins;
    tracker->tasks = plan->tasks;
    tracker->failures = plan->failures;
    take_ring(&tracker->freed, &plan->freed);
    memcpy(tracker->heaps.row[0].name, "(other memory)", sizeof("(other memory)"));
    tracker->tally = (ht_tally_t){.task = tracker->tasks.rows, .heap = tracker->heaps.row};
    ht_heap_is_last(&tracker->heaps, tracker->heaps.row);
    tracker->stack_depth = plan->stack_depth;
    tracker->memory_bytes = plan->memory_bytes;
    tracker->started_at = ht_port_tick();
    tracker->swept_at = tracker->started_at;
    tracker->last.tick = tracker->started_at;
    tracker->blind = tracker->blind || state != HT_STATE_RUNNING; /* stopped until now, perhaps */
    __atomic_store_n(&tracker->state, state, __ATOMIC_RELEASE);
    ht_tracker_settle(tracker);
}

void ht_tracker_init(ht_tracker_t *tracker, const ht_sizes_t *sizes, void *memory, uint32_t state)
{
    ht_plan_t plan = ht_tracker_plan(sizes, memory);
    ht_tracker_prepare(tracker, &plan);
    ht_tracker_begin(tracker, &plan, state);
}

void ht_tracker_task_gone(ht_tracker_t *tracker, uintptr_t key)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    if (ht_table_find(&tracker->table, key) == NULL) {
        ht_tracker_retire_task(tracker, key);
    } /* else the TCB is a block that we see being freed, after the task's last words */
    ht_port_unlock(&tracker->lock, irq);
}

void ht_tracker_task_named(ht_tracker_t *tracker, uintptr_t key, const char *name)
{
    char copy[HT_TASK_NAME_MAX] = "";
    for (size_t i = 0; name[i] != '\0' && i + 1U < sizeof(copy); i++) {
        copy[i] = name[i];
    }
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    uint32_t row = ht_task_find(&tracker->tasks, key);
    if (row >= HT_TASK_FIRST && memcmp(tracker->tasks.rows[row].name, copy, sizeof(copy)) != 0) {
        memcpy(tracker->tasks.rows[row].name, copy, sizeof(copy));
        ht_trace_task(tracker, row);
    }
    ht_port_unlock(&tracker->lock, irq);
}

/* Run `step` under the lock once for each i in 0 .. count - 1, giving the lock back in between. */
#define EACH_LOCKED(tracker, count, step)                                                          \
    do {                                                                                           \
        for (uint32_t i = 0; i < (count); i++) {                                                   \
            ht_port_irq_t each_irq_ = ht_port_lock(&(tracker)->lock);                              \
            step;                                                                                  \
            ht_port_unlock(&(tracker)->lock, each_irq_);                                           \
        }                                                                                          \
    } while (0)

/* Move the blocks of one bucket that lie in heap `id` there from row 0. Lock held. */
static void adopt_bucket(ht_tracker_t *tracker, ht_bucket_t *bucket, uint32_t id)
{
    const ht_heap_t *heap = &tracker->heaps.row[id];
    for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
        ht_record_t *record = &bucket->slot[i];
        if (ht_record_is_live(record) && record->address - heap->start < heap->size) {
            ht_tracker_adopt(tracker, record, (ht_heap_id_t){id});
        }
    }
}

/* As often as a record moved meanwhile: it may be in a bucket that was done already. */
static void adopt_blocks(ht_tracker_t *tracker, uint32_t id)
{
    uint32_t before = 0;
    uint32_t after = 0;
    do {
        EACH_LOCKED(tracker, 1, before = tracker->table.moves);
        EACH_LOCKED(tracker, tracker->table.bucket_count + 1U,
                    adopt_bucket(tracker, &tracker->table.buckets[i], id));
        EACH_LOCKED(tracker, 1, after = tracker->table.moves);
    } while (after != before);
}

bool ht_tracker_add_heap(ht_tracker_t *tracker, uintptr_t start, size_t size, uint32_t caps,
                         const char *name)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    uint32_t id = tracker->heaps.count + 1U;
    if (id > HT_HEAPS_MAX) {
        ht_port_unlock(&tracker->lock, irq);
        return false;
    }
    ht_heap_t *heap = &tracker->heaps.row[id]; /* all zero: rows are used once */
    for (size_t i = 0; i + 1 < sizeof(heap->name) && name != NULL && name[i] != '\0'; i++) {
        heap->name[i] = name[i];
    }
    heap->start = start;
    heap->caps = caps;
    heap->size = size;
    tracker->heaps.last_size = 0; /* blocks of row 0 may lie in it */
    __atomic_store_n(&tracker->heaps.count, id, __ATOMIC_RELEASE);
    if (ht_tracing(tracker)) { ht_trace_heap(tracker, id); }
    ht_port_unlock(&tracker->lock, irq);
    if (tracker->state != HT_STATE_NEW) { adopt_blocks(tracker, id); }
    return true;
}

ht_stamp_t ht_tracker_mark(ht_tracker_t *tracker)
{
    ht_tick_t now = ht_port_tick();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_stamp_t *last = &tracker->last;
    bool clock_is_ahead = (ht_tick_t)(now - last->tick) < ((ht_tick_t) ~(ht_tick_t)0 >> 1);
    last->tick = (clock_is_ahead ? now : last->tick) + 1U;
    last->order = last->tick == 0; /* all zero would mean "since the beginning" */
    ht_stamp_t mark = *last;
    ht_port_unlock(&tracker->lock, irq);
    return mark;
}

void ht_tracker_run(ht_tracker_t *tracker, bool run)
{
    uint32_t state = run ? HT_STATE_RUNNING : HT_STATE_STOPPED;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    if (tracker->state != HT_STATE_MOVING) {
        tracker->blind = true; /* was, or will be */
        if (!run) { tracker->pauses++; }
        tracker->lowmem.looks++; /* what is allocated while it is stopped is in no budget */
        tracker->lowmem.budget = 0;
        __atomic_store_n(&tracker->state, state, __ATOMIC_RELEASE);
        ht_tracker_choose_way(tracker);
    }
    ht_port_unlock(&tracker->lock, irq);
}

void ht_tracker_set_filter(ht_tracker_t *tracker, const ht_filter_t *filter)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    tracker->filter = *filter;
    tracker->blind = true;
    tracker->filtering = ht_filter_is_set(filter) || tracker->lowmem.count != 0;
    ht_tracker_choose_way(tracker);
    ht_port_unlock(&tracker->lock, irq);
}

/* Forget the block in a slot: a whole bucket would be too long a section. A slot that becomes empty
 * may take one back from the stash. A block inside realloc() is forgotten when that returns. Lock
 * held. */
static void forget_slot(ht_tracker_t *tracker, uint32_t i)
{
    ht_record_t *slot = &tracker->table.buckets[i / HT_BUCKET_SLOTS].slot[i % HT_BUCKET_SLOTS];
    while (ht_record_is_live(slot)) {
        ht_tracker_forget(tracker, slot);
    }
}

static void forget_origin(ht_origin_t *origin)
{
    origin->total_blocks = ht_origin_live_blocks(origin);
    origin->total_bytes.all = origin->live_bytes;
    origin->peak_bytes = origin->live_bytes;
    origin->freed_beyond = 0;
    origin->dropped_blocks = 0;
    origin->failures = 0;
    memset(origin->lifetimes, 0, sizeof(origin->lifetimes));
}

static void forget_task(ht_tracker_t *tracker, ht_task_t *task)
{
    ht_tally_settle(&tracker->tally);
    task->total_blocks = ht_task_live_blocks(task);
    task->total_bytes.all = task->live_bytes;
    task->peak_bytes = task->live_bytes;
    task->freed_blocks = 0;
}

static void forget_heap(ht_tracker_t *tracker, ht_heap_t *heap)
{
    ht_tally_settle(&tracker->tally);
    heap->total_blocks -= heap->freed_blocks;
    heap->freed_blocks = 0;
    heap->peak_bytes = heap->live_bytes;
    heap->sampled = false;
}

/* The generation changes once more: what was held while the reset ran is forgotten, too. */
static void forget_losses(ht_tracker_t *tracker)
{
    tracker->generation++;
    tracker->lost_full = 0;
    tracker->lost_crowded = 0;
    tracker->lost_large = 0;
    tracker->lost_filtered = 0;
    tracker->unknown_frees = 0;
    tracker->origins.lost_origins = 0;
    tracker->origins.lost_frames = 0;
    tracker->tasks.lost = 0;
    tracker->failures.count = 0;
    if (ht_tracing(tracker)) { ht_trace_reset(tracker); }
}

/* A record that moved meanwhile may be in a bucket that was done already: then once more. */
static void forget_blocks(ht_tracker_t *tracker)
{
    uint32_t before = 0;
    uint32_t after = 0;
    do {
        EACH_LOCKED(tracker, 1, before = tracker->table.moves);
        EACH_LOCKED(tracker, HT_BUCKET_SLOTS * (tracker->table.bucket_count + 1U),
                    forget_slot(tracker, i));
        EACH_LOCKED(tracker, 1, after = tracker->table.moves);
    } while (after != before);
}

void ht_tracker_reset(ht_tracker_t *tracker)
{
    uint32_t state = tracker->state;
    if (state == HT_STATE_NEW || state == HT_STATE_MOVING) { return; }
    ht_tracker_run(tracker, false);
    EACH_LOCKED(tracker, 1, tracker->generation++);
    forget_blocks(tracker);
    EACH_LOCKED(tracker, tracker->origins.count + 1U, forget_origin(&tracker->origins.origins[i]));
    EACH_LOCKED(tracker, tracker->tasks.row_count, forget_task(tracker, &tracker->tasks.rows[i]));
    EACH_LOCKED(tracker, tracker->heaps.count + 1U, forget_heap(tracker, &tracker->heaps.row[i]));
    EACH_LOCKED(tracker, tracker->failures.max, tracker->failures.ring[i].number = 0);
    EACH_LOCKED(tracker, 1, forget_losses(tracker));
    if (ht_tracing(tracker)) { ht_trace_sum_again(tracker); }
    ht_tracker_run(tracker, state == HT_STATE_RUNNING);
}

/* Stamps older than half the range of the tick stay at half the range. Lock held. */
static void sweep_bucket(ht_bucket_t *bucket, ht_tick_t now)
{
    const ht_tick_t half = (ht_tick_t) ~(ht_tick_t)0 >> 1;
    const ht_tick_t quarter = half >> 1;
    for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
        ht_record_t *record = &bucket->slot[i];
        ht_tick_t age = now - record->tick;
        if (record->address > HT_ADDRESS_HELD && age > quarter && age < half + quarter) {
            record->tick = now - quarter;
        }
    }
}

void ht_tracker_sweep(ht_tracker_t *tracker)
{
    ht_tick_t now = ht_port_tick();
    if (now - tracker->swept_at < (ht_tick_t) ~(ht_tick_t)0 >> 4) {
        return; /* a sweep each 1/16 of the range is enough */
    }
    tracker->swept_at = now;
    EACH_LOCKED(tracker, tracker->table.bucket_count + 1U,
                sweep_bucket(&tracker->table.buckets[i], now));
}

uint64_t ht_ticks_to_us(uint64_t ticks)
{
    uint32_t hz = ht_port_tick_hz();
    return ticks / hz * 1000000U + ticks % hz * 1000000U / hz;
}
