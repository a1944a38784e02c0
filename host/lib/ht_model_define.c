/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Definitions: what the indices of the trace are. They come again and again; only news are kept. */
#include <stdlib.h>
#include <string.h>

#include "ht_format.h"
#include "ht_model_private.h"

/* Of tasks and heaps there are few; a flow's list is walked, and so are the heaps. */
enum {
    TASKS_MAX = 1 << 16,
    TASK_ROWS_MAX = 1 << 19 /* a flow's key has 20 bits */,
    HEAPS_MAX = 256,
    OBJECTS_MAX = 1 << 16
};

const char *ht_model_text(ht_model_t *model, ht_text_t text)
{
    const char *copy =
        ht_strings_add(&model->strings, text.bytes != NULL ? text.bytes : "", text.length);
    model->view.no_memory |= copy == NULL;
    return copy != NULL ? copy : "";
}

static const void *copy_bytes(ht_model_t *model, const void *bytes, size_t size)
{
    void *copy = ht_strings_room(&model->strings, size != 0 ? size : 1U);
    if (copy != NULL && size != 0) { memcpy(copy, bytes, size); }
    model->view.no_memory |= copy == NULL;
    return copy;
}

/* --- indices ------------------------------------------------------------------------------------
 */

static bool set(ht_model_t *model, ht_index_t *index, uint32_t at, ht_row_t row)
{
    if (at >= index->size) {
        size_t size = index->size == 0 ? 64U : index->size;
        while (size <= at) {
            size *= 2U;
        }
        ht_row_t *bigger = realloc(index->row, size * sizeof(*bigger));
        if (bigger == NULL) {
            model->view.no_memory = true;
            return false;
        }
        memset(&bigger[index->size], 0, (size - index->size) * sizeof(*bigger));
        *index = (ht_index_t){bigger, size};
    }
    index->row[at] = row;
    return true;
}

/* May a row be made for this index? Counts it if not. */
static bool is_good(ht_model_t *model, uint32_t index, uint32_t max)
{
    bool good = index != 0 && index < max;
    model->view.bad_indices += index >= max ? 1U : 0U;
    return good;
}

/* A row that no index leads to is taken back. */
#define ADD_ROW(model, rows, map, number, max)                                                     \
    (!is_good((model), (number), (max)) || HT_ROW_ADD((model), (rows)) == NULL ? 0U                \
     : set((model), (map), (number), (ht_row_t)((rows).count - 1U))                                \
         ? (ht_row_t)((rows).count - 1U)                                                           \
         : ((rows).count--, 0U))

ht_row_t ht_model_origin(ht_model_t *model, uint32_t index)
{
    ht_row_t row = ht_index_find(&model->origin_of, index);
    if (row != 0 || index == 0) { return row; }
    row = ADD_ROW(model, model->origins, &model->origin_of, index, HT_INDEX_MAX);
    if (row != 0) {
        model->origins.row[row].index = index;
        model->origins.row[row].first_flow = HT_NO_ROW;
    }
    return row;
}

static ht_row_t site_row(ht_model_t *model, uint32_t index)
{
    ht_row_t row = ht_index_find(&model->site_of, index);
    if (row != 0 || index == 0) { return row; }
    row = ADD_ROW(model, model->sites, &model->site_of, index, HT_INDEX_MAX);
    if (row != 0) {
        model->sites.row[row] =
            (ht_site_row_t){.index = index, .file = "", .function = "", .variable = ""};
    }
    return row;
}

/* Task 0 of the trace is a task like others. */
static ht_row_t new_task(ht_model_t *model, uint32_t index)
{
    ht_row_t row = ADD_ROW(model, model->tasks, &model->task_of, index + 1U, TASKS_MAX);
    if (row != 0) {
        model->tasks.row[row] =
            (ht_task_row_t){.index = index, .name = "", .began_us = model->view.last_us};
    }
    return row;
}

ht_row_t ht_model_task(ht_model_t *model, uint32_t index)
{
    if (index == model->last_task_index) { return model->last_task; }
    if (index == UINT32_MAX) { return 0; }
    ht_row_t row = ht_index_find(&model->task_of, index + 1U);
    row = row != 0 ? row : new_task(model, index);
    model->last_task_index = index;
    model->last_task = row;
    return row;
}

ht_row_t ht_model_heap(ht_model_t *model, uint32_t index)
{
    if (index == UINT32_MAX) { return 0; }
    ht_row_t row = ht_index_find(&model->heap_of, index + 1U);
    if (row != 0) { return row; }
    row = ADD_ROW(model, model->heaps, &model->heap_of, index + 1U, HEAPS_MAX);
    if (row != 0) {
        model->heaps.row[row] = (ht_heap_row_t){.index = index, .name = "", .point_step = 1};
    }
    return row;
}

