/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <stdio.h>

#include "table_load.h"

static void test_record_keeps_each_field_at_its_extremes(void **state)
{
    (void)state;
    const uint32_t origin_max = (uint32_t)HT_MASK(HT_ORIGIN_BITS);
    const uint32_t task_max = (uint32_t)HT_MASK(HT_TASK_BITS);
    const uint32_t heap_max = (uint32_t)HT_MASK(HT_HEAP_BITS);
    for (unsigned bits = 0; bits < 256; bits++) { /* each field at 0 or at its most */
        ht_record_t record = {.address = ~(uintptr_t)0, .tick = (ht_tick_t) ~(ht_tick_t)0};
        size_t size = (bits & 1U) ? HT_SIZE_MAX : 0;
        uint32_t heap = (bits & 2U) ? heap_max : 0;
        unsigned core = (bits >> 2) & 1U;
        uint32_t origin = (bits & 8U) ? origin_max : 0;
        uint32_t task = (bits & 16U) ? task_max : 0;
        uint32_t order = (bits & 32U) ? HT_ORDER_MAX : 0;
        uint32_t guard = bits >> 6;
        record.what = ht_record_what(size, order);
        record.who = ht_record_who((ht_origin_id_t){origin}, (ht_task_id_t){task},
                                   (ht_heap_id_t){heap}, core) |
                     ((ht_word_t)guard << HT_GUARD_SHIFT);
        assert_true(ht_record_size(&record) == size);
        assert_int_equal(ht_record_heap(&record).index, heap);
        assert_int_equal(ht_record_core(&record), core);
        assert_int_equal(ht_record_guard(&record), guard);
        assert_false(ht_record_is_tcb(&record));
        assert_int_equal(ht_record_origin(&record).index, origin);
        assert_int_equal(ht_record_task(&record).index, task);
        assert_int_equal(ht_record_stamp(&record).order, order);
        record.who |= (ht_word_t)1 << HT_TCB_SHIFT;
        assert_true(ht_record_is_tcb(&record));
        assert_int_equal(ht_record_origin(&record).index, origin);
        assert_int_equal(ht_record_task(&record).index, task);
        assert_int_equal(ht_record_stamp(&record).order, order);
    }
#if !HT_64BIT
    assert_int_equal(HT_SIZE_MAX, (1U << 25) - 1U);
#endif
}

static void test_stamps_are_ordered_across_the_wrap(void **state)
{
    (void)state;
    const ht_tick_t last = (ht_tick_t) ~(ht_tick_t)0;
    assert_true(ht_stamp_after((ht_stamp_t){5, 1}, (ht_stamp_t){5, 0}));
    assert_false(ht_stamp_after((ht_stamp_t){5, 0}, (ht_stamp_t){5, 0}));
    assert_true(ht_stamp_after((ht_stamp_t){0, 0}, (ht_stamp_t){last, HT_ORDER_MAX}));
    assert_false(ht_stamp_after((ht_stamp_t){last, HT_ORDER_MAX}, (ht_stamp_t){0, 0}));
    assert_true(ht_stamp_after((ht_stamp_t){TICK_HALF - 1U, 0}, (ht_stamp_t){0, 0}));
    assert_false(ht_stamp_after((ht_stamp_t){0, 0}, (ht_stamp_t){TICK_HALF - 1U, 0}));
}

static void test_buckets_hold_what_they_promise(void **state)
{
    (void)state;
    assert_int_equal(ht_table_buckets_for(0), 0);
    assert_int_equal(ht_table_buckets_for(UINT32_MAX), 0);
    for (uint32_t max = 1; max < 5000; max++) {
        uint32_t buckets = ht_table_buckets_for(max);
        assert_in_range(buckets * 7U, max, max + 6U);
    }
    assert_true(ht_table_buckets_for(1U << 24) * 7U >= 1U << 24);
}

typedef struct {
    ht_table_t table;
    ht_bucket_t memory[4];
} small_t;

static small_t *small_new(uint32_t buckets)
{
    small_t *small = calloc(1, sizeof(*small));
    assert_non_null(small);
    ht_table_init(&small->table, small->memory, buckets);
    return small;
}

