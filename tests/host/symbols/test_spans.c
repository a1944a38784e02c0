/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Stretches and texts: against a slow, obvious oracle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ht_spans.h"
#include "ht_strings.h"

#define MOST 24

static uint32_t s_seed = 1;

static uint32_t random_below(uint32_t limit)
{
    s_seed = s_seed * 1664525U + 1013904223U;
    return (s_seed >> 8) % limit;
}

/* The innermost: the one that begins last, then the one that ends first, then the deepest. */
static uint32_t oracle(const ht_span_t *spans, size_t count, uint64_t address)
{
    const ht_span_t *best = NULL;
    for (size_t i = 0; i < count; i++) {
        const ht_span_t *span = &spans[i];
        if (address < span->low || address >= span->high) { continue; }
        bool inner =
            best == NULL || span->low > best->low ||
            (span->low == best->low &&
             (span->high < best->high || (span->high == best->high && span->depth > best->depth)));
        if (inner) { best = span; }
    }
    return best != NULL ? best->value : HT_SPANS_NONE;
}

/* Random stretches within each other, as scopes are. */
static size_t nest(ht_span_t *spans, uint64_t low, uint64_t high, uint32_t depth, size_t count)
{
    while (low + 2 < high && count < MOST && depth < 6) {
        uint64_t from = low + random_below((uint32_t)(high - low));
        uint64_t to = from + 1 + random_below((uint32_t)(high - from));
        spans[count] = (ht_span_t){from, to, depth, (uint32_t)count};
        count = nest(spans, from, to, depth + 1, count + 1);
        low = to;
    }
    return count;
}

static void check_against_oracle(const ht_span_t *spans, size_t count)
{
    ht_spans_t tested = {0};
    for (size_t i = count; i-- > 0;) {
        assert_true(
            ht_spans_add(&tested, spans[i].low, spans[i].high, spans[i].depth, spans[i].value));
    }
    assert_true(ht_spans_flatten(&tested));
    for (uint64_t address = 0; address < 300; address++) {
        assert_int_equal(ht_spans_find(&tested, address, NULL), oracle(spans, count, address));
    }
    ht_spans_free(&tested);
}

static void test_nested(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        ht_span_t spans[MOST];
        s_seed = (uint32_t)round;
        check_against_oracle(spans, nest(spans, 10, 290, 0, 0));
    }
}

/* What no compiler writes must not upset anything, whatever the answers are. */
static void test_tangled(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        ht_spans_t spans = {0};
        s_seed = (uint32_t)round;
        for (uint32_t i = 0; i < MOST; i++) {
            uint64_t low = random_below(100);
            assert_true(ht_spans_add(&spans, low, low + random_below(40), random_below(3), i));
        }
        assert_true(ht_spans_flatten(&spans));
        for (size_t i = 1; i < spans.step_count; i++) {
            assert_true(spans.steps[i - 1].start < spans.steps[i].start);
        }
        assert_int_equal(ht_spans_find(&spans, 140, NULL), HT_SPANS_NONE);
        ht_spans_free(&spans);
    }
}

static void test_extremes(void **state)
{
    (void)state;
    uint64_t low = 0;
    ht_spans_t spans = {0};
    assert_true(ht_spans_flatten(&spans));
    assert_int_equal(ht_spans_find(&spans, 0, NULL), HT_SPANS_NONE);
    assert_true(ht_spans_add(&spans, 0, UINT64_MAX, 0, 1));
    assert_true(ht_spans_add(&spans, 5, 5, 1, 2)); /* nothing in it */
    assert_true(ht_spans_add(&spans, UINT64_MAX - 1, UINT64_MAX, 1, 3));
    assert_true(ht_spans_flatten(&spans));
    assert_int_equal(ht_spans_find(&spans, 0, &low), 1);
    assert_int_equal(low, 0);
    assert_int_equal(ht_spans_find(&spans, 5, NULL), 1);
    assert_int_equal(ht_spans_find(&spans, UINT64_MAX - 1, &low), 3);
    assert_true(low == UINT64_MAX - 1);
    assert_int_equal(ht_spans_find(&spans, UINT64_MAX, NULL), HT_SPANS_NONE);
    ht_spans_free(&spans);
}

static void test_strings(void **state)
{
    (void)state;
    ht_strings_t strings = {0};
    const char *kept[5000];
    char text[32];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 5000; i++) {
            int length = snprintf(text, sizeof(text), "name %d and more", i);
            const char *one = ht_strings_add(&strings, text, (size_t)length);
            assert_string_equal(one, text);
            if (round == 0) { kept[i] = one; }
            assert_ptr_equal(one, kept[i]);
        }
    }
    assert_string_equal(ht_strings_add(&strings, "abcdef", 3), "abc");
    assert_ptr_equal(ht_strings_add(&strings, "abc\0def", 7), ht_strings_add(&strings, "abc", 3));
    assert_string_equal(ht_strings_add(&strings, "", 0), "");
    char *large = ht_strings_room(&strings, 1000000);
    memset(large, 1, 1000000);
    assert_int_equal((uintptr_t)ht_strings_room(&strings, 1) % _Alignof(max_align_t), 0);
    assert_string_equal(kept[4999], "name 4999 and more");
    ht_strings_free(&strings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_tangled),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
