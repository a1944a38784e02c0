// SPDX-License-Identifier: Apache-2.0
/* Tasks: delays, states, questions. */
#include "esp_private/freertos_debug.h"
#include "heap_private.h"
#include "kernel.h"
#include <string.h>

/* --- delays and states -------------------------------------------------------------------------
 */

void vTaskDelay(const TickType_t ticks)
{
    k_lock();
    if (ticks == 0) {
        if (k_can_block()) { k_yield(); }
    } else {
        k_block(&k.clock_us, k_deadline(ticks));
    }
    k_unlock_point();
}

BaseType_t xTaskDelayUntil(TickType_t *previous_wake, const TickType_t increment)
{
    TickType_t target = *previous_wake + increment;
    TickType_t now = xTaskGetTickCount();
    *previous_wake = target;
    bool future = (int32_t)(target - now) > 0;
    if (future) { vTaskDelay(target - now); }
    return future ? pdTRUE : pdFALSE;
}

BaseType_t xTaskAbortDelay(TaskHandle_t handle)
{
    k_task_t *t = k_from_handle(handle);
    k_lock();
    bool blocked = t->state == K_BLOCKED;
    if (blocked) {
        t->timed_out = true;
        k_make_ready(t);
    }
    k_unlock_point();
    return blocked ? pdPASS : pdFAIL;
}

void vTaskSuspend(TaskHandle_t handle)
{
    k_task_t *t = k_from_handle_or_self(handle);
    k_lock();
    if (t == k_ctx.task) {
        k_block(&t->list_item, K_FOREVER);
    } else if (t->state == K_READY || t->state == K_BLOCKED) {
        t->state = K_SUSPENDED;
        t->timed_out = true;
    }
    k_unlock_point();
}

static bool is_suspended(const k_task_t *t)
{
    return t->state == K_SUSPENDED || (t->state == K_BLOCKED && t->waits_on == &t->list_item);
}

BaseType_t xTaskResumeFromISR(TaskHandle_t handle)
{
    k_task_t *t = k_from_handle(handle);
    k_lock();
    bool resumed = is_suspended(t);
    if (resumed) { k_make_ready(t); }
    k_unlock();
    return resumed ? pdTRUE : pdFALSE;
}

void vTaskResume(TaskHandle_t handle)
{
    xTaskResumeFromISR(handle);
    k_point();
}

UBaseType_t uxTaskPriorityGet(const TaskHandle_t handle)
{
    return k_from_handle_or_self(handle)->priority;
}

void vTaskPrioritySet(TaskHandle_t handle, UBaseType_t priority)
{
    k_task_t *t = k_from_handle_or_self(handle);
    k_lock();
    bool inherited = t->priority > t->base_priority;
    t->base_priority = priority < configMAX_PRIORITIES ? priority : configMAX_PRIORITIES - 1;
    if (!inherited || t->base_priority > t->priority) { t->priority = t->base_priority; }
    for (int slot = 0; slot < k.slot_count; slot++) {
        __atomic_store_n(&k.want_yield[slot], true, __ATOMIC_RELAXED);
    }
    k_unlock_point();
}

static eTaskState public_state(const k_task_t *t)
{
    switch (t->state) {
    case K_RUNNING:
        return eRunning;
    case K_READY:
        return eReady;
    case K_BLOCKED:
        return is_suspended(t) ? eSuspended : eBlocked;
    case K_SUSPENDED:
        return eSuspended;
    case K_UNUSED:
    case K_DYING:
    case K_ZOMBIE:
        break;
    }
    return eDeleted;
}

eTaskState eTaskGetState(TaskHandle_t handle)
{
    k_task_t *t = k_from_handle(handle);
    k_lock();
    eTaskState state = public_state(t);
    k_unlock();
    return state;
}

/* Bytes at the low end that still hold the fill pattern. The task itself runs on the host's stack,
 * so only a test ever writes there. */
