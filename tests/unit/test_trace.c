/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Events, one kind after the other, from the tracker to a reader that knows SPEC.md only. */
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

static ht_origin_id_t origin(uint32_t caps)
{
    return fixture_origin(&s_trace, caps);
}

static void add(uint32_t n, size_t size)
{
    fixture_add(&s_trace, n, size);
}

static void test_what_was_live_before(void **state)
{
    (void)state;
    add(1, 100);
    add(2, 200);
    fixture_trace(&s_trace, 64, false);
    fixture_poll(&s_trace);
    assert_true(s_trace.reader.exact);
    assert_int_equal(s_trace.reader.snapshots_complete, 1);
    assert_int_equal(reader_live(&s_trace.reader).live_bytes, 300);
    assert_int_equal(reader_find(&s_trace.reader, BLOCK(2))->size, 200);
    fixture_mark(&s_trace, "begun");
    assert_true(s_trace.reader.marks[0].exact == false); /* what was ever is the device's word */
    fixture_mark(&s_trace, "again");
    assert_true(s_trace.reader.marks[1].exact);
}

static void test_blocks_come_and_go(void **state)
{
    (void)state;
    fixture_begin(&s_trace, 64);
    fixture_mark(&s_trace, "begun");
    for (uint32_t i = 0; i < 20; i++) {
        g_fake.tick += i % 3U;
        add(i, 10U * i);
    }
    for (uint32_t i = 0; i < 20; i += 2) {
        assert_true(ht_tracker_remove(&s_trace.tracker, BLOCK(i)));
    }
    fixture_mark(&s_trace, "done");
    assert_true(s_trace.reader.marks[1].exact);
    assert_int_equal(s_trace.reader.allocs, 20);
    assert_int_equal(s_trace.reader.frees, 10);
    const reader_block_t *block = reader_find(&s_trace.reader, BLOCK(7));
    assert_int_equal(block->size, 70);
    assert_string_equal(s_trace.reader.tasks[block->task].name, "main");
}

static void test_times_are_those_of_the_clock(void **state)
{
    (void)state;
    fixture_trace(&s_trace, 64, false);
    fixture_poll(&s_trace);
    uint64_t when[10];
    for (uint32_t i = 0; i < 10; i++) {
        g_fake.tick += i * i;
        g_fake.clock = i * 37U;
        when[i] = ht_port_uptime_us();
        add(i, 1);
    }
    fixture_poll(&s_trace);
    for (uint32_t i = 0; i < 10; i++) {
        uint64_t made = reader_find(&s_trace.reader, BLOCK(i))->made_us;
        assert_true(made + 1U >= when[i] && made <= when[i] + 1U);
    }
}

static void test_a_realloc_that_fails(void **state)
{
    (void)state;
    fixture_begin(&s_trace, 64);
    add(1, 100);
    fixture_mark(&s_trace, "begun");
    ht_hold_t hold = ht_tracker_hold(&s_trace.tracker, BLOCK(1));
    fixture_poll(&s_trace);
    assert_null(reader_find(&s_trace.reader, BLOCK(1)));
    ht_tracker_put_back(&s_trace.tracker, hold);
    fixture_mark(&s_trace, "failed");
    assert_int_equal(reader_find(&s_trace.reader, BLOCK(1))->size, 100);
    hold = ht_tracker_hold(&s_trace.tracker, BLOCK(1));
    add(1, 7); /* another core is given the address before the old block's end is told */
    ht_tracker_drop_held(&s_trace.tracker, hold);
    add(2, 120);
    fixture_mark(&s_trace, "moved");
    assert_true(s_trace.reader.marks[2].exact);
    assert_int_equal(reader_find(&s_trace.reader, BLOCK(1))->size, 7);
}

