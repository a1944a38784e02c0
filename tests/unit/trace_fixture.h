/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* A tracker, its trace, a sink that takes what the test says, and the naive reader behind it. */
#pragma once

#include "ht_drain.h"
#include "trace_reader.h"
#include "unit.h"

typedef struct {
    ht_tracker_t tracker;
    ht_drain_t drain;
    void *memory;
    reader_t reader;
    size_t takes;     /* bytes that the sink takes of each call */
    uint32_t calls;   /* of the sink */
    uint32_t refuses; /* calls that take nothing, from now on */
    uint64_t taken;
} trace_fixture_t;

static inline size_t fixture_write(void *context, const void *bytes, size_t length)
{
    trace_fixture_t *fixture = context;
    fixture->calls++;
    if (g_fake.held != 0) { fake_port_die("the sink is called under the lock"); }
    if (fixture->refuses != 0) {
        fixture->refuses--;
        return 0;
    }
    size_t taken = length < fixture->takes ? length : fixture->takes;
    reader_feed(&fixture->reader, bytes, taken);
    fixture->taken += taken;
    return taken;
}

#define FIXTURE_BASE ((uintptr_t)0x3FC90000U)
/* The address of a block, all of which lie in the one heap. */
#define BLOCK(n) (FIXTURE_BASE + (uintptr_t)(n)*64U)

/* A new tracker with a heap, and no trace. */
static inline void fixture_make(trace_fixture_t *fixture)
{
    fake_port_reset();
    memset(fixture, 0, sizeof(*fixture));
    unit_make(&fixture->tracker, &unit_sizes);
    ht_tracker_add_heap(&fixture->tracker, FIXTURE_BASE, 1U << 20, 0x1000, "DRAM");
}

static inline void fixture_drop(trace_fixture_t *fixture)
{
    unit_check(&fixture->tracker);
    unit_free(&fixture->tracker);
}

static inline ht_origin_id_t fixture_origin(trace_fixture_t *fixture, uint32_t caps)
{
    return unit_origin(&fixture->tracker, NULL, caps);
}

static inline void fixture_add(trace_fixture_t *fixture, uint32_t n, size_t size)
{
    ht_tracker_add(&fixture->tracker, BLOCK(n), size, fixture_origin(fixture, n % 5U));
}

/* Begin a trace of a tracker that exists. */
static inline void fixture_trace(trace_fixture_t *fixture, uint32_t ring_events, bool pauses)
{
    const ht_drain_config_t config = {.ring_events = ring_events,
                                      .frame_bytes = HT_FRAME_WIRE_MIN,
                                      .pauses = pauses,
                                      .boot = 0x1234,
                                      .write = fixture_write,
                                      .context = fixture,
                                      .counters_interval_ms = 10000};
    fixture->takes = SIZE_MAX;
    fixture->memory = calloc(1, ht_drain_memory_bytes(&fixture->tracker, &config));
    assert_non_null(fixture->memory);
    ht_drain_init(&fixture->drain, &fixture->tracker, &config, fixture->memory);
    ht_trace_attach(&fixture->tracker, &fixture->drain.trace);
}

static inline void fixture_good(const trace_fixture_t *fixture)
{
    if (fixture->reader.wrong[0] != '\0') { fail_msg("the trace: %s", fixture->reader.wrong); }
    assert_int_equal(fixture->reader.damaged, 0);
    assert_int_equal(fixture->reader.lost_frames, 0);
}

/* Write everything. */
static inline void fixture_poll(trace_fixture_t *fixture)
{
    for (int i = 0; !ht_drain_poll(&fixture->drain); i++) {
        if (i == 100000) { fail_msg("the drain makes no progress"); }
    }
    fixture_good(fixture);
}

static inline void fixture_end(trace_fixture_t *fixture)
{
    ht_trace_detach(&fixture->tracker);
    for (int i = 0; !ht_drain_end(&fixture->drain, HT_END_STOPPED); i++) {
        if (i == 100000) { fail_msg("the drain does not end"); }
    }
    fixture_good(fixture);
    assert_int_equal(fixture->reader.ends, 1);
    free(fixture->memory);
    fixture->memory = NULL;
}

/* As fixture_trace(), and the snapshot is written. */
static inline void fixture_begin(trace_fixture_t *fixture, uint32_t ring_events)
{
    fixture_trace(fixture, ring_events, false);
    fixture_poll(fixture);
    assert_true(fixture->reader.exact);
}

/* The last mark's counters are the tracker's, and the reader's own. */
static inline void fixture_mark(trace_fixture_t *fixture, const char *name)
{
    bool traced;
    assert_true(ht_trace_mark(&fixture->tracker, name, &traced));
    fixture_poll(fixture);
    const reader_t *reader = &fixture->reader;
    const reader_mark_t *mark = &reader->marks[(reader->mark_count - 1U) % READER_MARKS];
    assert_string_equal(mark->name, name);
    heaptrail_status_t status;
    ht_query_status(&fixture->tracker, &status);
    assert_int_equal(mark->device.live_blocks, status.live_blocks);
    assert_int_equal(mark->device.live_bytes, status.live_bytes);
    assert_int_equal(mark->device.total_blocks, status.total_blocks);
    assert_int_equal(mark->device.total_bytes, status.total_bytes);
    assert_int_equal(mark->device.freed, status.total_frees);
    assert_int_equal(mark->device.failures, status.failures);
    if (mark->exact) { assert_memory_equal(&mark->ours, &mark->device, sizeof(mark->ours)); }
}
