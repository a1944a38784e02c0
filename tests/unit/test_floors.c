/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The history of floors against a list of all samples; trends against their definitions; the rules
 * of evidence. */
#include "ht_floors.h"

#include <stdio.h>

#include "ht_evidence.h"
#include "unit.h"

#define MINUTE UINT64_C(60000000)
#define HOUR (60U * MINUTE)
#define SAMPLES 4000U
#define ORIGINS 5U

static ht_tracker_t s_tracker;
static ht_floors_t s_floors;
static ht_floor_row_t s_rows[ORIGINS];
static const heaptrail_site_t s_sites[8];
static uint32_t s_random;

static uint32_t next_random(uint32_t below)
{
    s_random = s_random * 1664525U + 1013904223U;
    return (s_random >> 8) % below;
}

static int make(void **state)
{
    (void)state;
    fake_port_reset();
    unit_make(&s_tracker, &unit_sizes);
    memset(&s_floors, 0, sizeof(s_floors));
    memset(s_rows, 0, sizeof(s_rows));
    ht_floors_open(&s_floors, s_rows, ORIGINS);
    for (uint32_t i = 0; i < 3; i++) {
        (void)unit_origin(&s_tracker, &s_sites[i], 0);
    }
    return 0;
}

static int drop(void **state)
{
    (void)state;
    unit_free(&s_tracker);
    return 0;
}

/* What lives of an origin, from now on. */
static void live(uint32_t origin, size_t bytes)
{
    s_tracker.origins.origins[origin].live_bytes = bytes;
}

static void sample(uint64_t now_us, size_t free_0, size_t free_1)
{
    const size_t free_bytes[HT_FLOORS_KINDS] = {free_0, free_1};
    ht_floors_sample(&s_floors, &s_tracker, now_us, free_bytes);
    const char *wrong = ht_floors_check(&s_floors);
    if (wrong != NULL) { fail_msg("ht_floors_check: %s", wrong); }
}

/* --- numbers in 16 bits --- */

static void test_packed_numbers_keep_their_order(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 4096; bytes++) {
        assert_true(ht_floor_unpack(ht_floor_pack(bytes)) == bytes);
    }
    uint16_t last = 0;
    size_t largest = HT_64BIT ? (size_t)1 << (HT_64BIT ? 41 : 31) : SIZE_MAX / 2U;
    for (size_t bytes = 1; bytes < largest; bytes += bytes / 1000U + 1U) {
        uint16_t packed = ht_floor_pack(bytes);
        assert_true(packed >= last);
        last = packed;
        size_t back = ht_floor_unpack(packed);
        assert_true(back <= bytes && bytes - back <= bytes / 2048U);
        assert_int_equal(ht_floor_pack(back), packed);
    }
    for (uint32_t packed = 1; packed < (HT_64BIT ? 65536U : 43008U); packed++) {
        assert_true(ht_floor_unpack((uint16_t)packed) > ht_floor_unpack((uint16_t)(packed - 1U)));
        assert_int_equal(ht_floor_pack(ht_floor_unpack((uint16_t)packed)), packed);
    }
    if (HT_64BIT) { assert_int_equal(ht_floor_pack(SIZE_MAX), UINT16_MAX); }
}

/* --- epochs --- */

static struct {
    uint64_t at_us;
    size_t bytes[ORIGINS];
    size_t free_bytes;
} s_log[SAMPLES];

/* Each floor is the least of the samples since its epoch began and before the next one did. */
static void compare_with_log(uint32_t samples, uint32_t origins)
{
    for (uint32_t e = 0; e < s_floors.count; e++) {
        uint64_t from = s_floors.began_us[e];
        uint64_t to = e + 1U < s_floors.count ? s_floors.began_us[e + 1U] : UINT64_MAX;
        size_t least[ORIGINS];
        size_t most_free = 0;
        bool is_sample = false;
        memset(least, 0xff, sizeof(least));
        for (uint32_t i = 0; i < samples; i++) {
            if (s_log[i].at_us < from || s_log[i].at_us >= to) { continue; }
            is_sample |= s_log[i].at_us == from;
            if (s_log[i].free_bytes > most_free) { most_free = s_log[i].free_bytes; }
            for (uint32_t o = 0; o < origins; o++) {
                if (s_log[i].bytes[o] < least[o]) { least[o] = s_log[i].bytes[o]; }
            }
        }
        assert_true(is_sample);
        assert_true(s_floors.most_free[1][e] == most_free);
        for (uint32_t o = 0; o < origins; o++) {
            assert_int_equal(s_rows[o].floor[e], ht_floor_pack(least[o]));
        }
    }
}

