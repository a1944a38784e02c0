/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file heaptrail_test.h
 * Tests that fail by the name of what leaked.
 *
 *     #include "unity.h"              // or <cmocka.h>; before this header
 *     #include "heaptrail_test.h"
 *
 *     HEAPTRAIL_ASSERT_NO_LEAKS() {   // one block of a test ...
 *         parse(message);
 *     }
 *     void setUp(void) { heaptrail_test_set_up(); }         // ... or every test of a file
 *     void tearDown(void) { heaptrail_test_tear_down(); }
 *
 * A scope is a mark and a question: which blocks came after the mark and still live? It passes only
 * when the answer is certain. A tracker that was stopped, reset or full meanwhile fails the test,
 * and the message says why. All of it works in tasks, before the scheduler and on Linux; not in an
 * ISR. Costs no RAM unless it is used, then 1.3 KB on 32-bit; the end of a scope is O(table) and
 * needs about 2.2 KB of stack (x86: a third more). docs/testing.md says more.
 */
#pragma once

#include "heaptrail.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- scopes ---------------------------------------------------------------------------------- */

/** Scopes that may be open at a time, those of all tasks together. When there are more, the calling
 * task's oldest is given up (a failed test has left it, as a rule); to end it is a misuse. */
#define HEAPTRAIL_SCOPES_MAX 16

/** heaptrail_scope_options_t::settle_ms: do not wait. */
#define HEAPTRAIL_SETTLE_NONE UINT32_MAX

/** A scope. The caller's; its fields are heaptrail's. */
typedef struct {
    heaptrail_mark_t mark;
    uint64_t begun_us;
    uint32_t id; /**< 0: not begun */
    uint32_t task_id;
    uint32_t generation;
    uint32_t pauses;
    uint32_t unrecorded; /**< losses until then */
    uint32_t tasks_full;
    bool running;
} heaptrail_scope_t;

/** How to end a scope. All zero, or NULL in place of it: the defaults. */
typedef struct {
    bool all_tasks; /**< blocks of every task count; false: only those of the task that began it */
    /** While something is left, wait at most so many milliseconds for it to go: a deleted task's
     * stack is freed by the idle task, later. 0: 100; HEAPTRAIL_SETTLE_NONE: not at all. Where
     * nobody may wait (before the scheduler) it does not. */
    uint32_t settle_ms;
    uint32_t max_rows; /**< sites in the message's report; 0: 20 */
} heaptrail_scope_options_t;

/** How a scope ended. */
typedef enum {
    HEAPTRAIL_SCOPE_CLEAN,       /**< nothing is left but what is allowed */
    HEAPTRAIL_SCOPE_LEAKS,       /**< something is left */
    HEAPTRAIL_SCOPE_CANNOT_TELL, /**< nothing was found, but blocks may have been missed */
    HEAPTRAIL_SCOPE_MISUSED      /**< ended twice, out of order, by another task; not begun */
} heaptrail_scope_verdict_t;

/** What heaptrail_scope_end() found. */
typedef struct {
    heaptrail_scope_verdict_t verdict;
    const char *why; /**< a sentence, for ever valid, where the counts do not say it all; or NULL */
    uint32_t leaked_blocks;
    size_t leaked_bytes;
    uint32_t allowed_blocks; /**< left, and allowed */
    size_t allowed_bytes;
    uint32_t unrecorded_blocks; /**< had no record: table full, filtered, too large */
    uint32_t exceeded;          /**< a bit for each allowance, in order, of which more was left */
} heaptrail_scope_result_t;

/**
 * Begin. Scopes may be nested; each task has its own. `scope` need not be initialised. O(sites).
 * @return ESP_OK; ESP_ERR_INVALID_ARG; ESP_ERR_INVALID_STATE in an ISR; ESP_ERR_NO_MEM: other
 *         tasks have too many open. After an error the end of the scope fails, too.
 */
