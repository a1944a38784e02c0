/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* A cmocka program as a user writes it, linked with libheaptrail.a. Four of its tests fail, and the
 * test of this test is what it prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "heaptrail_site.h"
#include "heaptrail_test.h"

static void *s_kept[4];

static void test_clean(void **state)
{
    (void)state;
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        free(malloc(100));
    }
}

static void test_leaky_block(void **state)
{
    (void)state;
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        HEAPTRAIL_MALLOC_TO(s_kept[0], 100);
        HEAPTRAIL_CALLOC_TO(s_kept[1], 3, 5);
    }
    abort(); /* not reached: the block failed the test */
}

static void test_clean_with_fixtures(void **state)
{
    (void)state;
    free(malloc(10));
}

static void test_leaky_with_fixtures(void **state)
{
    (void)state;
    HEAPTRAIL_MALLOC_TO(s_kept[2], 64);
}

/* The scope it jumps out of is not the next one's business. */
static void test_fails_in_a_block(void **state)
{
    (void)state;
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        assert_int_equal(1 + 1, 3);
    }
}

static void test_stopped(void **state)
{
    (void)state;
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        heaptrail_stop();
        heaptrail_start();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_leaky_block),
        cmocka_unit_test_setup_teardown(test_clean_with_fixtures, heaptrail_cmocka_set_up,
                                        heaptrail_cmocka_tear_down),
        cmocka_unit_test_setup_teardown(test_leaky_with_fixtures, heaptrail_cmocka_set_up,
                                        heaptrail_cmocka_tear_down),
        cmocka_unit_test(test_fails_in_a_block),
        cmocka_unit_test_setup_teardown(test_clean_with_fixtures, heaptrail_cmocka_set_up,
                                        heaptrail_cmocka_tear_down),
        cmocka_unit_test(test_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
