/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A task's beginning and end.
 *
 * The end: where the TCB is a block of the heap, the tracker sees it freed; a TCB in static memory
 * (xTaskCreateStatic) is never freed, so deleting is the last we hear of it.
 *
 * The beginning: a task that never allocates is not seen otherwise, and its stack may overflow all
 * the same. But its creator is told the handle only when the task may already have run to its end.
 * So deletions are counted, and a new task gets a row only if none began since before it was made:
 * then it is alive, and s_lock keeps it so until it has its row.
 */
#include "ht_bounds.h"
#include "ht_default.h"
#include "ht_left.h"

static ht_port_lock_t s_lock;
static uint32_t s_deleted;

/* Before a task is made: its stack may lie where that of a deleted one did. */
static uint32_t count_deleted(void)
{
    ht_bounds_forget();
    ht_port_irq_t irq = ht_port_lock(&s_lock);
    uint32_t deleted = s_deleted;
    ht_port_unlock(&s_lock, irq);
    return deleted;
}

static void note_created(TaskHandle_t task, uint32_t deleted_before)
{
    ht_tracker_t *tracker = &ht_default_tracker;
    if (task == NULL || tracker->state != HT_STATE_RUNNING) { return; }
    ht_port_irq_t irq = ht_port_lock(&s_lock);
    if (s_deleted == deleted_before) { ht_tracker_task_seen(tracker, (uintptr_t)task); }
    ht_port_unlock(&s_lock, irq);
}

void __real_vTaskDelete(TaskHandle_t task);
void __wrap_vTaskDelete(TaskHandle_t task);

void __wrap_vTaskDelete(TaskHandle_t task)
{
    TaskHandle_t ending = task != NULL ? task : xTaskGetCurrentTaskHandle();
    ht_task_leaves((uintptr_t)ending);
    ht_port_irq_t irq = ht_port_lock(&s_lock);
    s_deleted++;
    ht_port_unlock(&s_lock, irq);
    ht_tracker_task_gone(ht_default(), (uintptr_t)ending);
    __real_vTaskDelete(task);
}

/* --- creation: the parameters of ESP-IDF 5.3 to 6.2 --------------------------------------------
 */

/*
 * `created` may be the firmware's own variable, which the new task may use at once: so it is handed
 * on, and read afterwards.
 */
#define CREATE_ENTRY(name, parameters, arguments)                                                  \
    BaseType_t __real_##name parameters;                                                           \
    BaseType_t __wrap_##name parameters;                                                           \
    BaseType_t __wrap_##name parameters                                                            \
    {                                                                                              \
        uint32_t deleted = count_deleted();                                                        \
        TaskHandle_t handle = NULL;                                                                \
        if (created == NULL) { created = &handle; }                                                \
        BaseType_t result = __real_##name arguments;                                               \
        if (result == pdPASS) { note_created(*created, deleted); }                                 \
        return result;                                                                             \
    }

#define CREATE_STATIC_ENTRY(name, parameters, arguments)                                           \
    TaskHandle_t __real_##name parameters;                                                         \
    TaskHandle_t __wrap_##name parameters;                                                         \
    TaskHandle_t __wrap_##name parameters                                                          \
    {                                                                                              \
        uint32_t deleted = count_deleted();                                                        \
        TaskHandle_t task = __real_##name arguments;                                               \
        note_created(task, deleted);                                                               \
        return task;                                                                               \
    }

CREATE_ENTRY(xTaskCreatePinnedToCore,
             (TaskFunction_t fn, const char *name, uint32_t stack_bytes, void *argument,
              UBaseType_t priority, TaskHandle_t *created, BaseType_t core),
             (fn, name, stack_bytes, argument, priority, created, core))
CREATE_STATIC_ENTRY(xTaskCreateStaticPinnedToCore,
                    (TaskFunction_t fn, const char *name, uint32_t stack_bytes, void *argument,
                     UBaseType_t priority, StackType_t *stack, StaticTask_t *memory,
                     BaseType_t core),
                    (fn, name, stack_bytes, argument, priority, stack, memory, core))

/* Elsewhere these two are inline and call the ones above. */
#if defined(CONFIG_FREERTOS_SMP)

CREATE_ENTRY(xTaskCreate,
             (TaskFunction_t fn, const char *name, uint32_t stack_bytes, void *argument,
              UBaseType_t priority, TaskHandle_t *created),
             (fn, name, stack_bytes, argument, priority, created))
CREATE_STATIC_ENTRY(xTaskCreateStatic,
                    (TaskFunction_t fn, const char *name, uint32_t stack_bytes, void *argument,
                     UBaseType_t priority, StackType_t *stack, StaticTask_t *memory),
                    (fn, name, stack_bytes, argument, priority, stack, memory))

#endif
