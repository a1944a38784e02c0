/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_query.h"

#include <string.h>

/* A number that others write under the lock. */
static uint32_t read_locked(ht_tracker_t *tracker, const uint32_t *number)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    uint32_t now = *number;
    ht_port_unlock(&tracker->lock, irq);
    return now;
}

static ht_stamp_t stamp_of(const heaptrail_mark_t *mark)
{
    return (ht_stamp_t){(ht_tick_t)mark->tick, mark->order};
}

static bool is_since(ht_stamp_t stamp, const heaptrail_mark_t *mark)
{
    return mark == NULL || (mark->tick == 0 && mark->order == 0) ||
           ht_stamp_after(stamp, stamp_of(mark));
}

bool ht_query_is_since(uint64_t sequence, const heaptrail_mark_t *mark)
{
    /* A sequence number is a stamp, and wraps with its tick. */
    const uint64_t range = HT_64BIT ? UINT64_MAX : (UINT64_C(1) << (32U + HT_ORDER_BITS)) - 1U;
    if (mark->tick == 0 && mark->order == 0) { return true; }
    uint64_t begun = ((uint64_t)(ht_tick_t)mark->tick << HT_ORDER_BITS) | mark->order;
    uint64_t after = (sequence - begun) & range;
    return after != 0 && after <= range >> 1;
}

static heaptrail_origin_t origin_row(const ht_tracker_t *tracker, uint32_t id,
                                     const ht_origin_t *origin)
{
    return (heaptrail_origin_t){
        .id = id,
        .site = origin->site,
        /* In the origin itself and not in the copy, which ends before the row does. */
        .frames = ht_origin_is_lone(origin->depth, origin->site)
                      ? &tracker->origins.origins[id].caller
                      : &tracker->origins.frames[origin->frame_first],
        .frame_count = origin->depth,
        .method = (heaptrail_method_t)origin->method,
        .caps = origin->caps,
    };
}

heaptrail_origin_t ht_query_origin(const ht_tracker_t *tracker, ht_origin_id_t id)
{
    return origin_row(tracker, id.index, &tracker->origins.origins[id.index]);
}

static void block_row(const ht_tracker_t *tracker, const ht_record_t *record, ht_tick_t now,
                      heaptrail_block_row_t *row)
{
    uint32_t task = ht_record_task(record).index;
    ht_stamp_t stamp = ht_record_stamp(record);
    row->address = record->address;
    row->size_bytes = ht_record_size(record);
    uint32_t origin = ht_record_origin(record).index;
    row->origin = origin_row(tracker, origin, &tracker->origins.origins[origin]);
    row->heap_id = ht_record_heap(record).index;
    row->task_id = task;
    memcpy(row->task_name, tracker->tasks.rows[task].name, sizeof(row->task_name));
    row->core = (uint8_t)ht_record_core(record);
    row->in_isr = task == HT_TASK_ISR_0 || task == HT_TASK_ISR_1;
    row->age_us = ht_ticks_to_us(ht_age(now, record->tick));
    row->sequence = ((uint64_t)stamp.tick << HT_ORDER_BITS) | stamp.order;
}

/* Copy the records of a bucket. The only part of a walk over the blocks that runs under the lock.
 */
uint32_t ht_query_bucket(ht_tracker_t *tracker, uint32_t bucket, ht_record_t out[HT_BUCKET_SLOTS],
                         uint32_t *moves)
{
    uint32_t count = 0;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    /* Not before: the table may be another one when the lock is ours. */
    const ht_record_t *slot = tracker->table.buckets[bucket].slot;
    for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
        if (ht_record_is_live(&slot[i])) {
            out[count] = slot[i];
            out[count++].address = ht_record_block(&slot[i]);
        }
    }
    *moves = tracker->table.moves;
    ht_port_unlock(&tracker->lock, irq);
    return count;
}

