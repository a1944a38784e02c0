/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Ask a tracker and an oracle everything, and compare each field of each row. */
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define EXPECT(what, row, is, should_be)                                                           \
    model_expect(model, (is) == (should_be), what, (uint64_t)(row), (uint64_t)(is),                \
                 (uint64_t)(should_be))

#define US(ticks) ((uint64_t)(ticks)*1000U) /* the fake port ticks a thousand times a second */

typedef struct {
    model_t *model;
    const ht_select_t *select;
    uint64_t since; /* event of the mark in select */
    uint32_t rows;
    uint64_t (*order)[2]; /* of the blocks: sequence, event */
} walk_t;

static bool is_selected(const walk_t *walk, const oracle_block_t *block)
{
    const oracle_t *oracle = &walk->model->oracle;
    const ht_select_t *select = walk->select;
    return block->address != 0 && block->event > walk->since &&
           (select->task_id == 0 || select->task_id == block->task) &&
           (select->origin_id == 0 || select->origin_id == block->origin) &&
           (select->heap_id == 0 || select->heap_id == block->heap) &&
           (select->caps & ~oracle->heaps[block->heap].caps) == 0 &&
           block->size >= select->size_min &&
           US(oracle_age(oracle, block->tick)) >= select->age_min_us;
}

static void compare_origin(model_t *model, const heaptrail_origin_t *row)
{
    const oracle_origin_t *origin = &model->oracle.origins[row->id];
    EXPECT("site", row->id, (uintptr_t)row->site, (uintptr_t)origin->key.site);
    EXPECT("caps", row->id, row->caps, origin->key.caps);
    EXPECT("method", row->id, (uint32_t)row->method, origin->key.method);
    EXPECT("frame count", row->id, row->frame_count, origin->key.depth);
    for (uint32_t i = 0; i < row->frame_count && i < origin->key.depth; i++) {
        EXPECT("frame", row->id, row->frames[i], origin->frames[i]);
    }
}

static const char *task_name(const model_t *model, uint32_t task)
{
    static const char *const fixed[] = {"(other tasks)", "(start-up)", "(ISR core 0)",
                                        "(ISR core 1)"};
    return task < 4U ? fixed[task] : model->oracle.tasks[task].name;
}

static void compare_block(model_t *model, const heaptrail_block_row_t *row,
                          const oracle_block_t *block)
{
    EXPECT("size", row->address, row->size_bytes, block->size);
    EXPECT("origin", row->address, row->origin.id, block->origin);
    EXPECT("heap", row->address, row->heap_id, block->heap);
    EXPECT("task", row->address, row->task_id, block->task);
    EXPECT("core", row->address, row->core, block->core);
    EXPECT("in ISR", row->address, row->in_isr, block->task == 2U || block->task == 3U);
    EXPECT("age", row->address, row->age_us, US(oracle_age(&model->oracle, block->tick)));
    EXPECT("name", row->address, strcmp(row->task_name, task_name(model, block->task)), 0);
    compare_origin(model, &row->origin);
}

static bool on_block(void *context, const heaptrail_block_row_t *row)
{
    walk_t *walk = context;
    model_t *model = walk->model;
    const oracle_block_t *block = oracle_find(&model->oracle, row->address);
    if (!EXPECT("block", row->address, block != NULL, true)) { return false; }
    EXPECT("block is selected", row->address, is_selected(walk, block), true);
    compare_block(model, row, block);
    walk->order[walk->rows][0] = row->sequence;
    walk->order[walk->rows++][1] = block->event;
    return true;
}

static int by_event(const void *a, const void *b)
{
    uint64_t x = ((const uint64_t *)a)[1];
    uint64_t y = ((const uint64_t *)b)[1];
    return (x > y) - (x < y);
}

/* Sequence numbers are in the order of events (as far as the tick did not wrap). */
static void compare_order(walk_t *walk)
{
    model_t *model = walk->model;
    if (walk->rows == 0) { return; }
    qsort(walk->order, walk->rows, sizeof(walk->order[0]), by_event);
    for (uint32_t i = 1; i < walk->rows; i++) {
        uint64_t before = walk->order[i - 1U][0];
        uint64_t after = walk->order[i][0];
        bool wrapped = model->now > (ht_tick_t) ~(ht_tick_t)0;
        EXPECT("sequence rises", i, after > before || (wrapped && after != before), true);
    }
}

