/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Blocks made and ended, snapshots, windows. */
#include "ht_model_flow.h"

/* Briefs between the call for a bucket of the live table and its use, and for what that leads to:
 * memory takes that long. */
#define AHEAD 12U
#define NEAR 6U

/* --- flows --------------------------------------------------------------------------------------
 */

static void enter_flow(ht_model_t *model, ht_row_t row)
{
    const ht_flow_row_t *flow = &model->flows.row[row];
    uint64_t key = ht_flow_key(flow->origin, flow->task, flow->heap, flow->pool);
    size_t at = ht_flow_home(model, key);
    while (model->flow_slot[at].key != 0) {
        at = (at + 1U) & (model->flow_slots - 1U);
    }
    model->flow_slot[at] = (ht_flow_slot_t){key, row};
}

static bool grow_flows(ht_model_t *model)
{
    ht_flow_slot_t *slot = calloc(2U * model->flow_slots, sizeof(*slot));
    if (slot == NULL) { return false; }
    free(model->flow_slot);
    model->flow_slot = slot;
    model->flow_slots *= 2U;
    for (size_t i = 0; i + 1U < model->flows.count; i++) {
        enter_flow(model, (ht_row_t)i);
    }
    return true;
}

ht_row_t ht_flow_new(ht_model_t *model, ht_row_t origin, ht_row_t task, ht_row_t heap, bool pool)
{
    ht_flow_row_t *flow = HT_ROW_ADD(model, model->flows);
    if (flow == NULL) { return HT_NO_ROW; }
    ht_row_t row = (ht_row_t)(model->flows.count - 1U);
    flow->origin = origin;
    flow->task = task;
    flow->heap = (uint16_t)heap;
    flow->pool = pool;
    flow->peak_epoch = model->view.peak_epoch;
    flow->heap_epoch = model->heaps.row[heap].peak_epoch;
    if (2U * model->flows.count > model->flow_slots && !grow_flows(model)) {
        model->flows.count--;
        model->view.no_memory = true;
        return HT_NO_ROW;
    }
    flow->next = model->origins.row[origin].first_flow;
    model->origins.row[origin].first_flow = row;
    enter_flow(model, row);
    return row;
}

/* --- a block begins -----------------------------------------------------------------------------
 */

static bool is_outside(const ht_model_options_t *options, uint64_t size)
{
    return size < options->size_min || (options->size_max != 0 && size > options->size_max);
}

/* Room for it; a block that was there has ended unseen. */
static inline __attribute__((always_inline)) ht_slot_t *new_slot(ht_model_t *model, uint64_t key)
{
    ht_place_t place = ht_live_find(&model->live, key);
    if (__builtin_expect(place.slot != NULL, 0)) {
        ht_flow_vanish(model, place.slot);
        return place.slot;
    }
    ht_slot_t *slot = ht_live_add(&model->live, place, key);
    model->view.no_memory |= slot == NULL;
    return slot;
}

static inline uint16_t marks_before(const ht_model_t *model, const ht_birth_t *birth)
{
    uint64_t marks = (birth->flags & HT_LIVE_CARRIED) != 0
                         ? ht_model_marks_before(model, birth->time_us)
                         : model->view.marks;
    return (uint16_t)(marks < UINT16_MAX ? marks : UINT16_MAX);
}

/* The flow, or NULL when the block counts nowhere. Every event passes: what is known of the flags
 * where it is called is known here. */
static inline __attribute__((always_inline)) ht_flow_row_t *begin_block(ht_model_t *model,
                                                                        const ht_birth_t *birth)
{
    ht_slot_t *slot = new_slot(model, birth->key);
    if (slot == NULL) { return NULL; }
    const bool counts = !is_outside(&model->options, birth->size);
    const ht_row_t row = !counts ? HT_NO_ROW
                                 : ht_flow_of(model, birth->origin, birth->task, birth->heap,
                                              (birth->flags & HT_LIVE_POOL) != 0);
    *slot = (ht_slot_t){.key = birth->key,
                        .time_us = birth->time_us,
                        .size = birth->size & HT_SIZE_MAX,
                        .snapshot = model->snapshot,
                        .flow = row,
                        .marks = marks_before(model, birth),
                        .flags = (uint16_t)birth->flags};
    if (row == HT_NO_ROW) { return NULL; }
    ht_flow_row_t *flow = &model->flows.row[row];
    ht_flow_raise(model, flow, birth->size & HT_SIZE_MAX);
    ht_flow_recorded(model, birth->flags, birth->size & HT_SIZE_MAX);
    bool carried = (birth->flags & HT_LIVE_CARRIED) != 0;
    ht_flow_tell(model, carried ? HT_CHANGE_CARRIED : HT_CHANGE_MADE, slot, row);
    return flow;
}