static void run_against_log(uint32_t seed)
{
    s_random = seed;
    s_floors.samples = 0; /* anew */
    uint64_t now = next_random(100) * MINUTE;
    const uint64_t start = now;
    uint32_t samples = 20U + next_random(SAMPLES - 20U);
    uint32_t step = 1U + next_random(120);
    for (uint32_t i = 0; i < samples; i++) {
        s_log[i].at_us = now;
        s_log[i].free_bytes = next_random(100000);
        for (uint32_t o = 0; o < 4; o++) {
            s_log[i].bytes[o] = next_random(1U << (1U + next_random(24)));
            live(o, s_log[i].bytes[o]);
        }
        sample(now, SIZE_MAX, s_log[i].free_bytes);
        if (next_random(200) == 0) { compare_with_log(i + 1U, 4); }
        now += UINT64_C(100000) * (1U + next_random(10U * step));
        if (next_random(500) == 0) { now += HOUR; } /* asleep */
    }
    compare_with_log(samples, 4);
    assert_true(s_floors.began_us[0] == start);
    assert_int_equal(s_floors.samples, samples);
}

static void test_floors_are_those_of_all_samples(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 12; seed++) {
        print_message("seed %u\n", (unsigned)seed);
        run_against_log(seed);
    }
}

/* Always the whole run, in 8 steps at least once there are so many samples. */
static void test_a_history_covers_the_run(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 100000; i++) {
        sample(i * 10U * 1000000U, 1, 2);
        assert_true(s_floors.began_us[0] == 0);
        assert_true(i < 8 || s_floors.count >= 8);
        uint64_t open_us = i * 10U * 1000000U - s_floors.began_us[s_floors.count - 1U];
        assert_true(open_us < s_floors.epoch_us);
    }
}

/* An origin that is new had nothing before; one without a row is left alone; a reset begins anew.
 */
static void test_new_origins_and_resets(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 20; i++) {
        sample(i * MINUTE, 1, 2);
    }
    uint32_t before = s_floors.count;
    for (uint32_t i = 3; i < 8; i++) {
        uint32_t id = unit_origin(&s_tracker, &s_sites[i], 0).index;
        live(id, 77);
    }
    uint64_t now = 20 * MINUTE;
    for (; s_floors.count == before; now += MINUTE) {
        sample(now, 1, 2);
    }
    for (uint32_t e = 0; e < before; e++) {
        assert_int_equal(s_rows[ORIGINS - 1U].floor[e], 0);
    }
    assert_int_equal(s_rows[ORIGINS - 1U].floor[before], 77);
    assert_int_equal(ht_floors_of(&s_floors, ORIGINS).epochs, 0);
    assert_int_equal(ht_floors_of(&s_floors, UINT32_MAX).epochs, 0);
    ht_tracker_reset(&s_tracker);
    assert_true(ht_floors_claim(&s_floors, &s_tracker));
    assert_int_equal(ht_floors_of(&s_floors, 1).epochs, 0);
    ht_release(&s_floors.busy);
    sample(now, 1, 2);
    assert_int_equal(s_floors.count, 1);
    assert_int_equal(s_rows[ORIGINS - 1U].floor[before], 0);
    assert_true(s_floors.began_us[0] == now);
}

/* An epoch that has lasted for less than a half of it says nothing yet. */
static void test_an_epoch_that_begins(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 9; i++) {
        live(1, i * 100U);
        sample(i * UINT64_C(10000000), 1, 2);
    }
    assert_int_equal(s_floors.count, 9);
    assert_int_equal(ht_floors_of(&s_floors, 1).to_bytes, 700);
    live(1, 900);
    sample(84000000, 1, 2);
    assert_int_equal(ht_floors_of(&s_floors, 1).to_bytes, 700);
    sample(85000000, 1, 2);
    assert_int_equal(ht_floors_of(&s_floors, 1).to_bytes, 800);
}

static void test_no_room(void **state)
{
    (void)state;
    ht_floors_open(&s_floors, NULL, 0);
    for (uint32_t i = 0; i < 100; i++) {
        sample(i * MINUTE, 1000000U - 1000U * i, 2);
    }
    assert_int_equal(ht_floors_of(&s_floors, 0).epochs, 0);
    ht_trend_t trend;
    assert_true(ht_floors_of_kind(&s_floors, 0, &trend)); /* the memory itself needs no rows */
    assert_true(trend.steady);
    assert_in_range(trend.per_hour, 59900, 60100);
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    assert_true(ht_floors_claim(&s_floors, &s_tracker));
    assert_false(ht_floors_claim(&s_floors, &s_tracker));
    ht_release(&s_floors.busy);
    assert_true(ht_floors_claim(&s_floors, &s_tracker));
}

