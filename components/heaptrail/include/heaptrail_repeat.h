/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file heaptrail_repeat.h
 * Call a suspect operation many times, and see which sites hold more with each call.
 *
 *     heaptrail_repeat_row_t rows[8];
 *     heaptrail_repeat_result_t result;
 *     heaptrail_repeat(reconnect, NULL, NULL, rows, 8, &result);
 *     heaptrail_repeat_report(&result, rows, false, write, NULL);
 *
 * What is made at the first use, and caches that fill up, drop out by themselves: some calls go
 * before, and a site counts only if the second half of the calls left something and the first half
 * did, too. What is allowed in tests (heaptrail_allow_leak()) is allowed here.
 *
 * All functions from tasks only.
 */
#pragma once

#include "heaptrail_test.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The suspect operation. It must not jump out (longjmp(), exceptions). */
typedef void (*heaptrail_repeat_fn_t)(void *context);

/** How often, and what counts. All zero, or NULL in place of it: the defaults. */
typedef struct {
    uint32_t calls;     /**< that are looked at, 4 .. 1,000,000, an even number; 0: 16 */
    uint32_t warm_up;   /**< calls before them, up to 1,000,000; 0: 2 */
    bool all_tasks;     /**< blocks of every task count; false: only those of the calling task */
    uint32_t settle_ms; /**< as in heaptrail_scope_options_t */
} heaptrail_repeat_options_t;

/** A site that holds more with each call. */
typedef struct {
    heaptrail_origin_t origin;
    uint32_t first_blocks; /**< left by the first half of the calls, and live at the end */
    uint32_t blocks;       /**< left by the second half */
    size_t first_bytes;
    size_t bytes;
    bool steady; /**< two blocks or more in each half, and as many to a quarter: a leak. Otherwise
                      rare, or irregular: to be sure, ask for more calls */
} heaptrail_repeat_row_t;

/** What heaptrail_repeat() found. */
typedef struct {
    heaptrail_scope_verdict_t verdict; /**< CLEAN: nothing grows. LEAKS: something does */
    const char *why;         /**< a sentence, for ever valid, where the counts do not say all */
    uint32_t calls;          /**< that were looked at; a half of them is the second half */
    uint32_t row_count;      /**< sites that grow */
    uint32_t left_out_sites; /**< for which `rows` had no room: they may grow, too */
    uint32_t once_sites;     /**< that hold something new, but do not grow: caches, first uses */
    size_t bytes;            /**< of the second half, in the rows */
} heaptrail_repeat_result_t;

/**
 * Call `fn` (warm_up + calls) times, and hand out which sites grow with the number of calls.
 *
 * @param fn, context What to call, in the calling task, with nothing locked.
 * @param options NULL: all zero.
 * @param rows    Where the sites go, most bytes first. Their strings and frames stay valid as long
 *                as the tracker is not reset.
 * @param room    Rows that fit.
 * @param result  What was found. The verdict may be one of failure.
 * @return ESP_OK; ESP_ERR_INVALID_ARG (NULL, no room, numbers out of range); ESP_ERR_INVALID_STATE
 *         (in an ISR, another query of sites is under way, or `fn` left a scope open);
 * ESP_ERR_NO_MEM (too many scopes are open). Then nothing is known, and `why` says why, if it can.
 *
 * Cost: the calls, four walks over the table, and up to `settle_ms` of waiting. Stack: about 700
 * bytes on 32-bit, on top of what `fn` needs.
 */
esp_err_t heaptrail_repeat(heaptrail_repeat_fn_t fn, void *context,
                           const heaptrail_repeat_options_t *options, heaptrail_repeat_row_t *rows,
                           uint32_t room, heaptrail_repeat_result_t *result);

/** What was found, for people or as a JSON object. ESP_ERR_INVALID_ARG: a NULL pointer. */
esp_err_t heaptrail_repeat_report(const heaptrail_repeat_result_t *result,
                                  const heaptrail_repeat_row_t *rows, bool json,
                                  heaptrail_write_fn_t write, void *context);

/** For tests: repeat, report if a site grows or nobody can tell, and fail. True: nothing grows. */
bool heaptrail_test_repeat(heaptrail_repeat_fn_t fn, void *context,
                           const heaptrail_repeat_options_t *options,
                           const heaptrail_test_framework_t *framework, const char *file,
                           uint32_t line);

#ifdef __cplusplus
}
#endif

/** Fails the test unless the heap stays as it is however often `fn(context)` is called. */
#define HEAPTRAIL_ASSERT_NO_GROWTH(fn, context)                                                    \
    ((void)heaptrail_test_repeat((fn), (context), NULL, &heaptrail_test_framework, __FILE__,       \
                                 __LINE__))
/** The same with heaptrail_repeat_options_t of its own. */
#define HEAPTRAIL_ASSERT_NO_GROWTH_WITH(fn, context, options)                                      \
    ((void)heaptrail_test_repeat((fn), (context), (options), &heaptrail_test_framework, __FILE__,  \
                                 __LINE__))
