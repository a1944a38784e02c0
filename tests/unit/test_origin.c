/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

static ht_tracker_t s_tracker;
static const heaptrail_site_t s_sites[4096];
static const uintptr_t s_frames[4] = {0x400D1000, 0x400D2000, 0x400D3000, 0x400D4000};

static uint32_t intern(const ht_origin_key_t *key)
{
    return ht_origin_intern(&s_tracker.origins, &s_tracker.lock, key).index;
}

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

static void test_each_field_of_the_key_counts(void **state)
{
    (void)state;
    const ht_origin_key_t keys[] = {
        {.site = &s_sites[0]},
        {.site = &s_sites[1]},
        {.site = NULL},
        {.site = &s_sites[0], .caps = 1},
        {.site = &s_sites[0], .caps = UINT32_MAX},
        {.site = &s_sites[0], .method = 1},
        {.site = &s_sites[0], .frames = s_frames, .depth = 1},
        {.site = &s_sites[0], .frames = s_frames, .depth = 2},
        {.site = &s_sites[0], .frames = s_frames + 1, .depth = 2},
        {.site = NULL, .frames = s_frames, .depth = 4},
    };
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < ENTRIES(keys); i++) {
            assert_int_equal(intern(&keys[i]), i + 1U);
        }
    }
    assert_int_equal(s_tracker.origins.count, ENTRIES(keys));
    assert_int_equal(s_tracker.origins.frames_used, 1 + 2 + 2 + 4);
    assert_int_equal(s_tracker.origins.lost_origins, 0);
}

static void test_find_of_what_is_not_there(void **state)
{
    (void)state;
    const ht_origin_key_t key = {.site = &s_sites[7]};
    ht_origin_id_t id = {99};
    assert_false(ht_origin_find(&s_tracker.origins, &key, ht_origin_hash(&key), &id));
    assert_int_equal(id.index, 0);
}

static void test_full_index_counts_under_unknown(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 30; i++) {
        const ht_origin_key_t key = {.site = &s_sites[i]};
        assert_int_equal(intern(&key), i < unit_sizes.max_origins ? i + 1U : 0U);
    }
    assert_int_equal(unit_loss(&s_tracker).origins_full, 10);
    ht_tracker_add(&s_tracker, 0x1000, 7, (ht_origin_id_t){0});
    heaptrail_site_row_t row;
    assert_true(ht_query_site(&s_tracker, 0, &row));
    assert_int_equal(row.live_bytes, 7);
    assert_null(row.origin.site);
}

static void test_full_depot_counts_and_keeps_the_rest(void **state)
{
    (void)state;
    uintptr_t frames[HT_STACK_DEPTH_MAX] = {0};
    ht_origin_key_t key = {.frames = frames, .depth = HT_STACK_DEPTH_MAX};
    frames[31] = 1;
    assert_int_equal(intern(&key), 1);
    frames[31] = 2;
    assert_int_equal(intern(&key), 2); /* 64 words in use: full */
    frames[31] = 3;
    key.depth = 2;
    assert_int_equal(intern(&key), 0);
    assert_int_equal(unit_loss(&s_tracker).frames_full, 1);
    key.depth = 0;
    assert_int_equal(intern(&key), 3); /* needs no room there */
    key.depth = 1;
    frames[0] = 0x400D1234U;
    assert_int_equal(intern(&key), 4); /* nor does a lone caller: it is kept in the origin */
    heaptrail_site_row_t row;
    assert_true(ht_query_site(&s_tracker, 4, &row));
    assert_int_equal(row.origin.frame_count, 1);
    assert_int_equal(row.origin.frames[0], 0x400D1234U);
    frames[0] = 0;
    frames[31] = 1;
    key.depth = HT_STACK_DEPTH_MAX;
    assert_int_equal(intern(&key), 1);
}

static ht_origin_key_t s_inside[2];
static uint32_t s_inside_id[2];
static int s_inside_count;

static void intern_inside(void)
{
    g_fake.on_unlock = NULL;
    for (int i = 0; i < s_inside_count; i++) {
        s_inside_id[i] = intern(&s_inside[i]);
    }
}

static void test_same_key_from_an_interrupt_gets_the_same_number(void **state)
{
    (void)state;
    const ht_origin_key_t key = {.site = &s_sites[0], .frames = s_frames, .depth = 3};
    s_inside[0] = key;
    s_inside_count = 1;
    g_fake.on_unlock = intern_inside; /* right after the number was reserved */
    uint32_t id = intern(&key);
    assert_int_equal(id, s_inside_id[0]);
    assert_int_not_equal(id, 0);
    assert_int_equal(intern(&key), id);
}

