/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A sensor node that has been in the field for a while. It publishes, receives, logs and shows, and
 * its free heap gets a little smaller every hour. See README.md for what is wrong with it.
 */
#include <inttypes.h>
#include <stdio.h>

#include "esp_err.h"
#include "esp_heap_caps.h"
#include "esp_log.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "freertos/timers.h"
#include "heaptrail.h"
#include "heaptrail_report.h"
#include "heaptrail_trace.h"
#include "node.h"
#include "sdkconfig.h"

#define WARM_UP_MINUTES 1
#define HEARTBEAT_MS 60000
#define BETWEEN_SAMPLES_MS                                                                         \
    1200 /* a publish that is under way is not a leak: look when there is none */

static const char *const TAG = "node";

/* Once a minute, what everybody logs. It says that memory goes, and not where to. */
static void heartbeat(TimerHandle_t timer)
{
    static unsigned minute;
    (void)timer;
    ESP_LOGI(TAG, "minute %u: %u bytes free, largest block %u", ++minute,
             (unsigned)heap_caps_get_free_size(MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT),
             (unsigned)heap_caps_get_largest_free_block(MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT));
}

static void wait_minutes(uint32_t minutes)
{
    for (uint32_t i = 0; i < minutes; i++) {
        vTaskDelay(pdMS_TO_TICKS(60000));
    }
}

static void to_stdout(void *context, const char *text, size_t length)
{
    (void)context;
    fwrite(text, 1, length, stdout);
}

static void print_growth(const heaptrail_mark_t *mark)
{
    const heaptrail_report_t report = {
        .kind = HEAPTRAIL_REPORT_SINCE,
        .sort = HEAPTRAIL_SORT_GROWTH,
        .select = {.since = mark},
    };
    heaptrail_report(&report, to_stdout, NULL);
}

void app_main(void)
{
    trace_start(CONFIG_LEAKY_NODE_TRACE_TO);
    ESP_ERROR_CHECK(telemetry_start());
    ESP_ERROR_CHECK(net_start());
    ESP_ERROR_CHECK(display_start());
    ESP_ERROR_CHECK(storage_start());
    TimerHandle_t timer =
        xTimerCreate("heartbeat", pdMS_TO_TICKS(HEARTBEAT_MS), pdTRUE, NULL, heartbeat);
    if (timer == NULL || xTimerStart(timer, portMAX_DELAY) != pdPASS) {
        ESP_LOGE(TAG, "no heartbeat");
    }

    /* What start-up allocates is there to stay. What is allocated after it and stays is suspicious.
     */
    wait_minutes(WARM_UP_MINUTES);
    heaptrail_mark_t mark = heaptrail_mark();
    heaptrail_trace_mark("warm");
    wait_minutes((uint32_t)CONFIG_LEAKY_NODE_MINUTES - WARM_UP_MINUTES);
    vTaskDelay(pdMS_TO_TICKS(BETWEEN_SAMPLES_MS));

    ESP_ERROR_CHECK(heaptrail_sample());
    heaptrail_trace_mark("report");
    heaptrail_print(HEAPTRAIL_REPORT_SUMMARY);
    print_growth(&mark);
    heaptrail_print(HEAPTRAIL_REPORT_LEAKS);
    fflush(stdout);
    trace_stop();
#ifdef CONFIG_LEAKY_NODE_CONSOLE
    if (CONFIG_LEAKY_NODE_CONSOLE) { ESP_ERROR_CHECK(console_start()); }
#endif
}
