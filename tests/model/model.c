/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const heaptrail_site_t s_sites[ORACLE_ROWS] = {{.file = "a.c", .function = "f", .line = 1}};

/* The origins of the stream: sites, stacks, both; some that differ in one field only. */
static uint32_t origin_key(uint32_t o, ht_origin_key_t *key, uintptr_t frames[4])
{
    frames[0] = 0x400D0000U + o / 8U * 4U;
    frames[1] = 0x400D1000U + o / 2U * 4U;
    frames[2] = frames[3] = 0x400D2000U + o * 4U;
    *key = (ht_origin_key_t){.site = o % 5U == 0 ? NULL : &s_sites[o / 3U],
                             .frames = frames,
                             .depth = o % 5U,
                             .caps = o % 3U,
                             .method = 1U + o / 3U % (HEAPTRAIL_METHOD_COUNT - 1U)};
    if (key->depth == 0 && key->site == NULL) { key->method = 1U + o % 19U; }
    return key->depth;
}

static ht_origin_id_t intern(model_t *model, uint32_t o, uint32_t *oracle_id)
{
    ht_origin_key_t key;
    uintptr_t frames[4];
    if (origin_key(o, &key, frames) == 0) { key.frames = NULL; }
    *oracle_id = oracle_intern(&model->oracle, &key);
    return ht_origin_intern(&model->tracker.origins, &model->tracker.lock, &key);
}

void model_init(model_t *model, const ht_sizes_t *sizes, const stream_config_t *config,
                uint64_t seed)
{
    memset(model, 0, sizeof(*model));
    fake_port_reset();
    bool wraps = sizeof(ht_tick_t) == 4 && seed % 4U == 0;
    model->now = wraps ? UINT32_MAX - 300U : 1000U;
    g_fake.tick = (ht_tick_t)model->now;
    model->memory = calloc(1, ht_tracker_memory_bytes(sizes));
    if (model->memory == NULL) { abort(); }
    ht_tracker_init(&model->tracker, sizes, model->memory, HT_STATE_RUNNING);
    oracle_init(&model->oracle, sizes, model->now);
    stream_init(&model->stream, config, seed);
}

void model_init_watched(model_t *model, const ht_sizes_t *sizes, const stream_config_t *config,
                        uint64_t seed, size_t bytes)
{
    model_init(model, sizes, config, seed);
    model->watch = malloc(sizeof(*model->watch));
    if (model->watch == NULL) { abort(); }
    watch_init(model->watch, &model->tracker, bytes);
}

void model_deinit(model_t *model)
{
    free(model->watch);
    stream_deinit(&model->stream);
    free(model->memory);
}

static void be(const stream_op_t *op)
{
    g_fake.task_key = op->task_key;
    g_fake.task_name = op->task_name;
    g_fake.core = op->core;
}

static void note_wrong(model_t *model, const char *wrong)
{
    if (wrong != NULL && model->wrong[0] == '\0') {
        snprintf(model->wrong, sizeof(model->wrong), "step %u: watch: %s", (unsigned)model->step,
                 wrong);
    }
}

static void add(model_t *model, const stream_op_t *op, uintptr_t address)
{
    if (model->watch != NULL) { watch_take(model->watch, address, op->size); }
    if (!model->oracle.running) { return; }
    uint32_t oracle_id = 0;
    ht_origin_id_t id = intern(model, op->origin, &oracle_id);
    if (model->watch != NULL) { watch_before(model->watch); }
    ht_tracker_add(&model->tracker, address, op->size, id);
    oracle_add(&model->oracle, address, op->size, oracle_id, g_fake.task_key, op->task_name,
               op->core);
    if (model->watch != NULL) {
        note_wrong(model,
                   watch_after(model->watch, &model->tracker, &model->oracle, op->size, id.index));
    }
}

/* The heap has the block again: from here on others may get it. */
static void give(model_t *model, uintptr_t address)
{
    if (model->watch != NULL) { watch_give(model->watch, address); }
}

static void end(model_t *model, uintptr_t address)
{
    ht_tracker_remove(&model->tracker, address);
    oracle_remove(&model->oracle, address);
    give(model, address);
}

static void fail(model_t *model, const stream_op_t *op)
{
    if (!model->oracle.running) { return; }
    uint32_t oracle_id = 0;
    ht_failure_t failure = {.size = op->size, .alignment = op->alignment};
    failure.origin = intern(model, op->origin, &oracle_id);
    ht_tracker_fail(&model->tracker, &failure);
    oracle_fail(&model->oracle, op->size, op->alignment, oracle_id, op->task_key, op->task_name);
}

static void reset(model_t *model)
{
    ht_tracker_reset(&model->tracker);
    oracle_reset(&model->oracle);
}

/* What an interrupt does while the heap works inside realloc(). */
static void inside(model_t *model, const stream_op_t *op)
{
    if (op->inside == STREAM_INSIDE_RESET) { reset(model); }
    if (op->inside == STREAM_INSIDE_REUSE) {
        g_fake.task_key = HT_KEY_ISR(op->core);
        add(model, op, op->address);
        g_fake.task_key = op->task_key;
    }
}