static void test_interrupt_that_interns_another_key_too(void **state)
{
    (void)state;
    const ht_origin_key_t key = {.site = &s_sites[0], .frames = s_frames, .depth = 3};
    s_inside[0] = (ht_origin_key_t){.site = &s_sites[1]};
    s_inside[1] = key;
    s_inside_count = 2;
    g_fake.on_unlock = intern_inside;
    uint32_t id = intern(&key);
    assert_int_equal(id, s_inside_id[1]);
    assert_int_not_equal(id, s_inside_id[0]);
    assert_int_equal(intern(&s_inside[0]), s_inside_id[0]);
    assert_int_equal(intern(&key), id);
}

/* As many keys as are probed start at the same entry: the next finds no place, leaves no trace. */
static void test_crowded_index_gives_the_number_back(void **state)
{
    (void)state;
    ht_sizes_t sizes = unit_sizes;
    sizes.max_origins = 60;
    sizes.frame_words = 4 * 60;
    unit_free(&s_tracker);
    unit_make(&s_tracker, &sizes);
    ht_origin_key_t key = {.site = &s_sites[5], .frames = s_frames, .depth = 3};
    for (uint32_t i = 0; i < HT_ORIGIN_PROBES + 1U; i++) {
        do {
            key.caps++;
        } while ((ht_origin_hash(&key) & s_tracker.origins.index_mask) != 60);
        assert_int_equal(intern(&key), i < HT_ORIGIN_PROBES ? i + 1U : 0);
    }
    assert_int_equal(s_tracker.origins.count, HT_ORIGIN_PROBES);
    assert_int_equal(s_tracker.origins.frames_used, 3 * HT_ORIGIN_PROBES);
    assert_int_equal(unit_loss(&s_tracker).origins_full, 1);
    ht_origin_key_t other = {.site = &s_sites[6], .frames = s_frames, .depth = 4};
    while ((ht_origin_hash(&other) & s_tracker.origins.index_mask) == 60) { /* by its address */
        other.caps++;
    }
    assert_int_equal(intern(&other), HT_ORIGIN_PROBES + 1);
}

static void test_cached_number_is_believed_only_for_its_site(void **state)
{
    (void)state;
    const ht_origin_key_t key = {.site = &s_sites[3], .caps = 4};
    uint32_t id = intern(&key);
    assert_true(ht_origin_is_site(&s_tracker.origins, id, &s_sites[3], 4));
    assert_false(ht_origin_is_site(&s_tracker.origins, id, &s_sites[3], 5));
    assert_false(ht_origin_is_site(&s_tracker.origins, id, &s_sites[4], 4));
    assert_false(ht_origin_is_site(&s_tracker.origins, 0, NULL, 0));
    assert_false(ht_origin_is_site(&s_tracker.origins, 21, &s_sites[3], 4));
    assert_false(ht_origin_is_site(&s_tracker.origins, UINT32_MAX, &s_sites[3], 4));
}

typedef struct {
    uint32_t hash, number;
} hashed_t;

