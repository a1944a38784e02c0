// SPDX-License-Identifier: Apache-2.0
/* Tasks: creation, deletion, delays, questions. */
#include "esp_heap_caps.h"
#include "esp_private/freertos_debug.h"
#include "freertos/idf_additions.h"
#include "heap_private.h"
#include "kernel.h"
#include <string.h>

#define HOST_STACK_BYTES (512u * 1024u)

_Static_assert(sizeof(struct tskTaskControlBlock) <= sizeof(StaticTask_t), "TCB fits");

/* --- threads -------------------------------------------------------------------------------------- */

static void note_host_stack(k_task_t *self)
{
    pthread_attr_t attr;
    void *low = NULL;
    size_t bytes = 0;
    if (pthread_getattr_np(pthread_self(), &attr) == 0) {
        pthread_attr_getstack(&attr, &low, &bytes);
        pthread_attr_destroy(&attr);
    }
    self->host_stack_end = (uint8_t *)low + bytes;
}

static void *thread_main(void *arg)
{
    k_task_t *self = arg;
    /* It may own a slot already, but does not know its core before it has waited for it. */
    k_ctx.masked = 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    k_ctx.task = self;
    if (setjmp(self->leave) == 0) {
        note_host_stack(self);
        pthread_mutex_lock(&k.lock);
        k_wait_for_slot(self);
        k_unlock();
        self->entry(self->arg);
        sim_panic("FreeRTOS Task \"%s\" should not return", self->tcb->name);
    }
    return NULL;
}

static bool start_thread(k_task_t *t)
{
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, HOST_STACK_BYTES);
    int error = pthread_create(&t->thread, &attr, thread_main, t);
    pthread_attr_destroy(&attr);
    return error == 0;
}

/* --- creation ------------------------------------------------------------------------------------- */

static k_task_t *claim_entry(void)
{
    k_lock();
    k_task_t *t = NULL;
    for (int i = 0; i < K_TASKS_MAX && !t; i++) {
        if (k.tasks[i].state == K_UNUSED) {
            t = &k.tasks[i];
            memset(t, 0, sizeof(*t));
            t->state = K_SUSPENDED;
            t->number = ++k.next_number;
        }
    }
    k_unlock();
    return t;
}

static void release_entry(k_task_t *t)
{
    k_lock();
    t->state = K_UNUSED;
    k_unlock();
}

static void fill_tcb(k_task_t *t, const char *name)
{
    memset(t->tcb, 0, sizeof(StaticTask_t));
    t->tcb->host = t;
    t->tcb->magic = K_TCB_MAGIC;
    strncpy(t->tcb->name, name ? name : "", configMAX_TASK_NAME_LEN - 1);
    memset(t->stack, 0xa5, t->stack_bytes);
}

static bool enlist(k_task_t *t)
{
    pthread_cond_init(&t->cond, NULL);
    if (!start_thread(t)) {
        return false;
    }
    k_lock();
    k.task_count++;
    k.user_count += !t->system;
    k_make_ready(t);
    k_unlock();
    return true;
}

static k_task_t *create_at(TaskFunction_t fn, const char *name, uint32_t stack_bytes, void *arg,
                           UBaseType_t priority, int affinity, uint8_t *stack, TaskHandle_t tcb)
{
    k_task_t *t = claim_entry();
    if (t == NULL) {
        return NULL;
    }
    t->entry = fn;
    t->arg = arg;
    t->stack = stack;
    t->stack_bytes = stack_bytes;
    t->tcb = tcb;
    t->priority = priority < configMAX_PRIORITIES ? priority : configMAX_PRIORITIES - 1;
    t->base_priority = t->priority;
    t->affinity = affinity;
    t->wake_us = K_FOREVER;
    fill_tcb(t, name);
    return t;
}

static k_task_t *create_with_caps(TaskFunction_t fn, const char *name, uint32_t stack_bytes,
                                  void *arg, UBaseType_t priority, int affinity, uint32_t caps,
                                  bool system)
{
    /* The stack first, as where stacks grow down. */
    uint8_t *stack = heap_caps_malloc(stack_bytes, caps);
    TaskHandle_t tcb = stack ? pvPortMalloc(sizeof(StaticTask_t)) : NULL;
    k_task_t *t = tcb ? create_at(fn, name, stack_bytes, arg, priority, affinity, stack, tcb) : NULL;
    if (t) {
        t->memory_dynamic = true;
        t->system = system;
        if (enlist(t)) {
            return t;
        }
        release_entry(t);
    }
    vPortFree(tcb);
    vPortFree(stack);
    return NULL;
}

