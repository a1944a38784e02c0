/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* heaptrail_trace.h on a chip's heap: tasks and interrupts on two cores allocate, another task
 * drains, and a reader that knows SPEC.md only ends up with the device's own tables. */
#include <stdlib.h>

#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "heaptrail_trace.h"
#include "trace_reader.h"

#define SLOTS 30U
#define WORKERS 3U

static reader_t s_reader;
static size_t s_takes = SIZE_MAX;

static size_t take(void *context, const void *bytes, size_t length)
{
    assert_false(sim_interrupts_masked());
    size_t taken = length < s_takes ? length : s_takes;
    reader_feed(context, bytes, taken);
    return taken;
}

static const heaptrail_trace_config_t s_config = {.write = take, .context = &s_reader};

static void good(void)
{
    if (s_reader.wrong[0] != '\0') { fail_msg("the trace: %s", s_reader.wrong); }
    assert_int_equal(s_reader.damaged + s_reader.lost_frames, 0);
}

static void poll_all(void)
{
    for (unsigned i = 0; heaptrail_trace_poll() == ESP_ERR_NOT_FINISHED; i++) {
        assert_in_range(i, 0, 100000);
    }
    good();
}

/* --- who is live, by the device and by the reader ----------------------------------------------
 */

static bool is_known(void *context, const heaptrail_block_row_t *row)
{
    const reader_block_t *block = reader_find(&s_reader, row->address);
    if (block == NULL) { fail_msg("the reader does not know %p", (void *)row->address); }
    assert_int_equal(block->size, row->size_bytes);
    assert_int_equal(block->origin, row->origin.id);
    assert_int_equal(block->core, row->core);
    assert_string_equal(s_reader.tasks[block->task].name, row->task_name);
    assert_int_equal(s_reader.origins[block->origin].frames[0], row->origin.frames[0]);
    assert_int_equal(s_reader.origins[block->origin].caps, row->origin.caps);
    ++*(uint32_t *)context;
    return true;
}

/* Nothing else may run meanwhile. */
static void expect_the_same(const char *name)
{
    assert_int_equal(heaptrail_trace_mark(name), ESP_OK);
    poll_all();
    heaptrail_status_t status = esp_status();
    const reader_mark_t *mark = &s_reader.marks[s_reader.mark_count - 1U];
    assert_string_equal(mark->name, name);
    assert_int_equal(mark->device.live_blocks, status.live_blocks);
    assert_int_equal(mark->device.live_bytes, status.live_bytes);
    assert_int_equal(mark->device.total_blocks, status.total_blocks);
    assert_int_equal(mark->device.total_bytes, status.total_bytes);
    assert_int_equal(mark->device.freed, status.total_frees);
    assert_int_equal(mark->ours.live_blocks, status.live_blocks);
    assert_int_equal(mark->ours.live_bytes, status.live_bytes);
    uint32_t rows = 0;
    heaptrail_for_each_block(NULL, is_known, &rows, NULL);
    assert_int_equal(rows, status.live_blocks);
    esp_check();
}

/* --- the crowd ----------------------------------------------------------------------------------
 */

typedef struct {
    void *block[SLOTS];
    uint32_t random;
    unsigned steps;
} worker_t;

static worker_t s_worker[WORKERS], s_isr;
static volatile uint32_t s_running;

static uint32_t draw(worker_t *worker, uint32_t below)
{
    worker->random = worker->random * 1664525U + 1013904223U;
    return (worker->random >> 8) % below;
}

static void step(worker_t *worker, bool in_isr)
{
    uint32_t at = draw(worker, SLOTS);
    void **block = &worker->block[at];
    if (*block == NULL) {
        *block = draw(worker, 2) != 0 || in_isr
                     ? heap_caps_malloc(draw(worker, 200), MALLOC_CAP_8BIT)
                     : malloc(1U + draw(worker, 500));
    } else if (!in_isr && draw(worker, 3) == 0) {
        void *moved = realloc(*block, 1U + draw(worker, 600));
        if (moved != NULL) { *block = moved; }
    } else {
        heap_caps_free(*block);
        *block = NULL;
    }
}