static int by_hash(const void *a, const void *b)
{
    const hashed_t *x = a;
    const hashed_t *y = b;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

static void stack_of(uint32_t number, uintptr_t frames[2])
{
    frames[0] = 0x400D0000U + (number * 2654435761U >> 12) * 2U;
    frames[1] = 0x400D0000U + (number * 2246822519U >> 11) * 2U;
}

static uint32_t intern_stack(uint32_t number)
{
    uintptr_t frames[2];
    stack_of(number, frames);
    const ht_origin_key_t key = {.frames = frames, .depth = 2};
    return intern(&key);
}

/* Stacks whose hashes are equal, by the birthday paradox, are told apart all the same. */
static void test_equal_hashes_of_unequal_stacks(void **state)
{
    (void)state;
    enum { STACKS = 300000 };
    hashed_t *all = calloc(STACKS, sizeof(*all));
    assert_non_null(all);
    for (uint32_t i = 0; i < STACKS; i++) {
        uintptr_t frames[2];
        stack_of(i, frames);
        all[i] = (hashed_t){ht_origin_hash(&(ht_origin_key_t){.frames = frames, .depth = 2}), i};
    }
    qsort(all, STACKS, sizeof(*all), by_hash);
    uint32_t pairs = 0;
    for (uint32_t i = 1; i < STACKS && pairs < 8; i++) {
        if (all[i].hash == all[i - 1U].hash) {
            uint32_t one = intern_stack(all[i].number);
            uint32_t two = intern_stack(all[i - 1U].number);
            assert_int_not_equal(one, two);
            assert_int_equal(intern_stack(all[i].number), one);
            pairs++;
        }
    }
    print_message("%u pairs of stacks with equal hashes\n", (unsigned)pairs);
    assert_int_not_equal(pairs, 0);
    free(all);
}

/* What the linker's wraps use: a single return address, looked up inline. */
static void test_origin_of_a_caller(void **state)
{
    (void)state;
    uintptr_t callers[6];
    for (uint32_t i = 0; i < 6; i++) {
        callers[i] = 0x400D0000U + 4U * i;
        const ht_origin_key_t key = {
            .frames = &callers[i], .depth = 1, .caps = i % 2U, .method = 3};
        uint32_t id = ht_origin_of_caller(&s_tracker.origins, &s_tracker.callers, &s_tracker.lock,
                                          callers[i], i % 2U, 3)
                          ->id;
        assert_int_equal(id, i + 1U);
        assert_int_equal(intern(&key), id); /* the same as the long way */
        uint64_t locks = g_fake.locks;
        for (int again = 0; again < 3; again++) {
            assert_int_equal(ht_origin_of_caller(&s_tracker.origins, &s_tracker.callers,
                                                 &s_tracker.lock, callers[i], i % 2U, 3)
                                 ->id,
                             id);
        }
        assert_int_equal(g_fake.locks, locks);
    }
}

/* Bucket b counts lives of [2^(b-1), 2^b) ticks. */
static void test_lifetimes_at_each_edge(void **state)
{
    (void)state;
    ht_bit_lengths_t length;
    ht_bit_lengths_init(&length);
    for (uint32_t b = 0; b < 31; b++) {
        ht_origin_t origin = {.live_bytes = 4, .total_blocks = 2};
        uint32_t into = b < 19 ? b : 19;
        ht_tick_t low = b == 0 ? 0 : (ht_tick_t)1 << (b - 1U);
        ht_tick_t high = ((ht_tick_t)1 << b) - 1U;
        ht_origin_remove(&origin, 2, ht_lifetime_bucket(&length, low));
        ht_origin_remove(&origin, 2, ht_lifetime_bucket(&length, high));
        assert_int_equal(origin.lifetimes[into], 2);
        assert_int_equal(ht_origin_live_blocks(&origin), 0);
        assert_int_equal(origin.live_bytes, 0);
    }
    /* A stamp that was borrowed from the future. */
    assert_int_equal(ht_lifetime_bucket(&length, ~(ht_tick_t)0), 0);
    assert_int_equal(ht_lifetime_bucket(&length, ~(ht_tick_t)0 >> 1), 19);
}

static void test_lifetimes_stop_at_their_most(void **state)
{
    (void)state;
    ht_origin_t origin = {.total_blocks = 70000};
    for (uint32_t i = 0; i < 70000; i++) {
        ht_origin_remove(&origin, 0, 0);
    }
    assert_int_equal(origin.lifetimes[0], UINT16_MAX);
    assert_int_equal(origin.lifetimes[1], 0);
    assert_int_equal(ht_origin_freed_blocks(&origin), 70000);
}

/* Up to the last one: descriptors one after another in flash, with few capabilities. */
static void test_all_origins_that_were_asked_for_can_be_used(void **state)
{
    (void)state;
    for (uint32_t max = 1; max <= 4096; max *= 4) {
        ht_sizes_t sizes = unit_sizes;
        sizes.max_origins = max;
        ht_tracker_t tracker;
        unit_make(&tracker, &sizes);
        for (uint32_t i = 0; i < max; i++) {
            const uintptr_t site = 0x3C020000U + i * sizeof(heaptrail_site_t); /* never read */
            (void)unit_origin(&tracker, (const heaptrail_site_t *)site, i % 3U);
        }
        print_message("max_origins %u: %u lost\n", (unsigned)max,
                      (unsigned)tracker.origins.lost_origins);
        assert_int_equal(tracker.origins.lost_origins, 0);
        unit_check(&tracker);
        unit_free(&tracker);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_field_of_the_key_counts, make, drop),
        cmocka_unit_test_setup_teardown(test_find_of_what_is_not_there, make, drop),
        cmocka_unit_test_setup_teardown(test_full_index_counts_under_unknown, make, drop),
        cmocka_unit_test_setup_teardown(test_full_depot_counts_and_keeps_the_rest, make, drop),
        cmocka_unit_test_setup_teardown(test_same_key_from_an_interrupt_gets_the_same_number, make,
                                        drop),
        cmocka_unit_test_setup_teardown(test_interrupt_that_interns_another_key_too, make, drop),
        cmocka_unit_test_setup_teardown(test_crowded_index_gives_the_number_back, make, drop),
        cmocka_unit_test_setup_teardown(test_cached_number_is_believed_only_for_its_site, make,
                                        drop),
        cmocka_unit_test_setup_teardown(test_equal_hashes_of_unequal_stacks, make, drop),
        cmocka_unit_test_setup_teardown(test_origin_of_a_caller, make, drop),
        cmocka_unit_test(test_lifetimes_at_each_edge),
        cmocka_unit_test(test_lifetimes_stop_at_their_most),
        cmocka_unit_test(test_all_origins_that_were_asked_for_can_be_used),
    };
    return cmocka_run_group_tests(tests, unit_setup, NULL);
}
