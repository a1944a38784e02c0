/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The flight recorder, and what a crash leaves in it. */
#include "ht_recorder.h"
#include "trace_fixture.h"

static trace_fixture_t s_trace;

static int setup(void **state)
{
    (void)state;
    fixture_make(&s_trace);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (s_trace.memory != NULL) { fixture_end(&s_trace); }
    fixture_drop(&s_trace);
    return 0;
}

static void add(uint32_t n, size_t size)
{
    fixture_add(&s_trace, n, size);
}

/* Each frame of a flight recorder is read alone, whatever a reset cut off. */
static void test_flight_recorder(void **state)
{
    (void)state;
    static uint32_t memory[6000 / 4];
    ht_recorder_t recorder;
    ht_recorder_init(&recorder, memory, sizeof(memory), 0x1234, 1);
    const ht_drain_config_t config = {.ring_events = 64,
                                      .frame_bytes = HT_FRAME_WIRE_MIN,
                                      .complete = true,
                                      .boot = 0x1234,
                                      .write = ht_recorder_write,
                                      .context = &recorder,
                                      .counters_interval_ms = UINT32_MAX};
    s_trace.memory = calloc(1, ht_drain_memory_bytes(&s_trace.tracker, &config));
    ht_drain_init(&s_trace.drain, &s_trace.tracker, &config, s_trace.memory);
    ht_trace_attach(&s_trace.tracker, &s_trace.drain.trace);
    for (uint32_t i = 0; i < 3000; i++) {
        unit_be(0x2000U + i % 7U * 0x100U, "task");
        add(i % 50U, i % 300U);
        (void)ht_tracker_remove(&s_trace.tracker, BLOCK(i % 50U));
        if (i % 20U == 0) { assert_true(ht_drain_poll(&s_trace.drain)); }
        if (i % 500U != 499U) { continue; }
        uint8_t wire[HT_RECORDER_READ_BYTES];
        ht_recorder_t found;
        assert_true(ht_recorder_open(&found, memory, sizeof(memory)));
        reader_init(&s_trace.reader);
        uint32_t at = found.head->first;
        uint32_t length;
        while ((length = ht_recorder_read(&found, &at, true, wire, sizeof(wire))) != 0) {
            reader_feed(&s_trace.reader, wire, length);
        }
        if (s_trace.reader.wrong[0] != '\0') { fail_msg("the trace: %s", s_trace.reader.wrong); }
        assert_int_equal(s_trace.reader.damaged, 0);
        assert_int_equal(s_trace.reader.flags & 12U, 12);
        assert_true(s_trace.reader.events > 200);
        assert_int_equal(at, found.head->end);
    }
    /* Not ours, or not whole. */
    ht_recorder_t found;
    g_fake.image = 99;
    assert_false(ht_recorder_open(&found, memory, sizeof(memory)));
    g_fake.image = 0;
    assert_false(ht_recorder_open(&found, memory, sizeof(memory) - 4U));
    for (uint32_t i = 0; i < 6U; i++) {
        memory[i] ^= 1U << i;
        assert_false(ht_recorder_open(&found, memory, sizeof(memory)));
        memory[i] ^= 1U << i;
    }
    for (uint32_t i = sizeof(ht_recorder_head_t) / 4U; i < sizeof(memory) / 4U; i += 7U) {
        memory[i] ^= 0x10101U << i % 8U; /* whatever it hits: no frame that is wrong comes out */
    }
    assert_true(ht_recorder_open(&found, memory, sizeof(memory)));
    uint8_t wire[HT_RECORDER_READ_BYTES];
    uint32_t at = found.head->first;
    while (ht_recorder_read(&found, &at, true, wire, sizeof(wire)) != 0) {}
    ht_trace_detach(&s_trace.tracker);
    free(s_trace.memory);
    s_trace.memory = NULL;
}

/* --- a crash ------------------------------------------------------------------------------------
 */

static uint32_t s_memory[16384 / 4];
static ht_recorder_t s_recorder;
static jmp_buf s_crash;
static uint64_t s_crash_at; /* after so many locks */

static void begin_recorder(void)
{
    const ht_drain_config_t config = {.ring_events = 64,
                                      .frame_bytes = HT_FRAME_WIRE_MIN,
                                      .complete = true,
                                      .boot = 0x1234,
                                      .write = ht_recorder_write,
                                      .context = &s_recorder,
                                      .counters_interval_ms = UINT32_MAX};
    ht_recorder_init(&s_recorder, s_memory, sizeof(s_memory), 0x1234, 1);
    s_trace.memory = calloc(1, ht_drain_memory_bytes(&s_trace.tracker, &config));
    assert_non_null(s_trace.memory);
    ht_drain_init(&s_trace.drain, &s_trace.tracker, &config, s_trace.memory);
    ht_trace_attach(&s_trace.tracker, &s_trace.drain.trace);
}

static void end_recorder(void)
{
    g_fake.on_unlock = NULL;
    ht_trace_detach(&s_trace.tracker);
    free(s_trace.memory);
    s_trace.memory = NULL;
}

