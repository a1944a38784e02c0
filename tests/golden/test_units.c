/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Numbers as text, at the edges of their units; the top-N selection against a sort. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ht_out.h"
#include "ht_top.h"
#include "ht_units.h"

#define KIB UINT64_C(1024)
#define S UINT64_C(1000000)

typedef struct {
    uint64_t value;
    const char *text;
} case_t;

static void check(ht_figure_t (*function)(uint64_t), const case_t *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(function(cases[i].value).s, cases[i].text);
    }
}

#define CHECK(function, ...)                                                                       \
    do {                                                                                           \
        static const case_t cases[] = {__VA_ARGS__};                                               \
        check(function, cases, sizeof(cases) / sizeof(cases[0]));                                  \
    } while (0)

static void sizes(void **state)
{
    (void)state;
    CHECK(ht_text_size, {0, "0 B"}, {1023, "1023 B"}, {KIB, "1 KiB"}, {KIB + 1, "1.00 KiB"},
          {1536, "1.50 KiB"}, {10 * KIB - 1, "9.99 KiB"}, {100 * KIB - 1, "99.9 KiB"},
          {100 * KIB + 1, "100 KiB"}, {KIB * KIB - 1, "1023 KiB"}, {KIB * KIB, "1 MiB"},
          {UINT32_MAX, "3.99 GiB"}, {UINT64_MAX, "15.9 EiB"});
    for (uint32_t bit = 0; bit < 64; bit++) {
        assert_true(strlen(ht_text_size((UINT64_C(1) << bit) - 1U).s) <= 8);
        assert_true(strlen(ht_text_size((UINT64_C(1) << bit) + 1U).s) <= 8);
    }
}

static void counts(void **state)
{
    (void)state;
    CHECK(ht_text_count, {0, "0"}, {999999, "999999"}, {1000000, "1.0 M"}, {99999999, "99.9 M"},
          {100000000, "100 M"}, {UINT32_MAX, "4.2 G"}, {UINT64_MAX, "18.4 E"});
    CHECK(ht_text_grouped, {0, "0"}, {999, "999"}, {1000, "1,000"}, {1000007, "1,000,007"},
          {UINT64_MAX, "18,446,744,073,709,551,615"});
    CHECK(ht_text_number, {0, "0"}, {UINT64_MAX, "18446744073709551615"});
    CHECK(ht_text_address, {0, "0x00000000"}, {0x3fc9a0b4, "0x3fc9a0b4"},
          {UINT64_MAX, "0xffffffffffffffff"});
}

static void times(void **state)
{
    (void)state;
    CHECK(ht_text_age, {0, "0 us"}, {999, "999 us"}, {999999, "999 ms"}, {S, "1 s"},
          {16250000, "16.2 s"}, {60 * S - 1, "59.9 s"}, {3599 * S, "59.9 min"},
          {11520 * S, "3.2 h"}, {86400 * S, "1 d"}, {31535999 * S, "364 d"},
          {UINT64_MAX, "584942 y"});
    CHECK(ht_text_time, {0, "0 us"}, {850000, "850 ms"}, {16250000, "16.2 s"},
          {725 * S, "12 min 5 s"}, {3600 * S, "1 h"}, {11520 * S, "3 h 12 min"},
          {UINT64_MAX, "584942 y 152 d"});
    for (uint32_t bit = 0; bit < 64; bit++) {
        assert_true(strlen(ht_text_age((UINT64_C(1) << bit) - 1U).s) <= 8);
    }
}

static void ratios(void **state)
{
    (void)state;
    assert_int_equal(ht_ratio(0, 0, 100), 0);
    assert_int_equal(ht_ratio(5, 0, 100), 0);
    assert_int_equal(ht_ratio(1, 3, 100), 33);
    assert_int_equal(ht_ratio(7, 3, 100), 100);
    assert_int_equal(ht_ratio(UINT64_MAX / 2U, UINT64_MAX, 1000), 499);
    assert_int_equal(ht_ratio(UINT64_MAX, UINT64_MAX, 1000), 1000);
    assert_string_equal(ht_text_percent(559, 1000).s, "55 %");
}

static void utf8(void **state)
{
    (void)state;
    assert_int_equal(ht_utf8_length("a", 1), 1);
    assert_int_equal(ht_utf8_length("a", 0), 0);
    assert_int_equal(ht_utf8_length("\xc3\xa4", 2), 2);
    assert_int_equal(ht_utf8_length("\xc3\xa4", 1), 0);         /* cut short */
    assert_int_equal(ht_utf8_length("\xc1\xbf", 2), 0);         /* overlong */
    assert_int_equal(ht_utf8_length("\xe0\x9f\xbf", 3), 0);     /* overlong */
    assert_int_equal(ht_utf8_length("\xed\xa0\x80", 3), 0);     /* a surrogate */
    assert_int_equal(ht_utf8_length("\xf4\x8f\xbf\xbf", 4), 4); /* U+10FFFF */
    assert_int_equal(ht_utf8_length("\xf4\x90\x80\x80", 4), 0); /* beyond it */
    assert_int_equal(ht_utf8_length("\x80", 1), 0);
}

static int by_rank(const void *a, const void *b)
{
    const ht_top_entry_t *x = a;
    const ht_top_entry_t *y = b;
    if (x->key != y->key) { return x->key > y->key ? -1 : 1; }
    return x->id < y->id ? -1 : 1;
}

/* Random streams with many equal keys, batch after batch, against qsort(). */
static void top(void **state)
{
    (void)state;
    static ht_top_entry_t entries[300];
    srand(1);
    for (uint32_t round = 0; round < 200; round++) {
        uint32_t count = (uint32_t)rand() % 300U;
        uint32_t keys = 1U + (uint32_t)rand() % 50U;
        ht_top_t selection = {0};
        for (uint32_t i = 0; i < count; i++) {
            entries[i] = (ht_top_entry_t){(uint32_t)rand() % keys, i};
        }
        static ht_top_entry_t sorted[300];
        memcpy(sorted, entries, sizeof(sorted));
        qsort(sorted, count, sizeof(sorted[0]), by_rank);
        for (uint32_t done = 0; done < count; done += HT_TOP_MAX) {
            for (uint32_t i = 0; i < count; i++) {
                ht_top_offer(&selection, entries[i].key, entries[i].id);
            }
            uint32_t expected = count - done < HT_TOP_MAX ? count - done : HT_TOP_MAX;
            assert_int_equal(selection.count, expected);
            assert_memory_equal(selection.entry, &sorted[done], expected * sizeof(sorted[0]));
            ht_top_next(&selection);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),  cmocka_unit_test(counts), cmocka_unit_test(times),
        cmocka_unit_test(ratios), cmocka_unit_test(utf8),   cmocka_unit_test(top),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