static void compare_blocks(model_t *model, const ht_select_t *select, uint64_t since)
{
    uint64_t order[ORACLE_MAX / 4][2];
    walk_t walk = {.model = model, .select = select, .since = since, .order = order};
    uint32_t expected = 0;
    for (uint32_t i = 0; i < model->oracle.block_count; i++) {
        expected += is_selected(&walk, &model->oracle.blocks[i]);
    }
    if (!EXPECT("room", 0, expected <= ORACLE_MAX / 4, true)) { return; }
    ht_walk_t result = ht_query_blocks(&model->tracker, select, on_block, &walk);
    EXPECT("blocks", 0, result.rows, expected);
    EXPECT("blocks disturbed", 0, result.disturbed, false);
    compare_order(&walk);
}

static bool on_site(void *context, const heaptrail_site_row_t *row)
{
    walk_t *walk = context;
    model_t *model = walk->model;
    const oracle_t *oracle = &model->oracle;
    uint32_t id = row->origin.id;
    const oracle_origin_t *origin = &oracle->origins[id];
    oracle_sum_t live = oracle_sum(oracle, ORACLE_BY_ORIGIN, id, 0);
    oracle_sum_t since = oracle_sum(oracle, ORACLE_BY_ORIGIN, id, walk->since);
    compare_origin(model, &row->origin);
    EXPECT("site live blocks", id, row->live_blocks, live.blocks);
    EXPECT("site live bytes", id, row->live_bytes, live.bytes);
    EXPECT("site peak", id, row->peak_bytes, origin->peak);
    EXPECT("site total blocks", id, row->total_blocks, origin->total);
    EXPECT("site total bytes", id, row->total_bytes, origin->total_bytes);
    EXPECT("site dropped", id, row->dropped_blocks, origin->dropped);
    EXPECT("site failures", id, row->failures, origin->failures);
    EXPECT("site since blocks", id, row->since_blocks, since.blocks);
    EXPECT("site since bytes", id, row->since_bytes, since.bytes);
    EXPECT("site oldest", id, row->oldest_age_us, US(oracle_oldest(oracle, id)));
    for (uint32_t b = 0; b < HT_LIFETIME_BUCKETS; b++) {
        EXPECT("site lifetimes", id * 100U + b, row->lifetimes[b], origin->lives[b]);
    }
    walk->rows++;
    return true;
}

static bool on_task(void *context, const heaptrail_task_row_t *row)
{
    walk_t *walk = context;
    model_t *model = walk->model;
    const oracle_task_t *task = &model->oracle.tasks[row->id];
    oracle_sum_t live = oracle_sum(&model->oracle, ORACLE_BY_TASK, row->id, 0);
    oracle_sum_t since = oracle_sum(&model->oracle, ORACLE_BY_TASK, row->id, walk->since);
    EXPECT("task name", row->id, strcmp(row->name, task_name(model, row->id)), 0);
    EXPECT("task handle", row->id, row->handle, task->key);
    EXPECT("task deleted", row->id, row->deleted, task->gone);
    EXPECT("task live blocks", row->id, row->live_blocks, live.blocks);
    EXPECT("task live bytes", row->id, row->live_bytes, live.bytes);
    EXPECT("task peak", row->id, row->peak_bytes, task->peak);
    EXPECT("task total blocks", row->id, row->total_blocks, task->total);
    EXPECT("task total bytes", row->id, row->total_bytes, task->total_bytes);
    EXPECT("task since blocks", row->id, row->since_blocks, since.blocks);
    EXPECT("task since bytes", row->id, row->since_bytes, since.bytes);
    walk->rows++;
    return true;
}

static bool on_heap(void *context, const heaptrail_heap_row_t *row)
{
    walk_t *walk = context;
    model_t *model = walk->model;
    const oracle_heap_t *heap = &model->oracle.heaps[row->id];
    oracle_sum_t live = oracle_sum(&model->oracle, ORACLE_BY_HEAP, row->id, 0);
    oracle_sum_t since = oracle_sum(&model->oracle, ORACLE_BY_HEAP, row->id, walk->since);
    EXPECT("heap start", row->id, row->start, heap->start);
    EXPECT("heap size", row->id, row->size_bytes, heap->size);
    EXPECT("heap caps", row->id, row->caps, heap->caps);
    EXPECT("heap live blocks", row->id, row->live_blocks, live.blocks);
    EXPECT("heap live bytes", row->id, row->live_bytes, live.bytes);
    EXPECT("heap peak", row->id, row->peak_bytes, heap->peak);
    EXPECT("heap total blocks", row->id, row->total_blocks, heap->total);
    EXPECT("heap since blocks", row->id, row->since_blocks, since.blocks);
    EXPECT("heap since bytes", row->id, row->since_bytes, since.bytes);
    walk->rows++;
    return true;
}