/* After the reset. */
static void read_recorder(void)
{
    uint8_t wire[HT_RECORDER_READ_BYTES];
    ht_recorder_t found;
    assert_true(ht_recorder_open(&found, s_memory, sizeof(s_memory)));
    reader_init(&s_trace.reader);
    uint32_t at = found.head->first;
    uint32_t length;
    while ((length = ht_recorder_read(&found, &at, true, wire, sizeof(wire))) != 0) {
        reader_feed(&s_trace.reader, wire, length);
    }
    assert_string_equal(s_trace.reader.wrong, "");
    assert_int_equal(s_trace.reader.damaged, 0);
}

static void crash(void)
{
    if (g_fake.locks >= s_crash_at) { longjmp(s_crash, 1); }
}

/* What was not drained is there, with all that it refers to. */
static void test_rescue(void **state)
{
    (void)state;
    bool traced;
    begin_recorder();
    for (uint32_t i = 0; i < 20; i++) {
        add(i, i);
    }
    assert_true(ht_drain_poll(&s_trace.drain));
    unit_be(0x3000, "last");
    for (uint32_t i = 20; i < 40; i++) {
        add(i, i);
    }
    assert_true(ht_trace_mark(&s_trace.tracker, "crash", &traced));
    (void)ht_port_lock(&s_trace.tracker.lock); /* whoever has it does not come back */
    g_fake.held = 0;
    assert_true(ht_drain_rescue(&s_trace.drain, false));
    read_recorder();
    assert_int_equal(s_trace.reader.allocs, 40);
    assert_int_equal(s_trace.reader.lost_frames, 0);
    assert_string_equal(s_trace.reader.marks[0].name, "crash");
    const reader_block_t *block = reader_find(&s_trace.reader, BLOCK(39));
    assert_string_equal(s_trace.reader.tasks[block->task].name, "last");
    end_recorder();
}

/* A task that came and was renamed since the last drain: its events have the name that it had then.
 */
static void test_names_then(void **state)
{
    (void)state;
    begin_recorder();
    unit_be(0x3000, "before");
    add(1, 1);
    ht_tracker_task_named(&s_trace.tracker, 0x3000, "after");
    add(2, 2);
    assert_true(ht_drain_poll(&s_trace.drain));
    read_recorder();
    assert_string_equal(reader_find(&s_trace.reader, BLOCK(1))->by, "before");
    assert_string_equal(reader_find(&s_trace.reader, BLOCK(2))->by, "after");
    end_recorder();
}

/* True: it crashed on the way. */
static bool poll_until_crash(void)
{
    if (setjmp(s_crash) != 0) { return true; }
    (void)ht_drain_poll(&s_trace.drain);
    return false;
}

/* The drain itself is what crashed: wherever, only its open frame is lost, and nothing is wrong. */
static void test_rescue_from_inside(void **state)
{
    (void)state;
    uint32_t crashes = 0;
    for (uint32_t n = 1; n < 200; n++) {
        begin_recorder();
        for (uint32_t i = 0; i < 40; i++) {
            unit_be(0x2000U + i % 3U * 0x100U, "task");
            add(i, i);
        }
        s_crash_at = g_fake.locks + n;
        g_fake.on_unlock = crash;
        bool crashed = poll_until_crash();
        g_fake.on_unlock = NULL;
        assert_true(ht_drain_rescue(&s_trace.drain, crashed));
        read_recorder();
        uint64_t allocs = s_trace.reader.allocs;
        assert_true(allocs == 40 || (crashed && allocs < 40));
        assert_true(allocs != 0 || crashed);
        for (uint32_t i = 0; i < 40; i++) {
            ht_tracker_remove(&s_trace.tracker, BLOCK(i));
        }
        end_recorder();
        crashes += crashed;
        if (!crashed) { break; }
    }
    assert_in_range(crashes, 3, 190);
}

static size_t stop_here(void *context, const void *bytes, size_t length)
{
    size_t taken = ht_recorder_write(context, bytes, length);
    if (s_crash_at-- == 0) { longjmp(s_crash, 1); }
    return taken;
}

/* An event was written but is in its ring still, and one has no number yet: once each. */
static void test_rescue_between_two_words(void **state)
{
    (void)state;
    ht_trace_t *trace = &s_trace.drain.trace;
    begin_recorder();
    for (uint32_t i = 0; i < 10; i++) {
        add(i, i);
    }
    s_trace.drain.expect++;
    s_trace.drain.events++;
    trace->next--;
    assert_true(ht_drain_rescue(&s_trace.drain, true));
    read_recorder();
    assert_int_equal(s_trace.reader.allocs, 10);
    assert_int_equal(s_trace.reader.lost[1], 0);
    end_recorder();
    begin_recorder();
    s_trace.drain.write = stop_here;
    s_crash_at = 0;
    add(11, 11);
    assert_true(poll_until_crash());
    add(12, 12);
    assert_true(ht_drain_rescue(&s_trace.drain, true));
    read_recorder();
    assert_int_equal(s_trace.reader.allocs, 2); /* the frame of the one was in the memory already */
    end_recorder();
}

#define TRACED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRACED(test_flight_recorder),
        TRACED(test_rescue),
        TRACED(test_names_then),
        TRACED(test_rescue_from_inside),
        TRACED(test_rescue_between_two_words),
    };
    return cmocka_run_group_tests_name("trace recorder", tests, NULL, NULL);
}