/* Apart: the row is on the stack only where somebody chooses. */
__attribute__((noinline)) static bool chosen(const ht_tracker_t *tracker,
                                             const heaptrail_choice_t *choice,
                                             const ht_record_t *record, ht_tick_t now)
{
    heaptrail_block_row_t row;
    block_row(tracker, record, now, &row);
    return choice->fn(choice->context, &row);
}

static bool selected(const ht_tracker_t *tracker, const ht_select_t *select,
                     const ht_record_t *record, ht_tick_t now)
{
    if (select == NULL) { return true; }
    uint32_t heap = ht_record_heap(record).index;
    return is_since(ht_record_stamp(record), select->since) &&
           (select->task_id == 0 || select->task_id == ht_record_task(record).index) &&
           (select->origin_id == 0 || select->origin_id == ht_record_origin(record).index) &&
           (select->heap_id == 0 || select->heap_id == heap) &&
           (tracker->heaps.row[heap].caps & select->caps) == select->caps &&
           ht_record_size(record) >= select->size_min &&
           ht_ticks_to_us(ht_age(now, record->tick)) >= select->age_min_us &&
           (select->choice == NULL || chosen(tracker, select->choice, record, now));
}

/* What each walk over the table calls for a record that is selected. False ends the walk. */
typedef bool (*record_fn)(ht_tracker_t *tracker, const ht_record_t *record, ht_tick_t now,
                          void *context);

static ht_walk_t walk_records(ht_tracker_t *tracker, const ht_select_t *select, record_fn fn,
                              void *context)
{
    ht_walk_t walk = {0};
    if (tracker->state == HT_STATE_NEW) { return walk; }
    ht_tick_t now = ht_port_tick();
    uint32_t moves_at_start = 0;
    for (uint32_t b = 0; b <= tracker->table.bucket_count && !walk.stopped; b++) {
        ht_record_t records[HT_BUCKET_SLOTS];
        uint32_t moves = 0;
        uint32_t count = ht_query_bucket(tracker, b, records, &moves);
        if (b == 0) { moves_at_start = moves; }
        walk.disturbed = walk.disturbed || moves != moves_at_start;
        for (uint32_t i = 0; i < count && !walk.stopped; i++) {
            if (selected(tracker, select, &records[i], now)) {
                walk.rows++;
                walk.stopped = !fn(tracker, &records[i], now, context);
            }
        }
    }
    return walk;
}

typedef struct {
    ht_block_fn fn;
    void *context;
} block_call_t;

static bool call_block(ht_tracker_t *tracker, const ht_record_t *record, ht_tick_t now,
                       void *context)
{
    const block_call_t *call = context;
    heaptrail_block_row_t row;
    block_row(tracker, record, now, &row);
    return call->fn(call->context, &row);
}

ht_walk_t ht_query_blocks(ht_tracker_t *tracker, const ht_select_t *select, ht_block_fn fn,
                          void *context)
{
    block_call_t call = {fn, context};
    return walk_records(tracker, select, call_block, &call);
}

/* The since_* fields belong to the one query that set tracker->query; the lock is for the row of a
 * task, which may be given to another one just then. */
static bool add_since(ht_tracker_t *tracker, const ht_record_t *record, ht_tick_t now,
                      void *context)
{
    const heaptrail_mark_t *since = context;
    size_t size = ht_record_size(record);
    ht_origin_t *origin = &tracker->origins.origins[ht_record_origin(record).index];
    ht_tick_t age = ht_age(now, record->tick) + 1U;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    if (age > origin->oldest_age) { origin->oldest_age = age; }
    if (is_since(ht_record_stamp(record), since)) {
        ht_task_t *task = &tracker->tasks.rows[ht_record_task(record).index];
        ht_heap_t *heap = &tracker->heaps.row[ht_record_heap(record).index];
        origin->since_blocks++;
        origin->since_bytes += size;
        task->since_blocks++;
        task->since_bytes += size;
        heap->since_blocks++;
        heap->since_bytes += size;
    }
    ht_port_unlock(&tracker->lock, irq);
    return true;
}

