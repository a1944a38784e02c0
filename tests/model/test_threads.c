/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Threads that allocate, free and reallocate on one tracker while another asks it questions.
 * What each did is added up at the end. To be run under ThreadSanitizer, too.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ht_check.h"
#include "ht_floors.h"
#include "ht_query.h"

enum { THREADS = 4, SITES = 24, BLOCKS = 60 };

typedef struct {
    ht_tracker_t *tracker;
    unsigned number;
    uint32_t rounds;
    uint64_t random;
    size_t sizes[BLOCKS];  /* plus 1; 0: not allocated */
    uint32_t total[SITES]; /* allocations at each site */
    uint64_t bytes;
    uint32_t frees, wrong_ids;
} worker_t;

static const heaptrail_site_t s_sites[SITES];
static volatile bool s_done;

static uint32_t next(worker_t *worker)
{
    worker->random = worker->random * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(worker->random >> 33);
}

static uintptr_t address_of(const worker_t *worker, uint32_t block)
{
    return 0x3FC80000U + (uintptr_t)(worker->number * BLOCKS + block) * 64U;
}

/* The sites are met by all threads at once, and the number must be the site's. */
static ht_origin_id_t intern(worker_t *worker, uint32_t site)
{
    uintptr_t frames[3] = {site, site / 2U, 7};
    const ht_origin_key_t key = {.site = &s_sites[site], .frames = frames, .depth = site % 4U};
    ht_tracker_t *tracker = worker->tracker;
    ht_origin_id_t id = ht_origin_intern(&tracker->origins, &tracker->lock, &key);
    worker->wrong_ids += tracker->origins.origins[id.index].site != key.site;
    return id;
}

static void allocate(worker_t *worker, uint32_t block, size_t size)
{
    uint32_t site = next(worker) % SITES;
    ht_tracker_add(worker->tracker, address_of(worker, block), size, intern(worker, site));
    worker->sizes[block] = size + 1U;
    worker->total[site]++;
    worker->bytes += size;
}

static void reallocate(worker_t *worker, uint32_t block)
{
    ht_hold_t hold = ht_tracker_hold(worker->tracker, address_of(worker, block));
    if (next(worker) % 3U == 0) {
        ht_tracker_put_back(worker->tracker, hold);
    } else {
        ht_tracker_drop_held(worker->tracker, hold);
        worker->frees++;
        allocate(worker, block, next(worker) % 500U);
    }
}

/* A short life in the middle of a thread's: another task, which the thread sees end. */
static void be_another_task(worker_t *worker, uint32_t round)
{
    uintptr_t key = g_fake.task_key;
    g_fake.task_key = 0x100000U + worker->number * 0x1000U + round % 4U * 0x100U;
    g_fake.task_name = "short";
    (void)ht_tracker_task(worker->tracker);
    ht_tracker_task_gone(worker->tracker, g_fake.task_key);
    g_fake.task_key = key;
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
        g_fake.tick = 1U + i / 16U;
        if (worker->sizes[block] == 0) {
            allocate(worker, block, next(worker) % 500U);
        } else if (next(worker) % 4U == 0) {
            reallocate(worker, block);
        } else {
            worker->frees += ht_tracker_remove(worker->tracker, address_of(worker, block));
            worker->sizes[block] = 0;
        }
        if (i % 64U == 0) { be_another_task(worker, i / 64U); }
    }
    return NULL;
}

static bool on_block(void *context, const heaptrail_block_row_t *row)
{
    (void)context;
    return row->size_bytes < 500U;
}

static bool on_site(void *context, const heaptrail_site_row_t *row)
{
    (void)context;
    return row->live_blocks <= row->total_blocks;
}

static bool on_task(void *context, const heaptrail_task_row_t *row)
{
    *(uint32_t *)context += row->since_blocks;
    return true;
}

