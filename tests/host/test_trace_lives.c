/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Rows of tasks that are used again, by the same handle and name too, and tasks that are renamed: a
 * model that begins at a checkpoint tells the same ones apart as one that read everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ht_format.h"
#include "ht_model.h"
#include "recording.h"

enum { ROWS = 6, BLOCKS = 3000, EVENTS = 60000 };

typedef struct {
    ht_writer_t *writer;
    uint64_t random, time_us;
    bool lives[ROWS];
    unsigned name[ROWS];
    bool used[BLOCKS];
    uint32_t owner[BLOCKS]; /* row */
    uint64_t made_us[BLOCKS];
    uint32_t snapshots;
} world_t;

static unsigned below(world_t *world, unsigned limit)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return (unsigned)(world->random >> 33) % limit;
}

static void tell(world_t *world, ht_event_t event)
{
    event.time_us = world->time_us;
    event.pointer_bytes = 4;
    assert_true(ht_writer_event(world->writer, &event));
}

static void define_as(world_t *world, unsigned row, uint64_t handle)
{
    static const char *const names[] = {"worker", "net", "w3"};
    const char *name = names[world->name[row]];
    tell(world, (ht_event_t){.kind = HT_EVENT_TASK,
                             .task_defined = {.index = row,
                                              .type = HT_TRACE_TASK,
                                              .handle = handle,
                                              .name = {name, strlen(name)}}});
}

static void define(world_t *world, unsigned row)
{
    define_as(world, row, 0x3FC90000U + row);
    world->lives[row] = true;
}

static void tell_gone(world_t *world, unsigned row)
{
    tell(world, (ht_event_t){.kind = HT_EVENT_TASK_GONE, .task_gone = row});
}

static uint64_t address_of(unsigned at)
{
    return 0x3FCA0000U + 64U * at;
}

static uint64_t size_of(unsigned at)
{
    return 1U + at % 64U;
}

static void change_block(world_t *world)
{
    const unsigned at = below(world, BLOCKS);
    const uint32_t task = below(world, ROWS);
    if (world->used[at]) {
        tell(world,
             (ht_event_t){.kind = HT_EVENT_FREE, .task = task, .free = {address_of(at), false}});
    } else if (world->lives[task]) {
        const ht_event_t event = {
            .kind = HT_EVENT_ALLOC, .task = task, .alloc = {address_of(at), size_of(at), 1, false}};
        tell(world, event);
        world->owner[at] = task;
        world->made_us[at] = world->time_us;
    } else {
        return;
    }
    world->used[at] = !world->used[at];
}

/* The device's own: it knows rows. */
static void take_snapshot(world_t *world)
{
    uint64_t blocks = 0;
    world->snapshots++;
    tell(world, (ht_event_t){.kind = HT_EVENT_SNAPSHOT, .snapshot = {.number = world->snapshots}});
    for (unsigned at = 0; at < BLOCKS; at++) {
        if (!world->used[at]) { continue; }
        blocks++;
        tell(world, (ht_event_t){.kind = HT_EVENT_SNAPSHOT_BLOCK,
                                 .block = {.address = address_of(at),
                                           .size = size_of(at),
                                           .age_us = world->time_us - world->made_us[at],
                                           .origin = 1,
                                           .task = world->owner[at]}});
    }
    tell(world,
         (ht_event_t){.kind = HT_EVENT_SNAPSHOT_END, .snapshot = {world->snapshots, blocks, true}});
}

/* Once more, after it is gone (handle 0): as it was, or another one of which nothing was seen,
 * whose blocks a snapshot tells. */
static void tell_again(world_t *world, unsigned row)
{
    const unsigned name = below(world, 3);
    const bool unseen = name != world->name[row];
    world->name[row] = name;
    define_as(world, row, 0);
    tell_gone(world, row);
    for (unsigned at = below(world, 100); unseen && at < BLOCKS; at += 100U) {
        if (world->used[at]) { continue; }
        world->used[at] = true;
        world->owner[at] = row;
        world->made_us[at] = world->time_us;
    }
    if (unseen) { take_snapshot(world); }
}

/* Begins, ends, or gets another name. */
static void change_task(world_t *world)
{
    const unsigned row = below(world, ROWS);
    if (!world->lives[row]) {
        world->name[row] = below(world, 3);
        define(world, row);
    } else if (below(world, 3) == 0) {
        world->name[row] = below(world, 3);
        define(world, row);
    } else {
        tell_gone(world, row);
        world->lives[row] = false;
        if (below(world, 40) == 0) { tell_again(world, row); }
        if (below(world, 2) == 0) { /* in the same microsecond */
            world->name[row] = below(world, 3);
            define(world, row);
        }
    }
}

/* Says something else each time, as a Linux program's clock does. */
static void tell_hello(world_t *world)
{
    const ht_hello_pair_t pairs[] = {{.key = HT_HELLO_GENERATION, .number = 7},
                                     {.key = HT_HELLO_WALL_CLOCK_US, .number = world->time_us}};
    tell(world, (ht_event_t){.kind = HT_EVENT_HELLO, .hello = {pairs, 2}});
}

