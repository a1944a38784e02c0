/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_keeper.h"

#include <stdlib.h>
#include <string.h>

#include "ht_format.h"
#include "ht_keeper_private.h"
#include "ht_writer_internal.h"

ht_keeper_t *ht_keeper_new(void)
{
    ht_keeper_t *keeper = calloc(1, sizeof(*keeper));
    if (keeper != NULL) { keeper->snapshot_blocks = UINT64_MAX; }
    return keeper;
}

/* Another run, or the tracker was reset: nothing that was known counts. */
static void forget(ht_keeper_t *keeper)
{
    ht_keeper_forget_definitions(keeper);
    ht_keeper_forget_lives(keeper);
    free(keeper->blocks.slot);
    *keeper = (ht_keeper_t){.snapshot_blocks = UINT64_MAX};
}

void ht_keeper_free(ht_keeper_t *keeper)
{
    if (keeper == NULL) { return; }
    forget(keeper);
    free(keeper);
}

uint64_t ht_keeper_blocks(const ht_keeper_t *keeper)
{
    return keeper->blocks.used;
}

bool ht_keeper_is_whole(const ht_keeper_t *keeper)
{
    return !keeper->no_memory;
}

/* --- blocks --------------------------------------------------------------------------------------
 */

static uint64_t key_of(uint64_t address, bool pool)
{
    uint64_t key = address & ~HT_KEPT_POOL;
    return pool && key != 0 ? key | HT_KEPT_POOL : key;
}

/* A block begins, or is seen again. */
static void put(ht_keeper_t *keeper, const ht_kept_block_t *known)
{
    if (known->key == 0) { return; }
    ht_kept_block_t *block = ht_kept_put(&keeper->blocks, known->key);
    if (block == NULL) {
        keeper->no_memory = true;
        return;
    }
    *block = *known;
    block->snapshot = keeper->snapshot;
}

static void on_alloc(ht_keeper_t *keeper, const ht_event_t *event)
{
    const ht_kept_block_t block = {.key = key_of(event->alloc.address, false),
                                   .size = event->alloc.size,
                                   .time_us = event->time_us,
                                   .origin = event->alloc.origin,
                                   .task = event->task,
                                   .life = ht_keeper_life(keeper, event->task),
                                   .core = event->core,
                                   .unrecorded = event->alloc.unrecorded};
    put(keeper, &block);
    keeper->counters.total_blocks++;
    keeper->counters.total_bytes += event->alloc.size;
    if (block.unrecorded) { return; }
    keeper->counters.live_blocks++;
    keeper->counters.live_bytes += event->alloc.size;
}

static void on_free(ht_keeper_t *keeper, uint64_t key)
{
    ht_kept_block_t *block = ht_kept_find(&keeper->blocks, key);
    /* The device counts what it has a record of, and what is not known here was made before. */
    keeper->counters.freed_blocks += block == NULL || !block->unrecorded;
    if (block == NULL) { return; }
    if (!block->unrecorded && (key & HT_KEPT_POOL) == 0) {
        keeper->counters.live_blocks--;
        keeper->counters.live_bytes -= block->size;
    }
    ht_kept_remove(&keeper->blocks, block);
}

static void on_pool_block(ht_keeper_t *keeper, const ht_event_t *event)
{
    const ht_kept_block_t block = {.key = key_of(event->pool.address, true),
                                   .size = event->pool.size,
                                   .time_us = event->time_us,
                                   .origin = event->pool.origin,
                                   .task = event->task,
                                   .life = ht_keeper_life(keeper, event->task),
                                   .heap = event->pool.heap,
                                   .core = event->core};
    if (event->pool.freed) {
        on_free(keeper, block.key);
        return;
    }
    put(keeper, &block);
    keeper->counters.total_blocks++;
    keeper->counters.total_bytes += event->pool.size;
}

static ht_kept_block_t block_of(const ht_keeper_t *keeper, const ht_event_t *event)
{
    uint64_t age = event->block.age_us < event->time_us ? event->block.age_us : event->time_us;
    return (ht_kept_block_t){.key = key_of(event->block.address, event->block.pool),
                             .size = event->block.size,
                             .time_us = event->time_us - age,
                             .origin = event->block.origin,
                             .task = event->block.task,
                             .life = ht_keeper_life(keeper, event->block.task),
                             .heap = event->block.heap,
                             .core = event->block.core,
                             .unrecorded = event->block.unrecorded};
}