/* --- trends --- */

static int compare_rates(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The median slope and the share of rising pairs, in floating point. */
static void naive(const size_t *value, const uint64_t *at_us, uint32_t count, double *slope,
                  double *rising)
{
    double rate[120];
    uint32_t pairs = 0;
    uint32_t up = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = i + 1U; j < count; j++) {
            double rise = (double)value[j] - (double)value[i];
            rate[pairs++] = rise * 3600e6 / (double)(at_us[j] - at_us[i]);
            up += rise > 0;
        }
    }
    qsort(rate, pairs, sizeof(rate[0]), compare_rates);
    *slope = (rate[pairs / 2U] + rate[(pairs - 1U) / 2U]) / 2;
    *rising = up * 1000.0 / pairs;
}

static void test_trends_are_as_defined(void **state)
{
    (void)state;
    uint32_t rose = 0;
    for (s_random = 1; s_random < 3000U * 7919U && rose < 400;) {
        uint32_t seed = s_random;
        size_t value[HT_FLOORS_EPOCHS];
        uint64_t at_us[HT_FLOORS_EPOCHS];
        uint32_t count = 2U + next_random(HT_FLOORS_EPOCHS - 1U);
        uint32_t noise = 1U + next_random(600);
        uint32_t slope = next_random(400);
        uint64_t now = 0;
        for (uint32_t i = 0; i < count; i++) {
            now += MINUTE * (1U + next_random(10));
            at_us[i] = now;
            value[i] = (size_t)(now / MINUTE) * slope + next_random(noise);
        }
        double wanted = 0;
        double rising = 0;
        naive(value, at_us, count, &wanted, &rising);
        ht_trend_t trend = ht_trend(value, at_us, count);
        double off = (double)trend.per_hour - wanted;
        if (trend.rises && (off < -2 || off > 2)) {
            fail_msg("seed %u: %ld and not %f", (unsigned)seed, (long)trend.per_hour, wanted);
        }
        assert_true(trend.rising_permille <= rising && trend.rising_permille + 1.0 > rising);
        assert_true(!trend.rises || (rising >= 700 && count >= 6));
        assert_true(!trend.steady || trend.rises);
        rose += trend.rises;
        s_random = seed + 7919U;
    }
    assert_true(rose > 100);
}

/* Minute by minute for some hours, and what is said then. */
typedef size_t (*shape_t)(uint64_t minute);

static ht_trend_t grow(shape_t shape, uint32_t minutes)
{
    s_floors.samples = 0;
    for (uint64_t i = 0; i < minutes * 6U; i++) {
        live(1, shape(i / 6U));
        sample(i * MINUTE / 6U, SIZE_MAX, SIZE_MAX);
    }
    ht_trend_t trend;
    assert_false(ht_floors_of_kind(&s_floors, 0, &trend));
    return ht_floors_of(&s_floors, 1);
}

static size_t leak(uint64_t minute)
{
    return 5000U + (size_t)(minute / 2U * 40U);
}

static size_t noisy_leak(uint64_t minute)
{
    return 5000U + (size_t)(minute * 20U + minute * 7919U % 400U);
}

static size_t cache(uint64_t minute)
{
    return minute < 90 ? (size_t)minute * 100U : 9000;
}

static size_t once(uint64_t minute)
{
    return minute < 100 ? 1000 : 50000;
}

static size_t busy(uint64_t minute)
{
    return (size_t)(minute * 7919U % 30U) * 100U;
}

static size_t falling(uint64_t minute)
{
    return 100000U - (size_t)minute * 100U;
}

static size_t late_leak(uint64_t minute)
{
    return minute < 200 ? 0 : (size_t)(minute - 200U) * 50U;
}

static size_t flat_then_leak(uint64_t minute)
{
    return minute < 200 ? 8000 : 8000 + (size_t)(minute - 200U) * 50U;
}

static size_t soon_leak(uint64_t minute)
{
    return minute < 35 ? 0 : (size_t)(minute - 35U) * 50U;
}

static size_t faster_leak(uint64_t minute)
{
    return minute < 250 ? (size_t)minute * 10U : 2500U + (size_t)(minute - 250U) * 100U;
}

