/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Origins with their sites and stacks, tasks, heaps, failed allocations. */
#include <stdlib.h>
#include <string.h>

#include "ht_core_private.h"

enum { ORIGIN_SITE = 1, ORIGIN_CAPS, ORIGIN_FRAME_FIRST, ORIGIN_DEPTH, ORIGIN_METHOD };
enum { ORIGIN_CALLER = 6, ORIGIN_BLOCKS, ORIGIN_FREED, ORIGIN_DROPPED, ORIGIN_FAILURES };
enum { ORIGIN_BYTES = 11, ORIGIN_LIVE_BYTES, ORIGIN_PEAK, ORIGIN_LIFETIMES };
enum { TASK_HANDLE = 1, TASK_STATE, TASK_NAME, TASK_LIVE_BYTES, TASK_PEAK, TASK_BYTES };
enum { TASK_BLOCKS = 7, TASK_FREED };
enum { TASK_IS_GONE = 2, TASK_ISR_0 = 2, TASK_ISR_1 = 3 };
enum { HEAP_START = 1, HEAP_SIZE, HEAP_CAPS, HEAP_NAME, HEAP_KIND, HEAP_POOL_SIZE };
enum { HEAP_LIVE_BYTES = 7, HEAP_PEAK, HEAP_BLOCKS, HEAP_FREED, HEAP_SAMPLED, HEAP_SAMPLED_AT };
enum { HEAP_FREE = 13, HEAP_LARGEST, HEAP_MIN_FREE, HEAP_MIN_LARGEST };
enum { HEAP_IS_POOL = 1, HEAP_IS_GONE = 2 };
enum { FAILURE_NUMBER = 1, FAILURE_SIZE, FAILURE_ALIGNMENT, FAILURE_CAPS, FAILURE_FREE };
enum { FAILURE_LARGEST = 6, FAILURE_MEASURED, FAILURE_ORIGIN, FAILURE_TASK, FAILURE_TICK };
enum { SITE_FILE = 1, SITE_FUNCTION, SITE_VARIABLE, SITE_LINE, SITE_METHOD };

/* Texts are the compiler's: a file's path, say. */
#define TEXT_MAX 1024U

static uint64_t count_of(ht_core_reader_t *reader, unsigned field, uint64_t more, unsigned table,
                         const char *noun)
{
    return ht_core_limit(reader, ht_core_tracker(reader, field) + more,
                         ht_core_row_bytes(reader, table), noun);
}

/* Rows, all zero. `count` may be 0. */
static void *rows(uint64_t count, size_t bytes)
{
    return calloc(count == 0 ? 1 : (size_t)count, bytes);
}

/* --- texts ------------------------------------------------------------------------------------ */

/* NULL: not in the dump, or none. */
static const char *read_text(ht_core_reader_t *reader, uint64_t address)
{
    char text[TEXT_MAX];
    size_t length = 0;
    if (address == 0) { return NULL; }
    do {
        if (length == sizeof(text) ||
            !ht_memory_read(reader->memory, address + length, &text[length], 1)) {
            return NULL;
        }
    } while (text[length++] != '\0');
    return ht_strings_add(&reader->strings, text, length - 1);
}

static void read_name(const ht_core_reader_t *reader, unsigned table, uint64_t row, unsigned field,
                      char name[HEAPTRAIL_TASK_NAME_MAX])
{
    size_t bytes = reader->field[table][field].bytes;
    if (bytes >= HEAPTRAIL_TASK_NAME_MAX) { bytes = HEAPTRAIL_TASK_NAME_MAX - 1; }
    memset(name, 0, HEAPTRAIL_TASK_NAME_MAX);
    (void)ht_memory_read(reader->memory, row + reader->field[table][field].offset, name, bytes);
}

/* --- origins ---------------------------------------------------------------------------------- */