static void expect_rows(model_t *model)
{
    const oracle_t *oracle = &model->oracle;
    uint32_t sites = 0;
    uint32_t tasks = 0;
    for (uint32_t i = 0; i <= oracle->origin_count; i++) {
        sites += oracle->origins[i].total != 0 || oracle->origins[i].failures != 0;
    }
    for (uint32_t i = 0; i < oracle->task_count; i++) {
        tasks += oracle->tasks[i].total != 0 || (i >= 4U && !oracle->tasks[i].gone);
    }
    walk_t walk = {.model = model};
    EXPECT("sites", 0, ht_query_sites(&model->tracker, on_site, &walk).rows, sites);
    EXPECT("tasks", 0, ht_query_tasks(&model->tracker, on_task, &walk).rows, tasks);
    EXPECT("heaps", 0, ht_query_heaps(&model->tracker, on_heap, &walk).rows,
           oracle->heap_count + (oracle->heaps[0].total != 0));
}

/* The walks themselves, with the since_* fields filled in for a mark. */
static void compare_rows(model_t *model, const model_mark_t *mark)
{
    ht_select_t select = {.since = &mark->mark};
    bool disturbed = true;
    bool begun = ht_query_since_begin(&model->tracker, &select, &disturbed);
    if (!EXPECT("since begins", 0, begun, true)) { return; }
    EXPECT("since disturbed", 0, disturbed, false);
    EXPECT("a second one is refused", 0, ht_query_since_begin(&model->tracker, NULL, NULL), false);
    walk_t walk = {.model = model, .since = mark->event};
    ht_query_sites(&model->tracker, on_site, &walk);
    ht_query_tasks(&model->tracker, on_task, &walk);
    ht_query_heaps(&model->tracker, on_heap, &walk);
    ht_query_since_end(&model->tracker);
    bool again = ht_query_since_begin(&model->tracker, NULL, NULL);
    EXPECT("since begins again", 0, again, true);
    expect_rows(model); /* since the beginning */
    ht_query_since_end(&model->tracker);
}

static bool on_failure(void *context, const heaptrail_failure_row_t *row)
{
    walk_t *walk = context;
    model_t *model = walk->model;
    const oracle_t *oracle = &model->oracle;
    if (!EXPECT("failure number", walk->rows, row->number >= 1U, true)) { return false; }
    if (!EXPECT("failure number", 0, row->number <= oracle->failure_count, true)) { return false; }
    const oracle_failure_t *failure = &oracle->failures[row->number - 1U];
    EXPECT("failure is since", row->number, failure->event > walk->since, true);
    EXPECT("failure size", row->number, row->size_bytes, failure->size);
    EXPECT("failure alignment", row->number, row->alignment, failure->alignment);
    EXPECT("failure origin", row->number, row->origin.id, failure->origin);
    EXPECT("failure task", row->number, row->task_id, failure->task);
    EXPECT("failure age", row->number, row->age_us, US(oracle_age(oracle, failure->tick)));
    walk->rows++;
    return true;
}

static void compare_failures(model_t *model, const model_mark_t *mark)
{
    const oracle_t *oracle = &model->oracle;
    uint32_t max = oracle->sizes.max_failures;
    uint32_t first = oracle->failure_count > max ? oracle->failure_count - max : 0;
    uint32_t expected = 0;
    for (uint32_t i = first; i < oracle->failure_count; i++) {
        expected += oracle->failures[i].event > mark->event;
    }
    ht_select_t select = {.since = &mark->mark};
    walk_t walk = {.model = model, .since = mark->event};
    ht_walk_t result = ht_query_failures(&model->tracker, &select, on_failure, &walk);
    EXPECT("failures", 0, result.rows, expected);
}

