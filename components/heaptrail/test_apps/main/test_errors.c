/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Memory errors are told where the preset looks for them, and nothing is told where it does not. */
#include <stdlib.h>

#include "heaptrail_errors.h"
#include "tests.h"
#include "unity.h"

static char *volatile s_block;

static uint32_t reported(void)
{
    heaptrail_check_status_t status;
    TEST_ASSERT_EQUAL_INT(ESP_OK, heaptrail_check_status(&status));
    return status.reported;
}

static heaptrail_checks_t checks(void)
{
    heaptrail_checks_t now;
    TEST_ASSERT_EQUAL_INT(ESP_OK, heaptrail_get_checks(&now));
    return now;
}

static void test_a_byte_too_many(void)
{
    if (!checks().redzones) { return; }
    uint32_t before = reported();
    s_block = malloc(24);
    ((volatile char *)s_block)[24] = 1;
    free(s_block);
    TEST_ASSERT_EQUAL_INT(before + 1, reported());
}

static void test_a_byte_before(void)
{
    if (!checks().redzones) { return; }
    uint32_t before = reported();
    s_block = malloc(24);
    ((volatile char *)s_block)[-1] = 1;
    free(s_block);
    TEST_ASSERT_EQUAL_INT(before + 1, reported());
}

static void test_a_second_free(void)
{
    if (!checks().wrong_frees) { return; }
    uint32_t before = reported();
    s_block = malloc(24);
    free(s_block);
    free(s_block);
    TEST_ASSERT_EQUAL_INT(before + 1, reported());
}

static void test_nothing_is_told_of_good_code(void)
{
    uint32_t before = reported();
    for (size_t size = 1; size < 200; size++) {
        s_block = malloc(size);
        for (size_t i = 0; i < size; i++) {
            ((volatile char *)s_block)[i] = (char)i;
        }
        free(s_block);
    }
    heaptrail_scrub(0, NULL);
    TEST_ASSERT_EQUAL_INT(before, reported());
}

void run_error_tests(void)
{
    RUN_TEST(test_nothing_is_told_of_good_code);
    RUN_TEST(test_a_byte_too_many);
    RUN_TEST(test_a_byte_before);
    RUN_TEST(test_a_second_free);
}