/* What lives of each site, read without the lock: never torn. */
static bool sample(ht_tracker_t *tracker, ht_floors_t *floors, uint64_t now_us)
{
    const size_t free_bytes[HT_FLOORS_KINDS] = {SIZE_MAX, SIZE_MAX};
    bool good = ht_floors_claim(floors, tracker);
    ht_floors_sample(floors, tracker, now_us, free_bytes);
    for (uint32_t i = 0; i < floors->max; i++) {
        size_t now = ht_floor_unpack(floors->rows[i].floor[floors->count - 1U]);
        good = good && now <= (size_t)THREADS * BLOCKS * 500U;
    }
    good = good && ht_floors_check(floors) == NULL;
    ht_release(&floors->busy);
    return good;
}

static void *ask(void *context)
{
    ht_tracker_t *tracker = context;
    static ht_floor_row_t rows[4 * SITES];
    ht_floors_t floors = {.rows = rows, .max = 4 * SITES};
    uint64_t now_us = 0;
    bool *good = calloc(1, sizeof(*good));
    if (good == NULL) { abort(); }
    *good = true;
    fake_port_reset();
    while (!__atomic_load_n(&s_done, __ATOMIC_ACQUIRE)) {
        uint32_t since = 0;
        heaptrail_status_t status;
        *good = *good && !ht_query_blocks(tracker, NULL, on_block, NULL).stopped;
        *good = *good && ht_query_since_begin(tracker, NULL, NULL);
        *good = *good && !ht_query_sites(tracker, on_site, NULL).stopped;
        ht_query_tasks(tracker, on_task, &since);
        ht_query_since_end(tracker);
        ht_query_status(tracker, &status);
        (void)ht_tracker_mark(tracker);
        ht_tracker_sweep(tracker);
        *good = *good && sample(tracker, &floors, now_us += 7000000U);
    }
    return good;
}

static void expect_sums(ht_tracker_t *tracker, const worker_t *workers)
{
    heaptrail_status_t status;
    ht_query_status(tracker, &status);
    uint64_t total = 0;
    uint64_t bytes = 0;
    uint64_t frees = 0;
    size_t live_bytes = 0;
    for (unsigned t = 0; t < THREADS; t++) {
        assert_int_equal(workers[t].wrong_ids, 0);
        for (unsigned s = 0; s < SITES; s++) {
            total += workers[t].total[s];
        }
        for (unsigned b = 0; b < BLOCKS; b++) {
            live_bytes += workers[t].sizes[b] != 0 ? workers[t].sizes[b] - 1U : 0;
        }
        bytes += workers[t].bytes;
        frees += workers[t].frees;
    }
    assert_true(status.total_blocks == total);
    assert_true(status.total_bytes == bytes);
    assert_true(status.total_frees == frees);
    assert_true(status.live_bytes == live_bytes);
    assert_true(status.live_blocks == total - frees);
    assert_int_equal(status.loss.unknown_frees + status.loss.table_full, 0);
}

static void expect_sites(ht_tracker_t *tracker, const worker_t *workers)
{
    assert_int_equal(tracker->origins.lost_origins, 0);
    for (uint32_t id = 1; id <= tracker->origins.count; id++) {
        heaptrail_site_row_t row;
        assert_true(ht_query_site(tracker, id, &row));
        if (row.total_blocks != 0) { /* a number that two cores wanted may stay unused */
            uint32_t total = 0;
            for (unsigned t = 0; t < THREADS; t++) {
                total += workers[t].total[row.origin.site - s_sites];
            }
            assert_int_equal(row.total_blocks, total);
        }
    }
}

