/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The scrubber's turns, in the task of esp_timer. Not in the idle task, which the tick's own hooks
 * run in: its stack is too small for the report of what is found. The timer is made when the idle
 * task first runs, because esp_timer is not ready when constructors run.
 */
#include "esp_freertos_hooks.h"
#include "esp_timer.h"
#include "heaptrail_errors.h"
#include "ht_config.h"

#if CONFIG_HEAPTRAIL_SCRUB_ROUND_MS > 0 && HT_CONFIG_CHECKS

/* Each turn looks at what is due: 1/300 of the blocks in the default round of 30 seconds. */
#define TURN_US 100000U

static void scrub(void *argument)
{
    (void)argument;
    (void)heaptrail_scrub(0, NULL); /* nothing is due while the checks are off */
}

static bool start_timer(void)
{
    static bool s_started; /* only core 0's idle task comes here */
    if (!s_started) {
        s_started = true;
        const esp_timer_create_args_t args = {
            .callback = scrub, .name = "heaptrail", .skip_unhandled_events = true};
        esp_timer_handle_t timer = NULL;
        if (esp_timer_create(&args, &timer) == ESP_OK) {
            (void)esp_timer_start_periodic(timer, TURN_US);
        }
    }
    return true; /* nothing more to do until the next interrupt */
}

__attribute__((constructor)) static void wait_for_idle(void)
{
    esp_register_freertos_idle_hook_for_cpu(start_timer, 0);
}

#endif
