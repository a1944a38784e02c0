/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The low-memory trigger: its decisions, its budget, its snapshot; memory is what the test says. */
#include "ht_lowmem.h"
#include "unit.h"

#define KIB 1024U

static ht_tracker_t s_tracker;
static ht_lowmem_watch_t s_watch[3];
static size_t s_free;
static unsigned s_looks;
static unsigned s_wakes;
static const heaptrail_site_t s_site = {"a.c", "f", "v", 1, HEAPTRAIL_METHOD_MALLOC};
static const heaptrail_site_t s_other = {"b.c", "g", "w", 2, HEAPTRAIL_METHOD_MALLOC};

static void (*s_on_look)(void); /* another core, while memory is looked at */

static size_t free_bytes(uint32_t caps)
{
    assert_int_equal(g_fake.held, 0);
    s_looks++;
    size_t seen = caps == 2 ? 8 * s_free : s_free;
    if (s_on_look != NULL) { s_on_look(); }
    return seen;
}

static void wake(void)
{
    assert_int_equal(g_fake.held, 0);
    s_wakes++;
}

static int make(void **state)
{
    (void)state;
    fake_port_reset();
    unit_make(&s_tracker, &unit_sizes);
    memset(s_watch, 0, sizeof(s_watch));
    s_free = 100 * KIB;
    s_looks = s_wakes = 0;
    s_on_look = NULL;
    ht_lowmem_open(&s_tracker, s_watch, 3, free_bytes, wake);
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

static const ht_lowmem_levels_t s_levels = {1, 20 * KIB, 24 * KIB, 0, 0};

static uint32_t watch(const ht_lowmem_levels_t *levels)
{
    const ht_lowmem_seen_t seen = {s_free, s_free, true};
    return ht_lowmem_add(&s_tracker, levels, &seen, (ht_lowmem_listener_t){0});
}

/* An allocation takes memory; its address is what is left. */
static uintptr_t take(size_t size, const heaptrail_site_t *site)
{
    s_free -= size;
    uintptr_t address = 0x100000U + 8U * s_free;
    ht_tracker_add(&s_tracker, address, size, unit_origin(&s_tracker, site, 0));
    return address;
}

static void give(uintptr_t address, size_t size)
{
    s_free += size;
    assert_true(ht_tracker_remove(&s_tracker, address));
}

static void test_decisions(void **state)
{
    (void)state;
    static const struct {
        ht_lowmem_levels_t levels;
        ht_lowmem_seen_t seen;
        bool low, by_largest, high;
    } rows[] = {
        {{0, 100, 120, 0, 0}, {99, 0, false}, true, false, false},
        {{0, 100, 120, 0, 0}, {100, 0, false}, false, false, false},
        {{0, 100, 120, 0, 0}, {119, 0, true}, false, false, false},
        {{0, 100, 120, 0, 0}, {120, 0, true}, false, false, true},
        {{0, 0, 0, 50, 60}, {0, 49, true}, true, true, false},
        {{0, 0, 0, 50, 60}, {0, 50, true}, false, false, false},
        {{0, 0, 0, 50, 60}, {0, 60, true}, false, false, true},
        {{0, 0, 0, 50, 60}, {0, 0, false}, false, false, false}, /* not known: neither */
        {{0, 100, 120, 50, 60}, {90, 10, true}, true, false, false},
        {{0, 100, 120, 50, 60}, {110, 10, true}, true, true, false},
        {{0, 100, 120, 50, 60}, {130, 55, true}, false, false, false},
        {{0, 100, 120, 50, 60}, {130, 65, true}, false, false, true},
        {{0, SIZE_MAX, SIZE_MAX, 0, 0}, {SIZE_MAX - 1, 0, false}, true, false, false},
    };
    for (unsigned i = 0; i < ENTRIES(rows); i++) {
        bool by_largest = false;
        assert_int_equal(ht_lowmem_is_low(&rows[i].levels, &rows[i].seen, &by_largest),
                         rows[i].low);
        assert_int_equal(by_largest, rows[i].by_largest);
        assert_int_equal(ht_lowmem_is_high(&rows[i].levels, &rows[i].seen), rows[i].high);
    }
    assert_int_equal(ht_lowmem_budget_of(&s_levels, true, 50 * KIB), 30 * KIB);
    assert_int_equal(ht_lowmem_budget_of(&s_levels, true, 20 * KIB), 0);
    assert_int_equal(ht_lowmem_budget_of(&s_levels, true, 0), 0);
    assert_int_equal(ht_lowmem_budget_of(&s_levels, false, 0), 1 * KIB);
    assert_true(ht_lowmem_budget_of(&rows[4].levels, true, 0) == SIZE_MAX);
}

/* It fires in the very allocation that crosses the level, and says which one that was. */
static void test_fires_in_the_allocation_that_crosses(void **state)
{
    (void)state;
    assert_int_equal(watch(&s_levels), 0);
    unit_be(0x2000, "eater");
    g_fake.tick = 77;
    while (s_free >= 20 * KIB + 1700) {
        assert_int_equal(s_watch[0].fired, 0);
        (void)take(1700, &s_site);
    }
    (void)take(1701, &s_other);
    const ht_lowmem_watch_t *low = &s_watch[0];
    assert_int_equal(low->fired, 1);
    assert_int_equal(s_wakes, 1);
    assert_int_equal(low->facts.cause, HEAPTRAIL_LOWMEM_ALLOCATION);
    assert_int_equal(low->facts.size, 1701);
    assert_ptr_equal(s_tracker.origins.origins[low->facts.origin.index].site, &s_other);
    assert_string_equal(s_tracker.tasks.rows[low->facts.task.index].name, "eater");
    assert_int_equal(low->tick, 77);
    assert_int_equal(low->seen.free_bytes, s_free);
    assert_true(low->frozen);
    assert_int_equal(low->site_count, 2);
    assert_ptr_equal(s_tracker.origins.origins[low->site[0].origin].site, &s_site);
    assert_int_equal(low->site[0].bytes, low->site[0].blocks * 1700U);
    assert_int_equal(low->site[1].bytes, 1701);
    assert_int_equal(low->drift_made + low->drift_ended, 0);
}

/* Far from the level memory is hardly ever looked at; without a watch never. */
static void test_looks_are_rare(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        give(take(100, &s_site), 100);
    }
    assert_int_equal(s_looks, 0);
    assert_false(s_tracker.filtering);
    uint32_t id = watch(&s_levels);
    assert_true(s_tracker.filtering);
    for (unsigned i = 0; i < 1000; i++) {
        give(take(100, &s_site), 100);
    }
    assert_in_range(s_looks, 1, 8); /* each 80 KiB, with what a block may take beside its size */
    assert_true(ht_lowmem_remove(&s_tracker, id));
    assert_false(s_tracker.filtering);
    assert_false(ht_lowmem_remove(&s_tracker, id));
    assert_false(ht_lowmem_remove(&s_tracker, 3));
    assert_false(ht_lowmem_remove(&s_tracker, UINT32_MAX));
}

