/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Records of blocks, live and freed (SPEC.md, 1 and 2), and the totals over all of it. */
#include <stdlib.h>
#include <string.h>

#include "ht_core_private.h"

enum { FREED_RECORD = 1, FREED_WHO, FREED_TICK, FREED_STATE };
enum { STATE_RUNNING = 1, FIRST_TASK = 4 };

/* More slots than a tracker may have: 2^24 blocks, a little more than that in slots. */
#define BUCKETS_MAX (UINT64_C(1) << 22)
#define ROWS_PER_PROGRESS 4096U

/* --- a record --------------------------------------------------------------------------------- */

static uint64_t bits(uint64_t word, unsigned from, unsigned count)
{
    return word >> from & ((UINT64_C(1) << count) - 1);
}

static bool is_wide(const ht_core_reader_t *reader)
{
    return reader->core.info.pointer_bytes == 8;
}

uint32_t ht_core_task_of(const ht_core_reader_t *reader, uint64_t who)
{
    bool wide = is_wide(reader);
    return (uint32_t)bits(who, wide ? 32 : 16, wide ? 16 : 8);
}

uint32_t ht_core_heap_of(const ht_core_reader_t *reader, uint64_t who)
{
    bool wide = is_wide(reader);
    return (uint32_t)bits(who, wide ? 48 : 24, wide ? 8 : 4);
}

static void take_owners(const ht_core_reader_t *reader, uint64_t who, ht_core_record_t *record)
{
    record->origin = (uint32_t)bits(who, 0, is_wide(reader) ? 32 : 16);
    record->task = ht_core_task_of(reader, who);
}

static void take_words(const ht_core_reader_t *reader, uint64_t what, uint64_t who,
                       ht_core_record_t *record)
{
    bool wide = is_wide(reader);
    take_owners(reader, who, record);
    if (reader->version == 1) {
        record->size = bits(what, 0, wide ? 48 : 25);
        record->heap = (uint32_t)bits(what, wide ? 48 : 25, wide ? 8 : 4);
        record->core = (uint32_t)bits(what, wide ? 58 : 31, 1);
        record->order = (uint32_t)bits(who, wide ? 48 : 24, wide ? 15 : 7);
    } else {
        record->size = bits(what, wide ? 15 : 7, wide ? 48 : 25);
        record->order = (uint32_t)bits(what, 0, wide ? 15 : 7);
        record->heap = ht_core_heap_of(reader, who);
        record->core = (uint32_t)bits(who, wide ? 59 : 31, 1);
    }
}

/* A pool's block is filed under the complement of its address. */
static uint64_t block_of(const ht_core_reader_t *reader, uint64_t key)
{
    uint64_t address = (key & 1U) != 0 ? ~key : key;
    if (reader->core.info.pointer_bytes == 4) { address &= UINT32_MAX; }
    return address & ~UINT64_C(3);
}

static ht_core_record_t read_record(const ht_core_reader_t *reader, uint64_t at)
{
    ht_core_record_t record = {0};
    unsigned bytes = reader->core.info.pointer_bytes;
    uint64_t word[4];
    for (unsigned i = 0; i < 4; i++) {
        (void)ht_core_number(reader, at + i * bytes, bytes, &word[i]);
    }
    record.is_live = word[0] > 1 && (word[0] & 2U) == 0;
    record.key = word[0] & ~UINT64_C(2);
    record.address = block_of(reader, word[0]);
    take_words(reader, word[1], word[2], &record);
    record.tick = word[3];
    return record;
}

static heaptrail_block_row_t row_of(const ht_core_reader_t *reader, const ht_core_record_t *record)
{
    unsigned order_bits = reader->core.info.pointer_bytes == 8 ? 15 : 7;
    heaptrail_block_row_t row = {
        .address = (uintptr_t)record->address,
        .size_bytes = (size_t)record->size,
        .origin = ht_core_origin(reader, record->origin),
        .heap_id = record->heap,
        .task_id = record->task,
        .core = (uint8_t)record->core,
        .in_isr = ht_core_in_isr(record->task),
        .age_us = ht_core_age_us(reader, record->tick),
        .sequence = record->tick << order_bits | record->order,
    };
    ht_core_task_name(reader, record->task, row.task_name);
    return row;
}

