/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The scrubber's turns, in the task of esp_timer. Not in the idle task, which the tick's own hooks
 * run in: its stack is too small for the report of what is found.
 */
#include "esp_freertos_hooks.h"
#include "heaptrail_errors.h"
#include "ht_turns.h"

#if HT_TURNS_SCRUB

/* Each turn looks at what is due: 1/300 of the blocks in the default round of 30 seconds. */
#define TURN_US 100000U

static void scrub(void *argument)
{
    (void)argument;
    (void)heaptrail_scrub(0, NULL); /* nothing is due while the checks are off */
}

static bool begin(void)
{
    static ht_turns_t s_turns = {.name = "heaptrail", .turn = scrub, .period_us = TURN_US};
    (void)ht_turns_begin(&s_turns); /* only core 0's idle task comes here */
    return true;                    /* nothing more to do until the next interrupt */
}

__attribute__((constructor)) static void wait_for_idle(void)
{
    esp_register_freertos_idle_hook_for_cpu(begin, 0);
}

#endif