static void do_realloc(model_t *model, const stream_op_t *op)
{
    ht_hold_t hold = ht_tracker_hold(&model->tracker, op->address);
    int held = oracle_hold(&model->oracle, op->address);
    if (op->kind != STREAM_REALLOC_FAILS) { give(model, op->address); }
    inside(model, op);
    if (op->kind == STREAM_REALLOC_FAILS) {
        ht_tracker_put_back(&model->tracker, hold);
        oracle_put_back(&model->oracle, held, op->inside == STREAM_INSIDE_RESET);
        fail(model, op);
        return;
    }
    ht_tracker_drop_held(&model->tracker, hold);
    oracle_drop(&model->oracle, held);
    if (op->kind != STREAM_REALLOC_ZERO) { add(model, op, op->new_address); }
}

/* Marks are made now and then, and so are measurements. */
static void mark(model_t *model)
{
    if (model->watch != NULL) { note_wrong(model, watch_measure(model->watch, &model->tracker)); }
    ht_stamp_t stamp = ht_tracker_mark(&model->tracker);
    model_mark_t *to = &model->marks[1U + model->next_mark++ % (MODEL_MARKS - 1U)];
    to->mark = (heaptrail_mark_t){.tick = stamp.tick, .order = stamp.order};
    to->event = oracle_mark(&model->oracle);
}

static void set_filter(model_t *model, const stream_op_t *op)
{
    ht_filter_t filter = {0};
    uint32_t pick = op->pick;
    if (pick % 3U != 0) { /* one time in three there is none */
        if (pick & 0x100U) { filter.task_id = 1U + (pick >> 12) % 8U; }
        if (pick & 0x200U) { filter.origin_id = (pick >> 16) % 20U; }
        if (pick & 0x400U) { filter.size_min = (pick >> 20) % 40U; }
        if (pick & 0x800U) { filter.size_max = (pick >> 24) + 20U; }
        if (pick & 0x1000U) { filter.caps = 1; }
    }
    ht_tracker_set_filter(&model->tracker, &filter);
    model->oracle.filter = filter;
}

static void run(model_t *model, bool running)
{
    ht_tracker_run(&model->tracker, running);
    model->oracle.running = running;
}

static void add_heap(model_t *model, const stream_op_t *op)
{
    uint32_t caps = 1U << (op->pick % 4U);
    ht_tracker_add_heap(&model->tracker, op->address, op->size, caps, "heap");
    oracle_add_heap(&model->oracle, op->address, op->size, caps);
}

static void delete_task(model_t *model, const stream_op_t *op)
{
    if (op->is_static || op->pick % 2U == 0) { /* a port may tell of each task that goes */
        ht_tracker_task_gone(&model->tracker, op->address);
    }
    if (op->is_static) {
        oracle_task_gone(&model->oracle, op->address);
    } else {
        if (op->pick % 2U == 0 && oracle_find(&model->oracle, op->address) == NULL) {
            oracle_task_gone(&model->oracle, op->address);
        }
        end(model, op->address);
    }
}

static void apply(model_t *model, const stream_op_t *op)
{
    switch (op->kind) {
    case STREAM_ALLOC:
        add(model, op, op->address);
        break;
    case STREAM_FREE:
    case STREAM_FREE_UNKNOWN:
        end(model, op->address);
        break;
    case STREAM_ALLOC_FAILS:
        fail(model, op);
        break;
    case STREAM_REALLOC_FAILS:
    case STREAM_REALLOC_IN_PLACE:
    case STREAM_REALLOC_MOVES:
    case STREAM_REALLOC_ZERO:
        do_realloc(model, op);
        break;
    case STREAM_TASK_CREATE:
        if (!op->is_static) { add(model, op, op->address); }
        break;
    case STREAM_TASK_DELETE:
        delete_task(model, op);
        break;
    case STREAM_CLOCK:
        model->now += op->ticks;
        break;
    case STREAM_MARK:
        mark(model);
        break;
    case STREAM_RESET:
        reset(model);
        break;
    case STREAM_FILTER:
        set_filter(model, op);
        break;
    case STREAM_STOP:
    case STREAM_START:
        run(model, op->kind == STREAM_START);
        break;
    case STREAM_ADD_HEAP:
        add_heap(model, op);
        break;
    default:
        break;
    }
}

bool model_expect(model_t *model, bool same, const char *what, uint64_t row, uint64_t is,
                  uint64_t should_be)
{
    if (!same && model->wrong[0] == '\0') {
        snprintf(model->wrong, sizeof(model->wrong),
                 "step %u: %s of row 0x%llx is %llu and should be %llu", (unsigned)model->step,
                 what, (unsigned long long)row, (unsigned long long)is,
                 (unsigned long long)should_be);
    }
    return same;
}

bool model_step(model_t *model)
{
    stream_op_t op;
    stream_next(&model->stream, &op);
    model->step++;
    be(&op);
    apply(model, &op);
    g_fake.tick = (ht_tick_t)model->now;
    model->oracle.now = model->now;
    const char *wrong = ht_check(&model->tracker);
    if (wrong != NULL) {
        snprintf(model->wrong, sizeof(model->wrong), "step %u (kind %d): ht_check: %s",
                 (unsigned)model->step, (int)op.kind, wrong);
    }
    return wrong == NULL && model->wrong[0] == '\0';
}
