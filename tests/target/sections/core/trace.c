/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* A trace: its rings, its sums, and the stream that a reader makes sense of. */
#include <stdlib.h>
#include <string.h>

#include "ht_drain.h"
#include "ht_hot.h"
#include "ht_pool.h"
#include "sweep.h"
#include "trace_reader.h"

static ht_drain_t s_drain;
static uint64_t s_memory[1024];
static uint8_t s_bytes[16384];
static size_t s_length;
static reader_t s_reader;

/* The sink: what is read is read when all is over. */
static size_t keep(void *context, const void *bytes, size_t length)
{
    (void)context;
    if (length > sizeof(s_bytes) - s_length) { abort(); }
    memcpy(s_bytes + s_length, bytes, length);
    s_length += length;
    return length;
}

static void trace(uint32_t ring_events, bool pauses)
{
    const ht_drain_config_t config = {.ring_events = ring_events,
                                      .frame_bytes = HT_FRAME_WIRE_MIN,
                                      .pauses = pauses,
                                      .boot = 1,
                                      .write = keep};
    s_length = 0;
    if (ht_drain_memory_bytes(TRACKER, &config) > sizeof(s_memory)) { abort(); }
    ht_drain_init(&s_drain, TRACKER, &config, s_memory);
}

static void begin_trace(void)
{
    trace(32, false);
    ht_trace_attach(TRACKER, &s_drain.trace);
}

static void begin_trace_as_another(void)
{
    begin_trace();
    TRACKER->tasks.traced_span = 0;
}

static void add_one(void)
{
    sweep_add(NEW_BLOCK(8), 40, 0);
}

static void free_one(void)
{
    ht_tracker_remove(TRACKER, BLOCK(3));
}

/* --- rings and sums ----------------------------------------------------------------------------
 */

static void remove_0(void)
{
    RESULT[0] = ht_trace_remove(TRACKER, BLOCK(0));
}

static void add_hot(void)
{
    ht_origin_t *from = &TRACKER->origins.origins[g_sweep.origin[0].index];
    RESULT[0] = ht_hot_add(TRACKER, NEW_BLOCK(0), 100, from, HT_GUARD_NONE, ht_port_tick());
}

static void tell_error(void)
{
    ht_trace_error(TRACKER, 7);
}

static void mark(void)
{
    bool traced;
    RESULT[0] = ht_trace_mark(TRACKER, "mark", &traced);
}

static void say(void)
{
    static const uint8_t bytes[] = {1, 2, 3};
    const ht_trace_said_t said = {.tag = 0x24, .bytes = bytes, .length = sizeof(bytes)};
    bool traced;
    RESULT[0] = ht_trace_say(TRACKER, &said, &traced);
}

static void look_at_numbers(void)
{
    RESULT[0] = s_drain.trace.next;
    RESULT[1] = s_drain.trace.ring[0].head;
    RESULT[2] = s_drain.trace.marks;
}

static void sum(void)
{
    ht_trace_sum_again(TRACKER);
}

/* The tracker's own, and those that were summed up. */
static uint32_t wrong_sums(void)
{
    ht_trace_sums_t sums;
    heaptrail_status_t status;
    ht_trace_sums(TRACKER, &s_drain.trace, &sums);
    ht_query_status(TRACKER, &status);
    bool right = sums.live_blocks == status.live_blocks &&
                 sums.total_blocks == status.total_blocks &&
                 sums.total_bytes == status.total_bytes && sums.freed_blocks == status.total_frees;
    return !right;
}

static void look_at_sums(void)
{
    RESULT[0] = wrong_sums();
}

/* The ring is full. */
static void begin_pausing_trace(void)
{
    trace(4, true);
    ht_trace_attach(TRACKER, &s_drain.trace);
    for (unsigned i = 0; i < 6; i++) {
        sweep_add(NEW_BLOCK(i), 24, 0);
    }
}

static void go_on(void)
{
    (void)ht_trace_go_on(TRACKER, &s_drain.trace);
}

static void look_at_pause(void)
{
    RESULT[0] = (s_drain.trace.ring[0].room == 0) != (s_drain.trace.paused != 0);
}

static void prepare_trace(void)
{
    trace(32, false);
}

static void attach(void)
{
    ht_trace_attach(TRACKER, &s_drain.trace);
}