static void compare_whois(model_t *model)
{
    uintptr_t address = stream_any_address(&model->stream);
    const oracle_block_t *block = oracle_whois(&model->oracle, address);
    heaptrail_block_row_t row;
    size_t offset = 0;
    bool found = ht_query_whois(&model->tracker, address, &row, &offset);
    if (!EXPECT("whois", address, found, block != NULL) || block == NULL) { return; }
    EXPECT("whois address", address, row.address, block->address);
    EXPECT("whois offset", address, offset, address - block->address);
    compare_block(model, &row, block);
}

static void compare_loss(model_t *model, const heaptrail_loss_t *loss)
{
    const heaptrail_loss_t *right = &model->oracle.loss;
    uint32_t failures = model->oracle.failure_count;
    uint32_t ring = model->oracle.sizes.max_failures;
    EXPECT("lost: table full", 0, loss->table_full, right->table_full);
    EXPECT("lost: table crowded", 0, loss->table_crowded, 0U);
    EXPECT("lost: too large", 0, loss->too_large, right->too_large);
    EXPECT("lost: origins full", 0, loss->origins_full, right->origins_full);
    EXPECT("lost: frames full", 0, loss->frames_full, right->frames_full);
    EXPECT("lost: tasks full", 0, loss->tasks_full, right->tasks_full);
    EXPECT("lost: unknown frees", 0, loss->unknown_frees, right->unknown_frees);
    EXPECT("lost: filtered", 0, loss->filtered, right->filtered);
    EXPECT("lost: failures", 0, loss->failures_overwritten, failures > ring ? failures - ring : 0);
}

static void compare_status(model_t *model)
{
    const oracle_t *oracle = &model->oracle;
    heaptrail_status_t status;
    ht_query_status(&model->tracker, &status);
    uint64_t total = 0;
    uint64_t frees = 0;
    uint64_t bytes = 0;
    size_t live_bytes = 0;
    uint32_t live = 0;
    for (uint32_t i = 0; i <= oracle->origin_count; i++) {
        total += oracle->origins[i].total;
        frees += oracle->origins[i].freed;
        bytes += oracle->origins[i].total_bytes;
        live += oracle_sum(oracle, ORACLE_BY_ORIGIN, i, 0).blocks;
        live_bytes += oracle_sum(oracle, ORACLE_BY_ORIGIN, i, 0).bytes;
    }
    EXPECT("status: running", 0, status.running, oracle->running);
    EXPECT("status: live blocks", 0, status.live_blocks, live);
    EXPECT("status: live bytes", 0, status.live_bytes, live_bytes);
    EXPECT("status: total blocks", 0, status.total_blocks, total);
    EXPECT("status: total bytes", 0, status.total_bytes, bytes);
    EXPECT("status: total frees", 0, status.total_frees, frees);
    EXPECT("status: failures", 0, status.failures, oracle->failure_count);
    EXPECT("status: max blocks", 0, status.max_blocks, oracle->limit);
    EXPECT("status: origins", 0, status.origins, oracle->origin_count);
    EXPECT("status: tasks", 0, status.tasks, oracle->task_count - 4U);
    EXPECT("status: heaps", 0, status.heaps, oracle->heap_count);
    compare_loss(model, &status.loss);
}

static ht_select_t any_select(model_t *model, const model_mark_t *mark)
{
    uint32_t pick = stream_random(&model->stream);
    ht_select_t select = {.since = &mark->mark};
    if (pick % 2U == 0) { return select; }
    if (pick & 0x10U) { select.task_id = (pick >> 8) % model->oracle.task_count; }
    if (pick & 0x20U) { select.origin_id = (pick >> 12) % (model->oracle.origin_count + 1U); }
    if (pick & 0x40U) { select.heap_id = (pick >> 16) % (model->oracle.heap_count + 1U); }
    if (pick & 0x80U) { select.size_min = (pick >> 20) % 60U; }
    if (pick % 7U == 0) { select.caps = 1U << (pick >> 30); }
    if (pick % 5U == 0) { select.age_min_us = US((pick >> 24) * 4U); }
    return select;
}

bool model_compare(model_t *model)
{
    const model_mark_t *mark = &model->marks[stream_random(&model->stream) % MODEL_MARKS];
    ht_select_t select = any_select(model, mark);
    compare_blocks(model, &select, mark->event);
    compare_rows(model, mark);
    compare_failures(model, mark);
    for (int i = 0; i < 4; i++) {
        compare_whois(model);
    }
    compare_status(model);
    return model->wrong[0] == '\0';
}
