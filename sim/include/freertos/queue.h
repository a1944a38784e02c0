// SPDX-License-Identifier: Apache-2.0
/** Queues. Items are copied. FromISR forms never block. */
#pragma once

#ifndef INC_FREERTOS_H
#error "FreeRTOS.h must be included before queue.h"
#endif

#include "freertos/task.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct QueueDefinition *QueueHandle_t;

#define queueSEND_TO_BACK ((BaseType_t)0)
#define queueSEND_TO_FRONT ((BaseType_t)1)
#define queueOVERWRITE ((BaseType_t)2)
#define queueQUEUE_TYPE_BASE ((uint8_t)0U)
#define queueQUEUE_TYPE_MUTEX ((uint8_t)1U)
#define queueQUEUE_TYPE_COUNTING_SEMAPHORE ((uint8_t)2U)
#define queueQUEUE_TYPE_BINARY_SEMAPHORE ((uint8_t)3U)
#define queueQUEUE_TYPE_RECURSIVE_MUTEX ((uint8_t)4U)

/** NULL when memory is short. Freed by vQueueDelete. */
QueueHandle_t xQueueGenericCreate(const UBaseType_t length, const UBaseType_t item_size,
                                  const uint8_t type);
QueueHandle_t xQueueGenericCreateStatic(const UBaseType_t length, const UBaseType_t item_size,
                                        uint8_t *storage, StaticQueue_t *queue, const uint8_t type);
BaseType_t xQueueGenericSend(QueueHandle_t queue, const void *const item, TickType_t ticks,
                             const BaseType_t position);
BaseType_t xQueueGenericSendFromISR(QueueHandle_t queue, const void *const item,
                                    BaseType_t *const woken, const BaseType_t position);
BaseType_t xQueueReceive(QueueHandle_t queue, void *const buffer, TickType_t ticks);
BaseType_t xQueuePeek(QueueHandle_t queue, void *const buffer, TickType_t ticks);
BaseType_t xQueueReceiveFromISR(QueueHandle_t queue, void *const buffer, BaseType_t *const woken);
UBaseType_t uxQueueMessagesWaiting(const QueueHandle_t queue);
UBaseType_t uxQueueMessagesWaitingFromISR(const QueueHandle_t queue);
UBaseType_t uxQueueSpacesAvailable(const QueueHandle_t queue);
void vQueueDelete(QueueHandle_t queue);
BaseType_t xQueueGenericReset(QueueHandle_t queue, BaseType_t new_queue);

#define xQueueCreate(length, size) xQueueGenericCreate((length), (size), queueQUEUE_TYPE_BASE)
#define xQueueCreateStatic(length, size, storage, queue)                                           \
    xQueueGenericCreateStatic((length), (size), (storage), (queue), queueQUEUE_TYPE_BASE)
#define xQueueSend(q, item, ticks) xQueueGenericSend((q), (item), (ticks), queueSEND_TO_BACK)
#define xQueueSendToBack(q, item, ticks) xQueueGenericSend((q), (item), (ticks), queueSEND_TO_BACK)
#define xQueueSendToFront(q, item, ticks)                                                          \
    xQueueGenericSend((q), (item), (ticks), queueSEND_TO_FRONT)
#define xQueueOverwrite(q, item) xQueueGenericSend((q), (item), 0, queueOVERWRITE)
#define xQueueSendFromISR(q, item, woken)                                                          \
    xQueueGenericSendFromISR((q), (item), (woken), queueSEND_TO_BACK)
#define xQueueSendToBackFromISR xQueueSendFromISR
#define xQueueSendToFrontFromISR(q, item, woken)                                                   \
    xQueueGenericSendFromISR((q), (item), (woken), queueSEND_TO_FRONT)
#define xQueueOverwriteFromISR(q, item, woken)                                                     \
    xQueueGenericSendFromISR((q), (item), (woken), queueOVERWRITE)
#define xQueueReset(q) xQueueGenericReset((q), pdFALSE)

#ifdef __cplusplus
}
#endif