/* Up and down around the level: once. Up to the second level and down again: once more. */
static void test_hysteresis(void **state)
{
    (void)state;
    (void)watch(&s_levels);
    s_free = 20 * KIB + 100;
    for (unsigned i = 0; i < 500; i++) {
        give(take(200, &s_site), 200);
    }
    assert_int_equal(s_watch[0].fired, 1);
    s_free = 23 * KIB; /* between the two levels */
    for (unsigned i = 0; i < 500; i++) {
        give(take(4000, &s_site), 4000);
    }
    assert_int_equal(s_watch[0].fired, 1);
    s_free = 30 * KIB;
    for (unsigned i = 0; i < 100; i++) {
        give(take(100, &s_site), 100); /* seen to be high again */
    }
    assert_true(s_watch[0].armed);
    s_free = 20 * KIB + 100;
    for (unsigned i = 0; i < 500; i++) {
        give(take(200, &s_site), 200);
    }
    assert_int_equal(s_watch[0].fired, 2);
    assert_int_equal(s_wakes, 2);
}

/* A watch on what is low already waits for it to be high. */
static void test_low_from_the_start(void **state)
{
    (void)state;
    s_free = 10 * KIB;
    (void)watch(&s_levels);
    assert_false(s_watch[0].armed);
    for (unsigned i = 0; i < 100; i++) {
        give(take(1000, &s_site), 1000);
    }
    assert_int_equal(s_watch[0].fired, 0);
}

