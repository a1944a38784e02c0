/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Pools: blocks inside blocks, each with a record of its own. */
#include "ht_diagnose.h"
#include "ht_pool.h"
#include "unit.h"

#define START 0x10000U
#define BYTES 0x1000U

static ht_tracker_t s_tracker;
static ht_heap_id_t s_pool;
static const heaptrail_site_t s_site = {"a.c", "f", "v", 1, HEAPTRAIL_METHOD_POOL};

static int make(void **state)
{
    (void)state;
    bool overlaps;
    fake_port_reset();
    unit_make(&s_tracker, &unit_sizes);
    assert_true(ht_tracker_add_heap(&s_tracker, 0x8000, 0x20000, 1, "DRAM"));
    ht_tracker_add(&s_tracker, START, BYTES, unit_origin(&s_tracker, NULL, 1));
    s_pool = ht_pool_add(&s_tracker, START, BYTES, "a pool with a long name", &overlaps);
    assert_int_equal(s_pool.index, 2);
    assert_false(overlaps);
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

static const ht_heap_t *row(uint32_t id)
{
    ht_tally_settle(&s_tracker.tally);
    return &s_tracker.heaps.row[id];
}

static bool take(uintptr_t address, size_t size)
{
    return ht_pool_make(&s_tracker, s_pool, address, size, unit_origin(&s_tracker, &s_site, 0));
}

/* The first block of a pool begins where the heap's block begins: two records, two ends. */
static void test_same_address(void **state)
{
    (void)state;
    heaptrail_block_row_t found;
    size_t offset;
    assert_true(take(START, 40));
    unit_check(&s_tracker);
    assert_true(ht_query_whois(&s_tracker, START, &found, &offset));
    assert_int_equal(found.size_bytes, 40);
    assert_int_equal(found.heap_id, s_pool.index);
    assert_int_equal(found.address, START);
    assert_true(ht_query_whois(&s_tracker, START + 39, &found, &offset));
    assert_int_equal(found.size_bytes, 40);
    assert_int_equal(offset, 39);
    assert_true(ht_query_whois(&s_tracker, START + 40, &found, &offset));
    assert_int_equal(found.size_bytes, BYTES); /* in the pool, in no block of its */
    assert_int_equal(found.heap_id, 1);
    assert_true(ht_pool_end(&s_tracker, s_pool, START));
    assert_true(ht_query_whois(&s_tracker, START, &found, &offset));
    assert_int_equal(found.size_bytes, BYTES);
    assert_false(ht_pool_end(&s_tracker, s_pool, START)); /* a second free */
    assert_int_equal(unit_loss(&s_tracker).unknown_frees, 1);
    assert_true(take(START, 40));
    assert_true(ht_tracker_remove(&s_tracker, START)); /* the heap's */
    assert_int_equal(row(1)->live_bytes, 0);
    assert_int_equal(row(2)->live_bytes, 40);
}

/* Whatever the heap's free() is given, no block of a pool ends. */
static void test_no_pointer_of_the_heap_finds_a_block_of_a_pool(void **state)
{
    (void)state;
    assert_true(take(START + 64, 32));
    for (uintptr_t p = START + 1; p < START + 128; p++) {
        assert_false(ht_tracker_remove(&s_tracker, p));
    }
    assert_int_equal(row(2)->live_bytes, 32);
    ht_diagnosis_t diagnosis;
    ht_diagnose(&s_tracker, START + 64, &diagnosis); /* as a wrong free() is judged */
    assert_int_equal(ht_record_size(&diagnosis.record), BYTES);
    heaptrail_address_row_t told;
    ht_diagnose_row(&s_tracker, START + 64, &told);
    assert_int_equal(told.block.size_bytes, 32);
    assert_string_equal(told.place_name, "a pool with a l");
    assert_int_equal(told.left.address, 0); /* not the block around it */
}

static void test_not_counted_twice(void **state)
{
    (void)state;
    heaptrail_status_t status;
    for (uint32_t i = 0; i < 10; i++) {
        assert_true(take(START + 64U * i, 48));
    }
    ht_query_status(&s_tracker, &status);
    assert_int_equal(status.live_blocks, 1);
    assert_int_equal(status.live_bytes, BYTES);
    assert_int_equal(status.pools, 1);
    assert_int_equal(status.pool_blocks, 10);
    assert_int_equal(status.pool_bytes, 480);
    assert_int_equal(status.heaps, 1);
    assert_int_equal(row(1)->live_bytes, BYTES);
    assert_int_equal(row(1)->peak_bytes, BYTES); /* not even for a moment */
    ht_tracker_add(&s_tracker, 0x9000, 8, unit_origin(&s_tracker, NULL, 1));
    assert_int_equal(row(1)->live_bytes, BYTES + 8); /* the heap is found again */
}

static void test_a_block_whose_end_was_missed(void **state)
{
    (void)state;
    assert_true(take(START, 10));
    assert_true(take(START, 20));
    assert_int_equal(row(2)->total_blocks - row(2)->freed_blocks, 1);
    assert_int_equal(row(2)->live_bytes, 20);
}

static bool odd_ones(void *context, void *block, size_t size)
{
    assert_int_equal(g_fake.held, 0);
    assert_int_equal(size, 16);
    (*(unsigned *)context)++;
    return ((uintptr_t)block / 16U) % 2U == 1U;
}

static void test_clear_and_sweep(void **state)
{
    (void)state;
    unsigned asked = 0;
    for (uint32_t i = 0; i < 60; i++) {
        assert_true(take(START + 16U * i, 16));
    }
    assert_int_equal(ht_pool_sweep(&s_tracker, s_pool, odd_ones, &asked), 30);
    assert_true(asked >= 60);
    unit_check(&s_tracker);
    assert_int_equal(row(2)->live_bytes, 30 * 16);
    assert_int_equal(ht_pool_sweep(&s_tracker, s_pool, NULL, NULL), 30);
    assert_int_equal(ht_pool_sweep(&s_tracker, s_pool, NULL, NULL), 0);
    assert_int_equal(row(2)->live_bytes, 0);
    assert_int_equal(row(1)->live_bytes, BYTES); /* the heap's own block lives on */
}

/* While it is decided, the block ends and another one takes its place: that one lives. */
static bool replace(void *context, void *block, size_t size)
{
    (void)size;
    unsigned *times = context;
    if ((*times)++ != 0) { return false; }
    assert_true(ht_pool_end(&s_tracker, s_pool, (uintptr_t)block));
    assert_true(take((uintptr_t)block, 24));
    return true;
}

static void test_a_sweep_ends_only_what_was_judged(void **state)
{
    (void)state;
    unsigned times = 0;
    assert_true(take(START, 24));
    assert_int_equal(ht_pool_sweep(&s_tracker, s_pool, replace, &times), 0);
    assert_int_equal(row(2)->live_bytes, 24);
}

static void test_rows(void **state)
{
    (void)state;
    bool overlaps;
    uint32_t ended;
    assert_int_equal(ht_pool_add(&s_tracker, START + BYTES - 4, 8, "x", &overlaps).index, 0);
    assert_true(overlaps);
    assert_int_equal(ht_pool_add(&s_tracker, START - 4, 5, "x", &overlaps).index, 0);
    assert_true(overlaps);
    assert_true(ht_pool_holds(&s_tracker, s_pool, START + BYTES - 4, 4));
    assert_false(ht_pool_holds(&s_tracker, s_pool, START + BYTES - 4, 5));
    assert_false(ht_pool_holds(&s_tracker, s_pool, START - 4, 4));
    assert_false(ht_pool_holds(&s_tracker, s_pool, START, SIZE_MAX));
    for (uint32_t id = 3; id <= HT_HEAPS_MAX; id++) {
        assert_int_equal(
            ht_pool_add(&s_tracker, 0x90000U + 0x100U * id, 0x100, "x", &overlaps).index, id);
    }
    assert_int_equal(ht_pool_add(&s_tracker, 0x80000, 0x100, "x", &overlaps).index, 0);
    assert_false(overlaps);
    assert_true(take(START, 8));
    assert_true(ht_pool_remove(&s_tracker, s_pool, &ended));
    assert_int_equal(ended, 1);
    assert_false(ht_pool_remove(&s_tracker, s_pool, &ended));
    assert_false(ht_pool_exists(&s_tracker, s_pool));
    assert_int_equal(ht_pool_add(&s_tracker, START, BYTES, "again", &overlaps).index, 2);
    assert_int_equal(row(2)->total_blocks, 0);
}

static void test_reset(void **state)
{
    (void)state;
    assert_true(take(START, 8));
    ht_tracker_reset(&s_tracker);
    assert_int_equal(row(2)->live_bytes, 0);
    assert_true(take(START, 8)); /* the pool is still one */
    assert_int_equal(row(2)->live_bytes, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same_address, make, drop),
        cmocka_unit_test_setup_teardown(test_no_pointer_of_the_heap_finds_a_block_of_a_pool, make,
                                        drop),
        cmocka_unit_test_setup_teardown(test_not_counted_twice, make, drop),
        cmocka_unit_test_setup_teardown(test_a_block_whose_end_was_missed, make, drop),
        cmocka_unit_test_setup_teardown(test_clear_and_sweep, make, drop),
        cmocka_unit_test_setup_teardown(test_a_sweep_ends_only_what_was_judged, make, drop),
        cmocka_unit_test_setup_teardown(test_rows, make, drop),
        cmocka_unit_test_setup_teardown(test_reset, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