static void clear_since(ht_tracker_t *tracker)
{
    uint32_t origins = read_locked(tracker, &tracker->origins.count);
    for (uint32_t i = 0; i <= origins; i++) {
        ht_port_irq_t irq = ht_port_lock(&tracker->lock);
        tracker->origins.origins[i].since_blocks = 0;
        tracker->origins.origins[i].since_bytes = 0;
        tracker->origins.origins[i].oldest_age = 0;
        ht_port_unlock(&tracker->lock, irq);
    }
    uint32_t tasks = read_locked(tracker, &tracker->tasks.row_count);
    for (uint32_t i = 0; i < tasks; i++) {
        ht_port_irq_t irq = ht_port_lock(&tracker->lock);
        tracker->tasks.rows[i].since_blocks = 0;
        tracker->tasks.rows[i].since_bytes = 0;
        ht_port_unlock(&tracker->lock, irq);
    }
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    for (uint32_t i = 0; i <= tracker->heaps.count; i++) {
        tracker->heaps.row[i].since_blocks = 0;
        tracker->heaps.row[i].since_bytes = 0;
    }
    ht_port_unlock(&tracker->lock, irq);
}

bool ht_query_since_begin(ht_tracker_t *tracker, const ht_select_t *select, bool *disturbed)
{
    if (tracker->state == HT_STATE_NEW) { return false; }
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    bool mine = tracker->query == 0;
    tracker->query = 1;
    ht_port_unlock(&tracker->lock, irq);
    if (!mine) { return false; }
    clear_since(tracker);
    ht_select_t all = select != NULL ? *select : (ht_select_t){0};
    const heaptrail_mark_t *since = all.since;
    all.since = NULL; /* the age of the oldest block counts blocks from before the mark too */
    heaptrail_mark_t mark = since != NULL ? *since : (heaptrail_mark_t){0};
    ht_walk_t walk = walk_records(tracker, &all, add_since, &mark);
    if (disturbed != NULL) { *disturbed = walk.disturbed; }
    return true;
}

void ht_query_since_end(ht_tracker_t *tracker)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    tracker->query = 0;
    ht_port_unlock(&tracker->lock, irq);
}

/* All zero for an origin whose key is being written just now: it has counted nothing yet. */
static ht_origin_t copy_origin(ht_tracker_t *tracker, uint32_t id)
{
    ht_origin_t copy = {0};
    const ht_origin_t *origin = &tracker->origins.origins[id];
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    if (id == 0 || origin->id != 0) { copy = *origin; }
    ht_port_unlock(&tracker->lock, irq);
    return copy;
}

static void site_row(ht_tracker_t *tracker, uint32_t id, heaptrail_site_row_t *row)
{
    const ht_origin_t copy = copy_origin(tracker, id);
    *row = (heaptrail_site_row_t){
        .origin = origin_row(tracker, id, &copy),
        .live_blocks = ht_origin_live_blocks(&copy),
        .live_bytes = copy.live_bytes,
        .peak_bytes = copy.peak_bytes,
        .total_blocks = copy.total_blocks,
        .total_bytes = copy.total_bytes.all,
        .dropped_blocks = copy.dropped_blocks,
        .failures = copy.failures,
        .since_blocks = copy.since_blocks,
        .since_bytes = copy.since_bytes,
        .oldest_age_us = copy.oldest_age == 0 ? 0 : ht_ticks_to_us(copy.oldest_age - 1U),
    };
    for (uint32_t b = 0; b < HT_LIFETIME_BUCKETS; b++) {
        row->lifetimes[b] = copy.lifetimes[b];
    }
}

bool ht_query_site(ht_tracker_t *tracker, uint32_t origin_id, heaptrail_site_row_t *row)
{
    if (tracker->state == HT_STATE_NEW ||
        origin_id > read_locked(tracker, &tracker->origins.count)) {
        return false;
    }
    site_row(tracker, origin_id, row);
    return true;
}

