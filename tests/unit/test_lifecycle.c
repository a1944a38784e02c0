/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

static ht_tracker_t s_tracker;
static const heaptrail_site_t s_sites[4];
static const ht_origin_id_t s_unknown = {0};

static void expect_bad(const char *name, ht_sizes_t sizes)
{
    const char *wrong = ht_sizes_check(&sizes);
    assert_non_null(wrong);
    assert_string_equal(wrong, name);
    assert_int_equal(ht_tracker_memory_bytes(&sizes), 0);
}

static void expect_good(ht_sizes_t sizes)
{
    assert_null(ht_sizes_check(&sizes));
    size_t bytes = ht_tracker_memory_bytes(&sizes);
    assert_true(bytes > sizes.max_blocks * sizeof(ht_record_t));
}

static void test_each_size_at_its_edges(void **state)
{
    (void)state;
#define BAD(field, value)                                                                          \
    do {                                                                                           \
        ht_sizes_t sizes = unit_sizes;                                                             \
        sizes.field = (value);                                                                     \
        expect_bad(#field, sizes);                                                                 \
    } while (0)
#define GOOD(field, value)                                                                         \
    do {                                                                                           \
        ht_sizes_t sizes = unit_sizes;                                                             \
        sizes.field = (value);                                                                     \
        expect_good(sizes);                                                                        \
    } while (0)
    BAD(max_blocks, 0);
    GOOD(max_blocks, 1);
    GOOD(max_blocks, 1U << 24);
    BAD(max_blocks, (1U << 24) + 1U);
    BAD(max_blocks, UINT32_MAX);
    BAD(max_origins, 0);
    GOOD(max_origins, 1);
    GOOD(max_origins, HT_64BIT ? 1U << 24 : 65534U);
    BAD(max_origins, HT_64BIT ? (1U << 24) + 1U : 65535U);
    BAD(max_origins, UINT32_MAX);
    BAD(max_tasks, 0);
    GOOD(max_tasks, 1);
    GOOD(max_tasks, HT_64BIT ? 65532U : 252U);
    BAD(max_tasks, HT_64BIT ? 65533U : 253U);
    BAD(max_tasks, UINT32_MAX);
    GOOD(max_failures, 0);
    GOOD(max_failures, 1U << 24);
    BAD(max_failures, (1U << 24) + 1U);
    GOOD(frame_words, 1U << 24);
    BAD(frame_words, (1U << 24) + 1U);
    BAD(frame_words, 0); /* stacks without a depot */
    GOOD(stack_depth, 0);
    GOOD(stack_depth, HT_STACK_DEPTH_MAX);
    BAD(stack_depth, HT_STACK_DEPTH_MAX + 1U);
    ht_sizes_t sites_only = unit_sizes;
    sites_only.frame_words = 0;
    sites_only.stack_depth = 1;
    expect_good(sites_only);
}

static void test_smallest_tracker_works(void **state)
{
    (void)state;
    const ht_sizes_t sizes = {.max_blocks = 1, .max_origins = 1, .max_tasks = 1};
    unit_make(&s_tracker, &sizes);
    for (uintptr_t i = 0; i < 9; i++) {
        ht_origin_id_t origin = unit_origin(&s_tracker, &s_sites[i % 4U], 0);
        unit_be(0x100 + 16U * i, "t");
        ht_tracker_add(&s_tracker, 0x1000 + 16U * i, 1, origin);
        unit_check(&s_tracker);
    }
    assert_int_equal(unit_live(&s_tracker), 7);
    assert_int_equal(unit_loss(&s_tracker).table_full, 2);
    assert_int_equal(unit_loss(&s_tracker).tasks_full, 8);
    unit_free(&s_tracker);
}

/* The last row that a record can name. */
static void test_most_tasks_that_a_record_can_name(void **state)
{
    (void)state;
    ht_sizes_t sizes = unit_sizes;
    sizes.max_tasks = 252;
    sizes.max_blocks = 300;
    unit_make(&s_tracker, &sizes);
    for (uintptr_t i = 0; i < 252; i++) {
        unit_be(0x3FFB0000 + 0x170 * i, "t");
        ht_tracker_add(&s_tracker, 0x1000 + 16U * i, 1, s_unknown);
    }
    heaptrail_block_row_t row;
    assert_true(ht_query_whois(&s_tracker, 0x1000 + 16U * 251U, &row, NULL));
    assert_int_equal(row.task_id, 255);
    unit_check(&s_tracker);
    unit_free(&s_tracker);
}

static void test_two_trackers_side_by_side(void **state)
{
    (void)state;
    static ht_tracker_t other;
    unit_make(&s_tracker, &unit_sizes);
    unit_make(&other, &unit_sizes);
    for (uint32_t i = 0; i < 500; i++) {
        ht_tracker_t *one = i % 3U == 0 ? &other : &s_tracker;
        uintptr_t address = 0x1000 + 16U * (i % 50U);
        if (!ht_tracker_remove(one, address)) {
            ht_tracker_add(one, address, i, unit_origin(one, &s_sites[i % 4U], 0));
        }
        if (i == 300) { ht_tracker_run(&other, false); }
        unit_check(&s_tracker);
        unit_check(&other);
    }
    uint32_t before = unit_live(&s_tracker);
    ht_tracker_reset(&other);
    assert_int_equal(unit_live(&other), 0);
    assert_int_equal(unit_live(&s_tracker), before);
    heaptrail_status_t status;
    ht_query_status(&s_tracker, &status);
    assert_true(status.running);
    ht_query_status(&other, &status);
    assert_false(status.running);
    unit_free(&other);
    unit_free(&s_tracker);
}

static uint32_t add_all(void)
{
    uint32_t lost = unit_loss(&s_tracker).filtered;
    for (uint32_t i = 0; i < 40; i++) {
        unit_be(0x2000 + 0x1000 * (i % 2U), i % 2U ? "odd" : "even");
        ht_origin_id_t origin = unit_origin(&s_tracker, &s_sites[i % 4U], i % 4U);
        ht_tracker_add(&s_tracker, 0x1000 + 16U * i, i, origin);
    }
    uint32_t live = unit_live(&s_tracker);
    assert_int_equal(unit_loss(&s_tracker).filtered - lost, 40 - live);
    for (uint32_t i = 0; i < 40; i++) {
        ht_tracker_remove(&s_tracker, 0x1000 + 16U * i);
    }
    unit_check(&s_tracker);
    return live;
}

static uint32_t with_filter(ht_filter_t filter)
{
    ht_tracker_set_filter(&s_tracker, &filter);
    return add_all();
}

static void test_each_filter_and_all_of_them(void **state)
{
    (void)state;
    unit_make(&s_tracker, &unit_sizes);
    const uint32_t odd = HT_TASK_FIRST + 1U;
    assert_int_equal(add_all(), 40);
    assert_int_equal(with_filter((ht_filter_t){.task_id = odd}), 20);
    assert_int_equal(with_filter((ht_filter_t){.origin_id = 3}), 10);
    assert_int_equal(with_filter((ht_filter_t){.size_min = 30}), 10);
    assert_int_equal(with_filter((ht_filter_t){.size_max = 9}), 10);
    assert_int_equal(with_filter((ht_filter_t){.size_min = 5, .size_max = 5}), 1);
    assert_int_equal(with_filter((ht_filter_t){.size_min = 6, .size_max = 5}), 0);
    assert_int_equal(with_filter((ht_filter_t){.caps = 1}), 20);
    assert_int_equal(with_filter((ht_filter_t){.caps = 3}), 10);
    assert_int_equal(with_filter((ht_filter_t){.caps = 1, .task_id = odd - 1U}), 0);
    assert_int_equal(with_filter((ht_filter_t){odd, 2, 10, 30, 1}), 5); /* 13, 17, 21, 25, 29 */
    assert_int_equal(with_filter((ht_filter_t){0}), 40);
    unit_free(&s_tracker);
}

static void test_reset_forgets_all_but_numbers(void **state)
{
    (void)state;
    unit_make(&s_tracker, &unit_sizes);
    assert_true(ht_tracker_add_heap(&s_tracker, 0x1000, 0x200, 1, "h"));
    for (uintptr_t i = 0; i < 110; i++) {
        ht_tracker_add(&s_tracker, 0x1000 + 16U * i, 5, unit_origin(&s_tracker, &s_sites[1], 0));
    }
    ht_tracker_remove(&s_tracker, 0x1000);
    ht_tracker_reset(&s_tracker);
    heaptrail_status_t status;
    ht_query_status(&s_tracker, &status);
    assert_true(status.running);
    assert_int_equal(status.live_blocks + status.live_bytes, 0);
    assert_int_equal(status.total_blocks + status.total_bytes + status.total_frees, 0);
    assert_memory_equal(&status.loss, &(heaptrail_loss_t){0}, sizeof(status.loss));
    assert_int_equal(s_tracker.table.count, 0);
    assert_int_equal(s_tracker.table.stash_count, 0);
    assert_int_equal(status.origins, 1);
    assert_int_equal(status.tasks, 1);
    assert_int_equal(status.heaps, 1);
    unit_check(&s_tracker);
    unit_free(&s_tracker);
}

/* Between any two slices of a reset, an interrupt frees, allocates, and is inside realloc(). */
static uint32_t s_random;
static uint32_t s_inside;
static ht_hold_t s_hold;

static void meddle(void)
{
    void (*me)(void) = g_fake.on_unlock;
    g_fake.on_unlock = NULL;
    s_random = s_random * 1664525U + 1013904223U;
    uintptr_t address = 0x1000 + 16U * ((s_random >> 20) % 120U);
    uint32_t what = (s_random >> 16) % 4U;
    s_inside++;
    if (what == 0 && s_hold.address == 0) {
        s_hold = ht_tracker_hold(&s_tracker, address);
    } else if (what == 1 && s_hold.address != 0) {
        ht_tracker_put_back(&s_tracker, s_hold);
        s_hold.address = 0;
    } else if (!ht_tracker_remove(&s_tracker, address) && s_inside < 300 &&
               address != s_hold.address) {
        ht_tracker_add(&s_tracker, address, 1, s_unknown);
    }
    g_fake.on_unlock = me;
}

static void test_reset_while_others_go_on(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 400; round++) {
        unit_make(&s_tracker, &unit_sizes);
        for (uintptr_t i = 0; i < 105; i++) {
            ht_tracker_add(&s_tracker, 0x1000 + 16U * i, 1, s_unknown);
        }
        s_random = round;
        s_inside = 0;
        s_hold = (ht_hold_t){0};
        g_fake.on_unlock = meddle;
        ht_tracker_reset(&s_tracker);
        g_fake.on_unlock = NULL;
        unit_check(&s_tracker);
        if (s_hold.address != 0) {
            if (round % 2U) {
                ht_tracker_put_back(&s_tracker, s_hold);
            } else {
                ht_tracker_drop_held(&s_tracker, s_hold);
            }
        }
        unit_check(&s_tracker);
        assert_true(unit_loss(&s_tracker).unknown_frees < 1000); /* it went below 0 once */
        unit_free(&s_tracker);
    }
}

