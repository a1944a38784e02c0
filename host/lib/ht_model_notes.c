/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What is told beside blocks: marks, failures and why, errors, losses, measured heaps. */
#include <string.h>

#include "ht_format.h"
#include "ht_model_private.h"

/* --- marks --------------------------------------------------------------------------------------
 */

uint32_t ht_model_marks_before(const ht_model_t *model, uint64_t time_us)
{
    uint32_t marks = 0;
    for (size_t i = 0; i < model->marks.count && model->marks.row[i].time_us <= time_us; i++) {
        marks += model->marks.row[i].is_mark ? 1U : 0U;
    }
    return marks;
}

static ht_counters_t ours(const ht_model_t *model)
{
    const ht_model_view_t *view = &model->view;
    return (ht_counters_t){.live_blocks = view->live_blocks,
                           .live_bytes = view->live_bytes,
                           .total_blocks = view->total_blocks,
                           .total_bytes = view->total_bytes,
                           .freed_blocks = view->freed_blocks,
                           .failures = view->failures};
}

/* The device counts live blocks that have a record. */
static bool differs(const ht_model_t *model, const ht_counters_t *device)
{
    const ht_model_view_t *view = &model->view;
    return model->complete && !model->lost &&
           (device->live_blocks != view->live_blocks - view->unrecorded_blocks ||
            device->live_bytes != view->live_bytes - view->unrecorded_bytes);
}

/* A trace from the device's first allocation on needs no snapshot. */
static void judge_complete(ht_model_t *model, const ht_counters_t *device)
{
    bool all = model->options.size_min == 0 && model->options.size_max == 0;
    if (!all) {
        model->complete = false;
    } else if (device->total_blocks == model->made) {
        model->complete = true;
    }
}