/* Each is filled in by itself: what there is has to be readable, whatever there is not. */
bool ht_model_unknown_rows(ht_model_t *model)
{
    ht_origin_row_t *origin = HT_ROW_ADD(model, model->origins);
    if (origin != NULL) { origin->first_flow = HT_NO_ROW; }
    ht_site_row_t *site = HT_ROW_ADD(model, model->sites);
    if (site != NULL) { *site = (ht_site_row_t){.file = "", .function = "", .variable = ""}; }
    ht_task_row_t *task = HT_ROW_ADD(model, model->tasks);
    if (task != NULL) { task->name = ""; }
    ht_heap_row_t *heap = HT_ROW_ADD(model, model->heaps);
    if (heap != NULL) { *heap = (ht_heap_row_t){.name = "", .point_step = 1}; }
    return !model->view.no_memory;
}

/* --- definitions --------------------------------------------------------------------------------
 */

void ht_model_define_origin(ht_model_t *model, const ht_event_t *event)
{
    ht_row_t row = ht_model_origin(model, event->origin.index);
    if (row == 0) { return; }
    ht_row_t site = site_row(model, event->origin.site);
    ht_origin_row_t *origin = &model->origins.row[row];
    size_t bytes = event->origin.depth * sizeof(uint64_t);
    origin->method = event->origin.method;
    origin->caps = event->origin.caps;
    origin->site = site;
    bool known = origin->defined && origin->depth == event->origin.depth &&
                 (bytes == 0 || memcmp(origin->frames, event->origin.frames, bytes) == 0);
    if (known) { return; }
    origin->frames = copy_bytes(model, event->origin.frames, bytes);
    origin->depth = origin->frames != NULL ? event->origin.depth : 0;
    origin->defined = true;
}

void ht_model_define_site(ht_model_t *model, const ht_event_t *event)
{
    ht_row_t row = site_row(model, event->site.index);
    if (row == 0) { return; }
    ht_site_row_t *site = &model->sites.row[row];
    site->line = event->site.line;
    site->method = event->site.method;
    site->address = event->site.address;
    site->file = ht_model_text(model, event->site.file);
    site->function = ht_model_text(model, event->site.function);
    site->variable = ht_model_text(model, event->site.variable);
}

static bool has_name(const ht_task_row_t *row, ht_text_t name)
{
    return strlen(row->name) == name.length &&
           (name.length == 0 || memcmp(row->name, name.bytes, name.length) == 0);
}

/* Is a definition of this row's index another task, or the same under another name? A handle of 0
 * tells once more of one that is gone. */
static bool is_another(const ht_task_row_t *row, const ht_event_t *event)
{
    bool told_again = event->task_defined.type == HT_TRACE_TASK && event->task_defined.handle == 0;
    bool other_task = row->gone || row->handle != event->task_defined.handle;
    return row->defined &&
           ((other_task && !told_again) || !has_name(row, event->task_defined.name));
}

/* What a task had under its former name is told under that; it goes on in another row. */
static ht_row_t next_row(ht_model_t *model, ht_row_t row, const ht_event_t *event)
{
    bool renamed =
        !model->tasks.row[row].gone && model->tasks.row[row].handle == event->task_defined.handle;
    ht_row_t next =
        model->tasks.count < TASK_ROWS_MAX ? new_task(model, event->task_defined.index) : 0;
    if (next == 0) { return row; }
    ht_task_row_t *old = &model->tasks.row[row];
    if (renamed) { model->tasks.row[next].last_key = old->last_key; }
    if (!renamed && !old->gone) { old->gone_us = model->view.last_us; }
    old->gone = !renamed;
    return next;
}

void ht_model_define_task(ht_model_t *model, const ht_event_t *event)
{
    ht_row_t row = ht_index_find(&model->task_of, event->task_defined.index + 1U);
    if (row != 0 && is_another(&model->tasks.row[row], event)) {
        row = next_row(model, row, event);
    } else if (row == 0) {
        row = new_task(model, event->task_defined.index);
    }
    if (row == 0) { return; }
    model->last_task_index = event->task_defined.index;
    model->last_task = row;
    ht_task_row_t *task = &model->tasks.row[row];
    bool known = task->defined;
    task->defined = true;
    if (known) { return; }
    task->handle = event->task_defined.handle;
    task->type = event->task_defined.type;
    task->name = ht_model_text(model, event->task_defined.name);
}

void ht_model_task_gone(ht_model_t *model, const ht_event_t *event)
{
    ht_row_t row = ht_index_find(&model->task_of, event->task_gone + 1U);
    if (row == 0 || model->tasks.row[row].gone) { return; }
    model->tasks.row[row].gone = true;
    model->tasks.row[row].gone_us = model->view.last_us;
}