static void detach(void)
{
    ht_trace_detach(TRACKER);
}

/* All or nothing. */
static void look_at_switches(void)
{
    bool on = TRACKER->trace != NULL;
    RESULT[0] = on != ((TRACKER->table.stays & HT_TABLE_STAYS) != 0);
    RESULT[1] = on && TRACKER->tasks.last_span != 0;
    RESULT[2] = !on && TRACKER->tasks.traced_span != 0;
}

/* --- the stream --------------------------------------------------------------------------------
 */

/* The first snapshot is written. What comes next are all definitions once more, and another one. */
static void begin_stream(void)
{
    begin_trace();
    (void)ht_drain_poll(&s_drain);
    s_drain.steps = (ht_steps_t){.stage = HT_STAGE_HELLO};
    ht_drain_want_snapshot(&s_drain);
}

static void poll(void)
{
    RESULT[0] = ht_drain_poll(&s_drain);
}

static uint32_t wrong_blocks(void)
{
    uint32_t wrong = 0;
    uint32_t live = 0;
    for (uint32_t i = 0; i < HT_BUCKET_SLOTS * (TRACKER->table.bucket_count + 1U); i++) {
        const ht_record_t *record = &TRACKER->table.buckets[0].slot[i];
        if (!ht_record_is_live(record) || ht_record_is_pooled(record)) { continue; }
        const reader_block_t *block = reader_find(&s_reader, record->address);
        live++;
        wrong += block == NULL || block->size != ht_record_size(record) ||
                 block->origin != ht_record_origin(record).index ||
                 block->task != ht_record_task(record).index;
    }
    return wrong + (reader_live(&s_reader).live_blocks != live);
}

static uint32_t wrong_rows(void)
{
    uint32_t wrong = 0;
    for (uint32_t id = HT_TASK_FIRST; id < TRACKER->tasks.row_count; id++) {
        const ht_task_t *row = &TRACKER->tasks.rows[id];
        const reader_task_t *task = &s_reader.tasks[id];
        wrong += !task->defined || task->gone != (row->used == HT_TASK_GONE) ||
                 (!task->gone && task->handle != row->key) ||
                 strncmp(task->name, row->name, HT_TASK_NAME_MAX) != 0;
    }
    for (uint32_t id = 1; id <= TRACKER->heaps.count; id++) {
        const ht_heap_t *row = &TRACKER->heaps.row[id];
        const reader_heap_t *heap = &s_reader.heaps[id];
        wrong += !heap->defined || heap->start != row->start ||
                 strncmp(heap->name, row->name, HT_TASK_NAME_MAX) != 0;
    }
    return wrong;
}

/* Whoever reads it knows in the end what the tracker knows. */
static void look_at_stream(void)
{
    (void)ht_drain_poll(&s_drain);
    reader_init(&s_reader);
    reader_feed(&s_reader, s_bytes, s_length);
    RESULT[0] = s_reader.wrong[0] != '\0' || s_reader.damaged != 0 || !s_reader.exact;
    RESULT[1] = wrong_blocks() + wrong_sums();
    RESULT[2] = wrong_rows();
    RESULT[3] = s_reader.generation != ht_drain_generation(TRACKER->generation);
}

static void churn(void)
{
    free_one();
    add_one();
}

static ht_heap_id_t s_pool;

static void add_pool(const char *name, uintptr_t start)
{
    bool overlaps;
    s_pool = ht_pool_add(TRACKER, start, SWEEP_SPACING, name, &overlaps);
}

static void begin_stream_with_pool(void)
{
    add_pool("pool", BLOCK(40));
    begin_stream();
}

/* In the same row. */
static void replace_pool(void)
{
    uint32_t ended;
    (void)ht_pool_remove(TRACKER, s_pool, &ended);
    add_pool("another one", BLOCK(50));
}

static void begin_stream_with_task(void)
{
    ht_tracker_task_seen(TRACKER, 0x3FC91230U);
    begin_stream();
}

static void end_task(void)
{
    ht_tracker_task_gone(TRACKER, 0x3FC91230U);
}

static void name_task(void)
{
    ht_tracker_task_named(TRACKER, 0x3FC91230U, "another name");
}

static void begin_trace_with_task(void)
{
    ht_tracker_task_seen(TRACKER, 0x3FC91230U);
    begin_trace();
}

