/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Random programs, traced: what a reader that knows SPEC.md only makes of the bytes is what the
 * tracker's own tables say, whenever they are compared. The stream is the model's, and so is the
 * oracle that looks at the tables.
 *   HEAPTRAIL_SEED   only this seed    HEAPTRAIL_SEEDS  how many    HEAPTRAIL_STEPS  of each
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ht_drain.h"
#include "model.h"
#include "trace_reader.h"

#if defined(__SANITIZE_THREAD__) || UINTPTR_MAX <= 0xffffffffU
#define USUAL_SEEDS 6U
#else
#define USUAL_SEEDS 60U
#endif

typedef struct {
    model_t model;
    ht_drain_t drain;
    void *memory;
    reader_t reader;
    bool slow; /* the sink takes what it likes */
    uint32_t total_before[ORACLE_ROWS];
    bool attached;
    uint32_t generation;
} world_t;

typedef struct {
    const char *name;
    uint32_t ring_events;
    uint32_t poll_every; /* steps, about */
    bool pauses;
    bool slow;
    bool resets;
    ht_sizes_t sizes;
} setting_t;

static size_t take(void *context, const void *bytes, size_t length)
{
    world_t *world = context;
    size_t taken = length;
    if (g_fake.held != 0) { fake_port_die("the sink is called under the lock"); }
    if (world->slow) { taken = stream_random(&world->model.stream) % (length + 1U); }
    reader_feed(&world->reader, bytes, taken);
    return taken;
}

static void good(const world_t *world, uint64_t seed)
{
    if (world->reader.wrong[0] != '\0') {
        fail_msg("%s\nagain: HEAPTRAIL_SEED=%llu, step %u", world->reader.wrong,
                 (unsigned long long)seed, (unsigned)world->model.step);
    }
}

static void begin(world_t *world, const setting_t *setting)
{
    const ht_drain_config_t config = {.ring_events = setting->ring_events,
                                      .frame_bytes = HT_FRAME_WIRE_MIN,
                                      .pauses = setting->pauses,
                                      .boot = 7,
                                      .write = take,
                                      .context = world,
                                      .counters_interval_ms = 50};
    ht_tracker_t *tracker = &world->model.tracker;
    world->memory = calloc(1, ht_drain_memory_bytes(tracker, &config));
    assert_non_null(world->memory);
    ht_drain_init(&world->drain, tracker, &config, world->memory);
    ht_trace_attach(tracker, &world->drain.trace);
    for (uint32_t i = 0; i <= tracker->origins.count; i++) {
        world->total_before[i] = tracker->origins.origins[i].total_blocks;
    }
    world->attached = true;
    world->generation = tracker->generation;
}

static void poll_all(world_t *world, uint64_t seed)
{
    for (unsigned i = 0; !ht_drain_poll(&world->drain); i++) {
        if (i == 100000) { fail_msg("the drain makes no progress"); }
    }
    good(world, seed);
}

/* Every record of the table, as the reader has it; and as many. */
static void compare_blocks(world_t *world)
{
    ht_tracker_t *tracker = &world->model.tracker;
    uint32_t live = 0;
    for (uint32_t b = 0; b <= tracker->table.bucket_count; b++) {
        for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
            const ht_record_t *record = &tracker->table.buckets[b].slot[i];
            if (!ht_record_is_live(record)) { continue; }
            const reader_block_t *block = reader_find(&world->reader, record->address);
            if (block == NULL) {
                fail_msg("the reader does not know %zx", (size_t)record->address);
            }
            assert_int_equal(block->size, ht_record_size(record));
            assert_int_equal(block->origin, ht_record_origin(record).index);
            assert_int_equal(block->task, ht_record_task(record).index);
            assert_int_equal(block->core, ht_record_core(record));
            assert_string_equal(world->reader.tasks[block->task].name,
                                tracker->tasks.rows[block->task].name);
            live++;
        }
    }
    assert_int_equal(reader_live(&world->reader).live_blocks, live);
}

/* How many blocks were made at each origin since the trace began. */
static void compare_origins(const world_t *world)
{
    const ht_tracker_t *tracker = &world->model.tracker;
    for (uint32_t id = 0; id <= tracker->origins.count; id++) {
        assert_int_equal(world->reader.origins[id].blocks,
                         tracker->origins.origins[id].total_blocks - world->total_before[id]);
    }
}

static void compare_mark(world_t *world, uint64_t seed)
{
    ht_tracker_t *tracker = &world->model.tracker;
    bool traced;
    heaptrail_status_t status;
    poll_all(world, seed);
    if (!ht_trace_mark(tracker, "here", &traced)) { return; } /* paused */
    poll_all(world, seed);
    ht_query_status(tracker, &status);
    const reader_mark_t *mark =
        &world->reader.marks[(world->reader.mark_count - 1U) % READER_MARKS];
    assert_int_equal(mark->device.live_blocks, status.live_blocks);
    assert_int_equal(mark->device.live_bytes, status.live_bytes);
    assert_int_equal(mark->device.total_blocks, status.total_blocks);
    assert_int_equal(mark->device.total_bytes, status.total_bytes);
    assert_int_equal(mark->device.freed, status.total_frees);
    assert_int_equal(mark->device.failures, status.failures);
    if (mark->exact && memcmp(&mark->ours, &mark->device, sizeof(mark->ours)) != 0) {
        fail_msg(
            "a mark: %llu/%llu live, %llu/%llu bytes, %llu/%llu ever, %llu/%llu freed, "
            "%llu/%llu failures\nagain: HEAPTRAIL_SEED=%llu",
            (unsigned long long)mark->ours.live_blocks,
            (unsigned long long)mark->device.live_blocks, (unsigned long long)mark->ours.live_bytes,
            (unsigned long long)mark->device.live_bytes,
            (unsigned long long)mark->ours.total_blocks,
            (unsigned long long)mark->device.total_blocks, (unsigned long long)mark->ours.freed,
            (unsigned long long)mark->device.freed, (unsigned long long)mark->ours.failures,
            (unsigned long long)mark->device.failures, (unsigned long long)seed);
    }
    if (world->reader.exact) { compare_blocks(world); }
}

