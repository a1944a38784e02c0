/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The component on a chip, on ESP-IDF's linux target, on heaptrail's stand-in; any preset. */
#include "unity.h"

#include "heaptrail.h"
#include "tests.h"

void setUp(void)
{
}

/* After each test all tables agree. */
void tearDown(void)
{
    const char *wrong = heaptrail_check();
    if (wrong != NULL) { TEST_FAIL_MESSAGE(wrong); }
}

void app_main(void)
{
    UNITY_BEGIN();
    run_tracking_tests();
    run_error_tests();
    UNITY_END();
}
