/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What the inline half of the port to ESP-IDF asks FreeRTOS and the chip, answered by the board:
 * each hart's program is a task. So that its lock is the one that runs (../stress.c). */
#include "board.h"
#include "esp_cpu.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

int esp_cpu_get_core_id(void)
{
    return (int)board_hart();
}

/* On a single core nobody spins. */
#ifdef __riscv_atomic
bool esp_cpu_compare_and_set(volatile uint32_t *addr, uint32_t compare_value, uint32_t new_value)
{
    bool set = __atomic_compare_exchange_n(addr, &compare_value, new_value, false, __ATOMIC_SEQ_CST,
                                           __ATOMIC_RELAXED);
    if (!set) {
        board_wait();
    } /* lets the other hart run, under -icount; this one's timer goes on */
    return set;
}
#endif

esp_cpu_cycle_count_t esp_cpu_get_cycle_count(void)
{
    uint32_t cycles;
    __asm__ volatile("rdcycle %0" : "=r"(cycles));
    return cycles;
}

BaseType_t xPortInIsrContext(void)
{
    return board_in_isr();
}

BaseType_t xTaskGetSchedulerState(void)
{
    return taskSCHEDULER_RUNNING;
}

TickType_t xTaskGetTickCount(void)
{
    return (TickType_t)(board_time() >> HT_BARE_TICK_SHIFT);
}

TaskHandle_t xTaskGetCurrentTaskHandle(void)
{
    return (TaskHandle_t)board_stack_low(board_hart());
}

char *pcTaskGetName(TaskHandle_t task)
{
    (void)task;
    return "hart";
}

uint8_t *pxTaskGetStackStart(TaskHandle_t task)
{
    return (uint8_t *)task;
}