static void test_another_origin(void **state)
{
    (void)state;
    fixture_begin(&s_trace, 64);
    fixture_mark(&s_trace, "begun");
    add(1, 100);
    ht_origin_id_t other = origin(77);
    assert_true(ht_tracker_relabel(&s_trace.tracker, BLOCK(1), other));
    fixture_mark(&s_trace, "relabelled");
    assert_true(s_trace.reader.marks[1].exact);
    assert_int_equal(reader_find(&s_trace.reader, BLOCK(1))->origin, other.index);
    assert_int_equal(s_trace.reader.origins[other.index].caps, 77);
}

static void test_a_table_that_is_full(void **state)
{
    (void)state;
    fixture_begin(&s_trace, 1024);
    fixture_mark(&s_trace, "begun");
    for (uint32_t i = 0; i < 150; i++) {
        add(i, 8);
    }
    for (uint32_t i = 0; i < 150; i += 3) {
        (void)ht_tracker_remove(&s_trace.tracker, BLOCK(i));
    }
    fixture_mark(&s_trace, "full");
    assert_true(s_trace.reader.marks[1].exact);
    assert_int_equal(s_trace.reader.allocs, 150);
    assert_int_equal(s_trace.reader.lost[4], s_trace.tracker.lost_full);
    assert_true(s_trace.tracker.lost_full > 0);
}

static void test_tasks(void **state)
{
    (void)state;
    fixture_trace(&s_trace, 64, false);
    unit_be(0x2000, "net");
    add(1, 1);
    unit_be(0x3000, "gui");
    g_fake.core = 1;
    add(2, 2);
    fixture_poll(&s_trace);
    const reader_block_t *block = reader_find(&s_trace.reader, BLOCK(2));
    assert_string_equal(s_trace.reader.tasks[block->task].name, "gui");
    assert_int_equal(block->core, 1);
    ht_tracker_task_gone(&s_trace.tracker, 0x2000);
    fixture_poll(&s_trace);
    block = reader_find(&s_trace.reader, BLOCK(1));
    assert_string_equal(s_trace.reader.tasks[block->task].name, "net");
    assert_true(s_trace.reader.tasks[block->task].gone);
}

/* The reader, too, has the name of the moment. */
static void expect_named(uint32_t n, const char *name, bool gone)
{
    fixture_poll(&s_trace);
    const reader_block_t *block = reader_find(&s_trace.reader, BLOCK(n));
    assert_string_equal(s_trace.reader.tasks[block->task].name, name);
    assert_int_equal(s_trace.reader.tasks[block->task].gone, gone);
    unit_check(&s_trace.tracker);
}

/* A task gets another name, and its row another task at the same address. */
static void test_tasks_that_change(void **state)
{
    (void)state;
    ht_tracker_t *tracker = &s_trace.tracker;
    fixture_begin(&s_trace, 64);
    unit_be(0x2000, "worker#2");
    add(1, 1);
    expect_named(1, "worker#2", false);
    uint64_t events = s_trace.drain.events;
    ht_tracker_task_named(tracker, 0x2000, "worker#2");
    ht_tracker_task_named(tracker, 0x5550, "nobody");
    expect_named(1, "worker#2", false);
    assert_int_equal(s_trace.drain.events, events);
    ht_tracker_task_named(tracker, 0x2000, "longer than fifteen");
    expect_named(1, "longer than fif", false);
    uint32_t row = ht_task_find(&tracker->tasks, 0x2000);
    ht_tracker_remove(tracker, BLOCK(1));
    /* Until its row is the only one that is left. */
    for (uintptr_t key = 0x3000; tracker->tasks.row_count < HT_TASK_FIRST + tracker->tasks.max;
         key += 0x1000) {
        unit_be(key, "other");
        add(2, 1);
        ht_tracker_remove(tracker, BLOCK(2));
        fixture_poll(&s_trace);
    }
    ht_tracker_task_gone(tracker, 0x2000);
    unit_be(0x2000, "upload");
    add(3, 1);
    assert_int_equal(ht_task_find(&tracker->tasks, 0x2000), row);
    expect_named(3, "upload", false);
    ht_tracker_task_gone(tracker, 0x2000);
    s_trace.drain.hello_at = 0; /* all is said again */
    s_trace.drain.hello_frame -= 64;
    g_fake.tick += 20000;
    uint64_t hellos = s_trace.reader.hellos;
    expect_named(3, "upload", true);
    assert_int_equal(s_trace.reader.hellos, hellos + 1U);
}

