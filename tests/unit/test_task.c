/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

static ht_tracker_t s_tracker;
static const ht_origin_id_t s_unknown = {0};

static int make(void **state)
{
    (void)state;
    fake_port_reset();
    unit_make(&s_tracker, &unit_sizes);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    unit_check(&s_tracker);
    unit_free(&s_tracker);
    return 0;
}

static uint32_t task_now(uintptr_t key, const char *name)
{
    unit_be(key, name);
    return ht_tracker_task(&s_tracker).index;
}

static const char *name_of(uint32_t row)
{
    return s_tracker.tasks.rows[row].name;
}

static void test_rows_that_are_no_tasks(void **state)
{
    (void)state;
    assert_int_equal(task_now(HT_KEY_STARTUP, "?"), HT_TASK_STARTUP);
    assert_int_equal(task_now(HT_KEY_ISR(0), "?"), HT_TASK_ISR_0);
    assert_int_equal(task_now(HT_KEY_ISR(1), "?"), HT_TASK_ISR_1);
    assert_string_equal(name_of(HT_TASK_STARTUP), "(start-up)");
    assert_string_equal(name_of(HT_TASK_ISR_1), "(ISR core 1)");
    ht_tracker_task_gone(&s_tracker, HT_KEY_ISR(0)); /* no such task: nothing */
    ht_tracker_task_gone(&s_tracker, 0x7777);
    assert_int_equal(s_tracker.tasks.row_count, HT_TASK_FIRST);
}

static void test_one_row_for_a_task_and_one_lock(void **state)
{
    (void)state;
    uint32_t row = task_now(0x2000, "net");
    uint64_t locks = g_fake.locks;
    assert_int_equal(task_now(0x2000, "renamed"), row);
    assert_int_equal(g_fake.locks, locks);
    assert_string_equal(name_of(row), "net");
    assert_int_equal(task_now(~(uintptr_t)0, "last address"), row + 1U);
    assert_string_equal(name_of(row + 1U), "last address");
    assert_int_equal(task_now(HT_KEY_FIRST_TASK, "a name that is longer than fifteen"), row + 2U);
    assert_string_equal(name_of(row + 2U), "a name that is ");
}

/* The TCB is a block: when it is freed, its address may come back for another task. */
static void test_handle_comes_back_for_another_task(void **state)
{
    (void)state;
    ht_tracker_add(&s_tracker, 0x5000, 300, s_unknown); /* the TCB */
    uint32_t old = task_now(0x5000, "old");
    ht_tracker_add(&s_tracker, 0x6000, 10, s_unknown); /* its leak */
    unit_be(0x1000, "main");
    ht_tracker_task_gone(&s_tracker, 0x5000); /* too early to forget: it may have last words */
    assert_int_equal(task_now(0x5000, "old"), old);
    unit_be(0x1000, "main");
    assert_true(ht_tracker_remove(&s_tracker, 0x5000));
    ht_tracker_add(&s_tracker, 0x5000, 300, s_unknown);
    uint32_t young = task_now(0x5000, "young");
    assert_int_not_equal(young, old);
    assert_string_equal(name_of(old), "old");
    assert_string_equal(name_of(young), "young");
    ht_tally_settle(&s_tracker.tally);
    assert_int_equal(ht_task_live_blocks(&s_tracker.tasks.rows[old]), 1);
    heaptrail_block_row_t row;
    assert_true(ht_query_whois(&s_tracker, 0x6000, &row, NULL));
    assert_string_equal(row.task_name, "old");
    unit_be(0x1000, "main");
}

static void end_by_free(void)
{
    ht_tracker_remove(&s_tracker, 0x5000);
}

static void end_by_notice(void)
{
    ht_tracker_task_gone(&s_tracker, 0x5000);
}

static void test_handle_comes_back_without_a_record_of_the_tcb(void **state)
{
    (void)state;
    void (*const ends[])(void) = {end_by_free, end_by_notice};
    for (unsigned i = 0; i < ENTRIES(ends); i++) { /* static, or dropped, filtered, forgotten */
        uint32_t old = task_now(0x5000, "old");
        unit_be(0x1000, "main");
        ends[i]();
        assert_int_equal(s_tracker.tasks.rows[old].used, HT_TASK_GONE);
        assert_int_not_equal(task_now(0x5000, "young"), old);
        unit_be(0x1000, "main");
        ends[i]();
    }
}

