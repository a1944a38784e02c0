/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

static ht_tracker_t s_tracker;
static const heaptrail_site_t s_sites[4];

typedef struct {
    uintptr_t address[200];
    uint32_t count, stop_after;
} seen_t;

static bool see(void *context, const heaptrail_block_row_t *row)
{
    seen_t *seen = context;
    assert_int_equal(g_fake.held, 0); /* no callback under the lock */
    seen->address[seen->count++] = row->address;
    return seen->count != seen->stop_after;
}

static uint32_t count(const ht_select_t *select)
{
    seen_t seen = {.count = 0};
    ht_walk_t walk = ht_query_blocks(&s_tracker, select, see, &seen);
    assert_int_equal(walk.rows, seen.count);
    assert_false(walk.disturbed);
    return seen.count;
}

/* Blocks 0 .. 59: two tasks, three origins, two heaps, sizes 0 .. 59, one a tick. */
static int make(void **state)
{
    (void)state;
    fake_port_reset();
    g_fake.tick = 1000;
    unit_make(&s_tracker, &unit_sizes);
    assert_true(ht_tracker_add_heap(&s_tracker, 0x1000, 64 * 30, 3, "low"));
    assert_true(ht_tracker_add_heap(&s_tracker, 0x1000 + 64 * 30, 64 * 30, 5, "high"));
    for (uint32_t i = 0; i < 60; i++) {
        unit_be(0x2000 + 0x1000 * (i % 2U), i % 2U ? "odd" : "even");
        g_fake.core = i % 2U;
        ht_origin_id_t origin = unit_origin(&s_tracker, &s_sites[i % 3U], 0);
        ht_tracker_add(&s_tracker, 0x1000 + 64U * i, i, origin);
        g_fake.tick++;
    }
    return 0;
}

static int drop(void **state)
{
    (void)state;
    g_fake.on_unlock = NULL;
    unit_check(&s_tracker);
    unit_free(&s_tracker);
    return 0;
}

static void test_each_selection_and_all_of_them(void **state)
{
    (void)state;
    const uint32_t odd = HT_TASK_FIRST + 1U;
    assert_int_equal(count(NULL), 60);
    assert_int_equal(count(&(ht_select_t){0}), 60);
    assert_int_equal(count(&(ht_select_t){.task_id = odd}), 30);
    assert_int_equal(count(&(ht_select_t){.task_id = 99}), 0);
    assert_int_equal(count(&(ht_select_t){.origin_id = 2}), 20);
    assert_int_equal(count(&(ht_select_t){.heap_id = 2}), 30);
    assert_int_equal(count(&(ht_select_t){.caps = 1}), 60);
    assert_int_equal(count(&(ht_select_t){.caps = 2}), 30);
    assert_int_equal(count(&(ht_select_t){.caps = 6}), 0);
    assert_int_equal(count(&(ht_select_t){.size_min = 50}), 10);
    assert_int_equal(count(&(ht_select_t){.age_min_us = 60 * 1000}), 1);
    assert_int_equal(count(&(ht_select_t){.age_min_us = 60 * 1000 + 1}), 0);
    assert_int_equal(count(&(ht_select_t){.age_min_us = 1000}), 60);
    ht_select_t all = {.task_id = odd, .origin_id = 2, .heap_id = 1, .caps = 3, .size_min = 7};
    assert_int_equal(count(&all), 4); /* 7, 13, 19, 25 */
    all.age_min_us = (60 - 13) * 1000;
    assert_int_equal(count(&all), 2);
}

static bool is_chosen(void *context, const heaptrail_block_row_t *row)
{
    assert_int_equal(g_fake.held, 0); /* no callback under the lock */
    return row->size_bytes % 10 == *(const uint32_t *)context;
}

/* A function chooses, after everything else did, for rows and for sums. */
static void test_choice(void **state)
{
    (void)state;
    uint32_t digit = 7;
    heaptrail_choice_t choice = {is_chosen, &digit, NULL};
    heaptrail_site_row_t row;
    assert_int_equal(count(&(ht_select_t){.choice = &choice}), 6);
    assert_int_equal(count(&(ht_select_t){.choice = &choice, .size_min = 30}), 3);
    assert_true(ht_query_since_begin(&s_tracker, &(ht_select_t){.choice = &choice}, NULL));
    uint32_t since = 0;
    for (uint32_t id = 1; id <= 3; id++) {
        assert_true(ht_query_site(&s_tracker, id, &row));
        since += row.since_blocks;
    }
    assert_int_equal(since, 6);
    ht_query_since_end(&s_tracker);
}

typedef struct {
    heaptrail_mark_t mark;
    uint32_t later;
} later_t;

static bool count_later(void *context, const heaptrail_block_row_t *row)
{
    later_t *later = context;
    later->later += ht_query_is_since(row->sequence, &later->mark);
    return true;
}

/* A row knows as well as a query whether it came later than a mark; at the wrap of the tick, too.
 */
