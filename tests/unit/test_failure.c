/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

static ht_tracker_t s_tracker;
static const heaptrail_site_t s_site;

typedef struct {
    heaptrail_failure_row_t row[8];
    uint32_t count;
    uint32_t stop_after; /* 0: never */
} rows_t;

static bool keep(void *context, const heaptrail_failure_row_t *row)
{
    rows_t *rows = context;
    rows->row[rows->count++] = *row;
    return rows->count != rows->stop_after;
}

static rows_t ask(const ht_select_t *select)
{
    rows_t rows = {.stop_after = 0};
    ht_walk_t walk = ht_query_failures(&s_tracker, select, keep, &rows);
    assert_int_equal(walk.rows, rows.count);
    assert_false(walk.disturbed);
    return rows;
}

static void fail_one(size_t size)
{
    ht_failure_t failure = {
        .size = size,
        .caps = 5,
        .alignment = 64,
        .free_bytes = 1000,
        .largest_free_bytes = 10,
        .measured = true,
        .origin = unit_origin(&s_tracker, &s_site, 5),
    };
    ht_tracker_fail(&s_tracker, &failure);
}

static void test_ring_keeps_the_newest_and_counts(void **state)
{
    (void)state;
    unit_make(&s_tracker, &unit_sizes);
    assert_int_equal(ask(NULL).count, 0);
    unit_be(0x4000, "hungry");
    for (uint32_t n = 1; n <= 11; n++) {
        g_fake.tick++;
        fail_one(n);
        rows_t rows = ask(NULL);
        assert_int_equal(rows.count, n < 4 ? n : 4);
        assert_int_equal(rows.row[0].number, n < 4 ? 1 : n - 3U); /* oldest first */
        assert_int_equal(rows.row[rows.count - 1U].size_bytes, n);
    }
    assert_int_equal(unit_loss(&s_tracker).failures_overwritten, 7);
    heaptrail_failure_row_t row = ask(NULL).row[0];
    assert_string_equal(row.task_name, "hungry");
    assert_int_equal(row.caps, 5);
    assert_int_equal(row.alignment, 64);
    assert_int_equal(row.free_bytes, 1000);
    assert_int_equal(row.largest_free_bytes, 10);
    assert_true(row.measured);
    assert_false(row.in_isr);
    assert_ptr_equal(row.origin.site, &s_site);
    assert_int_equal(row.age_us, 3000);
    unit_check(&s_tracker);
    unit_free(&s_tracker);
}

static void test_since_stop_and_interrupts(void **state)
{
    (void)state;
    unit_make(&s_tracker, &unit_sizes);
    fail_one(1);
    ht_stamp_t stamp = ht_tracker_mark(&s_tracker);
    heaptrail_mark_t mark = {stamp.tick, stamp.order};
    g_fake.task_key = HT_KEY_ISR(1);
    fail_one(SIZE_MAX);
    ht_select_t select = {.since = &mark};
    rows_t rows = ask(&select);
    assert_int_equal(rows.count, 1);
    assert_true(rows.row[0].size_bytes == SIZE_MAX);
    assert_true(rows.row[0].in_isr);
    rows_t one = {.stop_after = 1};
    ht_walk_t walk = ht_query_failures(&s_tracker, NULL, keep, &one);
    assert_true(walk.stopped);
    assert_int_equal(walk.rows, 1);
    ht_tracker_reset(&s_tracker);
    assert_int_equal(ask(NULL).count, 0);
    fail_one(3);
    assert_int_equal(ask(NULL).row[0].number, 1);
    unit_free(&s_tracker);
}

static void fail_inside(void)
{
    g_fake.on_unlock = NULL;
    for (uint32_t i = 0; i < 4; i++) {
        fail_one(100 + i);
    }
}

static void test_ring_turns_while_it_is_read(void **state)
{
    (void)state;
    unit_make(&s_tracker, &unit_sizes);
    for (uint32_t i = 0; i < 4; i++) {
        fail_one(i);
    }
    rows_t rows = {.stop_after = 0};
    g_fake.on_unlock = fail_inside;
    ht_walk_t walk = ht_query_failures(&s_tracker, NULL, keep, &rows);
    assert_true(walk.disturbed);
    assert_true(walk.rows <= 1); /* what was read before; none twice, none in a wrong order */
    unit_free(&s_tracker);
}

static void test_no_ring_counts_only(void **state)
{
    (void)state;
    ht_sizes_t sizes = unit_sizes;
    sizes.max_failures = 0;
    unit_make(&s_tracker, &sizes);
    fail_one(1);
    assert_int_equal(ask(NULL).count, 0);
    assert_int_equal(unit_loss(&s_tracker).failures_overwritten, 1);
    heaptrail_site_row_t row;
    assert_true(ht_query_site(&s_tracker, 1, &row));
    assert_int_equal(row.failures, 1);
    unit_free(&s_tracker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ring_keeps_the_newest_and_counts, unit_setup),
        cmocka_unit_test_setup(test_since_stop_and_interrupts, unit_setup),
        cmocka_unit_test_setup(test_ring_turns_while_it_is_read, unit_setup),
        cmocka_unit_test_setup(test_no_ring_counts_only, unit_setup),
    };
    return cmocka_run_group_tests(tests, unit_setup, NULL);
}