static void test_failures_and_reset(void **state)
{
    (void)state;
    fixture_begin(&s_trace, 64);
    fixture_mark(&s_trace, "begun");
    ht_failure_t failure = {.size = 1000, .origin = origin(3), .caps = 3};
    ht_tracker_fail(&s_trace.tracker, &failure);
    add(1, 5);
    fixture_mark(&s_trace, "failed");
    assert_true(s_trace.reader.marks[1].exact);
    assert_int_equal(s_trace.reader.failures, 1);
    ht_tracker_reset(&s_trace.tracker);
    add(2, 6);
    fixture_mark(&s_trace, "reset");
    assert_null(reader_find(&s_trace.reader, BLOCK(1)));
    assert_int_equal(reader_live(&s_trace.reader).live_bytes, 6);
    add(3, 7);
    fixture_mark(&s_trace, "after");
    assert_true(s_trace.reader.marks[3].exact);
}

/* Whatever the size of the ring, what is missing is said, and known again after the snapshot. */
static void test_a_ring_that_overflows(void **state)
{
    (void)state;
    for (uint32_t ring = 16; ring <= 128; ring *= 2) {
        for (int pauses = 0; pauses < 2; pauses++) {
            memset(&s_trace.reader, 0, sizeof(s_trace.reader));
            fixture_trace(&s_trace, ring, pauses != 0);
            fixture_mark(&s_trace, "begun");
            uint64_t before = s_trace.reader.events + s_trace.reader.mark_count;
            for (uint32_t i = 0; i < 90; i++) {
                add(i, i);
            }
            fixture_poll(&s_trace);
            fixture_poll(&s_trace);
            uint64_t seen = s_trace.reader.events + s_trace.reader.mark_count - before;
            assert_int_equal(seen + s_trace.reader.lost[1], 90);
            assert_int_equal(seen, ring < 90 ? ring : 90);
            assert_true(s_trace.reader.exact);
            fixture_mark(&s_trace, "after");
            add(90, 1);
            fixture_mark(&s_trace, "later");
            assert_true(s_trace.reader.marks[2].exact);
            for (uint32_t i = 0; i < 91; i++) {
                (void)ht_tracker_remove(&s_trace.tracker, BLOCK(i));
                if (i % 8U == 0) { fixture_poll(&s_trace); }
            }
            fixture_poll(&s_trace);
            assert_int_equal(reader_live(&s_trace.reader).live_blocks, 0);
            ht_trace_detach(&s_trace.tracker);
            while (!ht_drain_end(&s_trace.drain, HT_END_STOPPED)) {}
            fixture_good(&s_trace);
            free(s_trace.memory);
            s_trace.memory = NULL;
        }
    }
}

/* A sink that takes so many bytes at a time, and now and then none. */
static void test_a_sink_that_takes_little(void **state)
{
    (void)state;
    for (size_t takes = 1; takes < 400; takes += takes < 40 ? 1 : 37) {
        memset(&s_trace.reader, 0, sizeof(s_trace.reader));
        add(99, 1);
        s_trace.taken = 0;
        fixture_trace(&s_trace, 32, false);
        s_trace.takes = takes;
        for (uint32_t i = 0; i < 60; i++) {
            add(i % 30U, i);
            s_trace.refuses = i % 7U;
            (void)ht_drain_poll(&s_trace.drain);
            (void)ht_tracker_remove(&s_trace.tracker, BLOCK(i % 30U));
        }
        (void)ht_tracker_remove(&s_trace.tracker, BLOCK(99));
        s_trace.refuses = 0;
        fixture_poll(&s_trace);
        fixture_poll(&s_trace);
        assert_int_equal(reader_live(&s_trace.reader).live_blocks, 0);
        assert_int_equal(s_trace.taken, s_trace.drain.bytes);
        ht_trace_detach(&s_trace.tracker);
        while (!ht_drain_end(&s_trace.drain, HT_END_STOPPED)) {}
        fixture_good(&s_trace);
        free(s_trace.memory);
        s_trace.memory = NULL;
    }
}

