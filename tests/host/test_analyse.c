/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The line and its confidence, against numbers worked out elsewhere; what counts as growth; sums.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ht_analyse.h"

static void near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance)) { fail_msg("%.9g is not %.9g", a, b); }
}

/* For 1, 3 and 5 degrees there are closed forms in atan(t / sqrt(freedom)); for many it is the
 * normal distribution. */
static void student(void **state)
{
    (void)state;
    near(ht_student(2, 5), 0.9490302605850709, 1e-12);
    near(ht_student(-1.5, 3), 0.11529193262241144, 1e-12);
    near(ht_student(12.706, 1), 0.9749995988209335, 1e-12);
    near(ht_student(1.96, 1e6), 0.975002, 1e-5);
    near(ht_student(0, 7), 0.5, 1e-15);
    near(ht_student(INFINITY, 7), 1, 0);
    near(ht_student(3, 0), 0.5, 0);
}

/* Anscombe's first set: slope 0.5001, intercept 3.0001, r2 0.6665; residuals do not follow each
 * other in the order given here, so that all 11 samples count. */
static void anscombe(void **state)
{
    (void)state;
    static const double x[] = {10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5};
    static const double y[] = {8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68};
    ht_fit_t fit = ht_fit(x, y, 11);
    near(fit.slope, 0.50009091, 1e-8);
    near(fit.intercept, 3.00009091, 1e-8);
    near(fit.r2, 0.66654246, 1e-8);
    near(fit.effective, 11, 0);
    near(fit.t, 4.24145, 1e-4);
    near(fit.confidence, 1 - 0.00217 / 2, 1e-5);
}

static void degenerate(void **state)
{
    (void)state;
    static const double x[] = {0, 1, 2, 3}, flat[] = {5, 5, 5, 5}, same[] = {2, 2, 2, 2};
    static const double up[] = {0, 2, 4, 6};
    assert_true(ht_fit(x, up, 2).confidence == 0);
    assert_true(ht_fit(x, flat, 4).slope == 0 && ht_fit(x, flat, 4).confidence == 0);
    assert_true(ht_fit(same, up, 4).slope == 0);
    ht_fit_t exact = ht_fit(x, up, 4);
    near(exact.slope, 2, 1e-12);
    near(exact.r2, 1, 1e-12);
    assert_true(isinf(exact.t) && exact.confidence == 1);
}

/* --- growth of a model ---------------------------------------------------------------------------
 */

enum { LINE = 1, STEP, WAVE, RAMP_AND_STOP, NOISY };

static ht_model_t *s_model;
static uint64_t s_now;

static void make(uint32_t origin, uint64_t address, uint64_t size)
{
    ht_event_t event = {.kind = HT_EVENT_ALLOC, .time_us = s_now};
    event.alloc.address = address;
    event.alloc.size = size;
    event.alloc.origin = origin;
    ht_model_event(s_model, &event);
}

static void end(uint64_t address)
{
    ht_event_t event = {.kind = HT_EVENT_FREE, .time_us = s_now};
    event.free.address = address;
    ht_model_event(s_model, &event);
}

static void grow(void)
{
    unsigned random = 12345;
    for (unsigned i = 0; i < 1000; i++) {
        s_now = i * 100000U;
        make(LINE, 0x10000000 + i * 64U, 50);
        if (i == 500) { make(STEP, 0x20000000, 50000); }
        if (i % 100 == 0) { make(WAVE, 0x30000000, 8000); }
        if (i % 100 == 50) { end(0x30000000); }
        if (i < 400) { make(RAMP_AND_STOP, 0x40000000 + i * 64U, 50); }
        random = random * 1103515245U + 12345U;
        make(NOISY, 0x50000000 + i * 64U, 40);
        if ((random >> 16) % 10U < 6U) { end(0x50000000 + i * 64U); }
    }
}

static void what_grows(void **state)
{
    (void)state;
    ht_growths_t growths;
    s_model = ht_model_new(NULL);
    grow();
    ht_model_view_t view = ht_model_view(s_model);
    assert_true(ht_growth(&growths, &view, NULL, NULL));
    assert_int_equal(growths.count, 2);
    assert_int_equal(view.origin[growths.row[0].origin].index, LINE);
    assert_int_equal(view.origin[growths.row[1].origin].index, NOISY);
    near(growths.row[0].bytes_per_hour, 500 * 3600, 500 * 3600 * 0.01);
    near(growths.row[1].bytes_per_hour, 160 * 3600, 160 * 3600 * 0.15);
    assert_true(growths.row[0].fit.r2 > 0.999 && growths.row[1].fit.r2 > 0.9);
    ht_growths_free(&growths);
    ht_model_free(s_model);
}

/* --- sums ----------------------------------------------------------------------------------------
 */

static bool even(void *context, const ht_flow_row_t *flow)
{
    const ht_model_view_t *view = context;
    return view->origin[flow->origin].index % 2U == 0;
}

static uint64_t thirds(void *context, const ht_flow_row_t *flow)
{
    const ht_model_view_t *view = context;
    return view->origin[flow->origin].index % 3U;
}

static void sums(void **state)
{
    (void)state;
    uint64_t bytes[3] = {0}, blocks[3] = {0}, origins[3] = {0};
    s_model = ht_model_new(NULL);
    for (uint32_t i = 1; i <= 300; i++) {
        s_now = i;
        make(i, i * 64U, i);
        if (i % 5 == 0) { end(i * 64U); }
        if (i % 2 != 0) { continue; }
        origins[i % 3]++;
        bytes[i % 3] += i % 5 == 0 ? 0 : i;
        blocks[i % 3] += i % 5 == 0 ? 0 : 1;
    }
    ht_model_view_t view = ht_model_view(s_model);
    ht_tallies_t tallies;
    ht_tally_ask_t ask = {.wanted = even, .key = thirds, .context = &view, .since_us = 100};
    assert_true(ht_tally_flows(&tallies, &view, &ask));
    assert_true(ht_tally_blocks(&tallies, s_model, &ask));
    ht_tallies_sort(&tallies, HT_SORT_LIVE);
    assert_int_equal(tallies.count, 3);
    for (size_t i = 0; i < 3; i++) {
        const ht_tally_t *row = &tallies.row[i];
        assert_true(i == 0 || row->live_bytes <= tallies.row[i - 1U].live_bytes);
        assert_int_equal(row->live_bytes, bytes[row->key]);
        assert_int_equal(row->live_blocks, blocks[row->key]);
        assert_int_equal(row->origins, origins[row->key]);
        assert_true(row->left_bytes < row->live_bytes && row->oldest_us >= 100);
    }
    assert_int_equal(tallies.total.live_bytes, bytes[0] + bytes[1] + bytes[2]);
    ht_tallies_free(&tallies);
    ht_model_free(s_model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(student),    cmocka_unit_test(anscombe), cmocka_unit_test(degenerate),
        cmocka_unit_test(what_grows), cmocka_unit_test(sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