static void in_isr(void *context)
{
    worker_t *worker = context;
    step(worker, true);
    if (worker->steps++ % 16U == 0) { (void)heaptrail_trace_mark("in the midst"); }
}

static void work(void *context)
{
    worker_t *worker = context;
    for (unsigned i = 0; i < worker->steps; i++) {
        step(worker, false);
        if (i % 16U == 0) { vTaskDelay(1); }
    }
    s_running--;
    vTaskDelete(NULL);
}

static void crowd(void *context)
{
    (void)context;
    for (uint32_t i = 0; i < WORKERS; i++) {
        char name[8];
        snprintf(name, sizeof(name), "work%u", (unsigned)i);
        s_worker[i] = (worker_t){.random = i + 1U, .steps = 1500};
        s_running++;
        assert_int_equal(
            xTaskCreatePinnedToCore(work, name, 8192, &s_worker[i], 5, NULL, (int)i % 2), pdPASS);
        if (i == 0) { assert_int_equal(heaptrail_trace_start(&s_config), ESP_OK); }
    }
    for (unsigned i = 0; s_running != 0; i++) {
        poll_all();
        if (i % 8U == 0) { (void)heaptrail_trace_mark("on the way"); }
        vTaskDelay(1);
    }
    vTaskDelay(5); /* the idle task frees what deleted tasks leave */
}

static void run_crowd(const sim_config_t *config)
{
    sim_init(config);
    s_isr = (worker_t){.random = 99};
    assert_true(sim_isr_attach(in_isr, &s_isr));
    esp_run(crowd);
    sim_isr_detach_all();
    expect_the_same("all");
    assert_true(s_reader.events > 2000);
    heaptrail_trace_status_t status;
    assert_int_equal(heaptrail_trace_status(&status), ESP_OK);
    assert_true(status.events >= s_reader.events);
    assert_int_equal(s_reader.lost[1] + s_reader.lost[2],
                     status.lost_ring_full + status.lost_sink_slow);
    assert_int_equal(heaptrail_trace_stop(), ESP_OK);
    good();
    assert_int_equal(s_reader.ends, 1);
}

static void test_crowd(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    config.preempt_per_mille = 200;
    config.isr_per_mille = 100;
    run_crowd(&config);
}

static void test_two_cores_at_once(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    config.seed = 5;
    config.parallel = true;
    config.isr_period_us = 0;
    run_crowd(&config);
}

/* --- marks that an interrupt sets --------------------------------------------------------------
 */

static esp_err_t s_marked;

static void mark_in_isr(void *context)
{
    worker_t *worker = context;
    step(worker, true);
    s_marked = heaptrail_trace_mark("isr");
    step(worker, true);
}

/* Each mark has the device's sums, and what the events before it add up to. */
static uint32_t expect_exact_marks(uint32_t from)
{
    uint32_t in_isr = 0;
    for (uint32_t i = from; i < s_reader.mark_count; i++) {
        const reader_mark_t *mark = &s_reader.marks[i];
        assert_true(mark->exact);
        assert_memory_equal(&mark->ours, &mark->device, sizeof(mark->ours));
        if (strcmp(mark->name, "isr") != 0) { continue; }
        assert_string_equal(s_reader.tasks[mark->task].name, "(ISR core 0)");
        assert_int_equal(s_reader.tasks[mark->task].kind, 1);
        in_isr++;
    }
    return in_isr;
}

/* At each place in an allocation, a realloc and a free where an interrupt can come. */
static void mark_everywhere(void *context)
{
    (void)context;
    assert_int_equal(heaptrail_trace_start(&s_config), ESP_OK);
    poll_all();
    expect_the_same("begun");
    uint32_t from = s_reader.mark_count;
    uint32_t places = 0;
    for (uint64_t fired = 0; places < 200; places++) {
        fired = sim_isr_fired();
        sim_isr_fire_at(places + 1U);
        void *block = malloc(100);
        block = realloc(block, 5000);
        free(block);
        if (sim_isr_fired() == fired) { break; }
        assert_int_equal(s_marked, ESP_OK);
        expect_the_same("between");
    }
    assert_in_range(places, 10, 199);
    assert_int_equal(expect_exact_marks(from), places);
    assert_int_equal(heaptrail_trace_stop(), ESP_OK);
}