/* --- the live table --------------------------------------------------------------------------- */

/* The two buckets that a key may be in. */
static void buckets_of(const ht_core_reader_t *reader, uint64_t key, uint64_t count,
                       uint64_t bucket[2])
{
    const bool first = reader->version == 1 || is_wide(reader); /* these kept what they had */
    uint64_t times = UINT64_C(0x9E3779B97F4A7C15);
    if (!is_wide(reader)) { times = 0x9E3779B1U; }
    uint64_t product = first ? (key ^ key >> 7) * times : key * (key ^ times);
    uint32_t h = (uint32_t)(is_wide(reader) ? product >> 32 : product);
    bucket[0] = (uint64_t)h * count >> 32;
    bucket[1] = (uint64_t)(first ? (h ^ h >> 15) * 0x85EBCA6BU : h ^ h << 12) * count >> 32;
}

/* Where a look-up would find it. */
static bool is_in_place(const ht_core_reader_t *reader, const ht_core_record_t *record,
                        uint64_t bucket, uint64_t count)
{
    uint64_t right[2];
    buckets_of(reader, record->key, count, right);
    return bucket == count || bucket == right[0] || bucket == right[1];
}

static bool names_what_is(const ht_core_reader_t *reader, const ht_core_record_t *record)
{
    return record->origin < reader->core.site_count && record->task < reader->core.task_count &&
           record->heap < reader->core.heap_count;
}

typedef struct {
    heaptrail_block_row_t *row;
    size_t count, capacity;
} blocks_t;

static bool add_block(const ht_core_reader_t *reader, blocks_t *blocks,
                      const ht_core_record_t *record)
{
    if (!ht_array_room((void **)&blocks->row, &blocks->capacity, blocks->count,
                       sizeof(*blocks->row))) {
        return false;
    }
    blocks->row[blocks->count++] = row_of(reader, record);
    return true;
}

/* What a walk over the live table finds. */
typedef struct {
    blocks_t placed, strays; /* strays lie where no look-up finds them */
    uint64_t damaged;        /* and these name a site, task or heap that there is not */
} found_t;

static bool take_slot(const ht_core_reader_t *reader, const ht_core_walk_t *walk, uint64_t count,
                      found_t *found)
{
    ht_core_record_t record = read_record(reader, walk->at);
    if (!record.is_live) { return true; }
    if (!names_what_is(reader, &record)) {
        found->damaged++;
        return true;
    }
    bool placed = is_in_place(reader, &record, walk->row / reader->bucket_slots, count);
    return add_block(reader, placed ? &found->placed : &found->strays, &record);
}

/* A few strays are damage. Many are another heaptrail's, that files its records differently. */
static bool keep(ht_core_reader_t *reader, found_t *found)
{
    bool differs = found->strays.count > found->placed.count;
    for (size_t i = 0; differs && i < found->strays.count; i++) {
        if (!ht_array_room((void **)&found->placed.row, &found->placed.capacity,
                           found->placed.count, sizeof(*found->placed.row))) {
            return false;
        }
        found->placed.row[found->placed.count++] = found->strays.row[i];
    }
    if (differs) {
        ht_core_say(reader, "Most records are not where this heaptrail would file them: of another "
                            "version, so that damaged ones are not told from good ones.");
    } else {
        found->damaged += found->strays.count;
    }
    reader->core.blocks = found->placed.row;
    reader->core.block_count = found->placed.count;
    found->placed.row = NULL;
    return true;
}

static bool walk_table(ht_core_reader_t *reader, uint64_t count, found_t *found)
{
    ht_core_walk_t walk = ht_core_walk(ht_core_tracker(reader, TRACKER_BUCKETS),
                                       (count + 1) * reader->bucket_slots, reader->record_bytes);
    while (ht_core_next(reader, &walk)) {
        if (walk.row % ROWS_PER_PROGRESS == 0 && reader->progress.tell != NULL) {
            reader->progress.tell(reader->progress.context, walk.row, walk.count);
        }
        if (!take_slot(reader, &walk, count, found)) { return false; }
    }
    ht_core_walked(reader, &walk, "slots of the live table");
    return true;
}