static uint32_t high_water_mark(const k_task_t *t)
{
    uint32_t untouched = 0;
    while (untouched < t->stack_bytes && k_tcb(t)->stack[untouched] == K_STACK_FILL_BYTE) {
        untouched++;
    }
    return untouched;
}

static void fill_status(const k_task_t *t, TaskStatus_t *status)
{
    *status = (TaskStatus_t){
        .xHandle = k_tcb(t),
        .pcTaskName = k_tcb(t)->name,
        .xTaskNumber = t->number,
        .eCurrentState = public_state(t),
        .uxCurrentPriority = t->priority,
        .uxBasePriority = t->base_priority,
        .pxStackBase = k_tcb(t)->stack,
        .usStackHighWaterMark = high_water_mark(t),
        .xCoreID = t->affinity == K_ANY_CORE ? tskNO_AFFINITY : t->affinity,
    };
}

void vTaskGetInfo(TaskHandle_t handle, TaskStatus_t *status, BaseType_t get_free_stack,
                  eTaskState state)
{
    (void)get_free_stack;
    k_task_t *t = k_from_handle_or_self(handle);
    k_lock();
    fill_status(t, status);
    if (state != eInvalid) { status->eCurrentState = state; }
    k_unlock();
}

static bool visible(const k_task_t *t)
{
    return t->state != K_UNUSED && t->state != K_DYING && k_tcb(t) != NULL && t->number != 0;
}

UBaseType_t uxTaskGetSystemState(TaskStatus_t *const statuses, const UBaseType_t capacity,
                                 uint32_t *const total_run_time)
{
    UBaseType_t count = 0;
    k_lock();
    if (k.task_count <= capacity) {
        for (int i = 0; i < K_TASKS_MAX && count < capacity; i++) {
            if (visible(&k.tasks[i])) { fill_status(&k.tasks[i], &statuses[count++]); }
        }
    }
    k_unlock();
    if (total_run_time) { *total_run_time = (uint32_t)k_clock(); }
    return count;
}

static void fill_snapshot(const k_task_t *t, TaskSnapshot_t *snapshot)
{
    bool self = t == k_ctx.task;
    snapshot->pxTCB = k_tcb(t);
    bool runs = t->state == K_RUNNING; /* on the other core: nobody knows how far down */
    snapshot->pxTopOfStack = self   ? __builtin_frame_address(0)
                             : runs ? (StackType_t *)(void *)t->host_stack_low
                                    : k_tcb(t)->pxTopOfStack;
    snapshot->pxEndOfStack = t->host_stack_end;
}

BaseType_t vTaskGetSnapshot(TaskHandle_t handle, TaskSnapshot_t *snapshot)
{
    if (handle == NULL || handle->magic != K_TCB_MAGIC) { return pdFALSE; }
    if (handle->host == k_ctx.task) { /* its own: nothing that anybody changes */
        fill_snapshot(handle->host, snapshot);
        return pdTRUE;
    }
    k_lock();
    fill_snapshot(handle->host, snapshot);
    k_unlock();
    return pdTRUE;
}

UBaseType_t uxTaskGetSnapshotAll(TaskSnapshot_t *const snapshots, const UBaseType_t capacity,
                                 UBaseType_t *const tcb_size)
{
    UBaseType_t count = 0;
    k_lock();
    for (int i = 0; i < K_TASKS_MAX && count < capacity; i++) {
        if (visible(&k.tasks[i])) { fill_snapshot(&k.tasks[i], &snapshots[count++]); }
    }
    k_unlock();
    if (tcb_size) { *tcb_size = sizeof(StaticTask_t); }
    return count;
}

/* --- scheduler and small questions --------------------------------------------------------------
 */

void vTaskSuspendAll(void)
{
    k_ctx.suspended++;
}

BaseType_t xTaskResumeAll(void)
{
    if (k_ctx.suspended == 0) { sim_panic("xTaskResumeAll without vTaskSuspendAll"); }
    uint64_t before = k.switches;
    if (--k_ctx.suspended == 0) { k_point(); }
    return k.switches != before ? pdTRUE : pdFALSE;
}

