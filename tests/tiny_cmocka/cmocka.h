/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The names of cmocka that our tests use, for 32-bit builds: Debian has no cmocka of another
 * architecture without adding that architecture to the machine. The first failure ends the program.
 */
#pragma once

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*tiny_test_fn)(void **state);
typedef int (*tiny_fixture_fn)(void **state);

struct CMUnitTest {
    const char *name;
    tiny_test_fn test;
    tiny_fixture_fn setup;
    tiny_fixture_fn teardown;
};

#define cmocka_unit_test(f)                                                                        \
    {                                                                                              \
#f, f, NULL, NULL                                                                          \
    }
#define cmocka_unit_test_setup(f, s)                                                               \
    {                                                                                              \
#f, f, s, NULL                                                                             \
    }
#define cmocka_unit_test_teardown(f, t)                                                            \
    {                                                                                              \
#f, f, NULL, t                                                                             \
    }
#define cmocka_unit_test_setup_teardown(f, s, t)                                                   \
    {                                                                                              \
#f, f, s, t                                                                                \
    }

/* One jump target for the test that runs; weak, so that every file of a program may define it. */
__attribute__((weak)) jmp_buf tiny_skip_jump;

static inline void tiny_fail(const char *file, int line, const char *text)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, text);
    _Exit(1);
}

static inline int tiny_is_in(uintmax_t value, uintmax_t low, uintmax_t high)
{
    return value >= low && value <= high;
}

#define tiny_check(x, text) ((x) ? (void)0 : tiny_fail(__FILE__, __LINE__, text))
#define assert_true(x) tiny_check(x, #x)
#define assert_false(x) tiny_check(!(x), "not " #x)
#define assert_null(x) tiny_check((x) == NULL, #x " is NULL")
#define assert_non_null(x) tiny_check((x) != NULL, #x " is not NULL")
#define assert_int_equal(a, b) tiny_check((uintmax_t)(a) == (uintmax_t)(b), #a " == " #b)
#define assert_int_not_equal(a, b) tiny_check((uintmax_t)(a) != (uintmax_t)(b), #a " != " #b)
#define assert_ptr_equal(a, b) tiny_check((const void *)(a) == (const void *)(b), #a " == " #b)
#define assert_ptr_not_equal(a, b) tiny_check((const void *)(a) != (const void *)(b), #a " != " #b)
#define assert_string_equal(a, b) tiny_check(strcmp(a, b) == 0, #a " equals " #b)
#define assert_string_not_equal(a, b) tiny_check(strcmp(a, b) != 0, #a " differs from " #b)
#define assert_memory_equal(a, b, n) tiny_check(memcmp(a, b, n) == 0, #a " equals " #b)
#define assert_memory_not_equal(a, b, n) tiny_check(memcmp(a, b, n) != 0, #a " differs from " #b)
#define assert_in_range(a, low, high)                                                              \
    tiny_check(tiny_is_in((uintmax_t)(a), (uintmax_t)(low), (uintmax_t)(high)),                    \
               #a " in " #low ".." #high)
#define fail() tiny_fail(__FILE__, __LINE__, "fail()")
#define fail_msg(...) (fprintf(stderr, __VA_ARGS__), fail())
#define skip() longjmp(tiny_skip_jump, 1)
#define print_message(...) printf(__VA_ARGS__)
#define print_error(...) fprintf(stderr, __VA_ARGS__)

static inline int tiny_fixture(tiny_fixture_fn fixture, void **state)
{
    return fixture != NULL ? fixture(state) : 0;
}

static inline void tiny_run_one(const struct CMUnitTest *test, void **state)
{
    if (tiny_fixture(test->setup, state) != 0) { tiny_fail(test->name, 0, "its setup failed"); }
    if (setjmp(tiny_skip_jump) == 0) {
        test->test(state);
        fprintf(stderr, "ok %s\n", test->name);
    } else {
        fprintf(stderr, "skipped %s\n", test->name);
    }
    if (tiny_fixture(test->teardown, state) != 0) {
        tiny_fail(test->name, 0, "its teardown failed");
    }
}

static inline int tiny_run(const struct CMUnitTest *tests, size_t count, tiny_fixture_fn setup,
                           tiny_fixture_fn teardown)
{
    void *group_state = NULL;
    if (tiny_fixture(setup, &group_state) != 0) { tiny_fail("group", 0, "its setup failed"); }
    for (size_t i = 0; i < count; i++) {
        void *state = group_state;
        tiny_run_one(&tests[i], &state);
    }
    return tiny_fixture(teardown, &group_state);
}

static inline int _cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests,
                                          size_t count, tiny_fixture_fn setup,
                                          tiny_fixture_fn teardown)
{
    fprintf(stderr, "%s\n", name);
    return tiny_run(tests, count, setup, teardown);
}

#define cmocka_run_group_tests(tests, setup, teardown)                                             \
    tiny_run(tests, sizeof(tests) / sizeof((tests)[0]), setup, teardown)
#define cmocka_run_group_tests_name(name, tests, setup, teardown)                                  \
    (fprintf(stderr, "%s\n", name), cmocka_run_group_tests(tests, setup, teardown))