k_task_t *k_create(TaskFunction_t fn, const char *name, uint32_t stack_bytes, void *arg,
                   UBaseType_t priority, int affinity, bool system)
{
    return create_with_caps(fn, name, stack_bytes, arg, priority, affinity,
                            MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT, system);
}

static int affinity_of(BaseType_t core)
{
    return core == tskNO_AFFINITY ? K_ANY_CORE : core & 1;
}

BaseType_t xTaskCreatePinnedToCoreWithCaps(TaskFunction_t fn, const char *const name,
                                           const configSTACK_DEPTH_TYPE stack_depth,
                                           void *const arg, UBaseType_t priority,
                                           TaskHandle_t *const created, const BaseType_t core,
                                           UBaseType_t caps)
{
    k_task_t *t = create_with_caps(fn, name, stack_depth, arg, priority, affinity_of(core), caps,
                                   false);
    if (t == NULL) {
        return errCOULD_NOT_ALLOCATE_REQUIRED_MEMORY;
    }
    if (created) {
        *created = t->tcb;
    }
    k_point();
    return pdPASS;
}

BaseType_t xTaskCreatePinnedToCore(TaskFunction_t fn, const char *name, const uint32_t stack_depth,
                                   void *arg, UBaseType_t priority, TaskHandle_t *created,
                                   const BaseType_t core)
{
    return xTaskCreatePinnedToCoreWithCaps(fn, name, stack_depth, arg, priority, created, core,
                                           MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT);
}

TaskHandle_t xTaskCreateStaticPinnedToCore(TaskFunction_t fn, const char *name,
                                           const uint32_t stack_depth, void *arg,
                                           UBaseType_t priority, StackType_t *stack,
                                           StaticTask_t *tcb, const BaseType_t core)
{
    k_task_t *t = stack && tcb ? create_at(fn, name, stack_depth, arg, priority, affinity_of(core),
                                           stack, (TaskHandle_t)tcb)
                               : NULL;
    if (t && !enlist(t)) {
        release_entry(t);
        t = NULL;
    }
    k_point();
    return t ? (TaskHandle_t)tcb : NULL;
}

/* --- deletion ------------------------------------------------------------------------------------- */

k_task_t *k_from_handle(TaskHandle_t handle)
{
    if (handle == NULL || handle->magic != K_TCB_MAGIC || handle->host->tcb != handle) {
        sim_panic("%p is no task", (void *)handle);
    }
    return handle->host;
}

k_task_t *k_from_handle_or_self(TaskHandle_t handle)
{
    if (handle) {
        return k_from_handle(handle);
    }
    if (k_ctx.task == NULL) {
        sim_panic("a NULL task handle outside tasks");
    }
    return k_ctx.task;
}

void k_free_task_memory(k_task_t *t)
{
    for (int i = 0; i < configNUM_THREAD_LOCAL_STORAGE_POINTERS; i++) {
        if (t->tls_delete[i]) {
            t->tls_delete[i](i, t->tls[i]);
        }
    }
    t->tcb->magic = 0;
    if (t->memory_dynamic) {
        vPortFree(t->stack);
        vPortFree(t->tcb);
    }
    t->tcb = NULL;
}

/* Waits for the thread's end, then frees what the task had. No lock held. */
static void bury(k_task_t *t)
{
    pthread_join(t->thread, NULL);
    k_free_task_memory(t);
    k_lock();
    pthread_cond_destroy(&t->cond);
    k.task_count--;
    t->state = K_UNUSED;
    k_unlock();
}

bool k_reap_one(void)
{
    k_task_t *found = NULL;
    k_lock();
    for (int i = 0; i < K_TASKS_MAX && !found; i++) {
        if (k.tasks[i].state == K_ZOMBIE) {
            found = &k.tasks[i];
            found->state = K_DYING;
        }
    }
    k_unlock();
    if (found) {
        bury(found);
    }
    return found != NULL;
}

