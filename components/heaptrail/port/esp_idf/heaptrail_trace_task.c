/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The task of heaptrail_trace_task.h. */
#include "heaptrail_trace_task.h"

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail_trace.h"
#include "ht_config.h"
#include "ht_default.h"

#define INTERVAL_MS 100U
/* What happened is written after so long, or as soon as a ring is filled to a quarter: a frame for
 * each of a few events would be mostly frame. */
#define LATENCY_MS 1000U
#define STACK_BYTES 4096U
#define PRIORITY 1U

enum { TASK_NONE = 0, TASK_RUNS, TASK_ENDS };

static uint32_t s_state; /* TASK_*; atomic */
static uint32_t s_interval_ms;

static uint32_t state(void)
{
    return __atomic_load_n(&s_state, __ATOMIC_ACQUIRE);
}

static void set_state(uint32_t next)
{
    __atomic_store_n(&s_state, next, __ATOMIC_RELEASE);
}

/* At least one tick: the idle task has to run, too. */
static TickType_t ticks_of(uint32_t ms)
{
    TickType_t ticks = pdMS_TO_TICKS(ms);
    return ticks > 0 ? ticks : 1;
}

static bool is_time(uint32_t waited_ms)
{
    heaptrail_trace_status_t status;
    return waited_ms >= LATENCY_MS || heaptrail_trace_status(&status) != ESP_OK || status.waiting ||
           status.pending_events >= status.ring_events / 4U;
}

static void drain(void *argument)
{
    (void)argument;
    uint32_t waited_ms = LATENCY_MS;
    while (state() == TASK_RUNS) {
        if (is_time(waited_ms)) {
            (void)heaptrail_trace_poll();
            waited_ms = 0;
        }
        vTaskDelay(ticks_of(s_interval_ms));
        waited_ms += s_interval_ms;
    }
    set_state(TASK_NONE);
    vTaskDelete(NULL);
}

static bool claim(void)
{
    ht_tracker_t *tracker = ht_default();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    bool free = s_state == TASK_NONE;
    if (free) { s_state = TASK_RUNS; }
    ht_port_unlock(&tracker->lock, irq);
    return free;
}

esp_err_t heaptrail_trace_task_start(const heaptrail_trace_task_t *config)
{
    const heaptrail_trace_task_t all_zero = {0};
    if (!HT_CONFIG_TRACE) { return ESP_ERR_NOT_SUPPORTED; }
    if (config == NULL) { config = &all_zero; }
    if (!claim()) { return ESP_ERR_INVALID_STATE; }
    s_interval_ms = config->interval_ms != 0 ? config->interval_ms : INTERVAL_MS;
    uint32_t stack = config->stack_bytes != 0 ? config->stack_bytes : STACK_BYTES;
    UBaseType_t priority = config->priority != 0 ? config->priority : PRIORITY;
    if (xTaskCreate(drain, "heaptrail", stack, NULL, priority, NULL) == pdPASS) { return ESP_OK; }
    set_state(TASK_NONE);
    return ESP_ERR_NO_MEM;
}

/* Wait until the task is gone: until then it may be in the sink. */
static bool wait_for_end(uint32_t *timeout_ms)
{
    set_state(TASK_ENDS);
    while (state() == TASK_ENDS) {
        if (*timeout_ms == 0) { return false; }
        uint32_t step = *timeout_ms < portTICK_PERIOD_MS ? *timeout_ms : portTICK_PERIOD_MS;
        *timeout_ms -= step;
        vTaskDelay(1);
    }
    return true;
}

esp_err_t heaptrail_trace_task_stop(uint32_t timeout_ms)
{
    if (state() != TASK_RUNS) { return ESP_ERR_INVALID_STATE; }
    if (!wait_for_end(&timeout_ms)) { return ESP_ERR_TIMEOUT; }
    esp_err_t err = heaptrail_trace_stop();
    while (err == ESP_ERR_NOT_FINISHED && timeout_ms > 0) {
        timeout_ms -= timeout_ms < portTICK_PERIOD_MS ? timeout_ms : portTICK_PERIOD_MS;
        vTaskDelay(1);
        err = heaptrail_trace_poll();
    }
    if (err != ESP_ERR_NOT_FINISHED) { return err; }
    (void)heaptrail_trace_stop();
    return ESP_ERR_TIMEOUT;
}