static void test_marks_from_an_isr(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    config.isr_per_mille = 0;
    config.isr_period_us = 0;
    sim_init(&config);
    s_isr = (worker_t){.random = 7};
    assert_true(sim_isr_attach(mark_in_isr, &s_isr));
    esp_run(mark_everywhere);
    sim_isr_detach_all();
}

/* --- the interface ------------------------------------------------------------------------------
 */

static void test_wrong_arguments(void **state)
{
    (void)state;
    heaptrail_trace_config_t config = s_config;
    uint64_t memory[100];
    assert_int_equal(heaptrail_trace_start(NULL), ESP_ERR_INVALID_ARG);
    config.write = NULL;
    assert_int_equal(heaptrail_trace_start(&config), ESP_ERR_INVALID_ARG);
    config = s_config;
    config.ring_events = 15;
    assert_int_equal(heaptrail_trace_start(&config), ESP_ERR_INVALID_ARG);
    config = s_config;
    config.frame_bytes = 100;
    assert_int_equal(heaptrail_trace_start(&config), ESP_ERR_INVALID_ARG);
    config = s_config;
    config.policy = (heaptrail_trace_policy_t)7;
    esp_log_catch();
    assert_int_equal(heaptrail_trace_start(&config), ESP_ERR_INVALID_ARG);
    assert_non_null(strstr(esp_log(), "policy"));
    config = s_config;
    config.memory = memory;
    config.memory_bytes = sizeof(memory);
    assert_int_equal(heaptrail_trace_start(&config), ESP_ERR_INVALID_SIZE);
    config.ring_events = 1U << 21;
    assert_int_equal(heaptrail_trace_memory_bytes(&config), 0);
    assert_int_equal(heaptrail_trace_poll(), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_trace_stop(), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_trace_mark("x"), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_trace_snapshot(), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_trace_status(NULL), ESP_ERR_INVALID_ARG);
    heaptrail_stop();
    assert_int_equal(heaptrail_trace_start(&s_config), ESP_ERR_INVALID_STATE);
    heaptrail_start();
    assert_int_equal(heaptrail_trace_start(&s_config), ESP_OK);
    assert_int_equal(heaptrail_trace_start(&s_config), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_trace_stop(), ESP_OK);
}

static void test_own_memory_and_again(void **state)
{
    (void)state;
    heaptrail_trace_config_t config = s_config;
    config.ring_events = 100;
    config.frame_bytes = 2000;
    size_t bytes = heaptrail_trace_memory_bytes(&config);
    config.memory = heap_caps_aligned_alloc(8, bytes, MALLOC_CAP_8BIT); /* malloc() promises 4 */
    assert_non_null(config.memory);
    config.memory_bytes = bytes;
    for (unsigned i = 0; i < 3; i++) {
        memset(&s_reader, 0, sizeof(s_reader));
        assert_int_equal(heaptrail_trace_start(&config), ESP_OK);
        poll_all();
        void *block = malloc(i + 1U);
        expect_the_same("own");
        free(block);
        heaptrail_trace_status_t status;
        heaptrail_trace_status(&status);
        assert_int_equal(status.ring_events, 64);
        assert_true(status.running && !status.draining && !status.paused);
        assert_int_equal(heaptrail_trace_stop(), ESP_OK);
        good();
        assert_int_equal(s_reader.end_why, 0);
    }
    heap_caps_free(config.memory);
}

