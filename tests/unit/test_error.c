/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The ring of error reports: the oldest goes, one that is read stays, and what a reset leaves. */
#include <stdlib.h>
#include <string.h>

#include "ht_error.h"
#include "unit.h"

#define MAX 4U

static ht_error_t s_ring[MAX];
static ht_port_lock_t s_lock;

static ht_errors_t start(void)
{
    ht_errors_t errors = {0};
    fake_port_reset();
    g_fake.image = 0xabcd;
    memset(s_ring, 0, sizeof(s_ring));
    ht_errors_adopt(&errors, s_ring, MAX);
    return errors;
}

static ht_error_t *report(ht_errors_t *errors, uintptr_t address)
{
    ht_error_t *error = ht_error_claim(errors, &s_lock);
    if (error == NULL) { return NULL; }
    error->row.kind = HEAPTRAIL_ERROR_OVERFLOW;
    error->row.address = address;
    error->row.block.allocated.frame_count = 2;
    error->frames.allocated[0] = address + 1;
    error->frames.allocated[1] = address + 2;
    ht_error_seal(error);
    return error;
}

static void report_and_leave(ht_errors_t *errors, uintptr_t address)
{
    ht_error_t *error = report(errors, address);
    assert_non_null(error);
    ht_error_done(&s_lock, error);
}

static bool is_there(uintptr_t address)
{
    for (uint32_t i = 0; i < MAX; i++) {
        if (s_ring[i].state == HT_ERROR_SEALED && s_ring[i].row.address == address) { return true; }
    }
    return false;
}

static void test_the_oldest_goes(void **state)
{
    (void)state;
    ht_errors_t errors = start();
    for (uintptr_t n = 1; n <= 10; n++) {
        report_and_leave(&errors, n);
        for (uintptr_t i = 1; i <= n; i++) {
            assert_int_equal(is_there(i), i + MAX > n);
        }
    }
    assert_int_equal(errors.count, 10);
    assert_int_equal(errors.overwritten, 6);
}

static void test_one_that_is_read_stays(void **state)
{
    (void)state;
    ht_errors_t errors = start();
    ht_error_t *kept = report(&errors, 77); /* its maker is a reader */
    for (uintptr_t n = 1; n <= 9; n++) {
        report_and_leave(&errors, n);
    }
    assert_true(is_there(77));
    assert_int_equal(kept->row.block.allocated.frames[1], 79);
    assert_true(ht_error_read(&s_lock, kept)); /* and another one */
    ht_error_done(&s_lock, kept);
    ht_error_done(&s_lock, kept);
    report_and_leave(&errors, 100);
    assert_false(is_there(77));
    ht_error_t *all[MAX];
    for (uint32_t i = 0; i < MAX; i++) {
        all[i] = report(&errors, 200 + i);
    }
    uint32_t overwritten = errors.overwritten;
    assert_null(report(&errors, 300)); /* counted */
    assert_int_equal(errors.overwritten, overwritten + 1);
    for (uint32_t i = 0; i < MAX; i++) {
        ht_error_done(&s_lock, all[i]);
    }
}

static void test_whole_reports_outlive_a_reset(void **state)
{
    (void)state;
    ht_errors_t errors = start();
    report_and_leave(&errors, 1);
    (void)report(&errors, 2); /* being written out when it happened */
    report_and_leave(&errors, 3);
    ht_error_t *open = ht_error_claim(&errors, &s_lock); /* being made */
    open->row.address = 4;
    s_ring[2].row.damaged_bytes ^= 1U; /* report 3 is torn */
    ht_errors_t after = {0};
    ht_errors_adopt(&after, s_ring, MAX);
    assert_true(is_there(1) && is_there(2) && !is_there(3) && !is_there(4));
    assert_true(s_ring[0].row.before_reset && s_ring[1].row.before_reset);
    assert_int_equal(s_ring[1].row.block.allocated.frames[0], 3);
    assert_int_equal(s_ring[1].readers, 0);
    /* Those of the run before go first. */
    for (uintptr_t n = 11; n <= 14; n++) {
        report_and_leave(&after, n);
    }
    assert_true(is_there(11) && is_there(14) && !is_there(1) && !is_there(2));
    /* Once more, with other firmware: pointers would lead nowhere. */
    g_fake.image = 0x1234;
    ht_errors_adopt(&after, s_ring, MAX);
    assert_false(is_there(11));
}

static void test_garbage_is_no_report(void **state)
{
    (void)state;
    uint32_t random = 4711;
    fake_port_reset();
    for (unsigned round = 0; round < 2000; round++) {
        unsigned char *bytes = (unsigned char *)s_ring;
        for (size_t i = 0; i < sizeof(s_ring); i++) {
            random = random * 1103515245U + 12345U;
            bytes[i] = (unsigned char)(random >> 16);
        }
        for (uint32_t i = 0; i < MAX; i++) { /* even one that looks the part */
            s_ring[i].state = HT_ERROR_SEALED;
            s_ring[i].image = 0;
            s_ring[i].row.kind = HEAPTRAIL_ERROR_DOUBLE_FREE;
        }
        ht_errors_t errors = {0};
        ht_errors_adopt(&errors, s_ring, MAX);
        for (uint32_t i = 0; i < MAX; i++) {
            assert_int_equal(s_ring[i].state, HT_ERROR_EMPTY);
        }
    }
}

static void test_repeats(void **state)
{
    (void)state;
    ht_errors_t errors = start();
    ht_error_t *error = ht_error_claim(&errors, &s_lock);
    error->row.kind = HEAPTRAIL_ERROR_BAD_FREE;
    error->row.block.allocated.id = 5;
    error->row.caller.id = 6;
    error->row.uptime_us = 1000;
    ht_error_seal(error);
    ht_error_done(&s_lock, error);
    assert_true(ht_error_is_repeat(&errors, HEAPTRAIL_ERROR_BAD_FREE, 5, 6, 1500, 1000));
    assert_int_equal(error->row.repeats, 1);
    assert_false(ht_error_is_repeat(&errors, HEAPTRAIL_ERROR_BAD_FREE, 5, 6, 2000, 1000));
    assert_false(ht_error_is_repeat(&errors, HEAPTRAIL_ERROR_BAD_FREE, 5, 7, 1500, 1000));
    assert_false(ht_error_is_repeat(&errors, HEAPTRAIL_ERROR_BAD_FREE, 4, 6, 1500, 1000));
    assert_false(ht_error_is_repeat(&errors, HEAPTRAIL_ERROR_DOUBLE_FREE, 5, 6, 1500, 1000));
    assert_false(ht_error_is_repeat(&errors, HEAPTRAIL_ERROR_BAD_FREE, 5, 6, 1500, 0));
    ht_errors_t after = {0};
    ht_errors_adopt(&after, s_ring, MAX); /* repeats are outside of the checksum */
    assert_int_equal(s_ring[0].state, HT_ERROR_SEALED);
    ht_errors_clear(&after, &s_lock);
    assert_int_equal(s_ring[0].state, HT_ERROR_EMPTY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_oldest_goes),
        cmocka_unit_test(test_one_that_is_read_stays),
        cmocka_unit_test(test_whole_reports_outlive_a_reset),
        cmocka_unit_test(test_garbage_is_no_report),
        cmocka_unit_test(test_repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
