/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_model.h"

#include <stdlib.h>
#include <string.h>

#include "ht_format.h"
#include "ht_model_live.h"

enum {
    FIRST_ROWS = 16, /* a multiple of 64 bytes whatever they have */
    FIRST_SLOTS = 1024,
    FIRST_BUCKETS = 256
};

static bool room_for_rows(void **rows, size_t *capacity, size_t count, size_t bytes)
{
    if (count < *capacity) { return true; }
    size_t more = *capacity != 0 ? 2U * *capacity : FIRST_ROWS;
    void *larger = aligned_alloc(HT_CACHE_LINE, more * bytes);
    if (larger == NULL) { return false; }
    if (count != 0) { memcpy(larger, *rows, count * bytes); }
    free(*rows);
    *rows = larger;
    *capacity = more;
    return true;
}

void *ht_model_row(ht_model_t *model, void **rows, size_t *capacity, size_t *count, size_t bytes)
{
    if (*count >= HT_NO_ROW || !room_for_rows(rows, capacity, *count, bytes)) {
        model->view.no_memory = true;
        return NULL;
    }
    char *row = (char *)*rows + *count * bytes;
    memset(row, 0, bytes);
    (*count)++;
    return row;
}

/* --- life ---------------------------------------------------------------------------------------
 */

static void release(ht_model_t *model)
{
    void *const all[] = {model->flow_slot,     model->live.bucket,  model->live.slot,
                         model->origin_of.row, model->site_of.row,  model->task_of.row,
                         model->heap_of.row,   model->origins.row,  model->sites.row,
                         model->tasks.row,     model->heaps.row,    model->flows.row,
                         model->marks.row,     model->failures.row, model->errors.row,
                         model->losses.row,    model->objects.row,  model->suspects.row};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        free(all[i]);
    }
    ht_model_series_free(model);
    ht_strings_free(&model->strings);
}

static bool begin(ht_model_t *model, ht_model_options_t options)
{
    *model = (ht_model_t){.options = options, .last_task_index = UINT32_MAX};
    model->live.free_row = HT_NO_ROW;
    model->next_sample_us = UINT64_MAX;
    model->flow_slots = FIRST_SLOTS;
    model->flow_slot = calloc(FIRST_SLOTS, sizeof(ht_flow_slot_t));
    /* Rows from the start: they are called for (HT_PREFETCH) before there is one. */
    model->view.no_memory = !ht_live_resize(&model->live, FIRST_BUCKETS) ||
                            !ht_live_more_rows(&model->live) ||
                            !room_for_rows((void **)&model->flows.row, &model->flows.capacity, 0,
                                           sizeof(*model->flows.row)) ||
                            model->flow_slot == NULL;
    return ht_model_unknown_rows(model);
}

ht_model_t *ht_model_new(const ht_model_options_t *options)
{
    static const ht_model_options_t everything = {0};
    ht_model_t *model = malloc(sizeof(*model));
    if (model == NULL) { return NULL; }
    if (!begin(model, options != NULL ? *options : everything)) {
        ht_model_free(model);
        return NULL;
    }
    return model;
}

void ht_model_free(ht_model_t *model)
{
    if (model == NULL) { return; }
    release(model);
    free(model);
}

static void tell(const ht_model_t *model, ht_change_kind_t kind)
{
    const ht_change_t change = {.kind = kind, .time_us = model->view.last_us};
    if (model->options.change != NULL) {
        model->options.change(model->options.change_context, model, &change);
    }
}

/* Another run: nothing that was known is true any more. Without memory the model stays unusable. */
static void begin_anew(ht_model_t *model)
{
    ht_model_options_t options = model->options;
    release(model);
    (void)begin(model, options);
    tell(model, HT_CHANGE_ANEW);
}

/* --- events -------------------------------------------------------------------------------------
 */

