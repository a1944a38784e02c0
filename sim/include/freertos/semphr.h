// SPDX-License-Identifier: Apache-2.0
/** Semaphores and mutexes, built on queues as in FreeRTOS. Mutexes inherit priority. */
#pragma once

#ifndef INC_FREERTOS_H
#error "FreeRTOS.h must be included before semphr.h"
#endif

#include "freertos/queue.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef QueueHandle_t SemaphoreHandle_t;

QueueHandle_t xQueueCreateMutex(const uint8_t type);
QueueHandle_t xQueueCreateMutexStatic(const uint8_t type, StaticQueue_t *queue);
QueueHandle_t xQueueCreateCountingSemaphore(const UBaseType_t max, const UBaseType_t initial);
QueueHandle_t xQueueCreateCountingSemaphoreStatic(const UBaseType_t max, const UBaseType_t initial,
                                                  StaticQueue_t *queue);
BaseType_t xQueueSemaphoreTake(QueueHandle_t queue, TickType_t ticks);
BaseType_t xQueueTakeMutexRecursive(QueueHandle_t mutex, TickType_t ticks);
BaseType_t xQueueGiveMutexRecursive(QueueHandle_t mutex);
BaseType_t xQueueGiveFromISR(QueueHandle_t queue, BaseType_t *const woken);
TaskHandle_t xQueueGetMutexHolder(QueueHandle_t mutex);

#define xSemaphoreCreateBinary() xQueueGenericCreate(1, 0, queueQUEUE_TYPE_BINARY_SEMAPHORE)
#define xSemaphoreCreateBinaryStatic(buffer)                                                       \
    xQueueGenericCreateStatic(1, 0, NULL, (buffer), queueQUEUE_TYPE_BINARY_SEMAPHORE)
#define xSemaphoreCreateCounting(max, initial) xQueueCreateCountingSemaphore((max), (initial))
#define xSemaphoreCreateCountingStatic(max, initial, buffer)                                       \
    xQueueCreateCountingSemaphoreStatic((max), (initial), (buffer))
#define xSemaphoreCreateMutex() xQueueCreateMutex(queueQUEUE_TYPE_MUTEX)
#define xSemaphoreCreateMutexStatic(buffer) xQueueCreateMutexStatic(queueQUEUE_TYPE_MUTEX, (buffer))
#define xSemaphoreCreateRecursiveMutex() xQueueCreateMutex(queueQUEUE_TYPE_RECURSIVE_MUTEX)
#define xSemaphoreCreateRecursiveMutexStatic(buffer)                                               \
    xQueueCreateMutexStatic(queueQUEUE_TYPE_RECURSIVE_MUTEX, (buffer))
#define xSemaphoreTake(sem, ticks) xQueueSemaphoreTake((sem), (ticks))
#define xSemaphoreGive(sem) xQueueGenericSend((sem), NULL, 0, queueSEND_TO_BACK)
#define xSemaphoreTakeRecursive(mutex, ticks) xQueueTakeMutexRecursive((mutex), (ticks))
#define xSemaphoreGiveRecursive(mutex) xQueueGiveMutexRecursive(mutex)
#define xSemaphoreTakeFromISR(sem, woken) xQueueReceiveFromISR((sem), NULL, (woken))
#define xSemaphoreGiveFromISR(sem, woken) xQueueGiveFromISR((sem), (woken))
#define xSemaphoreGetMutexHolder(mutex) xQueueGetMutexHolder(mutex)
#define uxSemaphoreGetCount(sem) uxQueueMessagesWaiting(sem)
#define vSemaphoreDelete(sem) vQueueDelete(sem)

#ifdef __cplusplus
}
#endif
