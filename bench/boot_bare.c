/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The stand-in's heap without threads, as if one task ran on core 0. */
#include <stdio.h>

#include "bare_port.h"
#include "esp_log.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "sim_bench.h"

#include "sim.h"

static int s_tcb[32];

void bench_boot(void)
{
    sim_reset();
    sim_bare_current_task[0] = s_tcb;
    (void)xTaskIncrementTick();
}

/* heaptrail logs nothing here unless something is wrong. */
void sim_log_line(esp_log_level_t level, const char *tag, const char *format, ...)
{
    (void)level;
    fprintf(stderr, "%s: %s\n", tag, format);
}

/* The task's stack is this program's: everything below what is in use is its. */
uint8_t *pxTaskGetStackStart(TaskHandle_t task)
{
    (void)task;
    return (uint8_t *)((uintptr_t)__builtin_frame_address(0) - (32U << 10));
}

/* Nobody waits here: what does (ht_port_wait_ms()) is of scopes in tests. */
void vTaskDelay(const TickType_t ticks)
{
    (void)ticks;
}