esp_err_t heaptrail_scope_begin(heaptrail_scope_t *scope);

/**
 * End, from the task that began it, the innermost first. `options` may be NULL. O(table), more than
 * once where something is left.
 *
 * @return ESP_OK with the verdict in *result (which may be one of failure);
 *         ESP_ERR_INVALID_ARG: a NULL pointer, settle_ms above a minute; ESP_ERR_INVALID_STATE: in
 *         an ISR, or HEAPTRAIL_SCOPE_MISUSED.
 */
esp_err_t heaptrail_scope_end(heaptrail_scope_t *scope, const heaptrail_scope_options_t *options,
                              heaptrail_scope_result_t *result);

/**
 * What a scope that has ended left, for people: a sentence, and by site what
 * HEAPTRAIL_REPORT_SINCE says. The same `options` and `result` as at its end.
 */
esp_err_t heaptrail_scope_report(const heaptrail_scope_t *scope,
                                 const heaptrail_scope_options_t *options,
                                 const heaptrail_scope_result_t *result, heaptrail_write_fn_t write,
                                 void *context);

/* --- what may stay --------------------------------------------------------------------------- */

/** Allowances there is room for. */
#define HEAPTRAIL_ALLOWANCES_MAX 16

/** Blocks that are not a leak. Fields that are NULL or 0 match all; the others must match. */
typedef struct {
    const char *file; /**< the end of the path in the site: "net.c", "main/net.c" */
    uint32_t line;    /**< with file */
    const char *function;
    const char *variable;
    const char *task; /**< the name of the task that allocated */
    /** Code: a return address in [caller, caller_end) is in the block's stack. For what no macro
     * recorded; two functions of a file, or linker symbols, will do. */
    uintptr_t caller, caller_end;
    uint32_t max_blocks; /**< at most so many per scope; if there are more, all are leaks */
    size_t max_bytes;    /**< the same in bytes */
} heaptrail_allowance_t;

/**
 * Allow such blocks in every scope from now on; a block counts for the first allowance that matches
 * it. The strings stay the caller's and must stay valid. Not from an ISR. O(1).
 *
 * @return ESP_OK; ESP_ERR_INVALID_ARG: NULL, nothing that names a block, a line without a file, a
 *         caller without its end or behind it (the log says which); ESP_ERR_NO_MEM: there are
 *         HEAPTRAIL_ALLOWANCES_MAX.
 */
esp_err_t heaptrail_allow_leak(const heaptrail_allowance_t *allowance);

/** Allow nothing any more. */
void heaptrail_allow_none(void);

/** Stretches of a program that may leave something, of which there is room for so many. */
#define HEAPTRAIL_ALLOWED_REGIONS_MAX 16

/** A stretch that has begun. The fields are private. */
typedef struct {
    heaptrail_mark_t mark;
    uint32_t task_id;
} heaptrail_allowed_region_t;

/** @{ */
/**
 * What the calling task allocates between the two calls is no leak in the scopes around them. A
 * region that never ends (a test that failed in it) allows nothing. More than
 * HEAPTRAIL_ALLOWED_REGIONS_MAX that left something, apart from each other: ESP_ERR_NO_MEM, and
 * what that one left is a leak.
 */
esp_err_t heaptrail_allow_region_begin(heaptrail_allowed_region_t *region);
esp_err_t heaptrail_allow_region_end(heaptrail_allowed_region_t *region);
/** @} */

/* --- a test's framework ---------------------------------------------------------------------- */

/** How a test fails. */
typedef struct {
    heaptrail_write_fn_t write; /**< the report, before `fail`; NULL: to standard output */
    /** One line that names the first site. May jump out of the test. NULL: prints it and aborts */
    void (*fail)(void *context, const char *file, uint32_t line, const char *message);
    void *context;
} heaptrail_test_framework_t;

/** The options of all that has none of its own: the macros without _WITH, and
 * heaptrail_test_tear_down(). NULL: the defaults. `options` is copied. */