static void test_a_sink_that_is_slow_is_told_apart(void **state)
{
    (void)state;
    fixture_trace(&s_trace, 16, false);
    fixture_poll(&s_trace);
    add(0, 1);
    s_trace.refuses = 1000;
    assert_false(ht_drain_poll(&s_trace.drain));
    for (uint32_t i = 1; i < 50; i++) {
        add(i, 1);
    }
    s_trace.refuses = 0;
    fixture_poll(&s_trace);
    assert_int_equal(s_trace.reader.lost[2], 33);
    assert_int_equal(s_trace.reader.lost[1], 0);
    fixture_poll(&s_trace);
    assert_int_equal(reader_live(&s_trace.reader).live_blocks, 50);
}

/* A frame waits for more, but not for ever, and not with a mark in it. */
static void test_frames_that_wait(void **state)
{
    (void)state;
    fixture_begin(&s_trace, 64);
    s_trace.drain.latency_ms = 100;
    add(1, 1);
    fixture_poll(&s_trace);
    assert_int_equal(s_trace.reader.allocs, 0);
    g_fake.tick += 99;
    fixture_poll(&s_trace);
    assert_int_equal(s_trace.reader.allocs, 0);
    g_fake.tick += 2;
    fixture_poll(&s_trace);
    assert_int_equal(s_trace.reader.allocs, 1);
    add(2, 1);
    fixture_poll(&s_trace);
    assert_int_equal(s_trace.reader.allocs, 1);
    fixture_mark(&s_trace, "at once");
    assert_int_equal(s_trace.reader.allocs, 2);
}

static uint32_t s_disturbances;

static void disturb(void)
{
    if (s_trace.drain.steps.stage != HT_STAGE_BLOCKS || s_disturbances == 0) { return; }
    s_disturbances--;
    s_trace.tracker.table.moves++; /* as if a record had gone where the walk was already */
}

/* It says that it is not complete, and is made again; but not for ever. */
static void test_a_snapshot_that_is_disturbed(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 90; i++) {
        add(i, i);
    }
    fixture_trace(&s_trace, 64, false);
    s_disturbances = 2;
    g_fake.on_unlock = disturb;
    fixture_poll(&s_trace);
    assert_int_equal(s_trace.reader.snapshots, 1);
    assert_int_equal(s_trace.reader.snapshots_complete, 0);
    for (int i = 0; i < 3; i++) {
        fixture_poll(&s_trace);
    }
    assert_int_equal(s_trace.reader.snapshots_complete, 1);
    assert_int_equal(s_trace.drain.snapshots, 1);
    s_disturbances = UINT32_MAX;
    ht_drain_want_snapshot(&s_trace.drain);
    for (int i = 0; i < 30; i++) {
        fixture_poll(&s_trace);
    }
    assert_in_range(s_trace.reader.snapshots, 3, 20);
    g_fake.on_unlock = NULL;
}

#define TRACED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRACED(test_what_was_live_before),
        TRACED(test_blocks_come_and_go),
        TRACED(test_times_are_those_of_the_clock),
        TRACED(test_a_realloc_that_fails),
        TRACED(test_another_origin),
        TRACED(test_a_table_that_is_full),
        TRACED(test_tasks),
        TRACED(test_tasks_that_change),
        TRACED(test_failures_and_reset),
        TRACED(test_a_ring_that_overflows),
        TRACED(test_a_sink_that_takes_little),
        TRACED(test_a_sink_that_is_slow_is_told_apart),
        TRACED(test_frames_that_wait),
        TRACED(test_a_snapshot_that_is_disturbed),
    };
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