ht_walk_t ht_query_sites(ht_tracker_t *tracker, ht_site_fn fn, void *context)
{
    ht_walk_t walk = {0};
    if (tracker->state == HT_STATE_NEW) { return walk; }
    uint32_t last = read_locked(tracker, &tracker->origins.count);
    for (uint32_t id = 0; id <= last && !walk.stopped; id++) {
        heaptrail_site_row_t row;
        site_row(tracker, id, &row);
        if (row.total_blocks != 0 || row.failures != 0) {
            walk.rows++;
            walk.stopped = !fn(context, &row);
        }
    }
    return walk;
}

void ht_query_task(ht_tracker_t *tracker, uint32_t id, heaptrail_task_row_t *row)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_tally_settle(&tracker->tally);
    const ht_task_t copy = tracker->tasks.rows[id];
    ht_port_unlock(&tracker->lock, irq);
    *row = (heaptrail_task_row_t){
        .id = id,
        .handle = copy.key,
        .deleted = copy.used == HT_TASK_GONE,
        .live_blocks = ht_task_live_blocks(&copy),
        .live_bytes = copy.live_bytes,
        .peak_bytes = copy.peak_bytes,
        .total_blocks = copy.total_blocks,
        .total_bytes = copy.total_bytes.all,
        .since_blocks = copy.since_blocks,
        .since_bytes = copy.since_bytes,
    };
    memcpy(row->name, copy.name, sizeof(row->name));
}

ht_walk_t ht_query_tasks(ht_tracker_t *tracker, ht_task_fn fn, void *context)
{
    ht_walk_t walk = {0};
    if (tracker->state == HT_STATE_NEW) { return walk; }
    uint32_t end = read_locked(tracker, &tracker->tasks.row_count);
    for (uint32_t id = 0; id < end && !walk.stopped; id++) {
        heaptrail_task_row_t row;
        ht_query_task(tracker, id, &row);
        if (row.total_blocks != 0 || (id >= HT_TASK_FIRST && !row.deleted)) {
            walk.rows++;
            walk.stopped = !fn(context, &row);
        }
    }
    return walk;
}

static uint32_t permille(size_t part, size_t whole)
{
    return whole == 0 || part > whole ? 0 : (uint32_t)((uint64_t)part * 1000U / whole);
}

static void heap_row(ht_tracker_t *tracker, uint32_t id, heaptrail_heap_row_t *row)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_tally_settle(&tracker->tally);
    const ht_heap_t copy = tracker->heaps.row[id];
    ht_port_unlock(&tracker->lock, irq);
    *row = (heaptrail_heap_row_t){
        .id = id,
        .pool = copy.kind == HT_HEAP_POOL,
        .start = copy.start,
        .size_bytes = copy.kind == HT_HEAP_POOL ? copy.pool_size : copy.size,
        .caps = copy.caps,
        .live_blocks = copy.total_blocks - copy.freed_blocks,
        .live_bytes = copy.live_bytes,
        .peak_bytes = copy.peak_bytes,
        .total_blocks = copy.total_blocks,
        .since_blocks = copy.since_blocks,
        .since_bytes = copy.since_bytes,
        .sampled = copy.sampled,
        .free_bytes = copy.free_bytes,
        .largest_free_bytes = copy.largest_free_bytes,
        .min_free_bytes = copy.min_free_bytes,
        .min_largest_free_bytes = copy.min_largest_free_bytes,
        .fragmentation_permille =
            permille(copy.free_bytes - copy.largest_free_bytes, copy.free_bytes),
        .sample_age_us = copy.sampled ? ht_ticks_to_us(ht_age(ht_port_tick(), copy.sampled_at)) : 0,
    };
    memcpy(row->name, copy.name, sizeof(row->name));
}