void heaptrail_test_set_options(const heaptrail_scope_options_t *options);

/** End a scope; if it is not clean, report and fail. True: it is clean. */
bool heaptrail_test_end(heaptrail_scope_t *scope, const heaptrail_scope_options_t *options,
                        const heaptrail_test_framework_t *framework, const char *file,
                        uint32_t line);

/** Begin the scope around a test. */
void heaptrail_test_set_up(void);

/** End it, and scopes in it that a failed test left open. `failed`: the test has failed already, so
 * what it left says nothing. */
bool heaptrail_test_tear_down_with(const heaptrail_test_framework_t *framework, bool failed,
                                   const char *file, uint32_t line);

/** The scope of HEAPTRAIL_ASSERT_NO_LEAKS(). */
typedef struct {
    heaptrail_scope_t scope;
    const heaptrail_scope_options_t *options;
    const heaptrail_test_framework_t *framework;
    const char *file;
    uint32_t line;
} heaptrail_test_block_t;

/** The two ends of HEAPTRAIL_ASSERT_NO_LEAKS(); not to be called. */
heaptrail_test_block_t heaptrail_test_block(const heaptrail_scope_options_t *options,
                                            const heaptrail_test_framework_t *framework,
                                            const char *file, uint32_t line);
/** See heaptrail_test_block(). */
void heaptrail_test_block_end(heaptrail_test_block_t *block);

/** The region of HEAPTRAIL_ALLOW_LEAKS(). */
heaptrail_allowed_region_t heaptrail_test_allowed(void);
/** Its end; not to be called. */
void heaptrail_test_allowed_end(heaptrail_allowed_region_t *region);

#ifdef __cplusplus
}
#endif

/* --- frameworks: the one whose header came first, or that HEAPTRAIL_TEST_... names -------------
 */

#if defined(HEAPTRAIL_TEST_UNITY) && !defined(UNITY_FRAMEWORK_H)
#include "unity.h"
#endif
#if defined(HEAPTRAIL_TEST_CMOCKA) && !defined(CMOCKA_H_)
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#endif

#if defined(HEAPTRAIL_TEST_FRAMEWORK)

/** A framework of your own: define HEAPTRAIL_TEST_FRAMEWORK as the name of a variable of this type
 * before this header. */
#define heaptrail_test_framework HEAPTRAIL_TEST_FRAMEWORK
#ifdef __cplusplus
extern "C" {
#endif
extern const heaptrail_test_framework_t heaptrail_test_framework;
#ifdef __cplusplus
}
#endif

static inline bool heaptrail_test_tear_down(void)
{
    return heaptrail_test_tear_down_with(&heaptrail_test_framework, false, "tear down", 0);
}

#elif defined(UNITY_FRAMEWORK_H)

static inline void heaptrail_unity_write(void *context, const char *text, size_t length)
{
    (void)context;
    for (size_t i = 0; i < length; i++) {
        UNITY_OUTPUT_CHAR(text[i]);
    }
}

static inline void heaptrail_unity_fail(void *context, const char *file, uint32_t line,
                                        const char *message)
{
    (void)context;
    (void)file; /* Unity says the test's */
    UNITY_TEST_FAIL(line, message);
}

__attribute__((unused)) static const heaptrail_test_framework_t heaptrail_test_framework = {
    heaptrail_unity_write, heaptrail_unity_fail, NULL};

/** For tearDown(). A test that failed or was ignored before is not looked at: it left its scope in
 * the middle. */
static inline void heaptrail_test_tear_down(void)
{
    bool failed = Unity.CurrentTestFailed != 0 || Unity.CurrentTestIgnored != 0;
    (void)heaptrail_test_tear_down_with(&heaptrail_test_framework, failed, Unity.TestFile,
                                        (uint32_t)Unity.CurrentTestLineNumber);
}

#elif defined(CMOCKA_H_)

