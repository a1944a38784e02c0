/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The hot path: add, remove, what realloc() needs, stamps. */
#include "unit.h"

static ht_tracker_t s_tracker;
static const heaptrail_site_t s_sites[8];
static ht_origin_id_t s_origin;

static int make(void **state)
{
    (void)state;
    fake_port_reset();
    unit_make(&s_tracker, &unit_sizes);
    s_origin = unit_origin(&s_tracker, &s_sites[0], 0);
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

static heaptrail_site_row_t site(void)
{
    heaptrail_site_row_t row;
    assert_true(ht_query_site(&s_tracker, s_origin.index, &row));
    return row;
}

static bool whois(uintptr_t address, heaptrail_block_row_t *row)
{
    return ht_query_whois(&s_tracker, address, row, NULL);
}

static uint64_t sequence(uintptr_t address)
{
    heaptrail_block_row_t row;
    assert_true(whois(address, &row));
    return row.sequence;
}

static void test_odd_sizes_and_addresses(void **state)
{
    (void)state;
    static const uintptr_t addresses[] = {2, 3, 4, ~(uintptr_t)0, ~(uintptr_t)0 - 7U};
    for (unsigned i = 0; i < ENTRIES(addresses); i++) {
        ht_tracker_add(&s_tracker, addresses[i], i == 2 ? HT_SIZE_MAX : 0, s_origin);
    }
    assert_int_equal(site().live_blocks, 5);
    assert_true(site().live_bytes == HT_SIZE_MAX);
    ht_tracker_add(&s_tracker, 0x100, HT_SIZE_MAX + 1U, s_origin);
    ht_tracker_add(&s_tracker, 0x200, SIZE_MAX, s_origin);
    assert_int_equal(unit_loss(&s_tracker).too_large, 2);
    assert_int_equal(site().dropped_blocks, 2);
    assert_true(site().total_bytes == (uint64_t)HT_SIZE_MAX * 2U + 1U + SIZE_MAX);
    for (unsigned i = 0; i < ENTRIES(addresses); i++) {
        assert_true(ht_tracker_remove(&s_tracker, addresses[i]));
    }
    assert_false(ht_tracker_remove(&s_tracker, 0x100));
    assert_int_equal(unit_loss(&s_tracker).unknown_frees, 1);
    assert_int_equal(site().live_bytes, 0);
    assert_int_equal(site().total_blocks, 7);
}

static void test_full_table_keeps_the_old_and_counts_the_new(void **state)
{
    (void)state;
    uint32_t limit = s_tracker.table.limit;
    for (uintptr_t i = 0; i < limit + 10U; i++) {
        ht_tracker_add(&s_tracker, 0x1000 + 32U * i, 3, s_origin);
    }
    heaptrail_block_row_t row;
    for (uintptr_t i = 0; i < limit + 10U; i++) {
        assert_true(whois(0x1000 + 32U * i, &row) == (i < limit));
    }
    assert_int_equal(unit_loss(&s_tracker).table_full, 10);
    assert_int_equal(unit_loss(&s_tracker).table_crowded, 0);
    assert_int_equal(site().total_blocks, limit + 10U);
    assert_int_equal(site().total_bytes, 3U * (limit + 10U));
    assert_int_equal(site().dropped_blocks, 10);
    assert_int_equal(site().live_blocks, limit);
    ht_tally_settle(&s_tracker.tally);
    assert_int_equal(s_tracker.tasks.rows[HT_TASK_FIRST].total_blocks, limit);
}

static void test_counters_of_losses_stop_at_their_most(void **state)
{
    (void)state;
    s_tracker.unknown_frees = s_tracker.lost_large = UINT32_MAX - 1U;
    for (int i = 0; i < 3; i++) {
        assert_false(ht_tracker_remove(&s_tracker, 0x1000));
        ht_tracker_add(&s_tracker, 0x2000, SIZE_MAX, s_origin);
    }
    assert_true(unit_loss(&s_tracker).unknown_frees == UINT32_MAX);
    assert_true(unit_loss(&s_tracker).too_large == UINT32_MAX);
}

static void test_realloc_that_fails_changes_nothing(void **state)
{
    (void)state;
    g_fake.tick = 50;
    ht_tracker_add(&s_tracker, 0x1000, 10, s_origin);
    const ht_record_t before = *ht_table_find(&s_tracker.table, 0x1000);
    unit_be(0x9999, "another task");
    g_fake.core = 1;
    ht_hold_t hold = ht_tracker_hold(&s_tracker, 0x1000);
    heaptrail_block_row_t row;
    assert_false(whois(0x1000, &row));
    assert_false(whois(0x1005, &row));
    assert_int_equal(site().live_bytes, 10); /* it is still allocated */
    ht_tracker_put_back(&s_tracker, hold);
    const ht_record_t *after = ht_table_find(&s_tracker.table, 0x1000);
    assert_non_null(after);
    assert_memory_equal(after, &before, sizeof(before));
    assert_int_equal(site().total_blocks, 1);
}

static void test_realloc_in_place_and_moved(void **state)
{
    (void)state;
    static const uintptr_t to[] = {0x1000, 0x2000};
    ht_tracker_add(&s_tracker, 0x1000, 10, s_origin);
    uint64_t old = sequence(0x1000);
    for (unsigned i = 0; i < 2; i++) {
        ht_hold_t hold = ht_tracker_hold(&s_tracker, 0x1000);
        ht_tracker_drop_held(&s_tracker, hold);
        ht_tracker_add(&s_tracker, to[i], 20, s_origin);
        assert_int_equal(site().live_blocks, 1);
        assert_int_equal(site().live_bytes, 20);
        assert_int_equal(site().peak_bytes, 20); /* never both at once */
        assert_true(sequence(to[i]) > old);
        old = sequence(to[i]);
    }
    assert_int_equal(site().total_blocks, 3);
}

static void test_realloc_to_nothing(void **state)
{
    (void)state;
    ht_tracker_add(&s_tracker, 0x1000, 10, s_origin);
    g_fake.tick += 3;
    ht_tracker_drop_held(&s_tracker, ht_tracker_hold(&s_tracker, 0x1000));
    assert_int_equal(site().live_blocks, 0);
    assert_int_equal(site().lifetimes[2], 1);
}

/* realloc() moved the block, and another task got its old address before we came back. */
static void test_old_address_is_given_out_while_held(void **state)
{
    (void)state;
    ht_tracker_add(&s_tracker, 0x1000, 10, s_origin);
    ht_hold_t hold = ht_tracker_hold(&s_tracker, 0x1000);
    ht_tracker_add(&s_tracker, 0x1000, 7, s_origin);
    unit_check(&s_tracker);
    ht_tracker_drop_held(&s_tracker, hold);
    ht_tracker_add(&s_tracker, 0x2000, 20, s_origin);
    assert_int_equal(site().live_bytes, 27);
    assert_true(ht_tracker_remove(&s_tracker, 0x1000));
    assert_int_equal(site().live_bytes, 20);
}

static void test_realloc_of_a_block_without_a_record(void **state)
{
    (void)state;
    ht_hold_t hold = ht_tracker_hold(&s_tracker, 0x1000);
    assert_null(hold.slot);
    assert_int_equal(unit_loss(&s_tracker).unknown_frees, 1);
    ht_tracker_put_back(&s_tracker, hold); /* not freed after all */
    assert_int_equal(unit_loss(&s_tracker).unknown_frees, 0);
    hold = ht_tracker_hold(&s_tracker, 0x1000);
    ht_tracker_drop_held(&s_tracker, hold);
    assert_int_equal(unit_loss(&s_tracker).unknown_frees, 1);
}

static void test_double_hold_finds_nothing_the_second_time(void **state)
{
    (void)state;
    ht_tracker_add(&s_tracker, 0x1000, 10, s_origin);
    ht_hold_t first = ht_tracker_hold(&s_tracker, 0x1000);
    ht_hold_t second = ht_tracker_hold(&s_tracker, 0x1000);
    assert_non_null(first.slot);
    assert_null(second.slot);
    assert_false(ht_tracker_remove(&s_tracker, 0x1000));
    ht_tracker_drop_held(&s_tracker, second);
    ht_tracker_put_back(&s_tracker, first);
    assert_true(ht_tracker_remove(&s_tracker, 0x1000));
}

static void test_reset_inside_realloc(void **state)
{
    (void)state;
    for (int fails = 0; fails < 2; fails++) {
        ht_tracker_add(&s_tracker, 0x1000, 10, s_origin);
        ht_hold_t known = ht_tracker_hold(&s_tracker, 0x1000);
        ht_hold_t unknown = ht_tracker_hold(&s_tracker, 0x7000);
        ht_tracker_reset(&s_tracker);
        unit_check(&s_tracker);
        ht_tracker_add(&s_tracker, 0x3000, 5, s_origin);
        if (fails) {
            ht_tracker_put_back(&s_tracker, known);
            ht_tracker_put_back(&s_tracker, unknown);
        } else {
            ht_tracker_drop_held(&s_tracker, known);
            ht_tracker_drop_held(&s_tracker, unknown);
        }
        assert_int_equal(site().live_blocks, 1);
        assert_int_equal(site().total_blocks, 1);
        assert_int_equal(site().total_bytes, 5);
        assert_int_equal(unit_loss(&s_tracker).unknown_frees, 0);
        ht_tracker_reset(&s_tracker);
    }
}

/* Allocates twice a tick, at the most orders that a tick has, and after marks. */
static void test_stamps_rise_and_are_unique(void **state)
{
    (void)state;
    static const ht_tick_t starts[] = {1, TICK_HALF - 3U, (ht_tick_t) ~(ht_tick_t)0 - 3U};
    static const uint32_t each[] = {1, 7, HT_ORDER_MAX + 2U, 3U * HT_ORDER_MAX};
    for (unsigned s = 0; s < ENTRIES(starts); s++) {
        for (unsigned e = 0; e < ENTRIES(each); e++) {
            unit_free(&s_tracker);
            g_fake.tick = starts[s];
            unit_make(&s_tracker, &unit_sizes);
            ht_stamp_t last = s_tracker.last;
            for (uint32_t i = 0; i < 6U * each[e]; i++) {
                ht_tracker_add(&s_tracker, 0x1000, 0, (ht_origin_id_t){0});
                assert_true(ht_stamp_after(s_tracker.last, last));
                last = s_tracker.last;
                ht_tracker_remove(&s_tracker, 0x1000);
                g_fake.tick += i % each[e] == 0;
            }
        }
    }
}

static void test_age_of_a_stamp_from_the_future_is_zero(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < HT_ORDER_MAX + 3U; i++) {
        ht_tracker_add(&s_tracker, 0x1000, 0, s_origin);
        ht_tracker_remove(&s_tracker, 0x1000);
    }
    assert_true(s_tracker.last.tick > g_fake.tick);
    assert_int_equal(site().lifetimes[0], HT_ORDER_MAX + 3U < 65535U ? HT_ORDER_MAX + 3U : 65535U);
    ht_tracker_add(&s_tracker, 0x1000, 0, s_origin);
    heaptrail_block_row_t row;
    assert_true(whois(0x1000, &row));
    assert_int_equal(row.age_us, 0);
}

