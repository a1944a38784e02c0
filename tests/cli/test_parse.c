/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Numbers, sizes, times, addresses and capabilities as people write them, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ht_parse.h"

typedef struct {
    const char *text;
    bool good;
    uint64_t value;
} case_t;

static void check(bool (*parse)(const char *, uint64_t *), const case_t *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value = 0;
        bool good = parse(cases[i].text, &value);
        if (good != cases[i].good) { print_error("'%s'\n", cases[i].text); }
        assert_int_equal(good, cases[i].good);
        if (good) { assert_int_equal(value, cases[i].value); }
    }
}

#define CHECK(parse, cases) check(parse, cases, sizeof(cases) / sizeof((cases)[0]))

static void numbers(void **state)
{
    (void)state;
    static const case_t cases[] = {
        {"0", true, 0},
        {"17", true, 17},
        {"0x11", true, 17},
        {"18446744073709551615", true, UINT64_MAX},
        {"18446744073709551616", false, 0},
        {"", false, 0},
        {"0x", false, 0},
        {"-1", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1.5", false, 0},
        {"0x11g", false, 0},
    };
    CHECK(ht_parse_number, cases);
}

static void sizes(void **state)
{
    (void)state;
    static const case_t cases[] = {
        {"512", true, 512},
        {"512B", true, 512},
        {"4k", true, 4096},
        {"4K", true, 4096},
        {"4KiB", true, 4096},
        {"4 KiB", true, 4096},
        {"1.5M", true, 1572864},
        {"2GiB", true, UINT64_C(2) << 30},
        {"0.001k", true, 1},
        {"1.5", false, 0},
        {"1.k", false, 0},
        {"4x", false, 0},
        {"4kk", false, 0},
        {"k", false, 0},
        {"-4k", false, 0},
        {"16777216T", false, 0},
        {"16777215T", true, UINT64_C(16777215) << 40},
    };
    CHECK(ht_parse_size, cases);
}

static void times(void **state)
{
    (void)state;
    static const case_t cases[] = {
        {"12.5s", true, 12500000},
        {"12.5", true, 12500000},
        {"850ms", true, 850000},
        {"90us", true, 90},
        {"3m", true, 180000000},
        {"3min", true, 180000000},
        {"1h2m", true, 3720000000},
        {"1h2m3.25s", true, 3723250000},
        {"2d", true, 172800000000},
        {"0", true, 0},
        {"", false, 0},
        {"s", false, 0},
        {"1h2", false, 0},
        {"-1s", false, 0},
        {"1x", false, 0},
        {"1..5s", false, 0},
        {"9999999999999d", false, 0},
    };
    CHECK(ht_parse_time, cases);
}

static void addresses(void **state)
{
    (void)state;
    static const case_t cases[] = {
        {"0x3fc9a0b4", true, 0x3fc9a0b4},
        {"3FC9A0B4", true, 0x3fc9a0b4},
        {"0xffffffffffffffff", true, UINT64_MAX},
        {"0x1ffffffffffffffff", false, 0},
        {"rx", false, 0},
        {"", false, 0},
    };
    CHECK(ht_parse_address, cases);
}

static bool caps_number(const char *text, uint64_t *value)
{
    uint32_t caps = 0;
    bool good = ht_parse_caps(text, &caps);
    *value = caps;
    return good;
}

static void capabilities(void **state)
{
    (void)state;
    static const case_t cases[] = {
        {"8BIT", true, 0x4},
        {"dma|internal", true, 0x808},
        {"DMA,8BIT", true, 0xc},
        {"0x1800", true, 0x1800},
        {"SPIRAM+32bit", true, 0x402},
        {"DMAX", false, 0},
        {"", false, 0},
        {"DMA|", false, 0},
        {"0", false, 0},
        {"4294967296", false, 0},
    };
    CHECK(caps_number, cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),   cmocka_unit_test(sizes),        cmocka_unit_test(times),
        cmocka_unit_test(addresses), cmocka_unit_test(capabilities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