/* A realloc() failed: its free does not count. */
static void on_put_back(ht_keeper_t *keeper, const ht_event_t *event)
{
    const ht_kept_block_t block = block_of(keeper, event);
    put(keeper, &block);
    if (block.unrecorded) { return; }
    keeper->counters.freed_blocks--;
    keeper->counters.live_blocks++;
    keeper->counters.live_bytes += block.size;
}

static void on_relabel(ht_keeper_t *keeper, const ht_event_t *event)
{
    ht_kept_block_t *block = ht_kept_find(&keeper->blocks, key_of(event->relabel.address, false));
    if (block != NULL) { block->origin = event->relabel.origin; }
}

/* --- snapshots -----------------------------------------------------------------------------------
 */

static void on_snapshot(ht_keeper_t *keeper, const ht_event_t *event)
{
    keeper->snapshot++;
    keeper->snapshot_number = event->snapshot.number;
    keeper->snapshot_blocks = 0;
}

/* Its allocation may have been seen: that knows the time to the microsecond, and which task it was.
 */
static void on_snapshot_block(ht_keeper_t *keeper, const ht_event_t *event)
{
    ht_kept_block_t block = block_of(keeper, event);
    const ht_kept_block_t *known = ht_kept_find(&keeper->blocks, block.key);
    if (keeper->snapshot_blocks != UINT64_MAX) { keeper->snapshot_blocks++; }
    if (known != NULL && known->size == block.size && known->origin == block.origin) {
        block.time_us = known->time_us;
        block.task = known->task;
        block.life = known->life;
    }
    put(keeper, &block);
}

/* Blocks that are older than the snapshot and not in it ended unseen. One without a record cannot
 * be in it. */
static void sweep(ht_keeper_t *keeper)
{
    ht_kept_blocks_t *blocks = &keeper->blocks;
    for (size_t i = 0; i < blocks->size;) {
        ht_kept_block_t *block = &blocks->slot[i];
        bool gone = block->key != 0 && block->snapshot != keeper->snapshot && !block->unrecorded;
        if (!gone) {
            i++;
            continue;
        }
        ht_kept_remove(blocks, block); /* another one may stand there now */
    }
}

static void on_snapshot_end(ht_keeper_t *keeper, const ht_event_t *event)
{
    bool whole = event->snapshot.complete && keeper->snapshot_number == event->snapshot.number &&
                 keeper->snapshot_blocks == event->snapshot.blocks;
    keeper->snapshot_blocks = UINT64_MAX;
    if (whole) { sweep(keeper); }
}

/* --- events --------------------------------------------------------------------------------------
 */

/* Another generation forgets what was known before. */
static void on_hello(ht_keeper_t *keeper, const ht_event_t *event)
{
    for (size_t i = 0; i < event->hello.count; i++) {
        const ht_hello_pair_t *pair = &event->hello.pair[i];
        if (pair->key == HT_HELLO_GENERATION && pair->number != keeper->generation) {
            forget(keeper);
            keeper->generation = pair->number;
        }
    }
    ht_keeper_define(keeper, event);
}

void ht_keeper_event(ht_keeper_t *keeper, const ht_event_t *event)
{
    switch (event->kind) {
    case HT_EVENT_ALLOC:
        on_alloc(keeper, event);
        break;
    case HT_EVENT_FREE:
        on_free(keeper, key_of(event->free.address, false));
        break;
    case HT_EVENT_POOL_BLOCK:
        on_pool_block(keeper, event);
        break;
    case HT_EVENT_RELABEL:
        on_relabel(keeper, event);
        break;
    case HT_EVENT_PUT_BACK:
        on_put_back(keeper, event);
        break;
    case HT_EVENT_BOOT:
        forget(keeper);
        break;
    case HT_EVENT_HELLO:
        on_hello(keeper, event);
        break;
    case HT_EVENT_ORIGIN:
    case HT_EVENT_SITE:
    case HT_EVENT_TASK:
    case HT_EVENT_TASK_GONE:
    case HT_EVENT_HEAP:
        ht_keeper_define(keeper, event);
        break;
    case HT_EVENT_SEARCH:
        ht_keeper_search(keeper, event);
        break;
    case HT_EVENT_SUSPECT:
        ht_keeper_suspect(keeper, event);
        break;
    case HT_EVENT_FAILURE:
        keeper->counters.failures++;
        break;
    case HT_EVENT_COUNTERS:
        keeper->counters = event->counters;
        break;
    case HT_EVENT_MARK:
        keeper->counters = event->mark.counters;
        break;
    case HT_EVENT_SNAPSHOT:
        on_snapshot(keeper, event);
        break;
    case HT_EVENT_SNAPSHOT_BLOCK:
        on_snapshot_block(keeper, event);
        break;
    case HT_EVENT_SNAPSHOT_END:
        on_snapshot_end(keeper, event);
        break;
    default:
        break;
    }
    keeper->time_us = event->time_us;
}

