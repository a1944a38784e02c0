/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A task's end. Where the TCB is a block of the heap, the tracker sees it freed; a TCB in static
 * memory (xTaskCreateStatic) is never freed, so deleting is the last we hear of it.
 */
#include "ht_default.h"

void __real_vTaskDelete(TaskHandle_t task);
void __wrap_vTaskDelete(TaskHandle_t task);

void __wrap_vTaskDelete(TaskHandle_t task)
{
    TaskHandle_t ending = task != NULL ? task : xTaskGetCurrentTaskHandle();
    ht_tracker_task_gone(ht_default(), (uintptr_t)ending);
    __real_vTaskDelete(task);
}
