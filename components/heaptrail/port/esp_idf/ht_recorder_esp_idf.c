/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The flight recorder that runs by itself: from the first constructor on, written in the task of
 * esp_timer, and once more when the firmware restarts or panics.
 *
 *   panic_handler()        stalls the other core, switches the cache on        panic_handler.c
 *     esp_panic_handler()  --wrap: ours, then the real one, which restarts     panic.c
 */
#include "esp_freertos_hooks.h"
#include "esp_system.h"
#include "heaptrail_trace.h"
#include "ht_default.h"
#include "ht_ready.h"
#include "ht_turns.h"

#if HT_READY

#define TURN_US 100000U
#define LATENCY_TURNS 10U
/* heaptrail_trace_rescue() wants 2.1 KB. */
#define STACK_BYTES 2560U
#ifdef CONFIG_FREERTOS_ISR_STACKSIZE
#define ISR_HAS_ROOM (CONFIG_FREERTOS_ISR_STACKSIZE >= 2U * STACK_BYTES)
#else
#define ISR_HAS_ROOM false
#endif

/* A frame for a few events would be mostly frame. */
static bool is_time(uint32_t turns)
{
    heaptrail_trace_status_t status;
    return turns >= LATENCY_TURNS || heaptrail_trace_status(&status) != ESP_OK ||
           status.pending_events >= status.ring_events / 4U;
}

static void turn(void *argument)
{
    static uint32_t s_turns;
    (void)argument;
    if (!ht_trace_records_by_itself() || !is_time(++s_turns)) { return; }
    s_turns = 0;
    (void)heaptrail_trace_poll();
}

/* Who restarts lends its stack, and so does what a panic interrupted. */
static bool has_room(void)
{
    uintptr_t key = ht_port_task_key();
    if (key < HT_KEY_FIRST_TASK) { return key == HT_KEY_STARTUP || ISR_HAS_ROOM; }
    uintptr_t start = ht_port_stack_start(key);
    uintptr_t here = ht_port_stack_pointer();
    return here >= start && here - start >= STACK_BYTES; /* below it: an overflow */
}

static void before_restart(void)
{
    if (ht_trace_records_by_itself() && has_room()) { (void)heaptrail_trace_poll(); }
}

static bool begin(void)
{
    static ht_turns_t s_turns = {.name = "heaptrail_rec", .turn = turn, .period_us = TURN_US};
    static bool s_handled; /* only core 0's idle task comes here */
    if (ht_turns_begin(&s_turns) && !s_handled) {
        s_handled = true; /* without room in ESP-IDF's table there is none later either */
        (void)esp_register_shutdown_handler(before_restart);
    }
    return true; /* nothing more to do until the next interrupt */
}

/* A tracker that is started later (CONFIG_HEAPTRAIL_START_AT_BOOT off): its starter's task. */
__attribute__((constructor)) static void record(void)
{
    (void)ht_trace_record_by_itself();
    esp_register_freertos_idle_hook_for_cpu(begin, 0);
}

/* --- panics -------------------------------------------------------------------------------------
 */

void __real_esp_panic_handler(void *info) __attribute__((weak)); /* where nobody wraps it */
void __wrap_esp_panic_handler(void *info);

void __wrap_esp_panic_handler(void *info)
{
    static bool s_done; /* a panic in here comes again */
    if (!s_done && has_room()) {
        s_done = true;
        (void)heaptrail_trace_rescue();
    }
    __real_esp_panic_handler(info);
}

#endif
