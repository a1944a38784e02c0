/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_model_flow.h
 * A block more or less in a flow, and in everything that sums flows up (inline: every event
 * passes).
 *
 * Who held what at a peak is known without a second pass and without copying tables: a peak is a
 * number (epoch), and a flow keeps what it had when it changes for the first time after a peak. A
 * flow that has not changed since has what it had then.
 */
#pragma once

#include "ht_model_live.h"

#define HT_SIZE_MAX ((UINT64_C(1) << 48) - 1U)

/* Never 0. */
static inline uint64_t ht_flow_key(ht_row_t origin, ht_row_t task, ht_row_t heap, bool pool)
{
    return (uint64_t)origin << 32 | (uint64_t)task << 12 | (uint64_t)heap << 2 | (pool ? 3U : 1U);
}

static inline size_t ht_flow_home(const ht_model_t *model, uint64_t key)
{
    return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (model->flow_slots - 1U);
}

/** A flow that is not there yet; HT_NO_ROW: no memory. In ht_model_blocks.c. */
ht_row_t ht_flow_new(ht_model_t *model, ht_row_t origin, ht_row_t task, ht_row_t heap, bool pool);

static inline ht_row_t ht_flow_search(ht_model_t *model, ht_row_t origin, ht_row_t task,
                                      ht_row_t heap, bool pool)
{
    uint64_t key = ht_flow_key(origin, task, heap, pool);
    size_t at = ht_flow_home(model, key);
    for (; model->flow_slot[at].key != 0; at = (at + 1U) & (model->flow_slots - 1U)) {
        if (model->flow_slot[at].key == key) { return model->flow_slot[at].row; }
    }
    return ht_flow_new(model, origin, task, heap, pool);
}

static inline uint16_t *ht_flow_cached(ht_model_t *model, ht_row_t origin, ht_row_t task,
                                       ht_row_t heap)
{
    return &model->flow_cache[((origin << 3) + task + heap * 0x9B4U) % HT_FLOW_CACHE];
}

static inline bool ht_flow_is(const ht_flow_row_t *flow, ht_row_t origin, ht_row_t task,
                              ht_row_t heap, bool pool)
{
    return flow->origin == origin && flow->task == task && flow->heap == heap && flow->pool == pool;
}

/* A flow that is looked for soon. */
HT_PREFETCH void ht_flow_prefetch(ht_model_t *model, ht_row_t origin, ht_row_t task, ht_row_t heap)
{
    const unsigned cached = *ht_flow_cached(model, origin, task, heap);
    __builtin_prefetch(&model->flows.row[cached - (cached != 0)], 1);
}

static inline ht_row_t ht_flow_of(ht_model_t *model, ht_row_t origin, ht_row_t task, ht_row_t heap,
                                  bool pool)
{
    uint16_t *const cached = ht_flow_cached(model, origin, task, heap);
    if (__builtin_expect(*cached != 0, 1)) {
        const ht_row_t row = *cached - 1U;
        if (ht_flow_is(&model->flows.row[row], origin, task, heap, pool)) { return row; }
    }
    const ht_row_t row = ht_flow_search(model, origin, task, heap, pool);
    *cached = row < UINT16_MAX ? (uint16_t)(row + 1U) : 0;
    return row;
}

/* Before a flow changes. */
static inline void ht_flow_keep(const ht_model_t *model, ht_flow_row_t *flow,
                                const ht_heap_row_t *heap)
{
    if (flow->peak_epoch != model->view.peak_epoch) {
        flow->peak_epoch = model->view.peak_epoch;
        flow->kept_blocks = flow->live_blocks;
        flow->kept_bytes = flow->live_bytes;
    }
    if (flow->heap_epoch != heap->peak_epoch) {
        flow->heap_epoch = heap->peak_epoch;
        flow->heap_kept_blocks = flow->live_blocks;
        flow->heap_kept_bytes = flow->live_bytes;
    }
}

static inline void ht_flow_raise_heap(ht_model_t *model, ht_heap_row_t *heap, uint64_t size)
{
    heap->live_blocks++;
    heap->live_bytes += size;
    if (heap->live_bytes > heap->peak_bytes) {
        heap->peak_bytes = heap->live_bytes;
        heap->peak_blocks = heap->live_blocks;
        heap->peak_time_us = model->view.last_us;
        heap->peak_epoch++;
    }
}