static void test_a_sink_that_stops(void **state)
{
    (void)state;
    assert_int_equal(heaptrail_trace_start(&s_config), ESP_OK);
    poll_all();
    s_takes = 0;
    s_worker[0] = (worker_t){.random = 1};
    step(&s_worker[0], true);
    assert_int_equal(heaptrail_trace_poll(), ESP_ERR_NOT_FINISHED);
    heaptrail_trace_status_t status;
    heaptrail_trace_status(&status);
    assert_true(status.waiting);
    assert_int_equal(heaptrail_trace_stop(), ESP_ERR_NOT_FINISHED);
    assert_int_equal(heaptrail_trace_start(&s_config), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_trace_poll(), ESP_ERR_NOT_FINISHED);
    s_takes = 7;
    poll_all();
    assert_int_equal(s_reader.ends, 1);
    assert_int_equal(heaptrail_trace_stop(), ESP_ERR_INVALID_STATE);
    s_takes = 0;
    assert_int_equal(heaptrail_trace_start(&s_config), ESP_OK);
    assert_int_equal(heaptrail_trace_stop(), ESP_ERR_NOT_FINISHED);
    assert_int_equal(heaptrail_trace_stop(), ESP_ERR_NOT_FINISHED); /* given up */
    s_takes = SIZE_MAX;
    assert_int_equal(heaptrail_trace_start(&s_config), ESP_OK);
    assert_int_equal(heaptrail_trace_stop(), ESP_OK);
}

static void test_snapshot_on_request_and_heaps(void **state)
{
    (void)state;
    heaptrail_trace_config_t config = s_config;
    config.heaps_interval_ms = 1;
    config.counters_interval_ms = 1;
    assert_int_equal(heaptrail_trace_start(&config), ESP_OK);
    poll_all();
    assert_int_equal(s_reader.snapshots_complete, 1);
    assert_int_equal(heaptrail_trace_snapshot(), ESP_OK);
    poll_all();
    assert_int_equal(s_reader.snapshots_complete, 2);
    sim_clock_advance_us(20000);
    poll_all();
    assert_true(s_reader.samples >= 2);
    assert_int_equal(s_reader.counters, 1);
    assert_int_equal(heaptrail_trace_stop(), ESP_OK);
}

static void test_flight_recorder(void **state)
{
    (void)state;
    static uint32_t memory[8192 / 4];
    heaptrail_trace_config_t config = {
        .policy = HEAPTRAIL_TRACE_RECORDER, .recorder = memory, .recorder_bytes = 100};
    uint32_t frames = 1;
    assert_int_equal(heaptrail_trace_start(&config), ESP_ERR_INVALID_ARG);
    config.recorder_bytes = sizeof(memory);
    assert_int_equal(heaptrail_trace_recorded(memory, sizeof(memory), take, &s_reader, &frames),
                     ESP_ERR_NOT_FOUND);
    assert_int_equal(frames, 0);
    assert_int_equal(heaptrail_trace_start(&config), ESP_OK);
    assert_int_equal(heaptrail_trace_recorded(memory, sizeof(memory), take, &s_reader, &frames),
                     ESP_ERR_INVALID_STATE);
    s_worker[0] = (worker_t){.random = 5};
    for (unsigned i = 0; i < 5000; i++) {
        step(&s_worker[0], false);
        if (i % 100U == 0) { assert_int_equal(heaptrail_trace_poll(), ESP_OK); }
    }
    assert_int_equal(heaptrail_trace_mark("crash"), ESP_OK);
    assert_int_equal(heaptrail_trace_poll(), ESP_OK);
    assert_int_equal(heaptrail_trace_stop(), ESP_OK);
    assert_int_equal(heaptrail_trace_recorded(memory, sizeof(memory), take, &s_reader, &frames),
                     ESP_OK);
    if (s_reader.wrong[0] != '\0') { fail_msg("the trace: %s", s_reader.wrong); }
    assert_true(frames >= 7 && s_reader.frames == frames);
    assert_int_equal(s_reader.damaged, 0);
    assert_string_equal(s_reader.marks[s_reader.mark_count - 1U].name, "crash");
    assert_int_equal(s_reader.flags & 12U, 4); /* complete, and of this boot */
    s_takes = 10;
    assert_int_equal(heaptrail_trace_recorded(memory, sizeof(memory), take, &s_reader, &frames),
                     ESP_ERR_NOT_FINISHED);
    assert_int_equal(frames, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_arguments),
        cmocka_unit_test(test_own_memory_and_again),
        cmocka_unit_test(test_a_sink_that_stops),
        cmocka_unit_test(test_snapshot_on_request_and_heaps),
        cmocka_unit_test(test_flight_recorder),
        cmocka_unit_test(test_marks_from_an_isr),
        cmocka_unit_test(test_crowd),
        cmocka_unit_test(test_two_cores_at_once),
    };
    return esp_test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