static const heaptrail_site_t *read_site(ht_core_reader_t *reader, uint64_t at, uint32_t *missing)
{
    uint8_t byte;
    if (at == 0) { return NULL; }
    heaptrail_site_t *site = ht_strings_room(&reader->strings, sizeof(*site));
    if (site == NULL || !ht_memory_read(reader->memory, at, &byte, 1)) {
        (*missing)++;
        return NULL;
    }
    *site = (heaptrail_site_t){
        .file = read_text(reader, ht_core_row(reader, SITE, at, SITE_FILE)),
        .function = read_text(reader, ht_core_row(reader, SITE, at, SITE_FUNCTION)),
        .variable = read_text(reader, ht_core_row(reader, SITE, at, SITE_VARIABLE)),
        .line = (uint32_t)ht_core_row(reader, SITE, at, SITE_LINE),
        .method = (uint32_t)ht_core_row(reader, SITE, at, SITE_METHOD),
    };
    return site;
}

static void read_frames(ht_core_reader_t *reader, uint64_t row, heaptrail_origin_t *origin)
{
    unsigned pointer = reader->core.info.pointer_bytes;
    uint64_t caller = ht_core_row(reader, ORIGIN, row, ORIGIN_CALLER);
    uint64_t depth = ht_core_row(reader, ORIGIN, row, ORIGIN_DEPTH);
    uint64_t at = ht_core_tracker(reader, TRACKER_FRAMES) +
                  ht_core_row(reader, ORIGIN, row, ORIGIN_FRAME_FIRST) * pointer;
    if (depth > HEAPTRAIL_FRAMES_MAX) { depth = HEAPTRAIL_FRAMES_MAX; }
    if (depth == 0) { return; }
    uintptr_t *frames = ht_strings_room(&reader->strings, (size_t)depth * sizeof(*frames));
    if (frames == NULL) { return; }
    for (uint32_t i = 0; i < depth; i++) {
        uint64_t frame = caller;
        if (caller == 0 && !ht_core_number(reader, at + i * pointer, pointer, &frame)) { break; }
        frames[i] = (uintptr_t)frame;
        origin->frame_count = i + 1;
    }
    origin->frames = origin->frame_count == 0 ? NULL : frames;
}

static uint32_t read_lifetimes(const ht_core_reader_t *reader, uint64_t row,
                               heaptrail_site_row_t *site)
{
    const ht_core_field_t *place = &reader->field[ORIGIN][ORIGIN_LIFETIMES];
    uint32_t freed = (uint32_t)ht_core_row(reader, ORIGIN, row, ORIGIN_FREED);
    for (unsigned b = 0; b < HEAPTRAIL_LIFETIME_BUCKETS && 2 * b < place->bytes; b++) {
        uint64_t count;
        (void)ht_core_number(reader, row + place->offset + 2U * b, 2, &count);
        site->lifetimes[b] = (uint32_t)count;
        freed += (uint32_t)count;
    }
    return freed;
}

static void read_origin(ht_core_reader_t *reader, uint64_t row, uint32_t id, uint32_t *missing)
{
    heaptrail_site_row_t *site = &reader->core.sites[id];
    site->origin.site = read_site(reader, ht_core_row(reader, ORIGIN, row, ORIGIN_SITE), missing);
    site->origin.method = (heaptrail_method_t)ht_core_row(reader, ORIGIN, row, ORIGIN_METHOD);
    site->origin.caps = (uint32_t)ht_core_row(reader, ORIGIN, row, ORIGIN_CAPS);
    read_frames(reader, row, &site->origin);
    site->total_blocks = (uint32_t)ht_core_row(reader, ORIGIN, row, ORIGIN_BLOCKS);
    site->dropped_blocks = (uint32_t)ht_core_row(reader, ORIGIN, row, ORIGIN_DROPPED);
    site->failures = (uint32_t)ht_core_row(reader, ORIGIN, row, ORIGIN_FAILURES);
    site->total_bytes = ht_core_row(reader, ORIGIN, row, ORIGIN_BYTES);
    site->live_bytes = (size_t)ht_core_row(reader, ORIGIN, row, ORIGIN_LIVE_BYTES);
    site->peak_bytes = (size_t)ht_core_row(reader, ORIGIN, row, ORIGIN_PEAK);
    uint32_t freed = read_lifetimes(reader, row, site);
    site->live_blocks = site->total_blocks - site->dropped_blocks - freed;
}

