/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Threads on two "cores" allocate, free and reallocate on one traced tracker while another drains:
 * the reader ends up with the tracker's tables. To be run under ThreadSanitizer, too.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ht_check.h"
#include "ht_drain.h"
#include "ht_query.h"
#include "trace_reader.h"

enum { THREADS = 4, BLOCKS = 60 };

static ht_tracker_t s_tracker;
static ht_drain_t s_drain;
static reader_t s_reader;
static volatile bool s_done;

typedef struct {
    unsigned number;
    uint32_t rounds;
    uint64_t random;
    bool live[BLOCKS];
} worker_t;

static uint32_t next(worker_t *worker)
{
    worker->random = worker->random * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(worker->random >> 33);
}

static void allocate(worker_t *worker, uintptr_t address)
{
    const ht_origin_key_t key = {.caps = next(worker) % 20U};
    ht_origin_id_t id = ht_origin_intern(&s_tracker.origins, &s_tracker.lock, &key);
    ht_tracker_add(&s_tracker, address, next(worker) % 500U, id);
}

static void *work(void *context)
{
    worker_t *worker = context;
    fake_port_reset();
    g_fake.task_key = 0x10000U + worker->number * 0x200U;
    g_fake.core = worker->number & 1U;
    g_fake.task_name = "worker";
    for (uint32_t i = 0; i < worker->rounds; i++) {
        uint32_t block = next(worker) % BLOCKS;
        uintptr_t address = 0x3FC80000U + (uintptr_t)(worker->number * BLOCKS + block) * 64U;
        g_fake.tick = 1U + i / 16U;
        if (!worker->live[block]) {
            allocate(worker, address);
        } else if (next(worker) % 4U == 0) {
            ht_hold_t hold = ht_tracker_hold(&s_tracker, address);
            if (next(worker) % 3U == 0) {
                ht_tracker_put_back(&s_tracker, hold);
                continue;
            }
            ht_tracker_drop_held(&s_tracker, hold);
            allocate(worker, address);
            continue;
        } else {
            (void)ht_tracker_remove(&s_tracker, address);
        }
        worker->live[block] = !worker->live[block];
        if (i % 200U == 0) {
            bool traced;
            (void)ht_trace_mark(&s_tracker, "on the way", &traced);
        }
    }
    return NULL;
}

static size_t take(void *context, const void *bytes, size_t length)
{
    reader_feed(context, bytes, length);
    return length;
}

static void *drain(void *context)
{
    (void)context;
    fake_port_reset();
    while (!__atomic_load_n(&s_done, __ATOMIC_ACQUIRE)) {
        (void)ht_drain_poll(&s_drain);
        sched_yield();
    }
    return NULL;
}

static void run_threads(worker_t *workers, uint32_t rounds, uint64_t seed)
{
    pthread_t threads[THREADS + 1];
    s_done = false;
    pthread_create(&threads[THREADS], NULL, drain, NULL);
    for (unsigned t = 0; t < THREADS; t++) {
        workers[t] = (worker_t){.number = t, .rounds = rounds, .random = seed * THREADS + t};
        pthread_create(&threads[t], NULL, work, &workers[t]);
    }
    for (unsigned t = 0; t < THREADS; t++) {
        pthread_join(threads[t], NULL);
    }
    __atomic_store_n(&s_done, true, __ATOMIC_RELEASE);
    pthread_join(threads[THREADS], NULL);
}

/* What the last mark says, the tables say, and so does the reader. */
static void expect_the_same(void)
{
    bool traced;
    heaptrail_status_t status;
    for (int i = 0; i < 20; i++) { /* a snapshot may take some */
        assert_true(ht_drain_poll(&s_drain));
    }
    assert_true(ht_trace_mark(&s_tracker, "end", &traced));
    assert_true(ht_drain_poll(&s_drain));
    if (s_reader.wrong[0] != '\0') { fail_msg("the trace: %s", s_reader.wrong); }
    const reader_mark_t *mark = &s_reader.marks[(s_reader.mark_count - 1U) % READER_MARKS];
    ht_query_status(&s_tracker, &status);
    assert_true(s_reader.exact);
    assert_int_equal(mark->device.live_blocks, status.live_blocks);
    assert_int_equal(mark->device.live_bytes, status.live_bytes);
    assert_int_equal(mark->device.total_blocks, status.total_blocks);
    assert_int_equal(mark->device.total_bytes, status.total_bytes);
    assert_int_equal(mark->device.freed, status.total_frees);
    assert_int_equal(mark->ours.live_blocks, status.live_blocks);
    assert_int_equal(mark->ours.live_bytes, status.live_bytes);
    for (uint32_t i = 0; i < s_reader.mark_count && i < READER_MARKS; i++) {
        mark = &s_reader.marks[i];
        if (mark->exact) { assert_memory_equal(&mark->ours, &mark->device, sizeof(mark->ours)); }
    }
}

static uint64_t one_run(uint32_t ring_events, uint32_t rounds, uint64_t seed)
{
    static worker_t workers[THREADS];
    const ht_sizes_t sizes = {
        .max_blocks = 2 * THREADS * BLOCKS, .max_origins = 30, .max_tasks = 40};
    const ht_drain_config_t config = {.ring_events = ring_events,
                                      .frame_bytes = HT_FRAME_WIRE_MIN,
                                      .pauses = (seed & 1U) != 0,
                                      .write = take,
                                      .context = &s_reader,
                                      .counters_interval_ms = 10};
    fake_port_reset();
    memset(&s_tracker, 0, sizeof(s_tracker));
    reader_init(&s_reader);
    void *tables = calloc(1, ht_tracker_memory_bytes(&sizes));
    ht_tracker_init(&s_tracker, &sizes, tables, HT_STATE_RUNNING);
    void *rings = calloc(1, ht_drain_memory_bytes(&s_tracker, &config));
    ht_drain_init(&s_drain, &s_tracker, &config, rings);
    ht_trace_attach(&s_tracker, &s_drain.trace);
    run_threads(workers, rounds, seed);
    expect_the_same();
    ht_trace_detach(&s_tracker);
    assert_true(ht_drain_end(&s_drain, HT_END_STOPPED));
    const char *wrong = ht_check(&s_tracker);
    if (wrong != NULL) { fail_msg("ht_check: %s", wrong); }
    uint64_t lost = s_reader.lost[1] + s_reader.lost[2];
    assert_int_equal(lost, s_drain.trace.lost[0] + s_drain.trace.lost[1]);
    free(rings);
    free(tables);
    return lost;
}

static void test_two_cores(void **state)
{
    (void)state;
    assert_int_equal(one_run(1U << 17, 10000, 2), 0);
    uint64_t lost = 0;
    for (uint64_t seed = 3; seed < 9; seed++) {
        lost += one_run(32, 3000, seed);
    }
    assert_true(lost > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_two_cores)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