static inline void heaptrail_cmocka_write(void *context, const char *text, size_t length)
{
    (void)context;
    print_error("%.*s", (int)length, text);
}

static inline void heaptrail_cmocka_fail(void *context, const char *file, uint32_t line,
                                         const char *message)
{
    (void)context;
    print_error("%s\n", message);
    _fail(file, (int)line);
}

__attribute__((unused)) static const heaptrail_test_framework_t heaptrail_test_framework = {
    heaptrail_cmocka_write, heaptrail_cmocka_fail, NULL};

/** Fixtures for cmocka_unit_test_setup_teardown(). cmocka tells no fixture that its test failed, so
 * what such a test left is told, too. */
static inline int heaptrail_cmocka_set_up(void **state)
{
    (void)state;
    heaptrail_test_set_up();
    return 0;
}

static inline int heaptrail_cmocka_tear_down(void **state)
{
    (void)state;
    return heaptrail_test_tear_down_with(&heaptrail_test_framework, false, "tear down", 0) ? 0 : -1;
}

#else

/** Of no framework: reports to standard output and aborts. */
__attribute__((unused)) static const heaptrail_test_framework_t heaptrail_test_framework = {
    NULL, NULL, NULL};

/** For the end of a test: end its scope; if something is left, report and fail. True: it is clean.
 * (With Unity it returns nothing and looks at no test that failed already.) */
static inline bool heaptrail_test_tear_down(void)
{
    return heaptrail_test_tear_down_with(&heaptrail_test_framework, false, "tear down", 0);
}

#endif

/* --- macros ---------------------------------------------------------------------------------- */

/**
 * The block that follows leaves nothing behind: HEAPTRAIL_ASSERT_NO_LEAKS() { ... }. `break` and
 * `continue` end the block; a `return` or `goto` out of it ends it, too, and is checked as well. It
 * must not be left by longjmp() (as a failed assertion does): then nothing is checked.
 */
#define HEAPTRAIL_ASSERT_NO_LEAKS() HEAPTRAIL_ASSERT_NO_LEAKS_WITH(NULL)
/** The same with options of its own, which must live as long as the block. */
#define HEAPTRAIL_ASSERT_NO_LEAKS_WITH(options)                                                    \
    HEAPTRAIL_TEST_ONCE(                                                                           \
        heaptrail_test_block_t, heaptrail_test_block_end, __COUNTER__,                             \
        heaptrail_test_block((options), &heaptrail_test_framework, __FILE__, __LINE__))

/** What the block that follows allocates may stay: HEAPTRAIL_ALLOW_LEAKS() { first_use(); }. */
#define HEAPTRAIL_ALLOW_LEAKS()                                                                    \
    HEAPTRAIL_TEST_ONCE(heaptrail_allowed_region_t, heaptrail_test_allowed_end, __COUNTER__,       \
                        heaptrail_test_allowed())

/** @{ */
/** The same as HEAPTRAIL_ASSERT_NO_LEAKS() as a pair, for what is no block. */
#define HEAPTRAIL_NO_LEAKS_BEGIN(scope) ((void)heaptrail_scope_begin(scope))
#define HEAPTRAIL_NO_LEAKS_END(scope)                                                              \
    ((void)heaptrail_test_end((scope), NULL, &heaptrail_test_framework, __FILE__, __LINE__))
/** @} */

/** @cond */
/* A loop of one turn, whose variable's end is the end of the block, however that is left. */
#define HEAPTRAIL_TEST_ONCE(type, end, n, begin) HEAPTRAIL_TEST_ONCE_(type, end, n, begin)
#define HEAPTRAIL_TEST_ONCE_(type, end, n, begin)                                                  \
    for (type heaptrail_block_##n __attribute__((cleanup(end))) = begin,                           \
                                  *heaptrail_once_##n = &heaptrail_block_##n;                      \
         heaptrail_once_##n != NULL; heaptrail_once_##n = NULL)
/** @endcond */