/* --- the checkpoint ------------------------------------------------------------------------------
 */

static void write_block(ht_writer_t *writer, const ht_kept_block_t *block, uint64_t time_us)
{
    const bool pool = (block->key & HT_KEPT_POOL) != 0;
    const ht_event_t event = {
        .kind = HT_EVENT_SNAPSHOT_BLOCK,
        .time_us = time_us,
        .block = {.address = block->key & ~HT_KEPT_POOL,
                  .size = block->size,
                  .age_us = time_us - block->time_us,
                  .origin = block->origin,
                  .task = block->task,
                  .heap = block->heap,
                  .pool = pool,
                  .core = block->core,
                  .unrecorded = block->unrecorded},
    };
    (void)ht_writer_event(writer, &event);
}

typedef struct {
    ht_keeper_t *keeper;
    ht_writer_t *writer;
    const ht_kept_block_t **past; /* blocks of past lives */
    bool begun;                   /* the snapshot */
} checkpoint_t;

static void begin_snapshot(checkpoint_t *checkpoint, uint64_t time_us)
{
    const ht_event_t event = {
        .kind = HT_EVENT_SNAPSHOT,
        .time_us = time_us,
        .snapshot = {.blocks = checkpoint->keeper->blocks.used, .complete = true}};
    if (!checkpoint->begun) { (void)ht_writer_event(checkpoint->writer, &event); }
    checkpoint->begun = true;
}

/* Their ages count from the time of their frame: blocks have none of their own. */
static void write_life(checkpoint_t *checkpoint, const ht_kept_life_t *life, uint64_t time_us)
{
    if (life->blocks == 0) { return; }
    ht_writer_flush(checkpoint->writer);
    begin_snapshot(checkpoint, time_us);
    for (size_t i = 0; i < life->blocks; i++) {
        write_block(checkpoint->writer, checkpoint->past[life->first + i], time_us);
    }
}

/* Before the row is another task's, the blocks that this one made. */
static void write_definition(void *context, const ht_kept_definition_t *definition,
                             uint64_t time_us, const ht_kept_life_t *ended)
{
    checkpoint_t *checkpoint = context;
    if (ended != NULL) { write_life(checkpoint, ended, definition->time_us); }
    ht_writer_put_record(checkpoint->writer, definition->tag, definition->content,
                         definition->length, time_us);
}

static void write_rest(checkpoint_t *checkpoint)
{
    const ht_keeper_t *keeper = checkpoint->keeper;
    ht_event_t event = {
        .kind = HT_EVENT_COUNTERS, .time_us = keeper->time_us, .counters = keeper->counters};
    (void)ht_writer_event(checkpoint->writer, &event);
    begin_snapshot(checkpoint, keeper->time_us);
    for (size_t i = 0; i < keeper->blocks.size; i++) {
        const ht_kept_block_t *block = &keeper->blocks.slot[i];
        if (block->key == 0 || ht_keeper_is_of_the_past(keeper, block)) { continue; }
        write_block(checkpoint->writer, block, keeper->time_us);
    }
    event.kind = HT_EVENT_SNAPSHOT_END;
    event.snapshot.number = 0;
    event.snapshot.blocks = keeper->blocks.used;
    event.snapshot.complete = true;
    (void)ht_writer_event(checkpoint->writer, &event);
    ht_writer_flush(checkpoint->writer);
}

bool ht_keeper_write(ht_keeper_t *keeper, ht_writer_t *writer)
{
    checkpoint_t checkpoint = {.keeper = keeper, .writer = writer};
    const bool good = ht_keeper_sort_lives(keeper, &checkpoint.past) &&
                      ht_keeper_each_definition(keeper, write_definition, &checkpoint);
    if (good) { write_rest(&checkpoint); }
    free(checkpoint.past);
    return good;
}
