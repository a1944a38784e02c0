/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file esp_test.h
 * Tests of the whole component on the stand-in for ESP-IDF, unchanged and linked as a firmware.
 *
 * Each test is a boot of its own: the program forks for every one of them, after its constructors
 * ran and before anything else did. So a test may fill a table, stop the tracker, or end badly.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "esp_heap_caps.h"
#include "heaptrail.h"
#include "heaptrail_report.h"
#include "sim.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The component as it was built for this program; see CMakeLists.txt. */
#ifndef ESP_WRAPPED
#define ESP_WRAPPED 1 /* by the linker */
#endif
#ifndef ESP_HOOKED
#define ESP_HOOKED 0 /* by the heap's hooks, which tell the size as the heap rounds it */
#endif
#ifndef ESP_CHECKED
#define ESP_CHECKED 0 /* memory errors are looked for from boot on */
#endif
#ifndef ESP_DEPTH
#define ESP_DEPTH 1 /* frames per stack */
#endif

/** A function that plays firmware: what it calls is called from there, and nothing is inlined. Each
 * has a kilobyte of its own, so that an address tells it. */
#define FW_BYTES 1024U
#define FW __attribute__((noinline, noclone, aligned(1024)))

/** Runs each test in a process of its own. Returns how many failed. */
int esp_test_main(const struct CMUnitTest *tests, size_t count);
#define ESP_TEST_MAIN(tests)                                                                       \
    int main(void)                                                                                 \
    {                                                                                              \
        return esp_test_main(tests, sizeof(tests) / sizeof((tests)[0]));                           \
    }

/** Run in the task "main" of the stand-in, to the end. */
void esp_run(void (*fn)(void *));
/** Run in a task of that name, pinned to that core, to the end. From a task. */
void esp_in_task(const char *name, int core, void (*fn)(void *), void *arg);

/** The record of the live block at `p`; fails the test unless there is exactly one. */
heaptrail_block_row_t esp_block(const void *p);
/** How many records there are for `p`. */
unsigned esp_records_of(const void *p);
/** How many records there are. */
unsigned esp_records(void);
/** True when `address` lies in the firmware function that starts at `fn`. */
bool esp_is_in(uintptr_t address, const void *fn);
/** heaptrail_check(), as an assertion. */
void esp_check(void);
heaptrail_status_t esp_status(void);
/** The newest failure in the ring; fails the test if there is none. */
heaptrail_failure_row_t esp_last_failure(void);
/** The newest task of that name. False: there is none. */
bool esp_task(const char *name, heaptrail_task_row_t *row);
/** A report as text, in memory that the next call uses again. */
const char *esp_report(heaptrail_report_kind_t kind);

/** Clears what functions left below the stack in use: the scan must not find it there again. */
void esp_clear_stack(void);
/** Addresses that the scan must not see as such. */
#define HIDE(p) ((uintptr_t)(p) ^ ~(uintptr_t)0)
#define SHOW(h) ((void *)((h) ^ ~(uintptr_t)0))

/** Collect heaptrail's log lines from now on; each ends with a newline in what esp_log() returns.
 */
void esp_log_catch(void);
const char *esp_log(void);
void esp_log_forget(void);

#ifdef __cplusplus
}
#endif