static void one_run(uint32_t rounds, uint64_t seed)
{
    static ht_tracker_t tracker;
    static worker_t workers[THREADS];
    const ht_sizes_t sizes = {.max_blocks = THREADS * BLOCKS,
                              .max_origins = 4 * SITES,
                              .frame_words = 400,
                              .max_tasks = 40,
                              .stack_depth = 4};
    memset(&tracker, 0, sizeof(tracker));
    memset(workers, 0, sizeof(workers));
    fake_port_reset();
    void *memory = calloc(1, ht_tracker_memory_bytes(&sizes));
    ht_tracker_init(&tracker, &sizes, memory, HT_STATE_RUNNING);
    pthread_t threads[THREADS + 1];
    s_done = false;
    pthread_create(&threads[THREADS], NULL, ask, &tracker);
    for (unsigned t = 0; t < THREADS; t++) {
        workers[t] = (worker_t){.tracker = &tracker, .number = t, .rounds = rounds};
        workers[t].random = seed * THREADS + t;
        pthread_create(&threads[t], NULL, work, &workers[t]);
    }
    assert_true(ht_tracker_add_heap(&tracker, 0x3FC80000U, THREADS * BLOCKS * 64U, 1, "heap"));
    for (unsigned t = 0; t < THREADS; t++) {
        pthread_join(threads[t], NULL);
    }
    __atomic_store_n(&s_done, true, __ATOMIC_RELEASE);
    bool *good = NULL;
    pthread_join(threads[THREADS], (void **)&good);
    assert_true(*good);
    free(good);
    const char *wrong = ht_check(&tracker);
    if (wrong != NULL) { fail_msg("ht_check: %s", wrong); }
    assert_int_equal(tracker.heaps.row[0].live_bytes, 0);
    expect_sums(&tracker, workers);
    expect_sites(&tracker, workers);
    free(memory);
}

static void test_threads_hammer_one_tracker(void **state)
{
    (void)state;
    one_run(100000, 1);
}

/* Many short runs: the sites and tasks are new each time. */
static void test_threads_meet_the_same_sites(void **state)
{
    (void)state;
    for (uint64_t seed = 2; seed < 60; seed++) {
        one_run(300, seed);
    }
}

/* --- settings ----------------------------------------------------------------------------------
 */

/* ThreadSanitizer sees the race itself. */
#if defined(__SANITIZE_THREAD__)
enum { TURNS = 1000 };
#else
enum { TURNS = 20000 };
#endif

static uint32_t s_turn, s_answered;

static void await(const uint32_t *number, uint32_t wanted)
{
    while (__atomic_load_n(number, __ATOMIC_ACQUIRE) != wanted) {
        sched_yield();
    }
}

static void *filter(void *context)
{
    const ht_filter_t only = {.caps = 1};
    for (uint32_t turn = 1; turn <= TURNS; turn++) {
        await(&s_turn, turn);
        ht_tracker_set_filter(context, &only);
        __atomic_store_n(&s_answered, turn, __ATOMIC_RELEASE);
    }
    return NULL;
}

/* Whatever comes last, the hot path does what both together want. */
static void test_start_and_filter_at_once(void **state)
{
    (void)state;
    static ht_tracker_t tracker;
    const ht_sizes_t sizes = {.max_blocks = 1, .max_origins = 1, .max_tasks = 1};
    const ht_filter_t none = {0};
    pthread_t thread;
    fake_port_reset();
    void *memory = calloc(1, ht_tracker_memory_bytes(&sizes));
    ht_tracker_init(&tracker, &sizes, memory, HT_STATE_RUNNING);
    pthread_create(&thread, NULL, filter, &tracker);
    for (uint32_t turn = 1; turn <= TURNS; turn++) {
        ht_tracker_set_filter(&tracker, &none);
        assert_int_equal(tracker.way, HT_WAY_QUICK);
        __atomic_store_n(&s_turn, turn, __ATOMIC_RELEASE);
        ht_tracker_run(&tracker, true);
        await(&s_answered, turn);
        assert_int_equal(tracker.way, HT_WAY_OTHER);
    }
    pthread_join(thread, NULL);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_hammer_one_tracker),
        cmocka_unit_test(test_threads_meet_the_same_sites),
        cmocka_unit_test(test_start_and_filter_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
