// SPDX-License-Identifier: Apache-2.0
/** ESP-IDF's additions to FreeRTOS: creation with memory capabilities. */
#pragma once

#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"
#include "freertos/semphr.h"
#include "freertos/task.h"

#ifdef __cplusplus
extern "C" {
#endif

BaseType_t xTaskCreatePinnedToCoreWithCaps(TaskFunction_t fn, const char *const name,
                                           const configSTACK_DEPTH_TYPE stack_depth,
                                           void *const arg, UBaseType_t priority,
                                           TaskHandle_t *const created, const BaseType_t core,
                                           UBaseType_t caps);
static inline BaseType_t xTaskCreateWithCaps(TaskFunction_t fn, const char *const name,
                                             configSTACK_DEPTH_TYPE stack_depth, void *const arg,
                                             UBaseType_t priority, TaskHandle_t *const created,
                                             UBaseType_t caps)
{
    return xTaskCreatePinnedToCoreWithCaps(fn, name, stack_depth, arg, priority, created,
                                           tskNO_AFFINITY, caps);
}
void vTaskDeleteWithCaps(TaskHandle_t task);

#ifdef __cplusplus
}
#endif