void k_kill_all(void)
{
    for (int i = 0; i < K_TASKS_MAX; i++) {
        k_task_t *t = &k.tasks[i];
        pthread_mutex_lock(&k.lock);
        bool exists = t->state != K_UNUSED;
        if (exists) {
            t->kill = true;
            t->state = K_DYING;
            pthread_cond_signal(&t->cond);
        }
        pthread_mutex_unlock(&k.lock);
        if (exists) {
            pthread_join(t->thread, NULL);
            pthread_cond_destroy(&t->cond);
            t->state = K_UNUSED;
        }
    }
    k.slots[0] = k.slots[1] = NULL;
}

static void delete_self(void)
{
    k_lock();
    if (k_ctx.critical || k_ctx.suspended || k_ctx.isr_depth) {
        sim_panic("vTaskDelete(NULL) where a task cannot switch");
    }
    k_task_t *self = k_ctx.task;
    self->state = K_ZOMBIE;
    k.user_count -= !self->system;
    k_wake_one(&k.idle);
    k_exit_thread();
}

void vTaskDelete(TaskHandle_t handle)
{
    k_task_t *t = k_from_handle_or_self(handle);
    if (t == k_ctx.task) {
        delete_self();
    }
    k_lock();
    bool running = t->state == K_RUNNING; /* on the other core: it ends at its next point */
    bool mine = !running && t->state != K_ZOMBIE && t->state != K_DYING;
    if (running || mine) {
        __atomic_store_n(&t->kill, true, __ATOMIC_RELAXED);
        k.user_count -= !t->system;
    }
    if (mine) {
        t->state = K_DYING;
        pthread_cond_signal(&t->cond);
        k_refresh_next_wake();
    }
    k_unlock();
    if (mine) {
        bury(t);
    }
    k_point();
}

void vTaskDeleteWithCaps(TaskHandle_t handle)
{
    vTaskDelete(handle);
}

static void idle_main(void *arg)
{
    (void)arg;
    for (;;) {
        while (k_reap_one()) {
        }
        k_lock();
        bool more = false;
        for (int i = 0; i < K_TASKS_MAX; i++) {
            more = more || k.tasks[i].state == K_ZOMBIE;
        }
        if (!more) {
            k_block(&k.idle, K_FOREVER);
        }
        k_unlock_point();
    }
}

void k_boot_tasks(void)
{
    static const char *const names[2] = {"IDLE0", "IDLE1"};
    if (k.booted) {
        return;
    }
    k.booted = true;
    for (int core = 0; core < 2; core++) {
        k.idle[core] = k_create(idle_main, names[core], CONFIG_FREERTOS_IDLE_TASK_STACKSIZE, NULL,
                                0, core, true);
        if (k.idle[core] == NULL) {
            sim_panic("no memory for the idle tasks");
        }
    }
}

/* --- delays and states ------------------------------------------------------------------------- */

void vTaskDelay(const TickType_t ticks)
{
    k_lock();
    if (ticks == 0) {
        if (k_can_block()) {
            k_yield();
        }
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
    if (future) {
        vTaskDelay(target - now);
    }
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
        k_block(&t->tcb, K_FOREVER);
    } else if (t->state == K_READY || t->state == K_BLOCKED) {
        t->state = K_SUSPENDED;
        t->timed_out = true;
    }
    k_unlock_point();
}

static bool is_suspended(const k_task_t *t)
{
    return t->state == K_SUSPENDED || (t->state == K_BLOCKED && t->waits_on == &t->tcb);
}