static uint64_t above(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static void compare(ht_model_t *model, const ht_counters_t *device)
{
    ht_model_view_t *view = &model->view;
    bool sure = model->complete && !model->lost;
    bool all = model->options.size_min == 0 && model->options.size_max == 0;
    view->mismatches += differs(model, device) ? 1U : 0U;
    view->unknown_blocks = sure || !all ? 0 : above(device->live_blocks, view->live_blocks);
    view->unknown_bytes = sure || !all ? 0 : above(device->live_bytes, view->live_bytes);
}

void ht_model_mark(ht_model_t *model, const ht_event_t *event)
{
    bool is_mark = event->kind == HT_EVENT_MARK;
    const ht_counters_t *device = is_mark ? &event->mark.counters : &event->counters;
    judge_complete(model, device);
    model->view.marks += is_mark ? 1U : 0U;
    compare(model, device);
    if (!is_mark || model->marks.count >= HT_ROWS_KEPT) { return; }
    ht_mark_row_t *row = HT_ROW_ADD(model, model->marks);
    if (row == NULL) { return; }
    *row = (ht_mark_row_t){.number = event->mark.number,
                           .time_us = model->view.last_us,
                           .is_mark = is_mark,
                           .device = *device,
                           .ours = ours(model),
                           .differs = differs(model, device)};
    row->name = ht_model_text(model, event->mark.name);
}

/* --- failures -----------------------------------------------------------------------------------
 */

/* MALLOC_CAP_* that need care, by value. */
enum { DMA = 1 << 3, SPIRAM = 1 << 10, DMA_DESC = 3 << 17, CACHE_ALIGNED = 1 << 19 };

/* What ESP-IDF looks for, as the device's own report does (report_failures.c says why). */
static uint32_t caps_looked_for(uint32_t caps)
{
    bool descriptors = (caps & DMA_DESC) != 0;
    caps &= ~(uint32_t)(DMA_DESC | CACHE_ALIGNED);
    if (descriptors) { caps |= DMA; }
    return (caps & SPIRAM) != 0 ? caps & ~(uint32_t)DMA : caps;
}

static bool offers(const ht_heap_row_t *heap, uint32_t asked)
{
    uint32_t caps = caps_looked_for(asked);
    return heap->defined && !heap->pool && heap->caps != 0 && (heap->caps & caps) == caps;
}

/* The largest first. */
static void offer_holder(ht_failure_row_t *failure, ht_holder_t holder)
{
    uint32_t at = failure->holder_count;
    while (at > 0 && failure->holder[at - 1U].live_bytes < holder.live_bytes) {
        at--;
    }
    if (at == HT_HOLDERS || holder.live_bytes == 0) { return; }
    uint32_t last = failure->holder_count < HT_HOLDERS ? failure->holder_count : HT_HOLDERS - 1U;
    memmove(&failure->holder[at + 1U], &failure->holder[at], (last - at) * sizeof(holder));
    failure->holder[at] = holder;
    failure->holder_count = last + 1U;
}

/* Who holds memory of that kind. Where no heap is known (Linux) all memory is. */
static void find_holders(const ht_model_t *model, ht_failure_row_t *failure)
{
    bool any = model->heaps.count == 1U;
    for (size_t o = 0; o < model->origins.count; o++) {
        ht_holder_t holder = {.origin = (ht_row_t)o};
        for (ht_row_t f = model->origins.row[o].first_flow; f != HT_NO_ROW;
             f = model->flows.row[f].next) {
            const ht_flow_row_t *flow = &model->flows.row[f];
            bool there = any || offers(&model->heaps.row[flow->heap], failure->caps);
            if (!there || flow->pool) { continue; }
            holder.live_blocks += flow->live_blocks;
            holder.live_bytes += flow->live_bytes;
        }
        offer_holder(failure, holder);
    }
}

static ht_cause_t cause_of(const ht_failure_row_t *failure, uint64_t largest_heap)
{
    if (failure->heaps == 0 && !failure->measured) { return HT_CAUSE_UNKNOWN; }
    if (failure->heaps == 0) { return HT_CAUSE_IMPOSSIBLE; }
    if (failure->size > largest_heap) { return HT_CAUSE_TOO_LARGE; }
    if (!failure->measured) { return HT_CAUSE_UNKNOWN; }
    if (failure->free_bytes < failure->size) { return HT_CAUSE_EXHAUSTED; }
    return failure->largest_bytes < failure->size ? HT_CAUSE_FRAGMENTED : HT_CAUSE_WOULD_FIT;
}

static void explain(const ht_model_t *model, ht_failure_row_t *failure)
{
    uint64_t largest = 0;
    for (size_t i = 1; i < model->heaps.count; i++) {
        const ht_heap_row_t *heap = &model->heaps.row[i];
        if (!offers(heap, failure->caps)) { continue; }
        failure->heaps++;
        failure->heap_bytes += heap->bytes;
        failure->live_bytes += heap->live_bytes;
        largest = heap->bytes > largest ? heap->bytes : largest;
    }
    bool none_known = model->heaps.count == 1U;
    failure->cause = none_known ? HT_CAUSE_UNKNOWN : cause_of(failure, largest);
    failure->live_bytes = none_known ? model->view.live_bytes : failure->live_bytes;
    find_holders(model, failure);
}

void ht_model_failure(ht_model_t *model, const ht_event_t *event)
{
    ht_row_t origin = ht_model_origin(model, event->failure.origin);
    ht_row_t task = ht_model_task(model, event->task);
    model->view.failures++;
    model->origins.row[origin].failures++;
    if (model->failures.count >= HT_ROWS_KEPT) { return; }
    ht_failure_row_t *row = HT_ROW_ADD(model, model->failures);
    if (row == NULL) { return; }
    *row = (ht_failure_row_t){.number = event->failure.number,
                              .caps = event->failure.caps,
                              .origin = origin,
                              .task = task,
                              .time_us = model->view.last_us,
                              .size = event->failure.size,
                              .alignment = event->failure.alignment,
                              .measured = event->failure.measured,
                              .free_bytes = event->failure.free_bytes,
                              .largest_bytes = event->failure.largest_bytes};
    explain(model, row);
}

/* --- errors, losses -----------------------------------------------------------------------------
 */

void ht_model_error(ht_model_t *model, const ht_event_t *event)
{
    ht_error_row_t error = {.number = event->error.number,
                            .kind = event->error.kind,
                            .found = event->error.found,
                            .repeats = event->error.repeats,
                            .place = event->error.place,
                            .task = ht_model_task(model, event->task),
                            .time_us = model->view.last_us,
                            .address = event->error.address,
                            .block = event->error.block,
                            .block_size = event->error.block_size,
                            .damaged_bytes = event->error.damaged_bytes,
                            .damage_offset = event->error.damage_offset,
                            .block_origin = ht_model_origin(model, event->error.block_origin),
                            .block_task = ht_model_task(model, event->error.block_task),
                            .free_origin = ht_model_origin(model, event->error.free_origin),
                            .free_task = ht_model_task(model, event->error.free_task),
                            .caller_origin = ht_model_origin(model, event->error.caller_origin)};
    model->view.errors++;
    if (model->errors.count >= HT_ROWS_KEPT) { return; }
    ht_error_row_t *row = HT_ROW_ADD(model, model->errors);
    if (row == NULL) { return; }
    error.report = ht_model_text(model, event->error.report);
    *row = error;
}

/* Of events or of frames, so that what lives is not known any more. */
static bool is_of_events(uint32_t cause)
{
    return cause == HT_EVENT_LOSS_FRAMES ||
           (cause >= HT_LOSS_RING_FULL && cause <= HT_LOSS_NOT_WRITTEN) ||
           cause == HT_LOSS_OVERWRITTEN;
}

void ht_model_loss(ht_model_t *model, const ht_event_t *event)
{
    ht_loss_row_t *row = NULL;
    for (size_t i = 0; i < model->losses.count && row == NULL; i++) {
        row = model->losses.row[i].cause == event->loss.cause ? &model->losses.row[i] : NULL;
    }
    if (is_of_events(event->loss.cause)) {
        model->lost = true;
        model->in_snapshot = false;
        model->view.lost_events += event->loss.count;
    }
    if (row == NULL && model->losses.count < HT_ROWS_KEPT) {
        row = HT_ROW_ADD(model, model->losses);
        if (row != NULL) {
            *row = (ht_loss_row_t){.cause = event->loss.cause, .first_us = model->view.last_us};
        }
    }
    if (row == NULL) { return; }
    row->count += event->loss.count;
    row->times++;
    row->last_us = model->view.last_us;
}

/* --- what the device itself found --------------------------------------------------------------
 */

void ht_model_search(ht_model_t *model, const ht_event_t *event)
{
    bool better = ht_search_replaces(event->search, &model->search);
    model->searching = better ? event->search->number : 0;
    if (!better) { return; }
    model->search = *event->search;
    model->view.search_us = event->time_us;
    model->suspects.count = 0;
}

void ht_model_suspect(ht_model_t *model, const ht_event_t *event)
{
    const ht_suspect_t *suspect = event->suspect;
    if (suspect->number != model->searching || model->suspects.count >= HT_SUSPECTS_MAX) { return; }
    ht_row_t origin = ht_model_origin(model, (uint32_t)suspect->origin);
    ht_row_t task = ht_model_task(model, (uint32_t)suspect->left.task);
    ht_suspect_row_t *row = HT_ROW_ADD(model, model->suspects);
    if (row == NULL) { return; }
    *row = (ht_suspect_row_t){.told = *suspect, .origin = origin, .left_task = task};
}

/* --- heaps --------------------------------------------------------------------------------------
 */

static void keep_point(ht_heap_row_t *heap, ht_heap_point_t point)
{
    if (heap->samples % heap->point_step != 0) { return; }
    if (heap->point_count == HT_SERIES_POINTS) {
        for (uint32_t i = 0; i < HT_SERIES_POINTS / 2U; i++) {
            heap->point[i] = heap->point[2U * i];
        }
        heap->point_count = HT_SERIES_POINTS / 2U;
        heap->point_step *= 2U;
        if (heap->samples % heap->point_step != 0) { return; }
    }
    heap->point[heap->point_count++] = point;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint32_t permille(uint64_t largest, uint64_t free_bytes)
{
    if (free_bytes == 0 || largest >= free_bytes) { return 0; }
    return (uint32_t)(1000U - (uint32_t)((unsigned __int128)largest * 1000U / free_bytes));
}

void ht_model_heap_sample(ht_model_t *model, const ht_event_t *event)
{
    ht_row_t at = ht_model_heap(model, event->sample.heap);
    if (at == 0) { return; }
    ht_heap_row_t *heap = &model->heaps.row[at];
    uint64_t free_bytes = event->sample.free_bytes, largest = event->sample.largest_bytes;
    uint64_t low = least(free_bytes, event->sample.min_free_bytes);
    bool first = heap->samples == 0;
    keep_point(heap, (ht_heap_point_t){model->view.last_us, free_bytes, largest});
    heap->samples++;
    heap->free_bytes = free_bytes;
    heap->largest_bytes = largest;
    heap->sample_time_us = model->view.last_us;
    heap->least_free_bytes = first ? low : least(heap->least_free_bytes, low);
    heap->least_largest_bytes = first ? largest : least(heap->least_largest_bytes, largest);
    uint32_t fragmented = permille(largest, free_bytes);
    if (first || fragmented > heap->worst_permille) {
        heap->worst_permille = fragmented;
        heap->worst_time_us = model->view.last_us;
    }
}