bool ht_core_read_blocks(ht_core_reader_t *reader)
{
    uint64_t count = ht_core_tracker(reader, TRACKER_BUCKET_COUNT);
    found_t found = {.damaged = 0};
    if (count > BUCKETS_MAX || count == 0) {
        if (count != 0) { ht_core_say(reader, "The size of the live table is damaged."); }
        return true;
    }
    bool good = walk_table(reader, count, &found) && keep(reader, &found);
    free(found.placed.row);
    free(found.strays.row);
    if (good && found.damaged != 0) {
        ht_core_say(reader, "%llu records of the live table are damaged and not shown.",
                    (unsigned long long)found.damaged);
    }
    return good;
}

/* --- freed blocks ----------------------------------------------------------------------------- */

static bool read_freed(const ht_core_reader_t *reader, uint64_t row, ht_core_freed_t *freed)
{
    uint8_t byte;
    ht_core_record_t by = {0};
    if (!ht_memory_read(reader->memory, row, &byte, 1)) { return false; }
    ht_core_record_t record = read_record(reader, row + reader->field[FREED][FREED_RECORD].offset);
    take_owners(reader, ht_core_row(reader, FREED, row, FREED_WHO), &by);
    *freed = (ht_core_freed_t){
        .block = row_of(reader, &record),
        .freed_by = ht_core_origin(reader, by.origin),
        .freed_task_id = by.task,
        .freed_age_us = ht_core_age_us(reader, ht_core_row(reader, FREED, row, FREED_TICK)),
        .in_quarantine = ht_core_row(reader, FREED, row, FREED_STATE) != 0,
    };
    ht_core_task_name(reader, by.task, freed->freed_task_name);
    return freed->block.address != 0;
}

bool ht_core_read_freed(ht_core_reader_t *reader)
{
    uint64_t max = ht_core_tracker(reader, TRACKER_FREED_MAX);
    uint64_t ever = ht_core_tracker(reader, TRACKER_FREED_COUNT);
    uint64_t base = ht_core_tracker(reader, TRACKER_FREED);
    size_t bytes = ht_core_row_bytes(reader, FREED);
    uint64_t kept = ht_core_limit(reader, ever < max ? ever : max, bytes, "freed blocks");
    if (max == 0 || !ht_core_has(reader, FREED, FREED_RECORD)) { return true; }
    reader->core.freed = calloc((size_t)kept + 1, sizeof(*reader->core.freed));
    if (reader->core.freed == NULL) { return false; }
    for (uint64_t i = 1; i <= kept; i++) {
        ht_core_freed_t *freed = &reader->core.freed[reader->core.freed_count];
        if (read_freed(reader, base + (ever - i) % max * bytes, freed)) {
            reader->core.freed_count++;
        }
    }
    if (reader->core.freed_count != kept) {
        ht_core_say(reader, "%llu of %llu freed blocks are not in the dump.",
                    (unsigned long long)(kept - reader->core.freed_count),
                    (unsigned long long)kept);
    }
    return true;
}

/* --- totals ----------------------------------------------------------------------------------- */

static void add_sites(const ht_core_t *core, heaptrail_status_t *status)
{
    for (size_t i = 0; i < core->site_count; i++) {
        const heaptrail_site_row_t *site = &core->sites[i];
        status->live_blocks += site->live_blocks;
        status->live_bytes += site->live_bytes;
        status->total_blocks += site->total_blocks;
        status->total_bytes += site->total_bytes;
        status->total_frees += site->total_blocks - site->dropped_blocks - site->live_blocks;
    }
}

