// SPDX-License-Identifier: Apache-2.0
/** Tasks, scheduler control, notifications. Signatures of ESP-IDF's FreeRTOS: stack depths are in
 *  bytes. Functions without FromISR are for tasks only unless noted. */
#pragma once

#ifndef INC_FREERTOS_H
#error "FreeRTOS.h must be included before task.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tskTaskControlBlock *TaskHandle_t;
typedef const struct tskTaskControlBlock *ConstTaskHandle_t;
typedef BaseType_t (*TaskHookFunction_t)(void *);
typedef enum { eRunning = 0, eReady, eBlocked, eSuspended, eDeleted, eInvalid } eTaskState;
typedef enum {
    eNoAction = 0,
    eSetBits,
    eIncrement,
    eSetValueWithOverwrite,
    eSetValueWithoutOverwrite
} eNotifyAction;

typedef struct xTASK_STATUS {
    TaskHandle_t xHandle;
    const char *pcTaskName;
    UBaseType_t xTaskNumber;
    eTaskState eCurrentState;
    UBaseType_t uxCurrentPriority;
    UBaseType_t uxBasePriority;
    uint32_t ulRunTimeCounter;
    StackType_t *pxStackBase;
    configSTACK_DEPTH_TYPE usStackHighWaterMark;
    BaseType_t xCoreID;
} TaskStatus_t;

typedef void (*TlsDeleteCallbackFunction_t)(int, void *);

#define tskIDLE_PRIORITY ((UBaseType_t)0U)
#define tskNO_AFFINITY ((BaseType_t)0x7FFFFFFF)
#define taskSCHEDULER_SUSPENDED ((BaseType_t)0)
#define taskSCHEDULER_NOT_STARTED ((BaseType_t)1)
#define taskSCHEDULER_RUNNING ((BaseType_t)2)
#define taskYIELD() portYIELD()
#define taskENTER_CRITICAL(mux) portENTER_CRITICAL(mux)
#define taskEXIT_CRITICAL(mux) portEXIT_CRITICAL(mux)
#define taskENTER_CRITICAL_ISR(mux) portENTER_CRITICAL_ISR(mux)
#define taskEXIT_CRITICAL_ISR(mux) portEXIT_CRITICAL_ISR(mux)
#define taskDISABLE_INTERRUPTS() portDISABLE_INTERRUPTS()
#define taskENABLE_INTERRUPTS() portENABLE_INTERRUPTS()

BaseType_t xTaskCreatePinnedToCore(TaskFunction_t fn, const char *name, const uint32_t stack_depth,
                                   void *arg, UBaseType_t priority, TaskHandle_t *created,
                                   const BaseType_t core);
TaskHandle_t xTaskCreateStaticPinnedToCore(TaskFunction_t fn, const char *name,
                                           const uint32_t stack_depth, void *arg,
                                           UBaseType_t priority, StackType_t *stack,
                                           StaticTask_t *tcb, const BaseType_t core);
static inline BaseType_t xTaskCreate(TaskFunction_t fn, const char *name,
                                     const configSTACK_DEPTH_TYPE stack_depth, void *arg,
                                     UBaseType_t priority, TaskHandle_t *created)
{
    return xTaskCreatePinnedToCore(fn, name, stack_depth, arg, priority, created, tskNO_AFFINITY);
}
static inline TaskHandle_t xTaskCreateStatic(TaskFunction_t fn, const char *name,
                                             const uint32_t stack_depth, void *arg,
                                             UBaseType_t priority, StackType_t *stack,
                                             StaticTask_t *tcb)
{
    return xTaskCreateStaticPinnedToCore(fn, name, stack_depth, arg, priority, stack, tcb,
                                         tskNO_AFFINITY);
}
/** NULL deletes the caller: its memory is then freed by the idle task. */
void vTaskDelete(TaskHandle_t task);
void vTaskDelay(const TickType_t ticks);
BaseType_t xTaskDelayUntil(TickType_t *previous_wake, const TickType_t increment);
#define vTaskDelayUntil(previous_wake, increment)                                                  \
    do {                                                                                           \
        (void)xTaskDelayUntil((previous_wake), (increment));                                       \
    } while (0)
BaseType_t xTaskAbortDelay(TaskHandle_t task);
void vTaskSuspend(TaskHandle_t task);
void vTaskResume(TaskHandle_t task);
BaseType_t xTaskResumeFromISR(TaskHandle_t task);
UBaseType_t uxTaskPriorityGet(const TaskHandle_t task);
void vTaskPrioritySet(TaskHandle_t task, UBaseType_t priority);
eTaskState eTaskGetState(TaskHandle_t task);
void vTaskGetInfo(TaskHandle_t task, TaskStatus_t *status, BaseType_t get_free_stack,
                  eTaskState state);
