/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * What happened, told by ESP-IDF's hooks (CONFIG_HEAP_USE_HOOKS) and not by wraps of the base
 * functions: beside ESP-IDF's heap tracing, which takes those. The wraps of the functions that
 * firmware calls (ht_wrap_libc.c, ht_wrap_caps.c, ht_wrap_new.c) still tell who asked, if they are
 * there; they also end the record of a block that realloc() moved, for which there is no hook.
 *
 *     malloc, calloc, aligned_alloc     alloc hook
 *     free                              free hook, when the block is the heap's again: another task
 *                                       may have been given it before. Then the hook finds that
 * one's record and ends it; its own free is an unknown one. realloc, in place                 alloc
 * hook, of an address that has a record realloc, moved within its heap    alloc hook, and none for
 * the old block realloc, moved to another heap    alloc hook, then free hook
 */
#include "ht_config.h"

#if HT_CONFIG_HOOKS

#include "esp_heap_caps.h"
#include "ht_default.h"
#include "ht_port_wrap.h"

#define CALLER ((uintptr_t)__builtin_return_address(0))

const char ht_port_wrap_marker = 1; /* the macros need not record */

#if HT_CONFIG_WRAP_ENTRIES

static void take_slot(void)
{
    ht_port_take_failed_slot();
}

#else

/* Until the firmware registers a callback of its own: nobody hears of that without a wrap. */
static HT_PORT_HOT void on_failed(size_t size, uint32_t caps, const char *function)
{
    (void)function;
    ht_on_fail(size, 0, caps, HEAPTRAIL_METHOD_UNKNOWN, CALLER);
}

static void take_slot(void)
{
    (void)heap_caps_register_failed_alloc_callback(on_failed);
}

#endif

__attribute__((constructor(101))) static void start(void)
{
    take_slot();
}

/* Inside a realloc() that holds the record of the old block. */
static HT_PORT_HOT bool is_reallocating(const ht_tracker_t *tracker)
{
    const ht_scope_t *scope = ht_scope_current(tracker);
    if (scope == NULL) { return false; }
    return scope->method == HEAPTRAIL_METHOD_REALLOC ||
           scope->method == HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC ||
           scope->method == HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC_PREFER;
}

/* ESP-IDF's header says where the two lie: with its heap. (And linker.lf.in, in RAM with us.) */
void esp_heap_trace_alloc_hook(void *block, size_t size, uint32_t caps)
{
    if (block == NULL) { return; }
    ht_tracker_t *tracker = ht_default();
    ht_known_t known;
    if (!ht_is_idle(tracker) && ht_tracker_known(tracker, (uintptr_t)block, &known)) {
        (void)ht_tracker_remove(tracker, (uintptr_t)block);
    }
    ht_on_alloc(block, size, caps, HEAPTRAIL_METHOD_UNKNOWN, CALLER);
}

void esp_heap_trace_free_hook(void *block)
{
    ht_tracker_t *tracker = ht_default();
    if (block == NULL || ht_is_idle(tracker)) { return; }
    ht_known_t known;
    if (ht_tracker_known(tracker, (uintptr_t)block, &known) || !is_reallocating(tracker)) {
        (void)ht_tracker_remove(tracker, (uintptr_t)block);
    }
}

#endif