void ht_model_define_heap(ht_model_t *model, const ht_event_t *event)
{
    ht_row_t row = ht_model_heap(model, event->heap.index);
    if (row == 0) { return; }
    ht_heap_row_t *heap = &model->heaps.row[row];
    heap->defined = true;
    heap->caps = event->heap.caps;
    heap->pool = event->heap.pool;
    heap->start = event->heap.start;
    heap->bytes = event->heap.bytes;
    heap->name = ht_model_text(model, event->heap.name);
}

/* --- hello --------------------------------------------------------------------------------------
 */

/* memcmp() wants an address even for nothing. */
static bool same_bytes(const void *a, size_t a_bytes, ht_text_t b)
{
    return a_bytes == b.length && (a_bytes == 0 || memcmp(a, b.bytes, a_bytes) == 0);
}

static bool knows_object(const ht_model_t *model, const ht_object_t *object)
{
    for (size_t i = model->objects.count; i-- > 0;) {
        const ht_object_row_t *row = &model->objects.row[i];
        if (row->start == object->start && row->end == object->end && row->bias == object->bias &&
            same_bytes(row->build_id, row->build_id_bytes, object->build_id) &&
            same_bytes(row->path, strlen(row->path), object->path)) {
            return true;
        }
    }
    return false;
}

static void add_object(ht_model_t *model, const ht_object_t *object)
{
    if (model->objects.count >= OBJECTS_MAX || knows_object(model, object)) { return; }
    const void *build_id = copy_bytes(model, object->build_id.bytes, object->build_id.length);
    ht_object_row_t *row = HT_ROW_ADD(model, model->objects);
    if (row == NULL) { return; }
    row->start = object->start;
    row->end = object->end;
    row->bias = object->bias;
    row->build_id = build_id;
    row->build_id_bytes = build_id != NULL ? object->build_id.length : 0;
    row->path = ht_model_text(model, object->path);
}

static void set_bytes(ht_model_t *model, const uint8_t **bytes, size_t *size, ht_text_t text)
{
    if (*bytes != NULL && same_bytes(*bytes, *size, text)) { return; }
    *bytes = copy_bytes(model, text.bytes, text.length);
    *size = *bytes != NULL ? text.length : 0;
}

static void hello_text(ht_model_t *model, const ht_hello_pair_t *pair)
{
    ht_hello_row_t *hello = &model->hello;
    const struct {
        uint32_t key;
        const char **to;
    } texts[] = {
        {HT_HELLO_CHIP, &hello->chip},
        {HT_HELLO_IDF_VERSION, &hello->idf_version},
        {HT_HELLO_APP_NAME, &hello->app_name},
        {HT_HELLO_APP_VERSION, &hello->app_version},
        {HT_HELLO_HEAPTRAIL_VERSION, &hello->heaptrail_version},
        {HT_HELLO_COMPILED, &hello->compiled},
        {HT_HELLO_PROGRAM, &hello->program},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].key == pair->key) { *texts[i].to = ht_model_text(model, pair->text); }
    }
    switch (pair->key) {
    case HT_HELLO_ELF_SHA256:
        set_bytes(model, &hello->elf_sha256, &hello->elf_sha256_bytes, pair->text);
        break;
    case HT_HELLO_BUILD_ID:
        set_bytes(model, &hello->build_id, &hello->build_id_bytes, pair->text);
        break;
    case HT_HELLO_OBJECT:
        add_object(model, &pair->object);
        break;
    default:
        break;
    }
}

static void hello_number(ht_hello_row_t *hello, const ht_hello_pair_t *pair)
{
    const struct {
        uint32_t key;
        uint64_t *to;
        bool *has;
    } numbers[] = {
        {HT_HELLO_TICK_HZ, &hello->tick_hz, NULL},
        {HT_HELLO_GENERATION, &hello->generation, &hello->has_generation},
        {HT_HELLO_WALL_CLOCK_US, &hello->wall_clock_us, &hello->has_wall_clock},
        {HT_HELLO_CORES, &hello->cores, NULL},
        {HT_HELLO_STACK_DEPTH, &hello->stack_depth, NULL},
        {HT_HELLO_MAX_BLOCKS, &hello->max_blocks, NULL},
        {HT_HELLO_RING_BYTES, &hello->ring_bytes, NULL},
        {HT_HELLO_RESET_REASON, &hello->reset_reason, &hello->has_reset_reason},
        {HT_HELLO_POLICY, &hello->policy, NULL},
        {HT_HELLO_PID, &hello->pid, NULL},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (numbers[i].key != pair->key) { continue; }
        *numbers[i].to = pair->number;
        if (numbers[i].has != NULL) { *numbers[i].has = true; }
    }
}

void ht_model_hello(ht_model_t *model, const ht_event_t *event)
{
    for (size_t i = 0; i < event->hello.count; i++) {
        const ht_hello_pair_t *pair = &event->hello.pair[i];
        if ((pair->key & 1U) != 0) {
            hello_text(model, pair);
        } else {
            hello_number(&model->hello, pair);
        }
    }
}
