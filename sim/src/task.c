// SPDX-License-Identifier: Apache-2.0
/* Tasks: creation and deletion. */
#include "esp_heap_caps.h"
#include "freertos/idf_additions.h"
#include "heap_private.h"
#include "kernel.h"
#include <string.h>

#define HOST_STACK_BYTES (512u * 1024u)

_Static_assert(sizeof(struct tskTaskControlBlock) <= sizeof(StaticTask_t), "TCB fits");

/* --- threads
 * -------------------------------------------------------------------------------------- */

static void note_host_stack(k_task_t *self)
{
    pthread_attr_t attr;
    void *low = NULL;
    size_t bytes = 0;
    if (pthread_getattr_np(pthread_self(), &attr) == 0) {
        pthread_attr_getstack(&attr, &low, &bytes);
        pthread_attr_destroy(&attr);
    }
    self->host_stack_low = low;
    self->host_stack_end = (uint8_t *)low + bytes;
}

/* A task's chain of frames ends with it, as on a chip: the host's libraries keep none. */
static __attribute__((noinline)) void run_entry(k_task_t *self)
{
#if defined(__x86_64__) || defined(__i386__)
    void *volatile *frame = __builtin_frame_address(0);
    void *outer = frame[0];
    frame[0] = NULL;
    self->entry(self->arg);
    frame[0] = outer;
#else
    self->entry(self->arg);
#endif
}

static void *thread_main(void *arg)
{
    k_task_t *self = arg;
    /* It may own a slot already, but does not know its core before it has waited for it. */
    k_ctx.masked = 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    k_ctx.task = self;
    if (setjmp(self->leave) == 0) {
        pthread_mutex_lock(&k.lock);
        note_host_stack(self); /* others take a snapshot of all tasks, new ones, too */
        k_wait_for_slot(self);
        k_unlock();
        run_entry(self);
        sim_panic("FreeRTOS Task \"%s\" should not return", k_tcb(self)->name);
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

/* --- creation
 * ------------------------------------------------------------------------------------- */

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

static void fill_tcb(k_task_t *t, TaskHandle_t tcb, const char *name, uint8_t *stack)
{
    memset(tcb, 0, sizeof(StaticTask_t));
    t->list_item = &tcb->list_item;
    tcb->host = t;
    tcb->stack = stack;
    tcb->magic = K_TCB_MAGIC;
    strncpy(tcb->name, name ? name : "", configMAX_TASK_NAME_LEN - 1);
    memset(stack, K_STACK_FILL_BYTE, t->stack_bytes);
}

static bool enlist(k_task_t *t)
{
    pthread_cond_init(&t->cond, NULL);
    if (!start_thread(t)) { return false; }
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
    if (t == NULL) { return NULL; }
    t->entry = fn;
    t->arg = arg;
    t->stack_bytes = stack_bytes;
    t->priority = priority < configMAX_PRIORITIES ? priority : configMAX_PRIORITIES - 1;
    t->base_priority = t->priority;
    t->affinity = affinity;
    t->wake_us = K_FOREVER;
    fill_tcb(t, tcb, name, stack);
    return t;
}

static k_task_t *create_with_caps(TaskFunction_t fn, const char *name, uint32_t stack_bytes,
                                  void *arg, UBaseType_t priority, int affinity, uint32_t caps,
                                  bool system)
{
    /* The stack first, as where stacks grow down. */
    uint8_t *stack = heap_caps_malloc(stack_bytes, caps);
    TaskHandle_t tcb = stack ? pvPortMalloc(sizeof(StaticTask_t)) : NULL;
    k_task_t *t =
        tcb ? create_at(fn, name, stack_bytes, arg, priority, affinity, stack, tcb) : NULL;
    if (t) {
        t->memory_dynamic = true;
        t->system = system;
        if (enlist(t)) { return t; }
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
    k_task_t *t =
        create_with_caps(fn, name, stack_depth, arg, priority, affinity_of(core), caps, false);
    if (t == NULL) { return errCOULD_NOT_ALLOCATE_REQUIRED_MEMORY; }
    if (created) { *created = k_tcb(t); }
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

/* --- deletion
 * ------------------------------------------------------------------------------------- */

k_task_t *k_from_handle(TaskHandle_t handle)
{
    if (handle == NULL || handle->magic != K_TCB_MAGIC || k_tcb(handle->host) != handle) {
        sim_panic("%p is no task", (void *)handle);
    }
    return handle->host;
}

k_task_t *k_from_handle_or_self(TaskHandle_t handle)
{
    if (handle) { return k_from_handle(handle); }
    if (k_ctx.task == NULL) { sim_panic("a NULL task handle outside tasks"); }
    return k_ctx.task;
}

void k_free_task_memory(k_task_t *t)
{
    for (int i = 0; i < configNUM_THREAD_LOCAL_STORAGE_POINTERS; i++) {
        if (t->tls_delete[i]) { t->tls_delete[i](i, k_tcb(t)->tls[i]); }
    }
    k_tcb(t)->magic = 0;
    if (t->memory_dynamic) {
        vPortFree(k_tcb(t)->stack);
        vPortFree(k_tcb(t));
    }
    t->list_item = NULL;
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
    if (found) { bury(found); }
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
    if (t == k_ctx.task) { delete_self(); }
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
    if (mine) { bury(t); }
    k_point();
}

void vTaskDeleteWithCaps(TaskHandle_t handle)
{
    vTaskDelete(handle);
}

static void idle_main(void *arg)
{
    int core = (int)(intptr_t)arg;
    for (;;) {
        while (k_reap_one()) {}
        k_idle_hooks_call(core);
        k_lock();
        bool more = false;
        for (int i = 0; i < K_TASKS_MAX; i++) {
            more = more || k.tasks[i].state == K_ZOMBIE;
        }
        if (!more) { k_block(&k.idle, K_FOREVER); }
        k_unlock_point();
    }
}

void k_boot_tasks(void)
{
    static const char *const names[2] = {"IDLE0", "IDLE1"};
    if (k.booted) { return; }
    k.booted = true;
    for (int core = 0; core < 2; core++) {
        k.idle[core] = k_create(idle_main, names[core], CONFIG_FREERTOS_IDLE_TASK_STACKSIZE,
                                (void *)(intptr_t)core, 0, core, true);
        if (k.idle[core] == NULL) { sim_panic("no memory for the idle tasks"); }
    }
}