static void test_tcb_is_watched_after_a_reset(void **state)
{
    (void)state;
    ht_tracker_add(&s_tracker, 0x5000, 300, s_unknown);
    uint32_t old = task_now(0x5000, "old");
    ht_tracker_reset(&s_tracker);
    assert_false(ht_tracker_remove(&s_tracker, 0x5000));
    assert_int_not_equal(task_now(0x5000, "young"), old);
    ht_tracker_task_gone(&s_tracker, 0x5000);
}

static void test_full_table_of_tasks(void **state)
{
    (void)state;
    for (uintptr_t i = 0; i < unit_sizes.max_tasks; i++) {
        assert_int_equal(task_now(0x10000U + 64U * i, "t"), HT_TASK_FIRST + i);
        ht_tracker_add(&s_tracker, 0x8000U + 16U * i, 1, s_unknown);
    }
    assert_int_equal(task_now(0x20000, "too many"), HT_TASK_OTHER);
    ht_tracker_add(&s_tracker, 0x9000, 5, s_unknown);
    assert_int_equal(unit_loss(&s_tracker).tasks_full, 2);
    ht_tally_settle(&s_tracker.tally);
    assert_int_equal(s_tracker.tasks.rows[HT_TASK_OTHER].live_bytes, 5);
    ht_tracker_task_gone(&s_tracker, 0x10000); /* gone, but it owns a block: its row stays */
    assert_int_equal(task_now(0x20000, "too many"), HT_TASK_OTHER);
    ht_tracker_remove(&s_tracker, 0x8000);
    uint32_t row = task_now(0x20000, "in its place");
    assert_int_equal(row, HT_TASK_FIRST);
    assert_string_equal(name_of(row), "in its place");
    assert_int_equal(s_tracker.tasks.rows[row].total_blocks, 0);
}

/* A naive model of the index: which keys are alive. Keys whose homes are all close together. */
static uintptr_t key_near(const ht_tasks_t *tasks, uintptr_t from, uint32_t home, uint32_t range)
{
    do {
        from += 16;
    } while (((ht_task_hash(tasks, from) - home) & tasks->index_mask) >= range);
    return from;
}

enum { CROWD = 30 };

static void crowd(ht_tasks_t *tasks, uint32_t home, uint32_t range, uint32_t seed)
{
    uintptr_t keys[CROWD];
    bool alive[CROWD] = {false};
    uintptr_t key = 0x3FFB0000;
    for (uint32_t i = 0; i < CROWD; i++) {
        key = keys[i] = key_near(tasks, key, home, range);
    }
    for (uint32_t step = 0; step < 3000; step++) {
        seed = seed * 1664525U + 1013904223U;
        uint32_t i = (seed >> 16) % CROWD;
        if (alive[i]) {
            ht_task_retire(tasks, keys[i]);
            alive[i] = false;
        } else {
            alive[i] = ht_task_add(tasks, keys[i]) != HT_TASK_OTHER;
        }
        for (uint32_t k = 0; k < CROWD; k++) {
            assert_true((ht_task_find(tasks, keys[k]) != HT_TASK_OTHER) == alive[k]);
        }
    }
    for (uint32_t k = 0; k < CROWD; k++) {
        ht_task_retire(tasks, keys[k]);
    }
}

static void test_index_keeps_what_it_has_when_entries_go(void **state)
{
    (void)state;
    ht_sizes_t sizes = unit_sizes;
    sizes.max_tasks = 40;
    ht_tracker_t tracker;
    unit_make(&tracker, &sizes);
    uint32_t last = tracker.tasks.index_mask;
    const uint32_t ranges[] = {1, 2, 5, 12, 20, 30};
    for (uint32_t i = 0; i < 4U * ENTRIES(ranges); i++) { /* in the middle and across the end */
        crowd(&tracker.tasks, i % 2U ? 40U : last - 7U, ranges[i / 4U], i);
        unit_check(&tracker);
    }
    unit_free(&tracker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_that_are_no_tasks, make, drop),
        cmocka_unit_test_setup_teardown(test_one_row_for_a_task_and_one_lock, make, drop),
        cmocka_unit_test_setup_teardown(test_handle_comes_back_for_another_task, make, drop),
        cmocka_unit_test_setup_teardown(test_handle_comes_back_without_a_record_of_the_tcb, make,
                                        drop),
        cmocka_unit_test_setup_teardown(test_tcb_is_watched_after_a_reset, make, drop),
        cmocka_unit_test_setup_teardown(test_full_table_of_tasks, make, drop),
        cmocka_unit_test_setup_teardown(test_index_keeps_what_it_has_when_entries_go, make, drop),
    };
    return cmocka_run_group_tests(tests, unit_setup, NULL);
}