static void test_what_grows(void **state)
{
    (void)state;
    ht_trend_t trend = grow(leak, 600);
    assert_true(trend.steady);
    assert_in_range(trend.per_hour, 1140, 1260);
    assert_in_range(trend.span_us, 8 * HOUR, 10 * HOUR);
    trend = grow(noisy_leak, 600);
    assert_true(trend.steady);
    assert_in_range(trend.per_hour, 1080, 1320);
    trend = grow(late_leak, 500);
    assert_true(trend.steady);
    assert_in_range(trend.per_hour, 2850, 3150);
    trend = grow(soon_leak, 100); /* too few steps for two halves */
    assert_true(trend.steady);
    assert_in_range(trend.per_hour, 2850, 3150);
    trend = grow(faster_leak, 500); /* as it does now */
    assert_true(trend.rises);
    assert_in_range(trend.per_hour, 5500, 6300);
    trend = grow(flat_then_leak, 500);
    assert_true(trend.rises);
    assert_in_range(trend.per_hour, 2850, 3150);
}

static void test_what_does_not(void **state)
{
    (void)state;
    assert_false(grow(cache, 240).rises);
    assert_false(grow(cache, 140).rises);
    assert_true(grow(cache, 80).rises); /* it cannot know yet */
    assert_false(grow(once, 240).rises);
    assert_false(grow(busy, 600).rises);
    assert_false(grow(falling, 600).rises);
    assert_false(grow(leak, 1).rises);
    assert_false(grow(leak, 0).rises);
}

/* A step that has just begun is the number of a moment: not judged. */
static void test_the_open_step(void **state)
{
    (void)state;
    uint32_t count = 0;
    for (uint64_t i = 0; count < 14; i++) {
        live(1, (size_t)i);
        sample(i * MINUTE / 20U, SIZE_MAX, SIZE_MAX);
        if (i == 0 || s_floors.count == count) { continue; }
        bool is_merged = s_floors.count < count;
        count = s_floors.count;
        if (!is_merged && count > 2) {
            assert_int_equal(ht_floors_of(&s_floors, 1).epochs, count - 1U);
        }
    }
}

static void test_few_rises_are_not_steady(void **state)
{
    (void)state;
    static const size_t value[] = {1, 2, 3, 4, 5, 5};
    static const size_t more[] = {1, 2, 3, 4, 5, 6};
    uint64_t at_us[6];
    for (uint32_t i = 0; i < 6; i++) {
        at_us[i] = HOUR * i;
    }
    ht_trend_t trend = ht_trend(value, at_us, 6);
    assert_true(trend.rises && !trend.steady);
    assert_true(ht_trend(more, at_us, 6).steady);
    for (uint32_t i = 0; i < 6; i++) {
        at_us[i] = MINUTE / 2U * i; /* not for long */
    }
    trend = ht_trend(more, at_us, 6);
    assert_true(trend.rises && !trend.steady);
}

static void test_extreme_trends(void **state)
{
    (void)state;
    size_t value[HT_FLOORS_EPOCHS];
    uint64_t at_us[HT_FLOORS_EPOCHS];
    for (uint32_t i = 0; i < HT_FLOORS_EPOCHS; i++) {
        value[i] = SIZE_MAX / 16U * i;
        at_us[i] = i; /* a microsecond apart */
    }
    ht_trend_t trend = ht_trend(value, at_us, HT_FLOORS_EPOCHS);
    assert_true(trend.rises && !trend.steady);
    assert_true(trend.per_hour == INTPTR_MAX || HT_64BIT);
    for (uint32_t i = 0; i < HT_FLOORS_EPOCHS; i++) {
        at_us[i] = UINT64_MAX / 16U * i;
    }
    trend = ht_trend(value, at_us, HT_FLOORS_EPOCHS);
    assert_true(trend.per_hour >= 0);
    assert_int_equal(ht_trend(value, at_us, 0).epochs, 0);
    assert_false(ht_trend(value, at_us, 1).rises);
    assert_false(ht_trend(value, at_us, HT_FLOORS_EPOCHS + 1U).rises);
}

/* --- evidence --- */

static uint8_t sure_of(ht_evidence_t site)
{
    assert_true(ht_evidence_judge(&site));
    return site.sure;
}