bool ht_core_read_origins(ht_core_reader_t *reader)
{
    uint64_t count = count_of(reader, TRACKER_ORIGIN_COUNT, 1, ORIGIN, "sites");
    uint32_t missing = 0;
    reader->core.sites = rows(count, sizeof(*reader->core.sites));
    if (reader->core.sites == NULL) { return false; }
    reader->core.site_count = (size_t)count;
    for (uint32_t id = 0; id < count; id++) {
        reader->core.sites[id].origin.id = id;
    }
    ht_core_walk_t walk = ht_core_walk(ht_core_tracker(reader, TRACKER_ORIGINS), count,
                                       ht_core_row_bytes(reader, ORIGIN));
    while (ht_core_next(reader, &walk)) {
        read_origin(reader, walk.at, (uint32_t)walk.row, &missing);
    }
    ht_core_walked(reader, &walk, "sites");
    if (missing != 0) {
        ht_core_say(reader,
                    "Of %u sites file, line and variable are constants of the firmware that are "
                    "not here: give its ELF file with --elf.",
                    missing);
    }
    return true;
}

heaptrail_origin_t ht_core_origin(const ht_core_reader_t *reader, uint32_t origin)
{
    const ht_core_t *core = &reader->core;
    if (core->site_count == 0) { return (heaptrail_origin_t){.id = 0}; }
    return core->sites[origin < core->site_count ? origin : 0].origin;
}

/* --- tasks ------------------------------------------------------------------------------------ */

/* What the last task did in the last heap, and neither of their rows knows yet (from version 2 on).
 */
typedef struct {
    uint64_t blocks, freed, bytes;
    size_t live, peak;
} tally_t;

static tally_t read_tally(const ht_core_reader_t *reader, bool is_its)
{
    if (reader->version < 2 || !is_its) { return (tally_t){0}; }
    uint64_t live = ht_core_tracker(reader, TRACKER_TALLY_LIVE); /* may be less than nothing */
    return (tally_t){
        .blocks = ht_core_tracker(reader, TRACKER_TALLY_BLOCKS),
        .freed = ht_core_tracker(reader, TRACKER_TALLY_FREED),
        .bytes = ht_core_tracker(reader, TRACKER_TALLY_TOTAL),
        .live =
            reader->core.info.pointer_bytes == 4 ? (size_t)(int64_t)(int32_t)live : (size_t)live,
        .peak = (size_t)ht_core_tracker(reader, TRACKER_TALLY_PEAK),
    };
}

/* A peak: what the row had at most, or what it had and the tally had at most beyond. */
static size_t peak_of(size_t peak, size_t live, const tally_t *tally)
{
    return live + tally->peak > peak ? live + tally->peak : peak;
}

static void read_task(const ht_core_reader_t *reader, uint64_t row, heaptrail_task_row_t *task)
{
    uint64_t who = ht_core_tracker(reader, TRACKER_TALLY_WHO);
    const tally_t tally = read_tally(reader, ht_core_task_of(reader, who) == task->id);
    size_t live = (size_t)ht_core_row(reader, TASK, row, TASK_LIVE_BYTES);
    uint64_t freed = ht_core_row(reader, TASK, row, TASK_FREED) + tally.freed;
    task->handle = (uintptr_t)ht_core_row(reader, TASK, row, TASK_HANDLE);
    task->deleted = ht_core_row(reader, TASK, row, TASK_STATE) == TASK_IS_GONE;
    read_name(reader, TASK, row, TASK_NAME, task->name);
    task->live_bytes = live + tally.live;
    task->peak_bytes = peak_of((size_t)ht_core_row(reader, TASK, row, TASK_PEAK), live, &tally);
    task->total_bytes = ht_core_row(reader, TASK, row, TASK_BYTES) + tally.bytes;
    task->total_blocks = (uint32_t)(ht_core_row(reader, TASK, row, TASK_BLOCKS) + tally.blocks);
    task->live_blocks = task->total_blocks - (uint32_t)freed;
}