/* Pools lie in other heaps: theirs are told by number. */
ht_row_t ht_model_search_heap(ht_model_t *model, uint64_t address)
{
    for (size_t i = 1; i < model->heaps.count; i++) {
        if (!model->heaps.row[i].pool && ht_heap_has(&model->heaps.row[i], address)) {
            model->last_heap = (ht_row_t)i;
            return model->last_heap;
        }
    }
    return 0;
}

static unsigned core_flag(unsigned core)
{
    return core << HT_LIVE_CORE_SHIFT;
}

static void count_made(ht_model_t *model, ht_flow_row_t *flow, uint64_t size)
{
    flow->total_blocks++;
    flow->total_bytes += size;
    if (!flow->pool) {
        model->view.total_blocks++;
        model->view.total_bytes += size;
    }
}

static inline ht_row_t origin_of(ht_model_t *model, uint32_t index)
{
    ht_row_t row = ht_index_find(&model->origin_of, index);
    return row != 0 ? row : ht_model_origin(model, index);
}

static inline ht_row_t task_of(ht_model_t *model, uint32_t index)
{
    return index == model->last_task_index ? model->last_task : ht_model_task(model, index);
}

static inline void begin_brief(ht_model_t *model, const ht_brief_t *brief)
{
    unsigned flags = core_flag(brief->core) | (brief->unrecorded ? HT_LIVE_UNRECORDED : 0U);
    uint64_t address = brief->address & ~HT_KEY_POOL;
    if (address == 0) { return; }
    ht_birth_t new_block = {.key = address,
                            .size = brief->size,
                            .time_us = model->view.last_us,
                            .origin = origin_of(model, brief->origin),
                            .task = task_of(model, brief->task),
                            .heap = ht_model_heap_at(model, address),
                            .flags = flags};
    model->made++;
    ht_flow_row_t *flow = begin_block(model, &new_block);
    model->tasks.row[new_block.task].last_key = address;
    if (flow != NULL) { count_made(model, flow, brief->size & HT_SIZE_MAX); }
}

/* --- a block ends -------------------------------------------------------------------------------
 */

static inline void end_block(ht_model_t *model, ht_place_t place, bool temporary)
{
    const ht_slot_t *slot = place.slot;
    if (slot->flow != HT_NO_ROW) {
        ht_flow_row_t *flow = &model->flows.row[slot->flow];
        uint64_t lived = model->view.last_us - slot->time_us;
        model->origins.row[flow->origin].lifetimes[ht_lifetime_bucket(lived)]++;
        flow->temporary_blocks += temporary ? 1U : 0U;
        if (!flow->pool) {
            model->view.freed_blocks++;
            model->view.temporary_blocks += temporary ? 1U : 0U;
        }
        ht_flow_lower(model, slot);
        ht_flow_tell(model, HT_CHANGE_FREED, slot, slot->flow);
    }
    ht_live_remove(&model->live, place);
}

static inline void end_brief(ht_model_t *model, const ht_brief_t *brief)
{
    uint64_t key = brief->address & ~HT_KEY_POOL;
    ht_place_t place = ht_live_find(&model->live, key);
    if (place.slot == NULL) {
        model->view.unknown_frees++;
        return;
    }
    /* First the row, then its address: a new one may move them all. */
    ht_row_t by = task_of(model, brief->task);
    ht_task_row_t *task = &model->tasks.row[by];
    bool last = task->last_key == key;
    task->last_key = last ? 0 : task->last_key;
    if (brief->by_realloc) { ht_model_remember_realloc(model, place.slot); }
    end_block(model, place, last && !brief->by_realloc);
}