static ht_record_t *put(small_t *small, uintptr_t address)
{
    ht_record_t *record = ht_table_insert(&small->table, address);
    if (record != NULL) { record->address = address; }
    return record;
}

static void test_empty_table_finds_nothing(void **state)
{
    (void)state;
    small_t *small = small_new(3);
    assert_null(ht_table_find(&small->table, 4));
    assert_null(ht_table_find(&small->table, ~(uintptr_t)0));
    assert_int_equal(small->table.limit, 21);
    free(small);
}

static void test_full_table_refuses_and_keeps(void **state)
{
    (void)state;
    small_t *small = small_new(1);
    for (uintptr_t i = 1; i <= 7; i++) {
        assert_non_null(put(small, 16U * i));
    }
    assert_null(put(small, 16U * 8U));
    assert_int_equal(small->table.count, 7);
    for (uintptr_t i = 1; i <= 7; i++) {
        assert_int_equal(ht_table_find(&small->table, 16U * i)->address, 16U * i);
    }
    ht_table_erase(&small->table, ht_table_find(&small->table, 48));
    assert_null(ht_table_find(&small->table, 48));
    assert_non_null(put(small, 16U * 8U));
    free(small);
}

/* The next address after `from` whose two buckets are both `bucket`. */
static uintptr_t address_for(const ht_table_t *table, uintptr_t from, uint32_t bucket)
{
    for (;;) {
        from += 4;
        uint32_t hash = ht_table_hash(from);
        if (ht_table_first(table, hash) == bucket && ht_table_second(table, hash) == bucket) {
            return from;
        }
    }
}

static void test_stash_takes_what_fits_nowhere_and_gives_it_back(void **state)
{
    (void)state;
    small_t *small = small_new(3);
    uintptr_t address[17];
    uintptr_t at = 0x3FC80000U;
    for (unsigned i = 0; i < 16; i++) {
        address[i] = at = address_for(&small->table, at, 1);
        assert_non_null(put(small, at));
        assert_int_equal(small->table.stash_count, i < 8 ? 0 : i - 7);
    }
    address[16] = address_for(&small->table, at, 1);
    assert_null(put(small, address[16])); /* crowded: 16 of 21 are in use */
    assert_int_equal(small->table.count, 16);
    for (unsigned i = 0; i < 16; i++) {
        assert_non_null(ht_table_find(&small->table, address[i]));
    }
    assert_null(ht_table_find(&small->table, address[16]));
    uint32_t moves = small->table.moves;
    ht_table_erase(&small->table, ht_table_find(&small->table, address[0]));
    assert_int_equal(small->table.stash_count, 7); /* one came back from the stash */
    assert_int_equal(small->table.moves, moves + 1U);
    ht_table_erase(&small->table, ht_table_find(&small->table, address[15]));
    assert_int_equal(small->table.stash_count, 6);
    for (unsigned i = 1; i < 15; i++) {
        assert_non_null(ht_table_find(&small->table, address[i]));
    }
    free(small);
}

static void test_held_slots_are_neither_moved_nor_found(void **state)
{
    (void)state;
    small_t *small = small_new(3);
    uintptr_t at = 0x3FC80000U;
    ht_record_t *held[8];
    for (unsigned i = 0; i < 8; i++) {
        at = address_for(&small->table, at, 0);
        held[i] = put(small, at);
        ht_table_hold(held[i]);
        assert_null(ht_table_find(&small->table, at));
    }
    at = address_for(&small->table, at, 0);
    assert_non_null(put(small, at)); /* all eight residents held: the stash it is */
    assert_int_equal(small->table.stash_count, 1);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(held[i]->address, HT_ADDRESS_HELD);
    }
    ht_table_hold(ht_table_find(&small->table, at));
    ht_table_erase(&small->table, held[3]); /* what is held in the stash stays there */
    assert_int_equal(small->table.stash_count, 1);
    assert_int_equal(held[3]->address, HT_ADDRESS_EMPTY);
    free(small);
}