bool ht_core_read_tasks(ht_core_reader_t *reader)
{
    uint64_t count = count_of(reader, TRACKER_TASK_COUNT, 0, TASK, "tasks");
    reader->core.tasks = rows(count, sizeof(*reader->core.tasks));
    if (reader->core.tasks == NULL) { return false; }
    reader->core.task_count = (size_t)count;
    for (uint32_t id = 0; id < count; id++) {
        reader->core.tasks[id].id = id;
    }
    ht_core_walk_t walk = ht_core_walk(ht_core_tracker(reader, TRACKER_TASKS), count,
                                       ht_core_row_bytes(reader, TASK));
    while (ht_core_next(reader, &walk)) {
        read_task(reader, walk.at, &reader->core.tasks[walk.row]);
    }
    ht_core_walked(reader, &walk, "tasks");
    return true;
}

void ht_core_task_name(const ht_core_reader_t *reader, uint32_t task,
                       char name[HEAPTRAIL_TASK_NAME_MAX])
{
    memset(name, 0, HEAPTRAIL_TASK_NAME_MAX);
    if (task < reader->core.task_count) {
        memcpy(name, reader->core.tasks[task].name, HEAPTRAIL_TASK_NAME_MAX);
    }
}

bool ht_core_in_isr(uint32_t task)
{
    return task == TASK_ISR_0 || task == TASK_ISR_1;
}

/* --- heaps ------------------------------------------------------------------------------------ */

static uint32_t permille(uint64_t free_bytes, uint64_t largest)
{
    return free_bytes == 0 || largest > free_bytes
               ? 0
               : (uint32_t)((free_bytes - largest) * 1000U / free_bytes);
}

static void read_sample(const ht_core_reader_t *reader, uint64_t row, heaptrail_heap_row_t *heap)
{
    heap->sampled = ht_core_row(reader, HEAP, row, HEAP_SAMPLED) != 0;
    if (!heap->sampled) { return; }
    heap->free_bytes = (size_t)ht_core_row(reader, HEAP, row, HEAP_FREE);
    heap->largest_free_bytes = (size_t)ht_core_row(reader, HEAP, row, HEAP_LARGEST);
    heap->min_free_bytes = (size_t)ht_core_row(reader, HEAP, row, HEAP_MIN_FREE);
    heap->min_largest_free_bytes = (size_t)ht_core_row(reader, HEAP, row, HEAP_MIN_LARGEST);
    heap->fragmentation_permille = permille(heap->free_bytes, heap->largest_free_bytes);
    heap->sample_age_us = ht_core_age_us(reader, ht_core_row(reader, HEAP, row, HEAP_SAMPLED_AT));
}

static void read_heap(const ht_core_reader_t *reader, uint64_t row, heaptrail_heap_row_t *heap)
{
    uint64_t kind = ht_core_row(reader, HEAP, row, HEAP_KIND);
    if (kind == HEAP_IS_GONE) { return; }
    uint64_t who = ht_core_tracker(reader, TRACKER_TALLY_WHO);
    const tally_t tally = read_tally(reader, ht_core_heap_of(reader, who) == heap->id);
    size_t live = (size_t)ht_core_row(reader, HEAP, row, HEAP_LIVE_BYTES);
    uint64_t freed = ht_core_row(reader, HEAP, row, HEAP_FREED) + tally.freed;
    heap->pool = kind == HEAP_IS_POOL;
    heap->start = (uintptr_t)ht_core_row(reader, HEAP, row, HEAP_START);
    heap->size_bytes =
        (size_t)ht_core_row(reader, HEAP, row, heap->pool ? HEAP_POOL_SIZE : HEAP_SIZE);
    heap->caps = (uint32_t)ht_core_row(reader, HEAP, row, HEAP_CAPS);
    read_name(reader, HEAP, row, HEAP_NAME, heap->name);
    heap->live_bytes = live + tally.live;
    heap->peak_bytes = peak_of((size_t)ht_core_row(reader, HEAP, row, HEAP_PEAK), live, &tally);
    heap->total_blocks = (uint32_t)(ht_core_row(reader, HEAP, row, HEAP_BLOCKS) + tally.blocks);
    heap->live_blocks = heap->total_blocks - (uint32_t)freed;
    read_sample(reader, row, heap);
}

