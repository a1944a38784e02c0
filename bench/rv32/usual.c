/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* A firmware that uses heaptrail as most do: marks, what is live since then, the reports. It is
 * linked to see what that takes, and runs as any other. */
#include <stdio.h>

#include "esp_freertos_hooks.h"
#include "esp_heap_caps.h"
#include "esp_system.h"
#include "esp_timer.h"
#include "heaptrail.h"
#include "heaptrail_report.h"
#include "sim_bench.h"

/* Nothing on this board ever restarts, idles or expires. */
esp_err_t esp_register_shutdown_handler(shutdown_handler_t handler)
{
    (void)handler;
    return ESP_OK;
}

esp_err_t esp_register_freertos_idle_hook_for_cpu(esp_freertos_idle_cb_t hook, UBaseType_t core)
{
    (void)hook, (void)core;
    return ESP_OK;
}

esp_err_t esp_timer_create(const esp_timer_create_args_t *arguments, esp_timer_handle_t *timer)
{
    (void)arguments, (void)timer;
    return ESP_OK;
}

esp_err_t esp_timer_start_periodic(esp_timer_handle_t timer, uint64_t period_us)
{
    (void)timer, (void)period_us;
    return ESP_OK;
}

static bool count_site(void *context, const heaptrail_site_row_t *row)
{
    *(uint32_t *)context += row->since_blocks;
    return true;
}

int main(void)
{
    bench_boot();
    heaptrail_mark_t mark = heaptrail_mark();
    void *block = heap_caps_malloc(100, MALLOC_CAP_DEFAULT);
    uint32_t since = 0;
    heaptrail_select_t select = {.since = &mark};
    heaptrail_for_each_site(&select, count_site, &since, NULL);
    heaptrail_print(HEAPTRAIL_REPORT_STATUS);
    heaptrail_print(HEAPTRAIL_REPORT_SITES);
    heaptrail_print(HEAPTRAIL_REPORT_TASKS);
    heaptrail_print(HEAPTRAIL_REPORT_HEAPS);
    heap_caps_free(block);
    return since != 1;
}