static void test_tracker_without_memory(void **state)
{
    (void)state;
    static ht_tracker_t zero;
    assert_true(ht_tracker_add_heap(&zero, 0x1000, 0x100, 1, "early"));
    ht_tracker_reset(&zero);
    ht_tracker_sweep(&zero);
    (void)ht_tracker_mark(&zero);
    ht_tracker_set_filter(&zero, &(ht_filter_t){0});
    void *memory = calloc(1, ht_tracker_memory_bytes(&unit_sizes));
    ht_tracker_init(&zero, &unit_sizes, memory, HT_STATE_RUNNING);
    ht_tracker_add(&zero, 0x1010, 4, s_unknown);
    ht_tally_settle(&zero.tally);
    assert_int_equal(zero.heaps.row[1].live_bytes, 4);
    unit_check(&zero);
    free(memory);
}

static void test_sweep_keeps_old_blocks_old(void **state)
{
    (void)state;
    const ht_tick_t quarter = TICK_HALF >> 1;
    unit_make(&s_tracker, &unit_sizes);
    ht_tracker_add(&s_tracker, 0x1000, 4, s_unknown);
    heaptrail_block_row_t row;
    for (unsigned i = 0; i < 64; i++) { /* four times around */
        g_fake.tick += quarter / 4U;
        ht_tracker_add(&s_tracker, 0x2000, 4, s_unknown);
        ht_tracker_remove(&s_tracker, 0x2000);
        ht_tracker_sweep(&s_tracker);
        unit_check(&s_tracker);
        assert_true(ht_query_whois(&s_tracker, 0x1000, &row, NULL));
        ht_tick_t age = g_fake.tick - ht_table_find(&s_tracker.table, 0x1000)->tick;
        assert_true(age >= (i < 3 ? quarter / 4U * (i + 1U) : quarter / 4U * 4U));
    }
    unit_free(&s_tracker);
}

static void test_ticks_to_microseconds(void **state)
{
    (void)state;
    assert_int_equal(ht_ticks_to_us(0), 0);
    assert_int_equal(ht_ticks_to_us(1), 1000);
    assert_int_equal(ht_ticks_to_us(1999), 1999000);
    assert_true(ht_ticks_to_us(UINT32_MAX) == (uint64_t)UINT32_MAX * 1000U);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, unit_setup)
    const struct CMUnitTest tests[] = {
        T(test_each_size_at_its_edges),
        T(test_smallest_tracker_works),
        T(test_most_tasks_that_a_record_can_name),
        T(test_two_trackers_side_by_side),
        T(test_each_filter_and_all_of_them),
        T(test_reset_forgets_all_but_numbers),
        T(test_reset_while_others_go_on),
        T(test_tracker_without_memory),
        T(test_sweep_keeps_old_blocks_old),
        T(test_ticks_to_microseconds),
    };
    return cmocka_run_group_tests(tests, unit_setup, NULL);
}