BaseType_t xTaskGetSchedulerState(void)
{
    if (k_ctx.suspended) { return taskSCHEDULER_SUSPENDED; }
    return k_ctx.task || k.running ? taskSCHEDULER_RUNNING : taskSCHEDULER_NOT_STARTED;
}

TickType_t xTaskGetTickCountFromISR(void)
{
    return (TickType_t)(k_clock() / K_TICK_US);
}

TickType_t xTaskGetTickCount(void)
{
    k_point();
    return xTaskGetTickCountFromISR();
}

UBaseType_t uxTaskGetNumberOfTasks(void)
{
    k_lock();
    UBaseType_t count = k.task_count;
    k_unlock();
    return count;
}

TaskHandle_t xTaskGetCurrentTaskHandle(void)
{
    return k_ctx.task ? k_tcb(k_ctx.task) : NULL;
}

TaskHandle_t xTaskGetCurrentTaskHandleForCore(BaseType_t core)
{
    k_lock();
    TaskHandle_t found = NULL;
    for (int slot = 0; slot < k.slot_count; slot++) {
        if (k.slots[slot] && k.slots[slot]->core == core) { found = k_tcb(k.slots[slot]); }
    }
    if (found == NULL && k.idle[core & 1]) { found = k_tcb(k.idle[core & 1]); }
    k_unlock();
    return found;
}

TaskHandle_t xTaskGetIdleTaskHandleForCore(BaseType_t core)
{
    return k.idle[core & 1] ? k_tcb(k.idle[core & 1]) : NULL;
}

TaskHandle_t xTaskGetIdleTaskHandle(void)
{
    return xTaskGetIdleTaskHandleForCore(xPortGetCoreID());
}

TaskHandle_t xTaskGetHandle(const char *name)
{
    TaskHandle_t found = NULL;
    k_lock();
    for (int i = 0; i < K_TASKS_MAX && !found; i++) {
        if (visible(&k.tasks[i]) && strcmp(k_tcb(&k.tasks[i])->name, name) == 0) {
            found = k_tcb(&k.tasks[i]);
        }
    }
    k_unlock();
    return found;
}

BaseType_t xTaskGetCoreID(TaskHandle_t handle)
{
    int affinity = k_from_handle_or_self(handle)->affinity;
    return affinity == K_ANY_CORE ? tskNO_AFFINITY : affinity;
}

char *pcTaskGetName(TaskHandle_t handle)
{
    return k_tcb(k_from_handle_or_self(handle))->name;
}

UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t handle)
{
    return high_water_mark(k_from_handle_or_self(handle));
}

configSTACK_DEPTH_TYPE uxTaskGetStackHighWaterMark2(TaskHandle_t handle)
{
    return uxTaskGetStackHighWaterMark(handle);
}

uint8_t *pxTaskGetStackStart(TaskHandle_t handle)
{
    return k_tcb(k_from_handle_or_self(handle))->stack;
}

void vTaskSetThreadLocalStoragePointer(TaskHandle_t handle, BaseType_t index, void *value)
{
    vTaskSetThreadLocalStoragePointerAndDelCallback(handle, index, value, NULL);
}

void vTaskSetThreadLocalStoragePointerAndDelCallback(TaskHandle_t handle, BaseType_t index,
                                                     void *value, TlsDeleteCallbackFunction_t cb)
{
    k_task_t *t = k_from_handle_or_self(handle);
    if (index >= 0 && index < configNUM_THREAD_LOCAL_STORAGE_POINTERS) {
        k_tcb(t)->tls[index] = value;
        t->tls_delete[index] = cb;
    }
}

void *pvTaskGetThreadLocalStoragePointer(TaskHandle_t handle, BaseType_t index)
{
    bool valid = index >= 0 && index < configNUM_THREAD_LOCAL_STORAGE_POINTERS;
    return valid ? k_tcb(k_from_handle_or_self(handle))->tls[index] : NULL;
}
