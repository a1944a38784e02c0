/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The list of a scan: sorted however addresses lie, and searched however they crowd. */
#include "ht_scan.h"
#include "unit.h"

#define BLOCKS 100U

#define LONG_LIST 3000U

static ht_tracker_t s_tracker;
static ht_scan_t s_scan;
static void *s_memory;
static ht_origin_id_t s_origin;

static void begin(void)
{
    static const heaptrail_site_t site;
    fake_port_reset();
    unit_make(&s_tracker, &unit_sizes);
    s_origin = unit_origin(&s_tracker, &site, 0);
    s_memory = malloc(ht_scan_memory_bytes(LONG_LIST, 4));
    ht_scan_init(&s_scan, &s_tracker, s_memory, LONG_LIST, 4);
}

static void end(void)
{
    unit_free(&s_tracker);
    free(s_memory);
}

static uintptr_t address_of(uint32_t pattern, uint32_t i, uint32_t seed)
{
    uint32_t random = (i + seed) * 2654435761U;
    random ^= random >> 15;
    uintptr_t far = (uintptr_t)1 << (8U * sizeof(uintptr_t) - 1U);
    switch (pattern) {
    case 0:
        return random; /* everywhere, some twice */
    case 1:
        return 0x3FC80000U + random % 300000U / 4U * 4U;
    case 2: /* two heaps, one of them small */
        return i % 20U == 0 ? 0x3C000000U + random % 0x800000U : 0x3FC80000U + random % 4000U;
    case 3: /* crowded twice: one far away, one less so, the others next to each other */
        return i == 7 ? far : i == 11 ? 0x3FC80000U + 0x4000000U : 0x3FC80000U + random % 9000U;
    case 4: /* the same in each power of two */
        return (uintptr_t)1 << random % (8U * sizeof(uintptr_t));
    case 5:
        return 0x1000U + 16U * i;
    case 6:
        return UINTPTR_MAX - 16U * i;
    default:
        return 0x20000000U + i % 3U; /* hardly any */
    }
}

static ht_word_t info_of(uintptr_t address)
{
    return (ht_word_t)(address ^ address >> 7U);
}

static void test_sorting(void **state)
{
    (void)state;
    begin();
    static const uint32_t counts[] = {0, 1, 2, 24, 25, 26, 63, 64, 200, LONG_LIST};
    for (uint32_t pattern = 0; pattern < 8; pattern++) {
        for (uint32_t c = 0; c < ENTRIES(counts); c++) {
            uintptr_t sum = 0;
            s_scan.count = counts[c];
            for (uint32_t i = 0; i < counts[c]; i++) {
                s_scan.addresses[i] = address_of(pattern, i, c);
                s_scan.info[i] = info_of(s_scan.addresses[i]);
                sum += s_scan.addresses[i] * s_scan.addresses[i];
            }
            ht_scan_sort(&s_scan);
            for (uint32_t i = 0; i < counts[c]; i++) {
                assert_true(s_scan.info[i] == info_of(s_scan.addresses[i]));
                assert_true(i == 0 || s_scan.addresses[i - 1U] <= s_scan.addresses[i]);
                sum -= s_scan.addresses[i] * s_scan.addresses[i];
            }
            assert_true(sum == 0); /* the same addresses */
        }
    }
    end();
}

/* Which block has a byte, asked of each. */
static bool find_slowly(uintptr_t at, uint32_t *block)
{
    for (*block = 0; *block < s_scan.count; ++*block) {
        uintptr_t start = ht_scan_address(&s_scan, *block);
        if (at == start || at - start < ht_scan_size(&s_scan, *block)) { return true; }
    }
    return false;
}

static void compare_finds(void)
{
    for (uint32_t i = 0; i < s_scan.count; i++) {
        uintptr_t start = ht_scan_address(&s_scan, i);
        size_t size = ht_scan_size(&s_scan, i);
        const uintptr_t at[] = {
            start - 1U,        start,        start + 1U,       start + size / 2U,
            start + size - 1U, start + size, start + size + 8U};
        for (uint32_t a = 0; a < ENTRIES(at); a++) {
            uint32_t expected = 0;
            uint32_t got = 0;
            bool is = find_slowly(at[a], &expected);
            assert_int_equal(ht_scan_find(&s_scan, at[a], &got), is);
            if (is) { assert_int_equal(got, expected); }
        }
    }
}

/* Blocks that fill pages evenly, that crowd in one page, at the ends of spans; before the third
 * closure, which needs the pages' place, and after it. */
static void test_finding(void **state)
{
    (void)state;
    static const struct {
        uint32_t small, gap, large_every, large;
    } layouts[] = {{64, 16, 1000, 0},   {16, 8, 9, 4000},   {1, 0, 40, 4U << 20},
                   {300, 100000, 7, 0}, {8, 8, 11, 200000}, {0, 8, 50, 500}};
    for (uint32_t l = 0; l < ENTRIES(layouts); l++) {
        begin();
        uintptr_t at = 0x10000000U;
        for (uint32_t i = 0; i < BLOCKS; i++) {
            bool is_large = i % layouts[l].large_every == layouts[l].large_every - 1U;
            size_t size = is_large ? layouts[l].large : layouts[l].small + i % 3U * 8U;
            ht_tracker_add(&s_tracker, at, size, s_origin);
            at = (at + size + layouts[l].gap + 8U) & ~(uintptr_t)7U;
        }
        ht_scan_begin(&s_scan);
        assert_int_equal(s_scan.count, BLOCKS);
        assert_true(s_scan.has_pages);
        compare_finds();
        ht_scan_next(&s_scan);
        ht_scan_next(&s_scan);
        assert_false(s_scan.has_pages);
        compare_finds();
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorting),
        cmocka_unit_test(test_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
