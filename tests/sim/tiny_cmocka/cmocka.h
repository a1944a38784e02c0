// SPDX-License-Identifier: Apache-2.0
/** The few names of cmocka that tests/sim uses, for builds where the library is not installed for the
 *  target (-m32). */
#pragma once

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*test)(void **state);
    int (*setup)(void **state);
};

#define cmocka_unit_test(f) { #f, f, NULL }
#define cmocka_unit_test_setup(f, s) { #f, f, s }

static inline void tiny_fail(const char *file, int line, const char *text)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, text);
    _Exit(1);
}

#define tiny_check(x, text) ((x) ? (void)0 : tiny_fail(__FILE__, __LINE__, text))
#define assert_true(x) tiny_check(x, #x)
#define assert_false(x) tiny_check(!(x), "not " #x)
#define assert_null(x) tiny_check((x) == NULL, #x " is NULL")
#define assert_non_null(x) tiny_check((x) != NULL, #x " is not NULL")
#define assert_int_equal(a, b) tiny_check((uintmax_t)(a) == (uintmax_t)(b), #a " == " #b)
#define assert_ptr_equal(a, b) tiny_check((const void *)(a) == (const void *)(b), #a " == " #b)
#define assert_string_equal(a, b) tiny_check(strcmp(a, b) == 0, #a " equals " #b)
#define assert_memory_equal(a, b, n) tiny_check(memcmp(a, b, n) == 0, #a " equals " #b)
#define assert_in_range(a, low, high)                                                              \
    tiny_check((uintmax_t)(a) >= (uintmax_t)(low) && (uintmax_t)(a) <= (uintmax_t)(high),          \
               #a " in " #low ".." #high)
#define fail() tiny_fail(__FILE__, __LINE__, "fail()")

static inline int tiny_run(const struct CMUnitTest *tests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *state = NULL;
        if (tests[i].setup) {
            tests[i].setup(&state);
        }
        tests[i].test(&state);
        fprintf(stderr, "ok %s\n", tests[i].name);
    }
    return 0;
}

#define cmocka_run_group_tests(tests, setup, teardown)                                             \
    tiny_run(tests, sizeof(tests) / sizeof((tests)[0]))