BaseType_t xTaskResumeFromISR(TaskHandle_t handle)
{
    k_task_t *t = k_from_handle(handle);
    k_lock();
    bool resumed = is_suspended(t);
    if (resumed) {
        k_make_ready(t);
    }
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
    if (!inherited || t->base_priority > t->priority) {
        t->priority = t->base_priority;
    }
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

static void fill_status(const k_task_t *t, TaskStatus_t *status)
{
    *status = (TaskStatus_t){
        .xHandle = t->tcb,
        .pcTaskName = t->tcb->name,
        .xTaskNumber = t->number,
        .eCurrentState = public_state(t),
        .uxCurrentPriority = t->priority,
        .uxBasePriority = t->base_priority,
        .pxStackBase = t->stack,
        .usStackHighWaterMark = t->stack_bytes / 2,
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
    if (state != eInvalid) {
        status->eCurrentState = state;
    }
    k_unlock();
}

static bool visible(const k_task_t *t)
{
    return t->state != K_UNUSED && t->state != K_DYING && t->tcb != NULL && t->number != 0;
}

UBaseType_t uxTaskGetSystemState(TaskStatus_t *const statuses, const UBaseType_t capacity,
                                 uint32_t *const total_run_time)
{
    UBaseType_t count = 0;
    k_lock();
    if (k.task_count <= capacity) {
        for (int i = 0; i < K_TASKS_MAX && count < capacity; i++) {
            if (visible(&k.tasks[i])) {
                fill_status(&k.tasks[i], &statuses[count++]);
            }
        }
    }
    k_unlock();
    if (total_run_time) {
        *total_run_time = (uint32_t)k_clock();
    }
    return count;
}

static void fill_snapshot(const k_task_t *t, TaskSnapshot_t *snapshot)
{
    bool self = t == k_ctx.task;
    snapshot->pxTCB = t->tcb;
    snapshot->pxTopOfStack = self ? __builtin_frame_address(0) : t->tcb->pxTopOfStack;
    snapshot->pxEndOfStack = t->host_stack_end;
}

BaseType_t vTaskGetSnapshot(TaskHandle_t handle, TaskSnapshot_t *snapshot)
{
    if (handle == NULL || handle->magic != K_TCB_MAGIC) {
        return pdFALSE;
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
        if (visible(&k.tasks[i])) {
            fill_snapshot(&k.tasks[i], &snapshots[count++]);
        }
    }
    k_unlock();
    if (tcb_size) {
        *tcb_size = sizeof(StaticTask_t);
    }
    return count;
}

/* --- scheduler and small questions -------------------------------------------------------------- */

void vTaskSuspendAll(void)
{
    k_ctx.suspended++;
}

BaseType_t xTaskResumeAll(void)
{
    if (k_ctx.suspended == 0) {
        sim_panic("xTaskResumeAll without vTaskSuspendAll");
    }
    uint64_t before = k.switches;
    if (--k_ctx.suspended == 0) {
        k_point();
    }
    return k.switches != before ? pdTRUE : pdFALSE;
}

BaseType_t xTaskGetSchedulerState(void)
{
    if (k_ctx.suspended) {
        return taskSCHEDULER_SUSPENDED;
    }
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
    return k_ctx.task ? k_ctx.task->tcb : NULL;
}

TaskHandle_t xTaskGetCurrentTaskHandleForCore(BaseType_t core)
{
    k_lock();
    TaskHandle_t found = NULL;
    for (int slot = 0; slot < k.slot_count; slot++) {
        if (k.slots[slot] && k.slots[slot]->core == core) {
            found = k.slots[slot]->tcb;
        }
    }
    if (found == NULL && k.idle[core & 1]) {
        found = k.idle[core & 1]->tcb;
    }
    k_unlock();
    return found;
}

TaskHandle_t xTaskGetIdleTaskHandleForCore(BaseType_t core)
{
    return k.idle[core & 1] ? k.idle[core & 1]->tcb : NULL;
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
        if (visible(&k.tasks[i]) && strcmp(k.tasks[i].tcb->name, name) == 0) {
            found = k.tasks[i].tcb;
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
    return k_from_handle_or_self(handle)->tcb->name;
}

UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t handle)
{
    return k_from_handle_or_self(handle)->stack_bytes / 2;
}

configSTACK_DEPTH_TYPE uxTaskGetStackHighWaterMark2(TaskHandle_t handle)
{
    return uxTaskGetStackHighWaterMark(handle);
}

uint8_t *pxTaskGetStackStart(TaskHandle_t handle)
{
    return k_from_handle_or_self(handle)->stack;
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
        t->tls[index] = value;
        t->tls_delete[index] = cb;
    }
}

void *pvTaskGetThreadLocalStoragePointer(TaskHandle_t handle, BaseType_t index)
{
    bool valid = index >= 0 && index < configNUM_THREAD_LOCAL_STORAGE_POINTERS;
    return valid ? k_from_handle_or_self(handle)->tls[index] : NULL;
}
