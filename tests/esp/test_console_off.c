/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Without CONFIG_HEAPTRAIL_CONSOLE: the functions are there, and say so. */
#include "esp_test.h"

#include "esp_console.h"
#include "heaptrail_console.h"
#include "linenoise/linenoise.h"

static void test_off(void **state)
{
    (void)state;
    int code = 0;
    linenoiseCompletions names = {0};
    assert_int_equal(heaptrail_console_register(), ESP_ERR_NOT_SUPPORTED);
    assert_int_equal(esp_console_run("heaptrail", &code), ESP_ERR_NOT_FOUND);
    heaptrail_console_completion("heaptrail s", &names);
    assert_int_equal(names.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_off)};
    return esp_test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
