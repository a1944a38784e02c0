/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_check.h"

#define CHECK(condition, what)                                                                     \
    do {                                                                                           \
        if (!(condition)) { return (what); }                                                       \
    } while (0)

static bool may_be_in(const ht_table_t *table, const ht_record_t *record, uint32_t bucket)
{
    uint32_t hash = ht_table_hash(ht_record_key(record));
    return bucket == table->bucket_count || bucket == ht_table_first(table, hash) ||
           bucket == ht_table_second(table, hash);
}

static const char *check_record(ht_tracker_t *tracker, ht_record_t *record, uint32_t bucket)
{
    CHECK(ht_record_origin(record).index <= tracker->origins.count, "record: origin out of range");
    CHECK(ht_record_task(record).index < tracker->tasks.row_count, "record: task out of range");
    CHECK(ht_record_heap(record).index <= tracker->heaps.count, "record: heap out of range");
    CHECK(!ht_stamp_after(ht_record_stamp(record), tracker->last),
          "record: stamp later than the newest");
    if (record->address == HT_ADDRESS_HELD) { return NULL; }
    CHECK(may_be_in(&tracker->table, record, bucket), "record: in a bucket where nobody looks");
    if (!ht_record_is_live(record)) {
        CHECK(ht_table_find_forgotten(&tracker->table, ht_record_key(record)) == record,
              "record: a forgotten address is there twice");
        return NULL;
    }
    CHECK(ht_table_find(&tracker->table, record->address) == record,
          "record: address is there twice");
    if (ht_record_is_pooled(record)) {
        const ht_heap_t *pool = &tracker->heaps.row[ht_record_heap(record).index];
        CHECK(pool->kind == HT_HEAP_POOL || pool->kind == HT_HEAP_LEFT, "record: its pool is none");
        CHECK(ht_record_block(record) - pool->start < pool->pool_size,
              "record: lies outside its pool");
        return NULL;
    }
    CHECK(ht_heap_of(&tracker->heaps, record->address).index == ht_record_heap(record).index,
          "record: heap is not that of its address");
    return NULL;
}

static const char *check_table(ht_tracker_t *tracker)
{
    const ht_table_t *table = &tracker->table;
    uint32_t count = 0;
    uint32_t stash = 0;
    for (uint32_t b = 0; b <= table->bucket_count; b++) {
        for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
            ht_record_t *record = &table->buckets[b].slot[i];
            if (record->address != HT_ADDRESS_EMPTY) {
                const char *wrong = check_record(tracker, record, b);
                if (wrong != NULL) { return wrong; }
                count++;
                stash += b == table->bucket_count;
            }
        }
    }
    CHECK(count == table->count, "table: count");
    CHECK(stash == table->stash_count, "table: stash count");
    CHECK(count <= table->limit, "table: over its limit");
    return NULL;
}

/* Sum the records of every row into its since_* fields. */
static void sum_up(ht_tracker_t *tracker)
{
    for (uint32_t i = 0; i <= tracker->origins.count; i++) {
        tracker->origins.origins[i].since_blocks = 0;
        tracker->origins.origins[i].since_bytes = 0;
    }
    for (uint32_t i = 0; i < tracker->tasks.row_count; i++) {
        tracker->tasks.rows[i].since_blocks = 0;
        tracker->tasks.rows[i].since_bytes = 0;
    }
    for (uint32_t i = 0; i <= tracker->heaps.count; i++) {
        tracker->heaps.row[i].since_blocks = 0;
        tracker->heaps.row[i].since_bytes = 0;
    }
    for (uint32_t b = 0; b <= tracker->table.bucket_count; b++) {
        for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
            const ht_record_t *record = &tracker->table.buckets[b].slot[i];
            if (record->address == HT_ADDRESS_HELD || ht_record_is_live(record)) {
                size_t size = ht_record_size(record);
                ht_origin_t *origin = &tracker->origins.origins[ht_record_origin(record).index];
                ht_task_t *task = &tracker->tasks.rows[ht_record_task(record).index];
                ht_heap_t *heap = &tracker->heaps.row[ht_record_heap(record).index];
                origin->since_blocks++;
                origin->since_bytes += size;
                task->since_blocks++;
                task->since_bytes += size;
                heap->since_blocks++;
                heap->since_bytes += size;
            }
        }
    }
}

static const char *check_sums(ht_tracker_t *tracker)
{
    sum_up(tracker);
    for (uint32_t i = 0; i <= tracker->origins.count; i++) {
        const ht_origin_t *origin = &tracker->origins.origins[i];
        CHECK(ht_origin_live_blocks(origin) == origin->since_blocks, "origin: live blocks");
        CHECK(origin->live_bytes == origin->since_bytes, "origin: live bytes");
        CHECK(origin->peak_bytes >= origin->live_bytes, "origin: peak below live");
        CHECK(origin->total_bytes.all >= origin->live_bytes, "origin: total below live");
    }
    for (uint32_t i = 0; i < tracker->tasks.row_count; i++) {
        const ht_task_t *task = &tracker->tasks.rows[i];
        CHECK(ht_task_live_blocks(task) == task->since_blocks, "task: live blocks");
        CHECK(task->live_bytes == task->since_bytes, "task: live bytes");
        CHECK(task->peak_bytes >= task->live_bytes, "task: peak below live");
    }
    for (uint32_t i = 0; i <= tracker->heaps.count; i++) {
        const ht_heap_t *heap = &tracker->heaps.row[i];
        CHECK(heap->total_blocks - heap->freed_blocks == heap->since_blocks, "heap: live blocks");
        CHECK(heap->live_bytes == heap->since_bytes, "heap: live bytes");
        CHECK(heap->peak_bytes >= heap->live_bytes, "heap: peak below live");
    }
    return NULL;
}