/* `changes`: of tasks, one in so many events. */
static void make_file(uint64_t seed, unsigned changes)
{
    capture_bytes_t wire = {0};
    const ht_writer_config_t config = {.frame_max = 1024, .sink = capture_frame, .context = &wire};
    world_t world = {.writer = ht_writer_new(&config), .random = seed, .time_us = 1000};
    tell(&world, (ht_event_t){.kind = HT_EVENT_BOOT, .boot = 0x1234});
    tell(&world, (ht_event_t){.kind = HT_EVENT_ORIGIN, .origin = {.index = 1}});
    for (unsigned i = 0; i < EVENTS; i++) {
        below(&world, changes) == 0 ? change_task(&world) : change_block(&world);
        if (below(&world, 20000) == 0) { take_snapshot(&world); }
        if (i % 1000U == 0) { tell_hello(&world); }
        world.time_us += below(&world, 3);
    }
    ht_writer_flush(world.writer);
    ht_writer_free(world.writer);
    ht_trace_writer_free(recording_make(&wire, &recording_small, true));
    capture_bytes_free(&wire);
}

/* --- what a model says --------------------------------------------------------------------------
 */

typedef struct {
    ht_model_t *model;
    uint64_t blocks; /* of the snapshot that is told */
} taker_t;

/* A checkpoint's snapshot has as many blocks as it says. (Reading may begin inside the device's.)
 */
static void into_model(void *context, const ht_event_t *event)
{
    taker_t *taker = context;
    if (event->kind == HT_EVENT_SNAPSHOT) { taker->blocks = 0; }
    taker->blocks += event->kind == HT_EVENT_SNAPSHOT_BLOCK;
    if (event->kind == HT_EVENT_SNAPSHOT_END && event->snapshot.number == 0) {
        assert_int_equal(taker->blocks, event->snapshot.blocks);
    }
    ht_model_event(taker->model, event);
}

static ht_model_t *model_from(uint64_t from_us, bool *from_checkpoint)
{
    ht_model_t *model = ht_model_new(NULL);
    ht_trace_error_t error = {0};
    ht_trace_reader_t *reader = ht_trace_reader_open(recording_path, &error);
    assert_non_null(reader);
    taker_t taker = {.model = model};
    const ht_decoder_sink_t sink = {.event = into_model, .context = &taker};
    const ht_trace_request_t request = {.from_us = from_us, .ahead = HT_TRACE_AHEAD_NEVER};
    ht_trace_result_t result;
    assert_true(ht_trace_reader_read(reader, &sink, &request, &result, &error));
    *from_checkpoint = result.from_checkpoint;
    ht_trace_reader_free(reader);
    assert_null(ht_model_check(model));
    return model;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

typedef struct {
    const ht_model_view_t *view;
    char **line;
    size_t count;
} lines_t;

static bool add_block(void *context, const ht_live_row_t *block)
{
    lines_t *lines = context;
    const ht_task_row_t *task = &lines->view->task[lines->view->flow[block->flow].task];
    char *line = malloc(160);
    (void)snprintf(line, 160, "%#llx %llu bytes at %llu us by %u %s%s",
                   (unsigned long long)block->address, (unsigned long long)block->size,
                   (unsigned long long)block->time_us, task->index, task->name,
                   task->gone ? " gone" : "");
    lines->line[lines->count++] = line;
    return true;
}

/* Each live block, when it was made and by whom, in order. */
static char *blocks_of(const ht_model_t *model)
{
    const ht_model_view_t view = ht_model_view(model);
    lines_t lines = {.view = &view, .line = calloc(view.live_blocks + 1U, sizeof(char *))};
    size_t ignored;
    char *text;
    ht_model_each_block(model, add_block, &lines);
    qsort(lines.line, lines.count, sizeof(char *), compare_lines);
    FILE *out = open_memstream(&text, &ignored);
    for (size_t i = 0; i < lines.count; i++) {
        fprintf(out, "%s\n", lines.line[i]);
        free(lines.line[i]);
    }
    fclose(out);
    free(lines.line);
    return text;
}

static void compare_from(uint64_t from_us, unsigned *checkpoints)
{
    bool from_checkpoint;
    ht_model_t *whole = model_from(0, &from_checkpoint);
    assert_false(from_checkpoint);
    ht_model_t *part = model_from(from_us, &from_checkpoint);
    *checkpoints += from_checkpoint;
    char *expected = blocks_of(whole), *found = blocks_of(part);
    assert_string_equal(found, expected);
    const ht_model_view_t a = ht_model_view(whole), b = ht_model_view(part);
    assert_int_equal(b.live_blocks, a.live_blocks);
    assert_int_equal(b.unknown_frees, 0);
    free(expected);
    free(found);
    ht_model_free(whole);
    ht_model_free(part);
}

static void test_tasks_from_checkpoints(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        unsigned checkpoints = 0;
        make_file(seed * 7919U, (const unsigned[]){300, 2000, 15}[seed % 3U]);
        bool ignored;
        ht_model_t *whole = model_from(0, &ignored);
        const uint64_t last_us = ht_model_view(whole).last_us;
        ht_model_free(whole);
        for (uint64_t i = 1; i <= 9; i++) {
            compare_from(last_us * i / 9U, &checkpoints);
        }
        assert_true(checkpoints > 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tasks_from_checkpoints)};
    return cmocka_run_group_tests_name("trace_lives", tests, recording_make_path,
                                       recording_remove_path);
}
