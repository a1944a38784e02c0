/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The rest of the port to ESP-IDF's linux target: names, clock, log; and what this target has not.
 */
#include <string.h>
#include <time.h>

#include "esp_log.h"
#include "ht_port.h"
#include "ht_port_wrap.h"

uint32_t ht_port_tick_hz(void)
{
    return configTICK_RATE_HZ;
}

uint64_t ht_port_uptime_us(void)
{
    static uint64_t s_start; /* the first caller's time */
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t us = (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
    uint64_t none = 0;
    __atomic_compare_exchange_n(&s_start, &none, us, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return us - __atomic_load_n(&s_start, __ATOMIC_RELAXED);
}

__attribute__((constructor)) static void start_clock(void)
{
    ht_port_uptime_us();
}

void ht_port_task_name(uintptr_t key, char *name)
{
    const char *from = pcTaskGetName((TaskHandle_t)key);
    size_t i = 0;
    for (; from != NULL && from[i] != '\0' && i + 1 < HT_TASK_NAME_MAX; i++) {
        name[i] = from[i];
    }
    name[i] = '\0';
}

uintptr_t ht_port_stack_low(uintptr_t key)
{
    (void)key;
    return 0; /* tasks run on the stacks of their threads, of which FreeRTOS knows nothing */
}

bool ht_port_in_isr(void)
{
    return false;
}

bool ht_port_wait_ms(uint32_t ms)
{
    if (xTaskGetSchedulerState() != taskSCHEDULER_RUNNING) { return false; }
    vTaskDelay(pdMS_TO_TICKS(ms) + 1U);
    return true;
}

void ht_port_log(unsigned level, const char *text)
{
    static const char *const tag = "heaptrail";
    if (level == 0) {
        ESP_LOGE(tag, "%s", text);
    } else if (level == 1) {
        ESP_LOGW(tag, "%s", text);
    } else {
        ESP_LOGI(tag, "%s", text);
    }
}

/* libc's heap: its arenas come and go, so blocks are in no heap by name, and nothing can be
 * measured. */
void ht_port_find_heaps(struct ht_tracker *tracker)
{
    (void)tracker;
}

bool ht_port_sample_heap(uintptr_t start, ht_heap_sample_t *sample)
{
    (void)start;
    (void)sample;
    return false;
}

bool ht_port_sample_caps(uint32_t caps, ht_heap_sample_t *sample)
{
    (void)caps;
    (void)sample;
    return false;
}

/* One heap, which serves whatever is asked for. */
uint32_t ht_port_caps_at(const void *address)
{
    (void)address;
    return UINT32_MAX;
}

#pragma weak ht_port_wrap_marker

bool ht_port_is_wrapped(void)
{
    const char *volatile marker =
        &ht_port_wrap_marker; /* volatile: the compiler knows no NULL object */
    return marker != NULL;
}

void ht_port_clear(void *block, size_t bytes, uint32_t caps)
{
    (void)caps;
    memset(block, 0, bytes);
}