/* A number that two cores wanted may stay unused; one that has counted is in the index. */
static const char *check_reachable(const ht_origins_t *origins)
{
    for (uint32_t i = 1; i <= origins->count; i++) {
        const ht_origin_t *origin = &origins->origins[i];
        if (origin->total_blocks != 0 || origin->failures != 0) {
            ht_origin_key_t key = {origin->site, ht_origin_frames(origins, origin), origin->depth,
                                   origin->caps, origin->method};
            ht_origin_id_t found = {0};
            CHECK(ht_origin_find(origins, &key, origin->hash, &found) && found.index == i,
                  "origin: it is not in the index");
        }
    }
    return NULL;
}

static const char *check_origins(const ht_origins_t *origins)
{
    CHECK(origins->count <= origins->max, "origins: count");
    CHECK(origins->frames_used <= origins->frames_max, "origins: frames used");
    for (uint32_t i = 1; i <= origins->count; i++) {
        const ht_origin_t *origin = &origins->origins[i];
        if (origin->id == 0) { continue; }
        CHECK(origin->depth <= HT_STACK_DEPTH_MAX, "origin: depth");
        CHECK(origin->depth == 0 || ht_origin_is_lone(origin->depth, origin->site) ||
                  (origin->frame_first <= origins->frames_used &&
                   origin->depth <= origins->frames_used - origin->frame_first),
              "origin: frames out of the depot");
    }
    for (uint32_t at = 0; at <= origins->index_mask; at++) {
        uint32_t id = origins->index[at];
        if (id != 0) {
            CHECK(id <= origins->count, "origins: index leads nowhere");
            const ht_origin_t *origin = &origins->origins[id];
            ht_origin_key_t key = {origin->site, ht_origin_frames(origins, origin), origin->depth,
                                   origin->caps, origin->method};
            ht_origin_id_t found = {0};
            CHECK(ht_origin_hash(&key) == origin->hash, "origin: hash");
            CHECK(ht_origin_find(origins, &key, origin->hash, &found) && found.index == id,
                  "origin: its key does not lead to it");
        }
    }
    return check_reachable(origins);
}

static const char *check_tasks(const ht_tasks_t *tasks)
{
    uint32_t indexed = 0;
    for (uint32_t at = 0; at <= tasks->index_mask; at++) {
        uint32_t row = tasks->index[at];
        if (row != 0) {
            CHECK(row >= HT_TASK_FIRST && row < tasks->row_count, "tasks: index leads nowhere");
            CHECK(ht_task_find(tasks, tasks->rows[row].key) == row,
                  "task: its key does not lead to it");
            indexed++;
        }
    }
    uint32_t alive = 0;
    for (uint32_t row = HT_TASK_FIRST; row < tasks->row_count; row++) {
        alive += tasks->rows[row].used == HT_TASK_ALIVE;
    }
    CHECK(alive == indexed, "tasks: as many alive as in the index");
    return NULL;
}

/* What the hot path takes for granted: task and heap are the ones that it looks for. */
static const char *check_tally(const ht_tracker_t *tracker)
{
    const ht_tally_t *tally = &tracker->tally;
    const ht_record_t its = {.who = tally->who};
    const ht_tasks_t *tasks = &tracker->tasks;
    const ht_heaps_t *heaps = &tracker->heaps;
    CHECK((tally->who & ~HT_TALLY_MASK) == 0, "tally: more than a task and a heap");
    CHECK(tally->task == &tasks->rows[ht_record_task(&its).index], "tally: task");
    CHECK(tally->heap == &heaps->row[ht_record_heap(&its).index], "tally: heap");
    CHECK((tasks->last_span | tasks->traced_span) == 0 || tasks->last == tally->task,
          "tally: not the last task's");
    CHECK(heaps->last_size == 0 || heaps->last_start == tally->heap->start,
          "tally: not the last heap's");
    return NULL;
}

const char *ht_check(ht_tracker_t *tracker)
{
    if (tracker->state == HT_STATE_NEW) { return NULL; }
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    const char *wrong = check_tally(tracker);
    if (wrong == NULL) {
        ht_tally_settle(&tracker->tally);
        wrong = check_table(tracker);
    }
    if (wrong == NULL) { wrong = check_sums(tracker); }
    if (wrong == NULL) { wrong = check_origins(&tracker->origins); }
    if (wrong == NULL) { wrong = check_tasks(&tracker->tasks); }
    ht_port_unlock(&tracker->lock, irq);
    return wrong;
}