/* An interrupt at each unlock, which adds, frees and reallocates blocks of its own. */
static uint32_t s_random;
static bool s_owned[64];

static void interrupt(void)
{
    uintptr_t key = g_fake.task_key;
    g_fake.on_unlock = NULL;
    g_fake.task_key = HT_KEY_ISR(1);
    s_random = s_random * 1664525U + 1013904223U;
    uint32_t i = (s_random >> 16) % 64U;
    uintptr_t address = 0x8000 + 16U * i;
    if (!s_owned[i]) {
        const ht_origin_key_t origin = {.site = &s_sites[1U + i % 7U], .method = i};
        ht_tracker_add(&s_tracker, address, i,
                       ht_origin_intern(&s_tracker.origins, &s_tracker.lock, &origin));
        s_owned[i] = true;
    } else if (i % 3U == 0) {
        ht_tracker_put_back(&s_tracker, ht_tracker_hold(&s_tracker, address));
    } else {
        ht_tracker_remove(&s_tracker, address);
        s_owned[i] = false;
    }
    g_fake.task_key = key;
    g_fake.on_unlock = interrupt;
}

static void test_interrupts_at_every_unlock(void **state)
{
    (void)state;
    memset(s_owned, 0, sizeof(s_owned));
    for (uint32_t i = 0; i < 20000; i++) {
        g_fake.on_unlock = interrupt;
        g_fake.tick += i % 5U == 0;
        uintptr_t address = 0x1000 + 16U * (i % 20U);
        ht_tracker_add(&s_tracker, address, i % 100U, s_origin);
        ht_hold_t hold = ht_tracker_hold(&s_tracker, address);
        if (i % 2U) {
            ht_tracker_put_back(&s_tracker, hold);
            ht_tracker_remove(&s_tracker, address);
        } else {
            ht_tracker_drop_held(&s_tracker, hold);
        }
        g_fake.on_unlock = NULL;
        unit_check(&s_tracker);
    }
    assert_int_equal(site().live_blocks, 0);
    assert_int_equal(site().total_blocks, 20000);
    assert_int_equal(site().dropped_blocks, 0);
}

