// SPDX-License-Identifier: Apache-2.0
/** FreeRTOS base header: types, configuration, static object sizes. */
#pragma once

/* What the other headers ask for, as FreeRTOS's do. */
#define INC_FREERTOS_H

#include "freertos/FreeRTOSConfig.h"
#include "freertos/portmacro.h"
#include "freertos/projdefs.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Task control block, opaque. Its address is the task's handle. */
typedef struct xSTATIC_TCB {
    void *pvDummy[88];
} StaticTask_t;
typedef struct xSTATIC_QUEUE {
    void *pvDummy[20];
} StaticQueue_t;
typedef StaticQueue_t StaticSemaphore_t;
typedef struct xSTATIC_TIMER {
    void *pvDummy[16];
} StaticTimer_t;
typedef struct xSTATIC_EVENT_GROUP {
    void *pvDummy[6];
} StaticEventGroup_t;

/** Internal RAM with byte access, as on the chip: heap_caps_malloc(size, INTERNAL | 8BIT). */
void *pvPortMalloc(size_t size);
void *pvPortCalloc(size_t n, size_t size);
void vPortFree(void *p);
size_t xPortGetFreeHeapSize(void);
size_t xPortGetMinimumEverFreeHeapSize(void);

#ifdef __cplusplus
}
#endif