ht_walk_t ht_query_heaps(ht_tracker_t *tracker, ht_heap_fn fn, void *context)
{
    ht_walk_t walk = {0};
    if (tracker->state == HT_STATE_NEW) { return walk; }
    uint32_t last = read_locked(tracker, &tracker->heaps.count);
    for (uint32_t id = 0; id <= last && !walk.stopped; id++) {
        heaptrail_heap_row_t row;
        heap_row(tracker, id, &row);
        bool gone = tracker->heaps.row[id].kind == HT_HEAP_GONE;
        if ((id != 0 || row.total_blocks != 0) && !gone) {
            walk.rows++;
            walk.stopped = !fn(context, &row);
        }
    }
    return walk;
}

static void failure_row(const ht_tracker_t *tracker, const ht_failure_t *failure,
                        heaptrail_failure_row_t *row)
{
    uint32_t origin = failure->origin.index;
    *row = (heaptrail_failure_row_t){
        .number = failure->number,
        .size_bytes = failure->size,
        .caps = failure->caps,
        .alignment = failure->alignment,
        .origin = origin_row(tracker, origin, &tracker->origins.origins[origin]),
        .task_id = failure->task.index,
        .in_isr = failure->task.index == HT_TASK_ISR_0 || failure->task.index == HT_TASK_ISR_1,
        .measured = failure->measured,
        .free_bytes = failure->free_bytes,
        .largest_free_bytes = failure->largest_free_bytes,
        .age_us = ht_ticks_to_us(ht_age(ht_port_tick(), failure->stamp.tick)),
    };
    memcpy(row->task_name, tracker->tasks.rows[failure->task.index].name, sizeof(row->task_name));
}

ht_walk_t ht_query_failures(ht_tracker_t *tracker, const ht_select_t *select, ht_failure_fn fn,
                            void *context)
{
    ht_walk_t walk = {0};
    const ht_failures_t *failures = &tracker->failures;
    uint32_t end = tracker->state == HT_STATE_NEW ? 0 : read_locked(tracker, &failures->count);
    uint32_t begin = end > failures->max ? end - failures->max : 0;
    for (uint32_t n = begin; n < end && !walk.stopped; n++) {
        ht_port_irq_t irq = ht_port_lock(&tracker->lock);
        const ht_failure_t copy = failures->ring[n % failures->max];
        ht_port_unlock(&tracker->lock, irq);
        if (copy.number == n + 1U && (select == NULL || is_since(copy.stamp, select->since))) {
            heaptrail_failure_row_t row;
            failure_row(tracker, &copy, &row);
            walk.rows++;
            walk.stopped = !fn(context, &row);
        }
        walk.disturbed = walk.disturbed || copy.number != n + 1U;
    }
    return walk;
}

typedef struct {
    uintptr_t address;
    ht_record_t found;
} whois_t;

static bool contains(ht_tracker_t *tracker, const ht_record_t *record, ht_tick_t now, void *context)
{
    (void)now;
    whois_t *whois = context;
    if (whois->address - record->address >= ht_record_size(record)) { return true; }
    bool pooled = ht_in_pool(tracker, record);
    if (pooled || whois->found.address == 0) { whois->found = *record; }
    return tracker->heaps.pools != 0 && !pooled; /* a pool's block lies in a heap's: go on */
}

bool ht_query_whois(ht_tracker_t *tracker, uintptr_t address, heaptrail_block_row_t *row,
                    size_t *offset)
{
    if (tracker->state == HT_STATE_NEW || address <= HT_ADDRESS_HELD) { return false; }
    whois_t whois = {.address = address};
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    const ht_record_t *exact = NULL;
    if (address % 4U == 0) { exact = ht_table_find(&tracker->table, ht_pool_key(address)); }
    if (exact == NULL) { exact = ht_table_find(&tracker->table, address); }
    if (exact != NULL) {
        whois.found = *exact;
        whois.found.address = address;
    }
    ht_port_unlock(&tracker->lock, irq);
    for (int tries = 0; whois.found.address == 0; tries++) {
        ht_walk_t walk = walk_records(tracker, NULL, contains, &whois);
        if (!walk.disturbed || tries == 3) { break; }
    }
    if (whois.found.address == 0) { return false; }
    block_row(tracker, &whois.found, ht_port_tick(), row);
    if (offset != NULL) { *offset = address - whois.found.address; }
    return true;
}

