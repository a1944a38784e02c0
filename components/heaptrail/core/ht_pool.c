/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_pool.h"

#include "ht_hot.h"

static bool is_pool(const ht_heap_t *row)
{
    return row->kind == HT_HEAP_POOL;
}

/* Lock held. O(heaps). */
static bool overlaps_any(const ht_heaps_t *heaps, uintptr_t start, size_t size)
{
    for (uint32_t id = 1; id <= heaps->count; id++) {
        const ht_heap_t *row = &heaps->row[id];
        if (is_pool(row) && start - row->start < row->pool_size) { return true; }
        if (is_pool(row) && row->start - start < size) { return true; }
    }
    return false;
}

/* A row of a pool that is gone, else the next one; 0: none. Lock held. O(heaps). */
static uint32_t take_row(ht_heaps_t *heaps)
{
    for (uint32_t id = 1; id <= heaps->count; id++) {
        if (heaps->row[id].kind == HT_HEAP_GONE) { return id; }
    }
    return heaps->count < HT_HEAPS_MAX ? heaps->count + 1U : 0;
}

ht_heap_id_t ht_pool_add(ht_tracker_t *tracker, uintptr_t start, size_t size, const char *name,
                         bool *overlaps)
{
    ht_heaps_t *heaps = &tracker->heaps;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    *overlaps = overlaps_any(heaps, start, size);
    uint32_t id = *overlaps ? 0 : take_row(heaps);
    if (id != 0) {
        ht_heap_t *row = &heaps->row[id];
        *row = (ht_heap_t){.start = start, .pool_size = size, .kind = HT_HEAP_POOL};
        for (size_t i = 0; i + 1 < sizeof(row->name) && name[i] != '\0'; i++) {
            row->name[i] = name[i];
        }
        heaps->pools++;
        if (id <= heaps->count) { heaps->gone--; }
        if (id > heaps->count) { __atomic_store_n(&heaps->count, id, __ATOMIC_RELEASE); }
        if (ht_tracing(tracker)) { ht_trace_heap(tracker, id); }
    }
    ht_port_unlock(&tracker->lock, irq);
    return (ht_heap_id_t){id};
}

bool ht_pool_exists(const ht_tracker_t *tracker, ht_heap_id_t pool)
{
    return pool.index != 0 && pool.index <= HT_HEAPS_MAX &&
           is_pool(&tracker->heaps.row[pool.index]);
}

bool ht_pool_holds(const ht_tracker_t *tracker, ht_heap_id_t pool, uintptr_t address, size_t size)
{
    const ht_heap_t *row = &tracker->heaps.row[pool.index];
    uintptr_t offset = address - row->start;
    return offset < row->pool_size && size <= row->pool_size - offset;
}

/* The record of a pool's block. Lock held. O(1). */
static ht_record_t *find(ht_tracker_t *tracker, ht_heap_id_t pool, uintptr_t address)
{
    ht_record_t *record = ht_table_find(&tracker->table, ht_pool_key(address));
    return record != NULL && ht_record_heap(record).index == pool.index ? record : NULL;
}

/* The block of this record ended, if it is there. Lock held. */
static bool end(ht_tracker_t *tracker, ht_record_t *record, ht_tick_t now)
{
    if (record != NULL) {
        if (ht_tracing(tracker)) { ht_trace_free(tracker, record, 0, now); }
        ht_end_block(tracker, record, now);
    }
    return record != NULL;
}

bool ht_pool_make(ht_tracker_t *tracker, ht_heap_id_t pool, uintptr_t address, size_t size,
                  ht_origin_id_t origin)
{
    ht_tick_t now = ht_port_tick();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    (void)end(tracker, find(tracker, pool, address), now);
    ht_port_unlock(&tracker->lock, irq);
    const ht_add_t add = {
        .address = ht_pool_key(address), .size = size, .origin = origin, .pool = pool};
    return ht_tracker_add_as(tracker, &add, ht_port_stack_pointer());
}

bool ht_pool_end(ht_tracker_t *tracker, ht_heap_id_t pool, uintptr_t address)
{
    ht_tick_t now = ht_port_tick();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    bool found = end(tracker, find(tracker, pool, address), now);
    if (!found) { ht_count_up(&tracker->unknown_frees); }
    ht_port_unlock(&tracker->lock, irq);
    return found;
}

/* Copy the record in a slot, if it is of this pool. */
static bool copy_slot(ht_tracker_t *tracker, const ht_record_t *slot, ht_heap_id_t pool,
                      ht_record_t *copy)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    *copy = *slot;
    ht_port_unlock(&tracker->lock, irq);
    return ht_record_is_pooled(copy) && ht_record_is_live(copy) &&
           ht_record_heap(copy).index == pool.index;
}

/* End the block of a record that was copied, unless it ended meanwhile, or is another one now. */
static bool end_copied(ht_tracker_t *tracker, ht_heap_id_t pool, const ht_record_t *copy)
{
    ht_tick_t now = ht_port_tick();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_record_t *record = find(tracker, pool, ht_record_block(copy));
    bool same = record != NULL && record->what == copy->what && record->who == copy->who &&
                record->tick == copy->tick;
    (void)end(tracker, same ? record : NULL, now);
    ht_port_unlock(&tracker->lock, irq);
    return same;
}

/* A slot that became empty may take another record from the stash: as long as one ends. */
static uint32_t sweep_slot(ht_tracker_t *tracker, const ht_record_t *slot, ht_heap_id_t pool,
                           ht_pool_dead_fn dead, void *context)
{
    uint32_t ended = 0;
    ht_record_t copy;
    while (copy_slot(tracker, slot, pool, &copy) &&
           (dead == NULL || dead(context, (void *)ht_record_block(&copy), ht_record_size(&copy))) &&
           end_copied(tracker, pool, &copy)) {
        ended++;
    }
    return ended;
}

static uint32_t moves_now(ht_tracker_t *tracker)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    uint32_t moves = tracker->table.moves;
    ht_port_unlock(&tracker->lock, irq);
    return moves;
}

uint32_t ht_pool_sweep(ht_tracker_t *tracker, ht_heap_id_t pool, ht_pool_dead_fn dead,
                       void *context)
{
    uint32_t ended = 0;
    uint32_t before;
    if (tracker->state == HT_STATE_NEW) { return 0; }
    do { /* once more if a record moved meanwhile, maybe to where we were already */
        before = moves_now(tracker);
        for (uint32_t b = 0; b <= tracker->table.bucket_count; b++) {
            for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
                ended +=
                    sweep_slot(tracker, &tracker->table.buckets[b].slot[i], pool, dead, context);
            }
        }
    } while (moves_now(tracker) != before);
    return ended;
}

bool ht_pool_remove(ht_tracker_t *tracker, ht_heap_id_t pool, uint32_t *ended)
{
    *ended = ht_pool_exists(tracker, pool) ? ht_pool_sweep(tracker, pool, NULL, NULL) : 0;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    bool found = ht_pool_exists(tracker, pool);
    if (found) {
        ht_heap_t *row = &tracker->heaps.row[pool.index];
        row->kind = row->total_blocks == row->freed_blocks ? HT_HEAP_GONE : HT_HEAP_LEFT;
        tracker->heaps.pools--;
        tracker->heaps.gone++;
    }
    ht_port_unlock(&tracker->lock, irq);
    return found;
}