static void test_row_is_since_a_mark(void **state)
{
    (void)state;
    const ht_tick_t ticks[] = {2000, (ht_tick_t)0 - 2U};
    for (uint32_t i = 0; i < 2; i++) {
        g_fake.tick = ticks[i];
        ht_origin_id_t origin = unit_origin(&s_tracker, &s_sites[0], 0);
        ht_tracker_add(&s_tracker, 0x9000 + 0x100 * i, 8, origin);
        ht_stamp_t stamp = ht_tracker_mark(&s_tracker);
        later_t later = {{stamp.tick, stamp.order}, 0};
        for (uint32_t n = 0; n < 5; n++) {
            ht_tracker_add(&s_tracker, 0x9010 + 0x100 * i + 8U * n, 8, origin);
            g_fake.tick++;
        }
        (void)ht_query_blocks(&s_tracker, NULL, count_later, &later);
        assert_int_equal(later.later, 5);
    }
    assert_true(ht_query_is_since(0, &(heaptrail_mark_t){0, 0}));
}

static void test_walk_stops_when_told(void **state)
{
    (void)state;
    seen_t seen = {.stop_after = 3};
    ht_walk_t walk = ht_query_blocks(&s_tracker, NULL, see, &seen);
    assert_true(walk.stopped);
    assert_int_equal(walk.rows, 3);
}

/* In the same tick: what came before the mark is not since, what came after is. */
static void test_mark_divides_one_tick(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 5; round++) {
        ht_tracker_add(&s_tracker, 0x9000, 1, (ht_origin_id_t){0});
        ht_stamp_t stamp = ht_tracker_mark(&s_tracker);
        heaptrail_mark_t mark = {stamp.tick, stamp.order};
        assert_int_equal(count(&(ht_select_t){.since = &mark}), 0);
        ht_tracker_add(&s_tracker, 0xa000, 2, (ht_origin_id_t){0});
        seen_t seen = {.count = 0};
        ht_query_blocks(&s_tracker, &(ht_select_t){.since = &mark}, see, &seen);
        assert_int_equal(seen.count, 1);
        assert_int_equal(seen.address[0], 0xa000);
        ht_tracker_remove(&s_tracker, 0x9000);
        ht_tracker_remove(&s_tracker, 0xa000);
    }
}

static void test_mark_at_the_wrap_of_the_tick(void **state)
{
    (void)state;
    unit_free(&s_tracker);
    for (unsigned back = 0; back < 4; back++) {
        g_fake.tick = (ht_tick_t) ~(ht_tick_t)0 - back;
        unit_make(&s_tracker, &unit_sizes);
        ht_tracker_add(&s_tracker, 0x9000, 1, (ht_origin_id_t){0});
        for (unsigned i = 0; i < 5; i++) {
            ht_stamp_t stamp = ht_tracker_mark(&s_tracker);
            heaptrail_mark_t mark = {stamp.tick, stamp.order};
            assert_int_equal(count(&(ht_select_t){.since = &mark}), 0);
            g_fake.tick += i == 2;
        }
        unit_free(&s_tracker);
    }
    unit_make(&s_tracker, &unit_sizes);
}

static bool sum_heap(void *context, const heaptrail_heap_row_t *row)
{
    *(size_t *)context += row->since_bytes;
    return true;
}

static bool sum_task(void *context, const heaptrail_task_row_t *row)
{
    *(size_t *)context += row->since_bytes;
    return true;
}

static void test_since_query_is_one_at_a_time(void **state)
{
    (void)state;
    bool disturbed = true;
    assert_true(ht_query_since_begin(&s_tracker, &(ht_select_t){.origin_id = 2}, &disturbed));
    assert_false(disturbed);
    assert_false(ht_query_since_begin(&s_tracker, NULL, NULL));
    heaptrail_site_row_t row;
    assert_true(ht_query_site(&s_tracker, 2, &row));
    assert_int_equal(row.since_blocks, 20);
    assert_int_equal(row.since_bytes, 20 * 1 + 3 * 190);
    assert_int_equal(row.oldest_age_us, 59 * 1000);
    assert_true(ht_query_site(&s_tracker, 1, &row));
    assert_int_equal(row.since_blocks, 0);
    assert_int_equal(row.oldest_age_us, 0);
    size_t heaps = 0;
    size_t tasks = 0;
    assert_int_equal(ht_query_heaps(&s_tracker, sum_heap, &heaps).rows, 2);
    assert_int_equal(ht_query_tasks(&s_tracker, sum_task, &tasks).rows, 2);
    assert_int_equal(heaps, 590);
    assert_int_equal(tasks, 590);
    ht_query_since_end(&s_tracker);
    assert_true(ht_query_since_begin(&s_tracker, NULL, NULL));
    ht_query_since_end(&s_tracker);
}