static bool is_of_another_generation(const ht_model_t *model, const ht_event_t *event)
{
    for (size_t i = 0; i < event->hello.count; i++) {
        const ht_hello_pair_t *pair = &event->hello.pair[i];
        if (pair->key == HT_HELLO_GENERATION) {
            return model->hello.has_generation && model->hello.generation != pair->number;
        }
    }
    return false;
}

static bool begins_anew(const ht_model_t *model, const ht_event_t *event)
{
    return event->kind == HT_EVENT_BOOT ||
           (event->kind == HT_EVENT_HELLO && is_of_another_generation(model, event));
}

static void first_event(ht_model_t *model, const ht_event_t *event, uint64_t time_us)
{
    model->view.boot = event->boot;
    model->view.pointer_bytes = event->pointer_bytes;
    model->view.first_us = model->view.last_us = model->view.window_us = time_us;
    ht_model_series_begin(model, time_us);
}

/* Those that are seldom. */
static void told(ht_model_t *model, const ht_event_t *event)
{
    static void (*const functions[HT_EVENT_KINDS])(ht_model_t *, const ht_event_t *) = {
        [HT_EVENT_HELLO] = ht_model_hello,
        [HT_EVENT_ORIGIN] = ht_model_define_origin,
        [HT_EVENT_SITE] = ht_model_define_site,
        [HT_EVENT_TASK] = ht_model_define_task,
        [HT_EVENT_TASK_GONE] = ht_model_task_gone,
        [HT_EVENT_HEAP] = ht_model_define_heap,
        [HT_EVENT_POOL_BLOCK] = ht_model_pool_block,
        [HT_EVENT_RELABEL] = ht_model_relabel,
        [HT_EVENT_PUT_BACK] = ht_model_put_back,
        [HT_EVENT_HEAP_SAMPLE] = ht_model_heap_sample,
        [HT_EVENT_MARK] = ht_model_mark,
        [HT_EVENT_FAILURE] = ht_model_failure,
        [HT_EVENT_ERROR] = ht_model_error,
        [HT_EVENT_LOSS] = ht_model_loss,
        [HT_EVENT_SNAPSHOT] = ht_model_snapshot,
        [HT_EVENT_SNAPSHOT_BLOCK] = ht_model_snapshot_block,
        [HT_EVENT_SNAPSHOT_END] = ht_model_snapshot_end,
        [HT_EVENT_COUNTERS] = ht_model_mark,
        [HT_EVENT_SEARCH] = ht_model_search,
        [HT_EVENT_SUSPECT] = ht_model_suspect,
    };
    if (event->kind == HT_EVENT_END) {
        model->view.ended = true;
        model->view.end = event->end;
    }
    if (functions[event->kind] != NULL) { functions[event->kind](model, event); }
}

void ht_model_briefs(ht_model_t *model, const ht_event_t *head, const ht_brief_t *brief,
                     size_t count)
{
    if (count == 0 || model->view.no_memory) { return; }
    if (model->view.events == 0) { first_event(model, head, head->time_us + brief->after_us); }
    ht_model_take_briefs(model, head->time_us, brief, count);
}

static ht_brief_t brief_of(const ht_event_t *event)
{
    ht_brief_t brief = {.kind = (uint8_t)event->kind, .core = event->core, .task = event->task};
    if (event->kind == HT_EVENT_ALLOC) {
        brief.address = event->alloc.address;
        brief.size = event->alloc.size;
        brief.origin = event->alloc.origin;
        brief.unrecorded = event->alloc.unrecorded;
    } else {
        brief.address = event->free.address;
        brief.by_realloc = event->free.by_realloc;
    }
    return brief;
}