static void run_one(const setting_t *setting, uint64_t seed, uint32_t steps, uint64_t totals[4])
{
    world_t *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    stream_config_t stream = stream_usual;
    if (!setting->resets) { stream.weights[STREAM_RESET] = 0; }
    model_init(&world->model, &setting->sizes, &stream, seed);
    uint32_t begins_at = (uint32_t)(seed * 37U % 500U);
    for (uint32_t i = 0; i < steps; i++) {
        if (i == begins_at) { begin(world, setting); }
        if (!model_step(&world->model)) { fail_msg("the model: %s", world->model.wrong); }
        if (!world->attached) { continue; }
        world->slow = setting->slow;
        if (stream_random(&world->model.stream) % setting->poll_every == 0) {
            (void)ht_drain_poll(&world->drain);
            good(world, seed);
        }
        if (i % 61U == 0) { compare_mark(world, seed); }
    }
    compare_mark(world, seed);
    if (world->generation == world->model.tracker.generation &&
        world->reader.lost[1] + world->reader.lost[2] == 0) {
        compare_origins(world);
    }
    ht_trace_detach(&world->model.tracker);
    while (!ht_drain_end(&world->drain, HT_END_STOPPED)) {}
    good(world, seed);
    totals[0] += world->reader.events;
    totals[1] += world->reader.lost[1] + world->reader.lost[2];
    totals[2] += world->reader.snapshots_complete;
    for (uint32_t i = 0; i < world->reader.mark_count && i < READER_MARKS; i++) {
        totals[3] += world->reader.marks[i].exact;
    }
    free(world->memory);
    model_deinit(&world->model);
    free(world);
}

static uint32_t number(const char *name, uint32_t usual)
{
    const char *given = getenv(name);
    return given != NULL ? (uint32_t)strtoul(given, NULL, 0) : usual;
}

/* Returns the events that were lost. */
static uint64_t run_setting(const setting_t *setting)
{
    uint64_t totals[4] = {0};
    uint64_t first = stream_seed(1);
    uint32_t seeds = getenv("HEAPTRAIL_SEED") != NULL ? 1 : number("HEAPTRAIL_SEEDS", USUAL_SEEDS);
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        run_one(setting, seed, number("HEAPTRAIL_STEPS", 2000), totals);
    }
    print_message("%s: %llu events, %llu lost, %llu snapshots, %llu exact marks\n", setting->name,
                  (unsigned long long)totals[0], (unsigned long long)totals[1],
                  (unsigned long long)totals[2], (unsigned long long)totals[3]);
    assert_true(totals[3] > 0);
    return totals[1];
}

static const ht_sizes_t s_usual = {.max_blocks = 120,
                                   .max_origins = 40,
                                   .frame_words = 100,
                                   .max_tasks = 20,
                                   .max_failures = 8,
                                   .stack_depth = 4};

static void test_nothing_is_lost(void **state)
{
    (void)state;
    setting_t setting = {.name = "roomy", .ring_events = 2048, .poll_every = 20, .sizes = s_usual};
    assert_int_equal(run_setting(&setting), 0);
}

static void test_with_resets(void **state)
{
    (void)state;
    setting_t setting = {
        .name = "resets", .ring_events = 2048, .poll_every = 20, .resets = true, .sizes = s_usual};
    assert_int_equal(run_setting(&setting), 0);
}

static void test_tables_that_overflow(void **state)
{
    (void)state;
    setting_t setting = {.name = "tiny tables", .ring_events = 2048, .poll_every = 20};
    setting.resets = true;
    setting.sizes = (ht_sizes_t){.max_blocks = 5,
                                 .max_origins = 3,
                                 .frame_words = 4,
                                 .max_tasks = 2,
                                 .max_failures = 1,
                                 .stack_depth = 4};
    assert_int_equal(run_setting(&setting), 0);
}

static void test_ring_that_overflows(void **state)
{
    (void)state;
    setting_t setting = {
        .name = "tiny ring", .ring_events = 16, .poll_every = 30, .resets = true, .sizes = s_usual};
    assert_true(run_setting(&setting) > 0);
    setting.name = "tiny ring, pauses";
    setting.pauses = true;
    assert_true(run_setting(&setting) > 0);
}

static void test_sink_that_is_slow(void **state)
{
    (void)state;
    setting_t setting = {.name = "slow sink", .ring_events = 32, .poll_every = 40};
    setting.slow = true;
    setting.resets = true;
    setting.sizes = s_usual;
    assert_true(run_setting(&setting) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_lost),      cmocka_unit_test(test_with_resets),
        cmocka_unit_test(test_tables_that_overflow), cmocka_unit_test(test_ring_that_overflows),
        cmocka_unit_test(test_sink_that_is_slow),
    };
    return cmocka_run_group_tests_name("trace model", tests, NULL, NULL);
}