UBaseType_t uxTaskGetSystemState(TaskStatus_t *const statuses, const UBaseType_t capacity,
                                 uint32_t *const total_run_time);

void vTaskStartScheduler(void);
void vTaskSuspendAll(void);
BaseType_t xTaskResumeAll(void);
BaseType_t xTaskGetSchedulerState(void);
/** Any context. */
TickType_t xTaskGetTickCount(void);
TickType_t xTaskGetTickCountFromISR(void);
/* Only without threads (SIM_BARE): with them time is the clock's. */
BaseType_t xTaskIncrementTick(void);
BaseType_t xTaskCatchUpTicks(TickType_t ticks);
UBaseType_t uxTaskGetNumberOfTasks(void);
/** Any context; NULL before the scheduler runs. In an ISR: the interrupted task. */
TaskHandle_t xTaskGetCurrentTaskHandle(void);
TaskHandle_t xTaskGetCurrentTaskHandleForCore(BaseType_t core);
TaskHandle_t xTaskGetIdleTaskHandle(void);
TaskHandle_t xTaskGetIdleTaskHandleForCore(BaseType_t core);
TaskHandle_t xTaskGetHandle(const char *name);
BaseType_t xTaskGetCoreID(TaskHandle_t task);
/** Valid while the task exists. Any context. */
char *pcTaskGetName(TaskHandle_t task);
/** Bytes never written, from the low end. Host code uses another stack, so all of it unless a test
 *  writes to the block. */
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task);
configSTACK_DEPTH_TYPE uxTaskGetStackHighWaterMark2(TaskHandle_t task);
uint8_t *pxTaskGetStackStart(TaskHandle_t task);
#define xTaskGetStackStart(task) pxTaskGetStackStart(task)
void vTaskSetThreadLocalStoragePointer(TaskHandle_t task, BaseType_t index, void *value);
void *pvTaskGetThreadLocalStoragePointer(TaskHandle_t task, BaseType_t index);
void vTaskSetThreadLocalStoragePointerAndDelCallback(TaskHandle_t task, BaseType_t index,
                                                     void *value, TlsDeleteCallbackFunction_t cb);

BaseType_t xTaskGenericNotify(TaskHandle_t task, UBaseType_t index, uint32_t value,
                              eNotifyAction action, uint32_t *previous);
BaseType_t xTaskGenericNotifyFromISR(TaskHandle_t task, UBaseType_t index, uint32_t value,
                                     eNotifyAction action, uint32_t *previous, BaseType_t *woken);
BaseType_t xTaskGenericNotifyWait(UBaseType_t index, uint32_t clear_on_entry,
                                  uint32_t clear_on_exit, uint32_t *value, TickType_t ticks);
uint32_t ulTaskGenericNotifyTake(UBaseType_t index, BaseType_t clear, TickType_t ticks);
BaseType_t xTaskGenericNotifyStateClear(TaskHandle_t task, UBaseType_t index);
uint32_t ulTaskGenericNotifyValueClear(TaskHandle_t task, UBaseType_t index, uint32_t bits);
#define xTaskNotify(task, value, action) xTaskGenericNotify((task), 0, (value), (action), NULL)
#define xTaskNotifyAndQuery(task, value, action, prev)                                             \
    xTaskGenericNotify((task), 0, (value), (action), (prev))
#define xTaskNotifyIndexed(task, index, value, action)                                             \
    xTaskGenericNotify((task), (index), (value), (action), NULL)
#define xTaskNotifyFromISR(task, value, action, woken)                                             \
    xTaskGenericNotifyFromISR((task), 0, (value), (action), NULL, (woken))
#define xTaskNotifyGive(task) xTaskGenericNotify((task), 0, 0, eIncrement, NULL)
#define vTaskNotifyGiveFromISR(task, woken)                                                        \
    ((void)xTaskGenericNotifyFromISR((task), 0, 0, eIncrement, NULL, (woken)))
#define xTaskNotifyWait(clear_entry, clear_exit, value, ticks)                                     \
    xTaskGenericNotifyWait(0, (clear_entry), (clear_exit), (value), (ticks))
#define ulTaskNotifyTake(clear, ticks) ulTaskGenericNotifyTake(0, (clear), (ticks))
#define xTaskNotifyStateClear(task) xTaskGenericNotifyStateClear((task), 0)
#define ulTaskNotifyValueClear(task, bits) ulTaskGenericNotifyValueClear((task), 0, (bits))

#ifdef __cplusplus
}
#endif
