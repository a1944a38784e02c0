/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Does everything add up? For tests: the sums again, from the live table. */
#include <stdlib.h>

#include "ht_model_live.h"

typedef struct {
    uint64_t blocks, bytes;
} sum_t;

static bool same(sum_t sum, uint64_t blocks, uint64_t bytes)
{
    return sum.blocks == blocks && sum.bytes == bytes;
}

static const char *check_table(const ht_model_t *model, sum_t *by_flow)
{
    const ht_live_t *live = &model->live;
    size_t used = 0;
    for (size_t i = 0; i < live->rows; i++) {
        const ht_slot_t *slot = &live->slot[i];
        if (slot->key == 0) { continue; }
        used++;
        if (ht_live_slot(live, slot->key) != slot) { return "a block cannot be found"; }
        if (slot->flow == HT_NO_ROW) { continue; }
        if (slot->flow >= model->flows.count) { return "a block of no flow"; }
        if (slot->time_us > model->view.last_us) { return "a block from the future"; }
        by_flow[slot->flow].blocks++;
        by_flow[slot->flow].bytes += slot->size;
    }
    if (used != live->used) { return "the live table counts wrongly"; }
    return used * 2U > live->size * HT_BUCKET_ENTRIES ? "the live table is too full" : NULL;
}

typedef struct {
    sum_t total, pools;
    sum_t *origin, *task, *heap;
    uint64_t made, carried, vanished, temporary;
} sums_t;

static void add(sum_t *sum, const ht_flow_row_t *flow)
{
    sum->blocks += flow->live_blocks;
    sum->bytes += flow->live_bytes;
}

static const char *check_flow(const ht_model_t *model, const ht_flow_row_t *flow, sum_t live,
                              sums_t *sums)
{
    if (flow->origin >= model->origins.count || flow->task >= model->tasks.count ||
        flow->heap >= model->heaps.count) {
        return "a flow of nothing";
    }
    if (!same(live, flow->live_blocks, flow->live_bytes)) { return "a flow's live blocks"; }
    if (flow->live_blocks + flow->vanished_blocks > flow->carried_blocks + flow->total_blocks) {
        return "a flow has more blocks than came";
    }
    add(&sums->origin[flow->origin], flow);
    add(&sums->task[flow->task], flow);
    add(&sums->heap[flow->heap], flow);
    add(flow->pool ? &sums->pools : &sums->total, flow);
    if (!flow->pool) {
        sums->made += flow->total_blocks;
        sums->carried += flow->carried_blocks;
        sums->vanished += flow->vanished_blocks;
        sums->temporary += flow->temporary_blocks;
    }
    return NULL;
}

static const char *check_rows(const ht_model_t *model, const sums_t *sums)
{
    for (size_t i = 0; i < model->origins.count; i++) {
        const ht_origin_row_t *row = &model->origins.row[i];
        if (sums->origin[i].bytes != row->live_bytes) { return "an origin's live bytes"; }
        if (row->peak_bytes < row->live_bytes) { return "an origin's peak"; }
    }
    for (size_t i = 0; i < model->tasks.count; i++) {
        const ht_task_row_t *row = &model->tasks.row[i];
        if (sums->task[i].bytes != row->live_bytes) { return "a task's live bytes"; }
        if (row->peak_bytes < row->live_bytes) { return "a task's peak"; }
    }
    for (size_t i = 0; i < model->heaps.count; i++) {
        const ht_heap_row_t *row = &model->heaps.row[i];
        if (!same(sums->heap[i], row->live_blocks, row->live_bytes)) { return "a heap's blocks"; }
        if (row->peak_bytes < row->live_bytes) { return "a heap's peak"; }
    }
    return NULL;
}

/* What was held at the peaks adds up to them. */
static const char *check_peaks(const ht_model_t *model, sum_t *by_heap)
{
    ht_model_view_t view = ht_model_view(model);
    sum_t all = {0, 0};
    for (size_t i = 0; i < model->flows.count; i++) {
        const ht_flow_row_t *flow = &model->flows.row[i];
        ht_holder_t then = ht_model_at_peak(&view, flow);
        all.blocks += flow->pool ? 0U : then.live_blocks;
        all.bytes += flow->pool ? 0U : then.live_bytes;
        ht_holder_t in_heap = ht_model_at_heap_peak(&view, flow);
        by_heap[flow->heap].blocks += in_heap.live_blocks;
        by_heap[flow->heap].bytes += in_heap.live_bytes;
    }
    if (!same(all, view.peak_blocks, view.peak_bytes)) { return "who held the peak"; }
    for (size_t i = 0; i < model->heaps.count; i++) {
        const ht_heap_row_t *heap = &model->heaps.row[i];
        if (!same(by_heap[i], heap->peak_blocks, heap->peak_bytes)) {
            return "who held a heap's peak";
        }
    }
    return NULL;
}

static const char *check_totals(const ht_model_view_t *view, const sums_t *sums)
{
    if (!same(sums->total, view->live_blocks, view->live_bytes)) { return "the live total"; }
    if (!same(sums->pools, view->pool_blocks, view->pool_bytes)) { return "the pools' total"; }
    if (sums->made != view->total_blocks || sums->carried != view->carried_blocks ||
        sums->vanished != view->vanished_blocks || sums->temporary != view->temporary_blocks) {
        return "the totals";
    }
    if (view->carried_blocks + view->total_blocks - view->vanished_blocks - view->live_blocks !=
        view->freed_blocks) {
        return "the frees";
    }
    return view->unrecorded_blocks > view->live_blocks ? "blocks without a record" : NULL;
}

static const char *check_all(const ht_model_t *model, sums_t *sums, sum_t *by_flow, sum_t *by_heap)
{
    const char *wrong = check_table(model, by_flow);
    for (size_t i = 0; i < model->flows.count && wrong == NULL; i++) {
        wrong = check_flow(model, &model->flows.row[i], by_flow[i], sums);
    }
    wrong = wrong != NULL ? wrong : check_rows(model, sums);
    wrong = wrong != NULL ? wrong : check_totals(&model->view, sums);
    return wrong != NULL ? wrong : check_peaks(model, by_heap);
}

const char *ht_model_check(const ht_model_t *model)
{
    sums_t sums = {.origin = calloc(model->origins.count + 1U, sizeof(sum_t)),
                   .task = calloc(model->tasks.count + 1U, sizeof(sum_t)),
                   .heap = calloc(model->heaps.count + 1U, sizeof(sum_t))};
    sum_t *by_flow = calloc(model->flows.count + 1U, sizeof(sum_t));
    sum_t *by_heap = calloc(model->heaps.count + 1U, sizeof(sum_t));
    bool room = sums.origin != NULL && sums.task != NULL && sums.heap != NULL && by_flow != NULL &&
                by_heap != NULL;
    const char *wrong = room ? check_all(model, &sums, by_flow, by_heap) : "no memory to check";
    free(sums.origin);
    free(sums.task);
    free(sums.heap);
    free(by_flow);
    free(by_heap);
    return wrong;
}