static inline void take_brief(ht_model_t *model, const ht_brief_t *brief)
{
    model->view.events++;
    model->view.event_count[brief->kind]++;
    if (brief->kind == HT_EVENT_ALLOC) {
        begin_brief(model, brief);
    } else {
        end_brief(model, brief);
    }
}

/* The memory that a brief will need. Without a look at its kind, which is as good as random. */
HT_PREFETCH void call_bucket(const ht_model_t *model, const ht_brief_t *brief)
{
    ht_live_prefetch(&model->live, brief->address & ~HT_KEY_POOL);
}

HT_PREFETCH void call_rows(ht_model_t *model, const ht_brief_t *brief)
{
    ht_live_prefetch_slot(&model->live, brief->address & ~HT_KEY_POOL);
    const ht_row_t origin = ht_index_find(&model->origin_of, brief->origin);
    ht_flow_prefetch(model, origin, model->last_task, model->last_heap);
    __builtin_prefetch(&model->origins.row[origin].live_bytes, 1);
}

void ht_model_take_briefs(ht_model_t *model, uint64_t since_us, const ht_brief_t *brief,
                          size_t count)
{
    for (size_t i = 0; i < count && i < AHEAD; i++) {
        call_bucket(model, &brief[i]);
    }
    for (size_t i = 0; i < count && i < NEAR; i++) {
        call_rows(model, &brief[i]);
    }
    for (size_t i = 0; i < count && !model->view.no_memory; i++) {
        if (i + AHEAD < count) { call_bucket(model, &brief[i + AHEAD]); }
        if (i + NEAR < count) { call_rows(model, &brief[i + NEAR]); }
        ht_model_advance(model, since_us + brief[i].after_us);
        take_brief(model, &brief[i]);
    }
}

void ht_model_pool_block(ht_model_t *model, const ht_event_t *event)
{
    uint64_t key = event->pool.address | HT_KEY_POOL;
    if (event->pool.freed) {
        ht_place_t place = ht_live_find(&model->live, key);
        model->view.unknown_frees += place.slot == NULL ? 1U : 0U;
        if (place.slot != NULL) { end_block(model, place, false); }
        return;
    }
    ht_birth_t new_block = {.key = key,
                            .size = event->pool.size,
                            .time_us = model->view.last_us,
                            .origin = ht_model_origin(model, event->pool.origin),
                            .task = ht_model_task(model, event->task),
                            .heap = ht_model_heap(model, event->pool.heap),
                            .flags = HT_LIVE_POOL | core_flag(event->core)};
    model->made++;
    ht_flow_row_t *flow = begin_block(model, &new_block);
    if (flow != NULL) { count_made(model, flow, event->pool.size & HT_SIZE_MAX); }
}

/* --- snapshots ----------------------------------------------------------------------------------
 */

void ht_model_snapshot(ht_model_t *model, const ht_event_t *event)
{
    model->snapshot++;
    model->in_snapshot = true;
    model->snapshot_number = event->snapshot.number;
    model->snapshot_blocks = 0;
}

/* The very block that is known, or another one at its address? */
static bool is_same(const ht_model_t *model, const ht_slot_t *slot, const ht_event_t *event,
                    ht_row_t origin)
{
    if (slot->size != (event->block.size & HT_SIZE_MAX)) { return false; }
    return slot->flow == HT_NO_ROW || origin == 0 || model->flows.row[slot->flow].origin == origin;
}

void ht_model_carried_block(ht_model_t *model, const ht_birth_t *known)
{
    ht_flow_row_t *flow = begin_block(model, known);
    if (flow == NULL) { return; }
    flow->carried_blocks++;
    flow->carried_bytes += known->size & HT_SIZE_MAX;
    model->view.carried_blocks += flow->pool ? 0U : 1U;
}