static void test_several_watches(void **state)
{
    (void)state;
    const ht_lowmem_levels_t early = {1, 60 * KIB, 70 * KIB, 0, 0};
    const ht_lowmem_levels_t elsewhere = {2, 20 * KIB, 24 * KIB, 0,
                                          0}; /* has eight times as much */
    assert_int_equal(watch(&s_levels), 0);
    assert_int_equal(watch(&early), 1);
    assert_int_equal(watch(&elsewhere), 2);
    assert_true(watch(&early) == UINT32_MAX);
    while (s_free > 59 * KIB) {
        (void)take(2000, &s_site);
    }
    assert_int_equal(s_watch[1].fired, 1);
    assert_int_equal(s_watch[0].fired, 0);
    while (s_free > 19 * KIB) {
        (void)take(2000, &s_site);
    }
    assert_int_equal(s_watch[0].fired, 1);
    assert_int_equal(s_watch[1].fired, 1);
    assert_int_equal(s_watch[2].fired, 0);
    assert_true(ht_lowmem_remove(&s_tracker, 1));
    assert_int_equal(watch(&s_levels), 1); /* its place is free again */
    assert_int_equal(s_watch[1].fired, 0);
}

/* Blocks that get no record, or do not pass a filter, take memory as well. */
static void test_unrecorded_blocks_count(void **state)
{
    (void)state;
    (void)watch(&s_levels);
    const ht_filter_t filter = {.size_min = 5000};
    ht_tracker_set_filter(&s_tracker, &filter);
    while (s_free >= 20 * KIB) {
        (void)take(900, &s_site);
    }
    assert_int_equal(s_watch[0].fired, 1);
    assert_int_equal(s_watch[0].site_count, 0);
    const ht_filter_t none = {0};
    ht_tracker_set_filter(&s_tracker, &none);
    assert_true(s_tracker.filtering); /* the watch is still there */
}

/* In an interrupt the facts are kept at once, the sites later, and how far these are off is said.
 */
static uintptr_t s_victim;

static void test_interrupts_leave_the_copy_to_a_task(void **state)
{
    (void)state;
    (void)watch(&s_levels);
    s_victim = take(1000, &s_other);
    g_fake.in_isr = true;
    (void)take(s_free - 20 * KIB + 1, &s_site);
    assert_int_equal(s_watch[0].fired, 1);
    assert_false(s_watch[0].frozen);
    assert_int_equal(s_wakes, 1);
    g_fake.in_isr = false;
    give(s_victim, 1000);
    (void)take(16, &s_site);
    (void)take(16, &s_site);
    g_fake.tick += 5;
    ht_lowmem_freeze(&s_tracker, &s_watch[0]);
    assert_true(s_watch[0].frozen);
    assert_int_equal(s_watch[0].drift_made, 2);
    assert_int_equal(s_watch[0].drift_ended, 1);
    assert_int_equal(s_watch[0].drift_ticks, 5);
    assert_int_equal(s_watch[0].site_count, 1);
}

/* With the flash cache off nobody can be asked: the next allocation does it. */
static void test_waits_for_the_flash(void **state)
{
    (void)state;
    (void)watch(&s_levels);
    (void)take(10, &s_site);
    s_free = 10 * KIB;
    g_fake.flash_off = true;
    s_looks = 0;
    (void)take(90000, &s_site);
    assert_int_equal(s_looks, 0);
    g_fake.flash_off = false;
    s_free = 10 * KIB;
    (void)take(10, &s_site);
    assert_int_equal(s_watch[0].fired, 1);
}

/* Another core allocates between any two sections of the snapshot. */
static unsigned s_room;