static void test_known_relabelled_unregistered(void **state)
{
    (void)state;
    ht_known_t known = {0};
    ht_origin_id_t other = unit_origin(&s_tracker, &s_sites[1], 4);
    ht_tracker_add(&s_tracker, 0x1000, 10, s_origin);
    ht_tracker_add(&s_tracker, 0x2000, 20, s_origin);
    assert_true(ht_tracker_relabel(&s_tracker, 0x1000, other));
    unit_check(&s_tracker);
    assert_int_equal(site().total_blocks, 1); /* as if it had come from there at once */
    assert_int_equal(site().total_bytes, 20);
    assert_true(ht_tracker_known(&s_tracker, 0x1000, &known));
    assert_int_equal(known.size, 10);
    assert_int_equal(known.caps, 4);
    assert_true(ht_tracker_relabel(&s_tracker, 0x1000, other)); /* once more: no change */
    heaptrail_site_row_t row;
    assert_true(ht_query_site(&s_tracker, other.index, &row));
    assert_int_equal(row.live_bytes, 10);
    assert_int_equal(row.total_blocks, 1);
    assert_true(ht_tracker_unregister(&s_tracker, 0x1000));
    assert_false(ht_tracker_unregister(&s_tracker, 0x1000));
    assert_false(ht_tracker_known(&s_tracker, 0x1001, &known));
    assert_false(ht_tracker_relabel(&s_tracker, 0x1000, other));
    ht_hold_t hold = ht_tracker_hold(&s_tracker, 0x2000);
    assert_false(ht_tracker_known(&s_tracker, 0x2000, &known));
    assert_false(ht_tracker_unregister(&s_tracker, 0x2000));
    ht_tracker_put_back(&s_tracker, hold);
    assert_int_equal(unit_loss(&s_tracker).unknown_frees, 0);
}