/* Blocks of pools lie in other blocks: not counted twice. */
static void take_pools_out(const ht_core_t *core, heaptrail_status_t *status)
{
    for (size_t i = 1; i < core->heap_count; i++) {
        const heaptrail_heap_row_t *heap = &core->heaps[i];
        bool gone = heap->size_bytes == 0 && !heap->pool;
        status->heaps += !heap->pool && !gone;
        if (!heap->pool) { continue; }
        status->pools++;
        status->pool_blocks += heap->live_blocks;
        status->pool_bytes += heap->live_bytes;
    }
    if (status->pool_blocks <= status->live_blocks && status->pool_bytes <= status->live_bytes) {
        status->live_blocks -= status->pool_blocks;
        status->live_bytes -= status->pool_bytes;
    }
}

static uint32_t number(const ht_core_reader_t *reader, unsigned field)
{
    return (uint32_t)ht_core_tracker(reader, field);
}

static heaptrail_loss_t loss_of(const ht_core_reader_t *reader)
{
    uint32_t failures = number(reader, TRACKER_FAILURE_COUNT);
    uint32_t kept = number(reader, TRACKER_FAILURE_MAX);
    return (heaptrail_loss_t){
        .table_full = number(reader, TRACKER_LOST_FULL),
        .table_crowded = number(reader, TRACKER_LOST_CROWDED),
        .too_large = number(reader, TRACKER_LOST_LARGE),
        .origins_full = number(reader, TRACKER_LOST_ORIGINS),
        .frames_full = number(reader, TRACKER_LOST_FRAMES),
        .tasks_full = number(reader, TRACKER_LOST_TASKS),
        .failures_overwritten = failures > kept ? failures - kept : 0,
        .unknown_frees = number(reader, TRACKER_UNKNOWN_FREES),
        .filtered = number(reader, TRACKER_LOST_FILTERED),
    };
}

/* A build whose tasks and heaps have no counters in the dump: what lives is known all the same. */
static void count_from_blocks(ht_core_t *core)
{
    for (size_t i = 0; i < core->block_count; i++) {
        const heaptrail_block_row_t *block = &core->blocks[i];
        heaptrail_task_row_t *task = &core->tasks[block->task_id];
        heaptrail_heap_row_t *heap = &core->heaps[block->heap_id];
        task->live_blocks++;
        task->total_blocks++;
        task->live_bytes += block->size_bytes;
        heap->live_blocks++;
        heap->total_blocks++;
        heap->live_bytes += block->size_bytes;
    }
}

void ht_core_count(ht_core_reader_t *reader)
{
    ht_core_t *core = &reader->core;
    heaptrail_status_t *status = &core->status;
    if (!core->info.has_counters) {
        count_from_blocks(core);
        ht_core_say(reader, "The dump is of an older heaptrail: of tasks and heaps it has what "
                            "lived, no peaks and no totals.");
    }
    uint64_t tasks = core->task_count < FIRST_TASK ? 0 : core->task_count - FIRST_TASK;
    uint64_t memory = ht_core_tracker(reader, TRACKER_MEMORY);
    *status = (heaptrail_status_t){
        .running = ht_core_tracker(reader, TRACKER_STATE) == STATE_RUNNING,
        .failures = number(reader, TRACKER_FAILURE_COUNT),
        .max_blocks = number(reader, TRACKER_MAX_BLOCKS),
        .origins = number(reader, TRACKER_ORIGIN_COUNT),
        .max_origins = number(reader, TRACKER_MAX_ORIGINS),
        .tasks = (uint32_t)tasks,
        .max_tasks = number(reader, TRACKER_MAX_TASKS),
        .stack_depth = number(reader, TRACKER_DEPTH),
        .memory_bytes = memory != 0 ? (size_t)memory : core->info.state_bytes,
        .uptime_us = ht_core_age_us(reader, ht_core_tracker(reader, TRACKER_STARTED)),
        .loss = loss_of(reader),
    };
    add_sites(core, status);
    take_pools_out(core, status);
    if (status->max_blocks == 0) { status->max_blocks = status->live_blocks + status->pool_blocks; }
    if (status->live_blocks + status->pool_blocks != core->block_count) {
        ht_core_say(reader,
                    "The counters say %u live blocks, the table has %zu: the program was in the "
                    "middle of something, or part of the dump is missing.",
                    status->live_blocks + status->pool_blocks, core->block_count);
    }
}