static void allocate_between(void)
{
    if (s_room == 0 || s_watch[0].fired == 0) { return; }
    s_room--;
    void (*again)(void) = g_fake.on_unlock;
    g_fake.on_unlock = NULL;
    (void)take(8, &s_other);
    g_fake.on_unlock = again;
}

static void test_drift_is_counted(void **state)
{
    (void)state;
    (void)watch(&s_levels);
    (void)take(10, &s_site);
    s_free = 20 * KIB + 10;
    s_room = 6;
    s_tracker.lowmem.budget = 0;
    g_fake.on_unlock = allocate_between;
    (void)take(64, &s_site);
    g_fake.on_unlock = NULL;
    assert_int_equal(s_watch[0].fired, 1);
    assert_true(s_watch[0].frozen);
    assert_in_range(s_watch[0].drift_made, 1, 6);
    assert_int_equal(s_watch[0].drift_ended, 0);
}

/* Another core's allocation goes below the level for a moment, while this one looks. */
static unsigned s_strike;

static void dip(void)
{
    if (s_strike == 0 || --s_strike != 0) { return; }
    give(take(9 * KIB, &s_other), 9 * KIB);
}

/* Look at `s_free` of memory once, and have another core dip at the n-th moment of that look. */
static void look_with_a_dip(unsigned strike)
{
    s_tracker.lowmem.budget = 0;
    s_strike = strike;
    g_fake.on_unlock = s_on_look = dip;
    give(take(8, &s_site), 8);
    g_fake.on_unlock = s_on_look = NULL;
}

static void test_a_dip_during_a_look(void **state)
{
    (void)state;
    const ht_lowmem_levels_t other = {1, 4 * KIB, 6 * KIB, 0, 0};
    unsigned strike = 0;
    do {
        (void)watch(&s_levels);
        (void)watch(&other);
        s_free = 25 * KIB;
        look_with_a_dip(++strike);
        if (s_strike == 0) {
            assert_int_equal(s_watch[0].fired, 1);
            assert_int_equal(s_watch[0].facts.size, 9 * KIB);
        }
        assert_true(s_tracker.lowmem.budget <= 5 * KIB);
        assert_true(ht_lowmem_remove(&s_tracker, 0));
        assert_true(ht_lowmem_remove(&s_tracker, 1));
    } while (s_strike == 0);
    assert_in_range(strike, 8, 40);
}

/* A look that takes long must not undo what a later one saw. */
static void rise(void)
{
    s_on_look = NULL;
    s_free = 30 * KIB;
    s_tracker.lowmem.budget = 0;
    (void)take(8, &s_other);
}

static void test_an_old_look_counts_for_nothing(void **state)
{
    (void)state;
    (void)watch(&s_levels);
    s_free = 19 * KIB;
    (void)take(8, &s_site);
    assert_int_equal(s_watch[0].fired, 1);
    s_on_look = rise; /* 19 KiB were seen; then memory rises, and another core sees that */
    s_tracker.lowmem.budget = 0;
    (void)take(8, &s_site);
    assert_true(s_watch[0].armed);
    assert_int_equal(s_watch[0].fired, 1);
}

static void fall(void)
{
    s_on_look = NULL;
    s_free = 10 * KIB;
    (void)take(8, &s_other);
}

static void test_an_old_look_does_not_arm(void **state)
{
    (void)state;
    (void)watch(&s_levels);
    s_on_look = fall; /* 100 KiB were seen; then memory falls, and another core's watch fires */
    (void)take(8, &s_site);
    assert_int_equal(s_watch[0].fired, 1);
    (void)take(2 * KIB, &s_site);
    assert_int_equal(s_watch[0].fired, 1);
    assert_false(s_watch[0].armed);
}

/* A watch that is set during a look is looked at by the next allocation. */
static void set_another(void)
{
    s_on_look = NULL;
    (void)watch(&s_levels);
}

static void test_a_watch_set_during_a_look(void **state)
{
    (void)state;
    const ht_lowmem_levels_t far = {1, 1 * KIB, 2 * KIB, 0, 0};
    (void)watch(&far);
    s_on_look = set_another;
    (void)take(8, &s_site);
    s_free = 20 * KIB;
    (void)take(1, &s_site);
    assert_int_equal(s_watch[1].fired, 1);
}