/* Every call that takes the lock gives it back, and takes it no more often than it says. */
static void test_locks_taken(void **state)
{
    (void)state;
    (void)ht_tracker_task(&s_tracker);
    uint64_t before = g_fake.locks;
    ht_tracker_add(&s_tracker, 0x1000, 1, s_origin);
    assert_int_equal(g_fake.locks - before, 1);
    ht_tracker_remove(&s_tracker, 0x1000);
    assert_int_equal(g_fake.locks - before, 2);
    assert_int_equal(g_fake.held, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)
    const struct CMUnitTest tests[] = {
        T(test_odd_sizes_and_addresses),
        T(test_full_table_keeps_the_old_and_counts_the_new),
        T(test_counters_of_losses_stop_at_their_most),
        T(test_realloc_that_fails_changes_nothing),
        T(test_realloc_in_place_and_moved),
        T(test_realloc_to_nothing),
        T(test_old_address_is_given_out_while_held),
        T(test_realloc_of_a_block_without_a_record),
        T(test_double_hold_finds_nothing_the_second_time),
        T(test_reset_inside_realloc),
        T(test_stamps_rise_and_are_unique),
        T(test_age_of_a_stamp_from_the_future_is_zero),
        T(test_interrupts_at_every_unlock),
        T(test_known_relabelled_unregistered),
        T(test_locks_taken),
    };
    return cmocka_run_group_tests(tests, unit_setup, NULL);
}