void ht_model_snapshot_block(ht_model_t *model, const ht_event_t *event)
{
    uint64_t key = event->block.address & ~HT_KEY_POOL;
    if (key == 0) { return; }
    key |= event->block.pool ? HT_KEY_POOL : 0U;
    ht_row_t origin = ht_model_origin(model, event->block.origin);
    ht_slot_t *slot = ht_live_slot(&model->live, key);
    model->snapshot_blocks++;
    if (slot != NULL && is_same(model, slot, event, origin)) {
        slot->snapshot = model->snapshot;
        return;
    }
    uint64_t now = model->view.last_us;
    uint64_t age = event->block.age_us < now ? event->block.age_us : now;
    unsigned flags = HT_LIVE_CARRIED | core_flag(event->block.core);
    /* In checkpoints of files. A pool's block always has a record. */
    flags |= event->block.unrecorded && !event->block.pool ? HT_LIVE_UNRECORDED : 0U;
    ht_birth_t known = {.key = key,
                        .size = event->block.size,
                        .time_us = now - age,
                        .origin = origin,
                        .task = ht_model_task(model, event->block.task),
                        .heap = event->block.pool ? ht_model_heap(model, event->block.heap)
                                                  : ht_model_heap_at(model, key),
                        .flags = flags | (event->block.pool ? HT_LIVE_POOL : 0U)};
    ht_model_carried_block(model, &known);
}

/* Blocks that are older than the snapshot and not in it. One without a record cannot be in it. */
static void sweep(ht_model_t *model)
{
    ht_live_t *live = &model->live;
    for (size_t i = 0; i < live->rows; i++) {
        const ht_slot_t *slot = &live->slot[i];
        bool gone = slot->key != 0 && slot->snapshot != model->snapshot &&
                    (slot->flags & HT_LIVE_UNRECORDED) == 0;
        if (!gone) { continue; }
        ht_flow_vanish(model, slot);
        ht_live_remove(live, ht_live_find(live, slot->key));
    }
}

void ht_model_snapshot_end(ht_model_t *model, const ht_event_t *event)
{
    bool whole = model->in_snapshot && event->snapshot.complete &&
                 event->snapshot.number == model->snapshot_number &&
                 event->snapshot.blocks == model->snapshot_blocks;
    model->in_snapshot = false;
    if (!whole) { return; }
    sweep(model);
    model->complete = true;
    model->lost = false;
    model->view.unknown_blocks = model->view.unknown_bytes = 0;
}

/* --- windows, and what is asked -----------------------------------------------------------------
 */

static void flow_window(ht_flow_row_t *flow)
{
    flow->carried_blocks = flow->live_blocks;
    flow->carried_bytes = flow->live_bytes;
    flow->total_blocks = flow->total_bytes = 0;
    flow->vanished_blocks = flow->vanished_bytes = 0;
    flow->temporary_blocks = 0;
}

void ht_model_blocks_window(ht_model_t *model)
{
    ht_model_view_t *view = &model->view;
    for (size_t i = 0; i < model->flows.count; i++) {
        flow_window(&model->flows.row[i]);
    }
    for (size_t i = 0; i < model->heaps.count; i++) {
        ht_heap_row_t *heap = &model->heaps.row[i];
        heap->peak_bytes = heap->live_bytes;
        heap->peak_blocks = heap->live_blocks;
        heap->peak_time_us = view->last_us;
        heap->peak_epoch++;
    }
    view->carried_blocks = view->live_blocks;
    view->total_blocks = view->total_bytes = view->freed_blocks = 0;
    view->vanished_blocks = view->temporary_blocks = view->unknown_frees = 0;
    view->peak_bytes = view->live_bytes;
    view->peak_blocks = view->live_blocks;
    view->peak_time_us = view->last_us;
    view->peak_epoch++;
    model->realloc_count = 0;
}

ht_holder_t ht_model_at_peak(const ht_model_view_t *view, const ht_flow_row_t *flow)
{
    bool kept = flow->peak_epoch == view->peak_epoch;
    return (ht_holder_t){.origin = flow->origin,
                         .live_bytes = kept ? flow->kept_bytes : flow->live_bytes,
                         .live_blocks = kept ? flow->kept_blocks : flow->live_blocks};
}

ht_holder_t ht_model_at_heap_peak(const ht_model_view_t *view, const ht_flow_row_t *flow)
{
    bool kept = flow->heap_epoch == view->heap[flow->heap].peak_epoch;
    return (ht_holder_t){.origin = flow->origin,
                         .live_bytes = kept ? flow->heap_kept_bytes : flow->live_bytes,
                         .live_blocks = kept ? flow->heap_kept_blocks : flow->live_blocks};
}

uint64_t ht_model_freed(const ht_flow_row_t *flow)
{
    return flow->carried_blocks + flow->total_blocks - flow->live_blocks - flow->vanished_blocks;
}