/* A block of before goes with all others. */
static void add_and_reset(void)
{
    add_one();
    ht_tracker_reset(TRACKER);
}

static void sample(size_t bytes)
{
    ht_heap_t *row = &TRACKER->heaps.row[1];
    row->sampled = true;
    row->free_bytes = row->largest_free_bytes = row->min_free_bytes = bytes;
}

static void begin_stream_with_sample(void)
{
    begin_stream();
    sample(1000);
}

static void sample_again(void)
{
    sample(100000);
}

static void poll_heaps(void)
{
    RESULT[0] = ht_drain_heaps(&s_drain);
}

/* --- definitions that are written when they are first needed -----------------------------------
 */

#define TASK 0x3FC91230U

static void define_pool(void)
{
    RESULT[0] = ht_drain_define_heap(&s_drain, s_pool.index);
}

/* A task, and no row is left for another one. */
static void begin_recorder(void)
{
    for (uintptr_t i = 0; TRACKER->tasks.row_count < HT_TASK_FIRST + TRACKER->tasks.max; i++) {
        ht_tracker_task_seen(TRACKER, TASK + 0x1110U * i);
    }
    begin_stream();
    s_drain.steps = (ht_steps_t){.stage = HT_STAGE_IDLE};
    s_drain.complete = true;
}

static void define_task(void)
{
    RESULT[0] = ht_drain_define_task(&s_drain, ht_task_find(&TRACKER->tasks, TASK));
}

static void replace_task(void)
{
    ht_tracker_task_gone(TRACKER, TASK);
    ht_tracker_task_seen(TRACKER, 0x3FCA5670U);
}

/* What was written: a name goes with its row. */
static void look_at_definitions(void)
{
    char name[HT_TASK_NAME_MAX];
    (void)ht_drain_flush(&s_drain);
    reader_init(&s_reader);
    reader_feed(&s_reader, s_bytes, s_length);
    const reader_heap_t *heap = &s_reader.heaps[2];
    RESULT[0] =
        heap->defined && strcmp(heap->name, heap->start == BLOCK(40) ? "pool" : "another one") != 0;
    for (uint32_t id = HT_TASK_FIRST; id < TRACKER->tasks.row_count; id++) {
        const reader_task_t *task = &s_reader.tasks[id];
        ht_port_task_name((uintptr_t)task->handle, name);
        RESULT[1] += task->defined && task->handle != board_stack_low(0) &&
                     strncmp(task->name, name, sizeof(name)) != 0;
    }
}

extern const scenario_t g_scenarios_trace[];
const scenario_t g_scenarios_trace[] = {
    {"trace_add", begin_trace, add_hot, free_one, look_at_numbers, false},
    {"trace_remove", begin_trace, remove_0, free_one, look_at_numbers, false},
    {"trace_remove_as_another", begin_trace_as_another, remove_0, free_one, look_at_numbers, false},
    {"trace_error", begin_trace, tell_error, add_one, look_at_numbers, false},
    {"trace_mark", begin_trace, mark, mark, look_at_numbers, false},
    {"trace_say", begin_trace, say, add_one, look_at_numbers, false},
    {"trace_sum", begin_trace, sum, add_one, look_at_sums, true},
    {"trace_go_on", begin_pausing_trace, go_on, add_one, look_at_pause, true},
    {"trace_attach", prepare_trace, attach, detach, look_at_switches, true},
    {"trace_detach", begin_trace, detach, attach, look_at_switches, true},
    {"trace_blocks", begin_stream, poll, churn, look_at_stream, true},
    {"trace_heaps", begin_stream_with_pool, poll, replace_pool, look_at_stream, true},
    {"trace_heap", begin_stream_with_pool, define_pool, replace_pool, look_at_definitions, true},
    {"trace_task", begin_recorder, define_task, replace_task, look_at_definitions, true},
    {"trace_tasks", begin_stream_with_task, poll, end_task, look_at_stream, true},
    {"trace_named", begin_trace_with_task, name_task, add_one, look_at_numbers, false},
    {"trace_reset", begin_stream, poll, add_and_reset, look_at_stream, true},
    {"trace_samples", begin_stream_with_sample, poll_heaps, sample_again, look_at_stream, true},
    {NULL, NULL, NULL, NULL, NULL, false},
};