bool ht_core_read_heaps(ht_core_reader_t *reader)
{
    uint64_t base;
    uint64_t count = count_of(reader, TRACKER_HEAP_COUNT, 1, HEAP, "heaps");
    if (!ht_core_tracker_at(reader, TRACKER_HEAPS, &base)) { count = 0; }
    reader->core.heaps = rows(count, sizeof(*reader->core.heaps));
    if (reader->core.heaps == NULL) { return false; }
    reader->core.heap_count = (size_t)count;
    for (uint32_t id = 0; id < count; id++) {
        reader->core.heaps[id].id = id;
    }
    ht_core_walk_t walk = ht_core_walk(base, count, ht_core_row_bytes(reader, HEAP));
    while (ht_core_next(reader, &walk)) {
        read_heap(reader, walk.at, &reader->core.heaps[walk.row]);
    }
    ht_core_walked(reader, &walk, "heaps");
    return true;
}

/* --- failures --------------------------------------------------------------------------------- */

static void read_failure(ht_core_reader_t *reader, uint64_t row, uint64_t number)
{
    heaptrail_failure_row_t *failure = &reader->core.failures[reader->core.failure_count];
    if (ht_core_row(reader, FAILURE, row, FAILURE_NUMBER) != number) { return; }
    uint32_t task = (uint32_t)ht_core_row(reader, FAILURE, row, FAILURE_TASK);
    *failure = (heaptrail_failure_row_t){
        .number = (uint32_t)number,
        .size_bytes = (size_t)ht_core_row(reader, FAILURE, row, FAILURE_SIZE),
        .caps = (uint32_t)ht_core_row(reader, FAILURE, row, FAILURE_CAPS),
        .alignment = (size_t)ht_core_row(reader, FAILURE, row, FAILURE_ALIGNMENT),
        .origin =
            ht_core_origin(reader, (uint32_t)ht_core_row(reader, FAILURE, row, FAILURE_ORIGIN)),
        .task_id = task,
        .in_isr = ht_core_in_isr(task),
        .measured = ht_core_row(reader, FAILURE, row, FAILURE_MEASURED) != 0,
        .free_bytes = (size_t)ht_core_row(reader, FAILURE, row, FAILURE_FREE),
        .largest_free_bytes = (size_t)ht_core_row(reader, FAILURE, row, FAILURE_LARGEST),
        .age_us = ht_core_age_us(reader, ht_core_row(reader, FAILURE, row, FAILURE_TICK)),
    };
    ht_core_task_name(reader, task, failure->task_name);
    reader->core.failure_count++;
}

bool ht_core_read_failures(ht_core_reader_t *reader)
{
    uint64_t max = ht_core_tracker(reader, TRACKER_FAILURE_MAX);
    uint64_t ever = ht_core_tracker(reader, TRACKER_FAILURE_COUNT);
    uint64_t base = ht_core_tracker(reader, TRACKER_FAILURES);
    size_t bytes = ht_core_row_bytes(reader, FAILURE);
    uint64_t kept = ht_core_limit(reader, ever < max ? ever : max, bytes, "failures");
    uint64_t missing = 0;
    uint8_t byte;
    reader->core.failures = rows(kept, sizeof(*reader->core.failures));
    if (reader->core.failures == NULL) { return false; }
    for (uint64_t number = ever - kept + 1; number <= ever; number++) {
        uint64_t row = base + (number - 1) % max * bytes;
        if (ht_memory_read(reader->memory, row, &byte, 1)) {
            read_failure(reader, row, number);
        } else {
            missing++;
        }
    }
    if (missing != 0) {
        ht_core_say(reader, "%llu of %llu failed allocations are not in the dump.",
                    (unsigned long long)missing, (unsigned long long)kept);
    }
    return true;
}