bool ht_query_block_at(ht_tracker_t *tracker, uintptr_t address, heaptrail_block_row_t *row)
{
    ht_record_t copy;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    const ht_record_t *record = ht_table_find(&tracker->table, address);
    if (record != NULL) { copy = *record; }
    ht_port_unlock(&tracker->lock, irq);
    if (record == NULL) { return false; }
    copy.address = address;
    block_row(tracker, &copy, ht_port_tick(), row);
    return true;
}

static void add_origins(ht_tracker_t *tracker, heaptrail_status_t *status)
{
    for (uint32_t id = 0; id <= status->origins; id++) {
        const ht_origin_t copy = copy_origin(tracker, id);
        status->live_blocks += ht_origin_live_blocks(&copy);
        status->live_bytes += copy.live_bytes;
        status->total_blocks += copy.total_blocks;
        status->total_bytes += copy.total_bytes.all;
        status->total_frees += ht_origin_freed_blocks(&copy);
    }
}

/* Blocks of pools are in other blocks, or in static memory: not counted twice. */
static void take_pools_out(ht_tracker_t *tracker, heaptrail_status_t *status)
{
    for (uint32_t id = 1; id <= HT_HEAPS_MAX; id++) {
        ht_port_irq_t irq = ht_port_lock(&tracker->lock);
        const ht_heap_t *row = &tracker->heaps.row[id];
        if (row->kind != HT_HEAP_REAL) {
            status->pools += row->kind == HT_HEAP_POOL;
            status->pool_blocks += row->total_blocks - row->freed_blocks;
            status->pool_bytes += row->live_bytes;
        }
        ht_port_unlock(&tracker->lock, irq);
    }
    /* Counted a moment later: may be more than there were. */
    bool more =
        status->pool_blocks > status->live_blocks || status->pool_bytes > status->live_bytes;
    status->live_blocks -= more ? status->live_blocks : status->pool_blocks;
    status->live_bytes -= more ? status->live_bytes : status->pool_bytes;
}

void ht_query_status(ht_tracker_t *tracker, heaptrail_status_t *status)
{
    *status = (heaptrail_status_t){0};
    if (tracker->state == HT_STATE_NEW) { return; }
    const ht_failures_t *failures = &tracker->failures;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    status->running = tracker->state == HT_STATE_RUNNING;
    status->failures = failures->count;
    status->max_blocks = tracker->table.limit;
    status->origins = tracker->origins.count;
    status->max_origins = tracker->origins.max;
    status->tasks = tracker->tasks.row_count - HT_TASK_FIRST;
    status->max_tasks = tracker->tasks.max;
    status->heaps = tracker->heaps.count - tracker->heaps.pools - tracker->heaps.gone;
    status->stack_depth = tracker->stack_depth;
    status->memory_bytes = tracker->memory_bytes;
    status->generation = tracker->generation;
    status->pauses = tracker->pauses;
    status->loss = (heaptrail_loss_t){
        .table_full = tracker->lost_full,
        .table_crowded = tracker->lost_crowded,
        .too_large = tracker->lost_large,
        .origins_full = tracker->origins.lost_origins,
        .frames_full = tracker->origins.lost_frames,
        .tasks_full = tracker->tasks.lost,
        .failures_overwritten =
            failures->count > failures->max ? failures->count - failures->max : 0,
        .unknown_frees = tracker->unknown_frees,
        .filtered = tracker->lost_filtered,
    };
    ht_port_unlock(&tracker->lock, irq);
    status->uptime_us = ht_port_uptime_us();
    add_origins(tracker, status);
    if (tracker->heaps.pools != 0) { take_pools_out(tracker, status); }
}