/* Under an emulator and a sanitizer, fewer rounds say the same. */
static uint32_t rounds_for(uint32_t max_blocks)
{
    const char *more = getenv("HEAPTRAIL_ROUNDS");
    uint32_t rounds = sizeof(void *) == 8 ? 100000U : 20000U;
    if (more != NULL) { rounds = (uint32_t)strtoul(more, NULL, 10); }
    return rounds + 2U * max_blocks;
}

static void test_no_crowding_at_seven_eighths(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 7, 30, 100, 1000, 10000};
    for (unsigned s = 0; s < ENTRIES(sizes); s++) {
        table_load_t sum = {0};
        for (int p = 0; p < ADDRESSES_PATTERNS; p++) {
            table_load_t one =
                load_churn(sizes[s], (address_pattern_t)p, rounds_for(sizes[s]), 1U + s);
            sum.inserts += one.inserts;
            sum.crowded += one.crowded;
            sum.moves += one.moves;
            if (one.stash_at_most > sum.stash_at_most) { sum.stash_at_most = one.stash_at_most; }
        }
        print_message("max_blocks %5u: %llu inserts at the limit, %llu crowded, %.1f %% moved one, "
                      "stash <= %u\n",
                      (unsigned)sizes[s], (unsigned long long)sum.inserts,
                      (unsigned long long)sum.crowded,
                      100.0 * (double)sum.moves / (double)sum.inserts, (unsigned)sum.stash_at_most);
        assert_int_equal(sum.crowded, 0);
    }
}

/* Blocks of some sizes by turns, as lists of nodes with their texts make them: fill a table to its
 * limit. Returns how many found no room. */
static uint32_t fill_by_turns(uint32_t max_blocks, uint64_t *random)
{
    const size_t unit = HT_64BIT ? 16U : 4U;
    size_t step[4];
    uint32_t steps = 1U + load_random(random) % 4U;
    for (uint32_t i = 0; i < steps; i++) {
        step[i] = unit * (3U + load_random(random) % 200U);
    }
    ht_table_t table;
    uint32_t buckets = ht_table_buckets_for(max_blocks);
    ht_bucket_t *memory = calloc(buckets + 1U, sizeof(*memory));
    uintptr_t address = (uintptr_t)0x3fc80000U + unit * (load_random(random) % 1000U);
    uint32_t crowded = 0;
    ht_table_init(&table, memory, buckets);
    for (uint32_t i = 0; i < table.limit; i++) {
        ht_record_t *record = ht_table_insert(&table, address);
        if (record != NULL) {
            record->address = address;
        } else {
            crowded++;
        }
        address += step[i % steps];
    }
    free(memory);
    return crowded;
}

static void test_no_crowding_by_sizes_in_turn(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {100, 1000, 2000, 14000, 56000};
    for (unsigned s = 0; s < ENTRIES(sizes); s++) {
        uint32_t patterns = 1U + 2000000U / sizes[s];
        for (uint32_t pattern = 1; pattern <= patterns; pattern++) {
            uint64_t random = pattern * UINT64_C(0x9E3779B97F4A7C15);
            uint32_t crowded = fill_by_turns(sizes[s], &random);
            if (crowded != 0) {
                fail_msg("%u blocks, pattern %u: %u found no room", (unsigned)sizes[s],
                         (unsigned)pattern, (unsigned)crowded);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_keeps_each_field_at_its_extremes),
        cmocka_unit_test(test_stamps_are_ordered_across_the_wrap),
        cmocka_unit_test(test_buckets_hold_what_they_promise),
        cmocka_unit_test(test_empty_table_finds_nothing),
        cmocka_unit_test(test_full_table_refuses_and_keeps),
        cmocka_unit_test(test_stash_takes_what_fits_nowhere_and_gives_it_back),
        cmocka_unit_test(test_held_slots_are_neither_moved_nor_found),
        cmocka_unit_test(test_no_crowding_at_seven_eighths),
        cmocka_unit_test(test_no_crowding_by_sizes_in_turn),
    };
    return cmocka_run_group_tests(tests, unit_setup, NULL);
}