void ht_model_event(ht_model_t *model, const ht_event_t *event)
{
    ht_model_view_t *view = &model->view;
    if ((unsigned)event->kind >= HT_EVENT_KINDS) { return; }
    if (event->kind == HT_EVENT_ALLOC || event->kind == HT_EVENT_FREE) {
        const ht_brief_t brief = brief_of(event);
        ht_model_briefs(model, event, &brief, 1);
        return;
    }
    if (begins_anew(model, event)) { begin_anew(model); }
    if (view->no_memory) { return; }
    if (view->events == 0) { first_event(model, event, event->time_us); }
    view->events += event->kind != HT_EVENT_BOOT ? 1U : 0U;
    view->event_count[event->kind]++;
    ht_model_advance(model, event->time_us);
    told(model, event);
}

/* --- windows ------------------------------------------------------------------------------------
 */

static void origins_window(ht_model_t *model)
{
    for (size_t i = 0; i < model->origins.count; i++) {
        ht_origin_row_t *origin = &model->origins.row[i];
        origin->peak_bytes = origin->live_bytes;
        origin->peak_time_us = model->view.last_us;
        origin->failures = 0;
        memset(origin->lifetimes, 0, sizeof(origin->lifetimes));
    }
    for (size_t i = 0; i < model->tasks.count; i++) {
        model->tasks.row[i].peak_bytes = model->tasks.row[i].live_bytes;
    }
}

static void heaps_window(ht_model_t *model)
{
    for (size_t i = 0; i < model->heaps.count; i++) {
        ht_heap_row_t *heap = &model->heaps.row[i];
        heap->samples = 0;
        heap->point_count = 0;
        heap->point_step = 1;
    }
}

void ht_model_begin_window(ht_model_t *model, uint64_t time_us)
{
    ht_model_view_t *view = &model->view;
    if (view->no_memory) { return; }
    if (view->events == 0) { view->first_us = time_us; }
    view->last_us = time_us > view->last_us ? time_us : view->last_us;
    view->window_us = view->last_us;
    view->events_before = view->events;
    view->failures = view->errors = view->lost_events = view->mismatches = 0;
    model->failures.count = model->errors.count = model->losses.count = 0;
    ht_model_blocks_window(model);
    origins_window(model);
    heaps_window(model);
    ht_model_series_begin(model, view->last_us);
    tell(model, HT_CHANGE_WINDOW);
}

/* --- what is asked ------------------------------------------------------------------------------
 */

ht_model_view_t ht_model_view(const ht_model_t *model)
{
    ht_model_view_t view = model->view;
    view.hello = &model->hello;
    view.series = &model->series;
    view.search = model->search.number != 0 ? &model->search : NULL;
#define TABLE(pointer, length, rows)                                                               \
    view.pointer = model->rows.row;                                                                \
    view.length = (uint32_t)model->rows.count
    TABLE(object, objects, objects);
    TABLE(origin, origins, origins);
    TABLE(site, sites, sites);
    TABLE(task, tasks, tasks);
    TABLE(heap, heaps, heaps);
    TABLE(flow, flows, flows);
    TABLE(mark, mark_rows, marks);
    TABLE(failure, failure_rows, failures);
    TABLE(error, error_rows, errors);
    TABLE(loss, losses, losses);
    TABLE(suspect, suspects, suspects);
#undef TABLE
    return view;
}

void ht_model_each_block(const ht_model_t *model, bool (*fn)(void *, const ht_live_row_t *),
                         void *context)
{
    for (size_t i = 0; i < model->live.rows; i++) {
        const ht_slot_t *slot = &model->live.slot[i];
        ht_live_row_t row = {.address = slot->key & ~HT_KEY_POOL,
                             .size = slot->size,
                             .time_us = slot->time_us,
                             .flow = slot->flow,
                             .marks = slot->marks,
                             .core = (uint8_t)(slot->flags >> HT_LIVE_CORE_SHIFT),
                             .pool = (slot->flags & HT_LIVE_POOL) != 0,
                             .carried = (slot->flags & HT_LIVE_CARRIED) != 0,
                             .unrecorded = (slot->flags & HT_LIVE_UNRECORDED) != 0};
        if (slot->key != 0 && !fn(context, &row)) { return; }
    }
}
