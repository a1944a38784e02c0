// SPDX-License-Identifier: Apache-2.0
/** Snapshots of tasks for debuggers: where each task's live stack really is. */
#pragma once

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

#ifdef __cplusplus
extern "C" {
#endif

/** [pxTopOfStack, pxEndOfStack) is the host thread's stack in use, lowest address first. It is
 *  exact for tasks that do not run, the caller's own frame onwards for the caller, and the whole
 *  stack for a task that runs on the other core. */
typedef struct xTASK_SNAPSHOT {
    void *pxTCB;
    StackType_t *pxTopOfStack;
    StackType_t *pxEndOfStack;
} TaskSnapshot_t;

/** pdFALSE when `task` is no task. */
BaseType_t vTaskGetSnapshot(TaskHandle_t task, TaskSnapshot_t *snapshot);
/** Number of entries filled. */
UBaseType_t uxTaskGetSnapshotAll(TaskSnapshot_t *const snapshots, const UBaseType_t capacity,
                                 UBaseType_t *const tcb_size);

#ifdef __cplusplus
}
#endif
