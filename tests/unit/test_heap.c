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
    g_fake.on_unlock = NULL;
    unit_check(&s_tracker);
    unit_free(&s_tracker);
    return 0;
}

static const ht_heap_t *heap(uint32_t id)
{
    ht_tally_settle(&s_tracker.tally);
    return &s_tracker.heaps.row[id];
}

static void test_bounds_of_heaps(void **state)
{
    (void)state;
    assert_true(ht_tracker_add_heap(&s_tracker, 0x1000, 0x1000, 1, "one"));
    assert_true(ht_tracker_add_heap(&s_tracker, 0x2000, 0x800, 2, "two"));
    assert_true(ht_tracker_add_heap(&s_tracker, ~(uintptr_t)0 - 0xfff, 0x1000, 4, "last"));
    assert_true(ht_tracker_add_heap(&s_tracker, 0x9000, 0, 4, "empty"));
    static const struct {
        uintptr_t address;
        uint32_t heap;
    } in[] = {
        {0x0fff, 0},
        {0x1000, 1},
        {0x1fff, 1},
        {0x2000, 2},
        {0x27ff, 2},
        {0x2800, 0},
        {0x9000, 0},
        {0, 0},
        {~(uintptr_t)0, 3},
        {0x1000, 1},
        {~(uintptr_t)0 - 0x1000, 0},
    };
    for (unsigned round = 0; round < 2; round++) { /* with each hint */
        for (unsigned i = 0; i < ENTRIES(in); i++) {
            assert_int_equal(ht_heap_of(&s_tracker.heaps, in[i].address).index, in[i].heap);
        }
    }
}

static void test_names_of_heaps(void **state)
{
    (void)state;
    assert_true(ht_tracker_add_heap(&s_tracker, 0x1000, 16, 1, "a name of more than fifteen"));
    assert_true(ht_tracker_add_heap(&s_tracker, 0x2000, 16, 1, NULL));
    assert_string_equal(heap(0)->name, "(other memory)");
    assert_string_equal(heap(1)->name, "a name of more ");
    assert_string_equal(heap(2)->name, "");
}

static void test_sixteenth_heap_is_refused(void **state)
{
    (void)state;
    for (uintptr_t i = 0; i < HT_HEAPS_MAX; i++) {
        assert_true(ht_tracker_add_heap(&s_tracker, 0x1000 * (i + 1U), 0x1000, 1, "h"));
        ht_tracker_add(&s_tracker, 0x1000 * (i + 1U) + 8U, 4, s_unknown);
        assert_int_equal(heap((uint32_t)i + 1U)->live_bytes, 4);
    }
    assert_false(ht_tracker_add_heap(&s_tracker, 0x100000, 0x1000, 1, "h"));
    assert_int_equal(s_tracker.heaps.count, HT_HEAPS_MAX);
}

static void test_earlier_blocks_are_adopted(void **state)
{
    (void)state;
    for (uintptr_t i = 0; i < 50; i++) {
        ht_tracker_add(&s_tracker, 0x1000 + 64U * i, 10, s_unknown);
    }
    assert_int_equal(heap(0)->live_bytes, 500);
    assert_true(ht_tracker_add_heap(&s_tracker, 0x1000, 64 * 30, 1, "h"));
    assert_int_equal(heap(0)->live_bytes, 200);
    assert_int_equal(heap(1)->live_bytes, 300);
    assert_int_equal(heap(1)->peak_bytes, 300);
    assert_int_equal(heap(1)->total_blocks, 30);
    ht_tracker_remove(&s_tracker, 0x1000);
    assert_int_equal(heap(1)->freed_blocks, 1);
}

static void test_block_inside_realloc_is_adopted_when_it_comes_back(void **state)
{
    (void)state;
    ht_tracker_add(&s_tracker, 0x1000, 10, s_unknown);
    ht_hold_t hold = ht_tracker_hold(&s_tracker, 0x1000);
    assert_true(ht_tracker_add_heap(&s_tracker, 0x1000, 64, 1, "h"));
    unit_check(&s_tracker);
    ht_tracker_put_back(&s_tracker, hold);
    assert_int_equal(heap(1)->live_bytes, 10);
}

/* Blocks come and go between any two slices of the adoption; the table is full, so they move. */
static uint32_t s_random;
static uint32_t s_inside;

static void churn(void)
{
    void (*me)(void) = g_fake.on_unlock;
    g_fake.on_unlock = NULL;
    if (s_inside++ < 400) { /* a program that never rests would never let it end */
        s_random = s_random * 1664525U + 1013904223U;
        uintptr_t address = 0x1000 + 16U * ((s_random >> 16) % 150U);
        if (!ht_tracker_remove(&s_tracker, address)) {
            ht_tracker_add(&s_tracker, address, 1, s_unknown);
        }
    }
    g_fake.on_unlock = me;
}

static void test_adoption_while_blocks_move(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 300; round++) {
        s_random = round;
        s_inside = 0;
        for (uintptr_t i = 0; i < 105; i++) {
            ht_tracker_add(&s_tracker, 0x1000 + 16U * i, 1, s_unknown);
        }
        g_fake.on_unlock = churn;
        assert_true(ht_tracker_add_heap(&s_tracker, 0x1000, 0x1000, 1, "h"));
        g_fake.on_unlock = NULL;
        unit_check(&s_tracker);
        assert_int_equal(heap(0)->live_bytes, 0);
        unit_free(&s_tracker);
        unit_make(&s_tracker, &unit_sizes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bounds_of_heaps, make, drop),
        cmocka_unit_test_setup_teardown(test_names_of_heaps, make, drop),
        cmocka_unit_test_setup_teardown(test_sixteenth_heap_is_refused, make, drop),
        cmocka_unit_test_setup_teardown(test_earlier_blocks_are_adopted, make, drop),
        cmocka_unit_test_setup_teardown(test_block_inside_realloc_is_adopted_when_it_comes_back,
                                        make, drop),
        cmocka_unit_test_setup_teardown(test_adoption_while_blocks_move, make, drop),
    };
    return cmocka_run_group_tests(tests, unit_setup, NULL);
}