static void test_how_sure(void **state)
{
    (void)state;
    const ht_trend_t rises = {.rises = true, .per_hour = 1};
    const ht_trend_t steady = {.rises = true, .steady = true, .per_hour = 1};
    ht_evidence_t none = {.live_blocks = 1, .live_bytes = 1};
    assert_false(ht_evidence_judge(&none));
    assert_int_equal(sure_of((ht_evidence_t){.lost_blocks = 1}), HT_SURE_CERTAIN);
    assert_int_equal(sure_of((ht_evidence_t){.indirect_blocks = 1}), HT_SURE_FOLLOWS);
    assert_int_equal(sure_of((ht_evidence_t){.possible_blocks = 1}), HT_SURE_POSSIBLE);
    assert_int_equal(sure_of((ht_evidence_t){.trend = rises}), HT_SURE_POSSIBLE);
    assert_int_equal(sure_of((ht_evidence_t){.left_blocks = 1}), HT_SURE_POSSIBLE);
    assert_int_equal(sure_of((ht_evidence_t){.overdue_blocks = 1}), HT_SURE_POSSIBLE);
    assert_int_equal(sure_of((ht_evidence_t){.left_blocks = 1, .overdue_blocks = 1}),
                     HT_SURE_POSSIBLE);
    assert_int_equal(sure_of((ht_evidence_t){.trend = steady}), HT_SURE_LIKELY);
    assert_int_equal(sure_of((ht_evidence_t){.trend = rises, .left_blocks = 1}), HT_SURE_LIKELY);
    assert_int_equal(sure_of((ht_evidence_t){.trend = rises, .overdue_blocks = 1}), HT_SURE_LIKELY);
    assert_int_equal(sure_of((ht_evidence_t){.trend = rises, .possible_blocks = 1}),
                     HT_SURE_LIKELY);
    assert_int_equal(
        sure_of((ht_evidence_t){.possible_blocks = 1, .left_blocks = 1, .overdue_blocks = 1}),
        HT_SURE_POSSIBLE);
    ht_evidence_t all = {.lost_blocks = 1, .trend = rises, .left_blocks = 1, .overdue_blocks = 1};
    assert_true(ht_evidence_judge(&all));
    assert_int_equal(all.kinds, HT_UNREACHABLE | HT_GROWTH | HT_TASK_LEFT | HT_OVERDUE);
}

static void test_order(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    static ht_evidence_t site[COUNT];
    for (uint32_t round = 1; round <= COUNT; round += round < 12 ? 1 : 36) {
        memset(site, 0, sizeof(site));
        s_random = round;
        for (uint32_t i = 0; i < round; i++) {
            site[i].id = i;
            if (next_random(3) == 0) { site[i].lost_bytes = site[i].lost_blocks = next_random(9); }
            site[i].indirect_blocks = 1;
            site[i].overdue_blocks = next_random(2);
            site[i].overdue_bytes = next_random(9);
            site[i].trend.rises = site[i].trend.steady = next_random(4) == 0;
            site[i].trend.per_hour = (ht_rate_t)next_random(9);
            assert_true(ht_evidence_judge(&site[i]));
        }
        ht_evidence_sort(site, round);
        uint32_t ids = 0;
        for (uint32_t i = 0; i < round; i++) {
            ids += site[i].id;
            if (i == 0) { continue; }
            const ht_evidence_t *a = &site[i - 1U];
            const ht_evidence_t *b = &site[i];
            assert_true(a->sure >= b->sure);
            if (a->sure != b->sure) { continue; }
            if (a->sure == HT_SURE_CERTAIN) { assert_true(a->lost_bytes >= b->lost_bytes); }
            bool follows = a->sure == HT_SURE_FOLLOWS; /* all alike */
            if (follows || (a->sure == HT_SURE_CERTAIN && a->lost_bytes == b->lost_bytes)) {
                assert_true(a->id < b->id);
            }
        }
        assert_int_equal(ids, round * (round - 1U) / 2U);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_packed_numbers_keep_their_order, unit_setup),
        cmocka_unit_test_setup_teardown(test_floors_are_those_of_all_samples, make, drop),
        cmocka_unit_test_setup_teardown(test_a_history_covers_the_run, make, drop),
        cmocka_unit_test_setup_teardown(test_new_origins_and_resets, make, drop),
        cmocka_unit_test_setup_teardown(test_an_epoch_that_begins, make, drop),
        cmocka_unit_test_setup_teardown(test_no_room, make, drop),
        cmocka_unit_test_setup_teardown(test_one_at_a_time, make, drop),
        cmocka_unit_test_setup_teardown(test_trends_are_as_defined, make, drop),
        cmocka_unit_test_setup_teardown(test_what_grows, make, drop),
        cmocka_unit_test_setup_teardown(test_what_does_not, make, drop),
        cmocka_unit_test_setup_teardown(test_the_open_step, make, drop),
        cmocka_unit_test(test_few_rises_are_not_steady),
        cmocka_unit_test_setup_teardown(test_extreme_trends, make, drop),
        cmocka_unit_test(test_how_sure),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