static inline void ht_flow_raise_total(ht_model_view_t *view, uint64_t size)
{
    view->live_blocks++;
    view->live_bytes += size;
    if (view->live_bytes > view->peak_bytes) {
        view->peak_bytes = view->live_bytes;
        view->peak_blocks = view->live_blocks;
        view->peak_time_us = view->last_us;
        view->peak_epoch++;
    }
}

/* A block more lives. */
static inline void ht_flow_raise(ht_model_t *model, ht_flow_row_t *flow, uint64_t size)
{
    ht_heap_row_t *heap = &model->heaps.row[flow->heap];
    ht_origin_row_t *origin = &model->origins.row[flow->origin];
    ht_task_row_t *task = &model->tasks.row[flow->task];
    ht_flow_keep(model, flow, heap);
    flow->live_blocks++;
    flow->live_bytes += size;
    origin->live_bytes += size;
    if (origin->live_bytes > origin->peak_bytes) {
        origin->peak_bytes = origin->live_bytes;
        origin->peak_time_us = model->view.last_us;
    }
    task->live_bytes += size;
    task->peak_bytes = task->live_bytes > task->peak_bytes ? task->live_bytes : task->peak_bytes;
    ht_flow_raise_heap(model, heap, size);
    if (flow->pool) {
        model->view.pool_blocks++;
        model->view.pool_bytes += size;
    } else {
        ht_flow_raise_total(&model->view, size);
    }
}

/* Tell who wants to know. `was` is of HT_CHANGE_RELABELED. */
static inline void ht_flow_tell(const ht_model_t *model, ht_change_kind_t kind,
                                const ht_slot_t *slot, ht_row_t was)
{
    if (__builtin_expect(model->options.change == NULL, 1)) { return; }
    const ht_change_t change = {.kind = kind,
                                .pool = (slot->key & HT_KEY_POOL) != 0,
                                .address = slot->key & ~HT_KEY_POOL,
                                .size = slot->size,
                                .time_us = model->view.last_us,
                                .made_us = slot->time_us,
                                .flow = slot->flow,
                                .was = was};
    model->options.change(model->options.change_context, model, &change);
}

/* Does the device know of a block that is raised? */
static inline void ht_flow_recorded(ht_model_t *model, unsigned flags, uint64_t size)
{
    if ((flags & HT_LIVE_UNRECORDED) != 0) {
        model->view.unrecorded_blocks++;
        model->view.unrecorded_bytes += size;
    }
}

/* A block less. */
static inline void ht_flow_lower(ht_model_t *model, const ht_slot_t *slot)
{
    ht_flow_row_t *flow = &model->flows.row[slot->flow];
    ht_heap_row_t *heap = &model->heaps.row[flow->heap];
    uint64_t size = slot->size;
    ht_flow_keep(model, flow, heap);
    flow->live_blocks--;
    flow->live_bytes -= size;
    model->origins.row[flow->origin].live_bytes -= size;
    model->tasks.row[flow->task].live_bytes -= size;
    heap->live_blocks--;
    heap->live_bytes -= size;
    if (flow->pool) {
        model->view.pool_blocks--;
        model->view.pool_bytes -= size;
    } else {
        model->view.live_blocks--;
        model->view.live_bytes -= size;
    }
    if ((slot->flags & HT_LIVE_UNRECORDED) != 0) {
        model->view.unrecorded_blocks--;
        model->view.unrecorded_bytes -= size;
    }
}

/* Its end was not seen. */
static inline void ht_flow_vanish(ht_model_t *model, const ht_slot_t *slot)
{
    if (slot->flow == HT_NO_ROW) { return; }
    ht_flow_row_t *flow = &model->flows.row[slot->flow];
    flow->vanished_blocks++;
    flow->vanished_bytes += slot->size;
    model->view.vanished_blocks += flow->pool ? 0U : 1U;
    ht_flow_lower(model, slot);
    ht_flow_tell(model, HT_CHANGE_VANISHED, slot, slot->flow);
}