/* What was allocated while the tracker was stopped is in no budget. */
static void test_after_a_stop(void **state)
{
    (void)state;
    (void)watch(&s_levels);
    (void)take(8, &s_site);
    ht_tracker_run(&s_tracker, false);
    s_free = 20 * KIB;
    ht_tracker_run(&s_tracker, true);
    assert_int_equal(s_watch[0].fired, 0);
    (void)take(1, &s_site);
    assert_int_equal(s_watch[0].fired, 1);
}

/* The largest block is judged where it is known. */
static void test_largest_block(void **state)
{
    (void)state;
    const ht_lowmem_levels_t levels = {1, 0, 0, 4 * KIB, 6 * KIB};
    (void)watch(&levels);
    (void)take(10, &s_site);
    s_looks = 0;
    for (unsigned i = 0; i < 50; i++) {
        give(take(5000, &s_site), 5000);
    }
    assert_int_equal(s_looks, 0); /* no allocation can tell */
    g_fake.measurable = true;
    g_fake.sample_free = 50 * KIB;
    g_fake.sample_largest = 4 * KIB - 1;
    const ht_lowmem_facts_t sampled = {.cause = HEAPTRAIL_LOWMEM_SAMPLE};
    ht_lowmem_measure(&s_tracker, &sampled);
    ht_lowmem_measure(&s_tracker, &sampled);
    assert_int_equal(s_watch[0].fired, 1);
    assert_true(s_watch[0].by_largest);
    assert_int_equal(s_watch[0].seen.largest_bytes, 4 * KIB - 1);
    g_fake.sample_largest = 6 * KIB;
    ht_lowmem_measure(&s_tracker, &sampled);
    assert_true(s_watch[0].armed);
}

/* More sites than a snapshot keeps: the largest, in order. */
static void test_largest_sites(void **state)
{
    (void)state;
    static heaptrail_site_t sites[19];
    for (uint32_t i = 0; i < ENTRIES(sites); i++) {
        sites[i] = s_site;
        (void)take(100U + 10U * ((i * 7U) % 19U), &sites[i]);
    }
    (void)watch(&s_levels);
    s_free = 100;
    (void)take(50, &s_other);
    assert_int_equal(s_watch[0].site_count, HT_LOWMEM_SITES_MAX);
    for (uint32_t i = 0; i < HT_LOWMEM_SITES_MAX; i++) {
        assert_int_equal(s_watch[0].site[i].bytes, 100U + 10U * (18U - i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_decisions, make, drop),
        cmocka_unit_test_setup_teardown(test_fires_in_the_allocation_that_crosses, make, drop),
        cmocka_unit_test_setup_teardown(test_looks_are_rare, make, drop),
        cmocka_unit_test_setup_teardown(test_hysteresis, make, drop),
        cmocka_unit_test_setup_teardown(test_low_from_the_start, make, drop),
        cmocka_unit_test_setup_teardown(test_several_watches, make, drop),
        cmocka_unit_test_setup_teardown(test_unrecorded_blocks_count, make, drop),
        cmocka_unit_test_setup_teardown(test_interrupts_leave_the_copy_to_a_task, make, drop),
        cmocka_unit_test_setup_teardown(test_waits_for_the_flash, make, drop),
        cmocka_unit_test_setup_teardown(test_drift_is_counted, make, drop),
        cmocka_unit_test_setup_teardown(test_after_a_stop, make, drop),
        cmocka_unit_test_setup_teardown(test_a_dip_during_a_look, make, drop),
        cmocka_unit_test_setup_teardown(test_an_old_look_counts_for_nothing, make, drop),
        cmocka_unit_test_setup_teardown(test_an_old_look_does_not_arm, make, drop),
        cmocka_unit_test_setup_teardown(test_a_watch_set_during_a_look, make, drop),
        cmocka_unit_test_setup_teardown(test_largest_block, make, drop),
        cmocka_unit_test_setup_teardown(test_largest_sites, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