static void test_whois_at_each_edge(void **state)
{
    (void)state;
    heaptrail_block_row_t row;
    size_t offset = 99;
    assert_true(ht_query_whois(&s_tracker, 0x1000 + 64 * 10, &row, &offset));
    assert_int_equal(offset, 0);
    assert_int_equal(row.size_bytes, 10);
    assert_string_equal(row.task_name, "even");
    assert_int_equal(row.core, 0);
    assert_true(ht_query_whois(&s_tracker, 0x1000 + 64 * 10 + 9, &row, &offset));
    assert_int_equal(offset, 9);
    assert_int_equal(row.address, 0x1000 + 64 * 10);
    assert_false(ht_query_whois(&s_tracker, 0x1000 + 64 * 10 + 10, &row, &offset));
    assert_true(ht_query_whois(&s_tracker, 0x1000, &row, NULL)); /* no bytes, but an address */
    assert_false(ht_query_whois(&s_tracker, HT_ADDRESS_EMPTY, &row, NULL));
    assert_false(ht_query_whois(&s_tracker, HT_ADDRESS_HELD, &row, NULL));
    assert_false(ht_query_whois(&s_tracker, ~(uintptr_t)0, &row, NULL));
}

static void test_site_out_of_range(void **state)
{
    (void)state;
    heaptrail_site_row_t row;
    assert_true(ht_query_site(&s_tracker, 3, &row));
    assert_false(ht_query_site(&s_tracker, 4, &row));
    assert_false(ht_query_site(&s_tracker, UINT32_MAX, &row));
}

/* The table is full and blocks come and go while the walk runs. */
static uint32_t s_random;

static void churn(void)
{
    void (*me)(void) = g_fake.on_unlock;
    g_fake.on_unlock = NULL;
    s_random = s_random * 1664525U + 1013904223U;
    uintptr_t address = 0x20000 + 16U * ((s_random >> 16) % 40U);
    if (!ht_tracker_remove(&s_tracker, address)) {
        ht_tracker_add(&s_tracker, address, 1, (ht_origin_id_t){0});
    }
    g_fake.on_unlock = me;
}

/* Every block that stays is seen exactly once, unless the walk says "disturbed". */
static void test_walk_while_the_table_changes(void **state)
{
    (void)state;
    uint32_t disturbed = 0;
    for (uintptr_t i = 0; i < 24; i++) {
        ht_tracker_add(&s_tracker, 0x20000 + 16U * i, 1, (ht_origin_id_t){0});
    }
    for (uint32_t round = 0; round < 500; round++) {
        seen_t seen = {.count = 0};
        s_random = round;
        g_fake.on_unlock = churn;
        ht_walk_t walk = ht_query_blocks(&s_tracker, NULL, see, &seen);
        g_fake.on_unlock = NULL;
        disturbed += walk.disturbed;
        uint32_t stayed = 0;
        for (uint32_t i = 0; i < seen.count; i++) {
            stayed += seen.address[i] < 0x20000;
        }
        assert_true(walk.disturbed || stayed == 60);
    }
    print_message("disturbed: %u of 500\n", (unsigned)disturbed);
}

static bool never_heap(void *context, const heaptrail_heap_row_t *row)
{
    (void)context;
    (void)row;
    return false;
}

static bool never_block(void *context, const heaptrail_block_row_t *row)
{
    (void)context;
    (void)row;
    return false;
}

static bool never_site(void *context, const heaptrail_site_row_t *row)
{
    (void)context;
    (void)row;
    return false;
}

static bool never_failure(void *context, const heaptrail_failure_row_t *row)
{
    (void)context;
    (void)row;
    return false;
}

static void test_all_zero_tracker_answers_everything(void **state)
{
    (void)state;
    static ht_tracker_t zero;
    heaptrail_status_t status;
    heaptrail_site_row_t site;
    heaptrail_block_row_t block;
    assert_int_equal(ht_query_blocks(&zero, NULL, never_block, NULL).rows, 0);
    assert_int_equal(ht_query_sites(&zero, never_site, NULL).rows, 0);
    assert_int_equal(ht_query_tasks(&zero, NULL, NULL).rows, 0);
    assert_int_equal(ht_query_heaps(&zero, never_heap, NULL).rows, 0);
    assert_int_equal(ht_query_failures(&zero, NULL, never_failure, NULL).rows, 0);
    assert_false(ht_query_since_begin(&zero, NULL, NULL));
    ht_query_since_end(&zero);
    assert_false(ht_query_site(&zero, 0, &site));
    assert_false(ht_query_whois(&zero, 0x1000, &block, NULL));
    ht_query_status(&zero, &status);
    assert_false(status.running);
    assert_int_equal(status.total_blocks, 0);
    assert_null(ht_check(&zero));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)
    const struct CMUnitTest tests[] = {
        T(test_each_selection_and_all_of_them),
        T(test_walk_stops_when_told),
        T(test_mark_divides_one_tick),
        T(test_mark_at_the_wrap_of_the_tick),
        T(test_since_query_is_one_at_a_time),
        T(test_choice),
        T(test_row_is_since_a_mark),
        T(test_whois_at_each_edge),
        T(test_site_out_of_range),
        T(test_walk_while_the_table_changes),
        cmocka_unit_test(test_all_zero_tracker_answers_everything),
    };
    return cmocka_run_group_tests(tests, unit_setup, NULL);
}
