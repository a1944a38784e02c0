// SPDX-License-Identifier: Apache-2.0
/* Task notifications. */
#include "heap_private.h"
#include "kernel.h"

enum { NOT_WAITING, WAITING, RECEIVED };

static BaseType_t apply(k_task_t *t, UBaseType_t index, uint32_t value, eNotifyAction action)
{
    uint32_t *slot = &t->notify_value[index];
    switch (action) {
    case eSetBits:
        *slot |= value;
        break;
    case eIncrement:
        (*slot)++;
        break;
    case eSetValueWithOverwrite:
        *slot = value;
        break;
    case eSetValueWithoutOverwrite:
        if (t->notify_state[index] == RECEIVED) { return pdFAIL; }
        *slot = value;
        break;
    case eNoAction:
        break;
    }
    return pdPASS;
}

static BaseType_t notify(TaskHandle_t handle, UBaseType_t index, uint32_t value,
                         eNotifyAction action, uint32_t *previous, BaseType_t *woken)
{
    if (index >= configTASK_NOTIFICATION_ARRAY_ENTRIES) {
        sim_panic("notification index %u is out of range", index);
    }
    k_task_t *t = k_from_handle(handle);
    k_lock();
    if (previous) { *previous = t->notify_value[index]; }
    bool waiting = t->notify_state[index] == WAITING;
    BaseType_t done = apply(t, index, value, action);
    t->notify_state[index] = RECEIVED;
    if (waiting && t->state == K_BLOCKED && t->waits_on == &t->notify_value[index]) {
        k_make_ready(t);
        if (woken && k_ctx.task && t->priority > k_ctx.task->priority) { *woken = pdTRUE; }
    }
    k_unlock();
    return done;
}

BaseType_t xTaskGenericNotify(TaskHandle_t task, UBaseType_t index, uint32_t value,
                              eNotifyAction action, uint32_t *previous)
{
    BaseType_t done = notify(task, index, value, action, previous, NULL);
    k_point();
    return done;
}

BaseType_t xTaskGenericNotifyFromISR(TaskHandle_t task, UBaseType_t index, uint32_t value,
                                     eNotifyAction action, uint32_t *previous, BaseType_t *woken)
{
    return notify(task, index, value, action, previous, woken);
}

/* Lock held. Returns when notified or at the deadline. */
static void wait_for(k_task_t *self, UBaseType_t index, bool unless_value, TickType_t ticks)
{
    uint64_t deadline = k_deadline(ticks);
    while (self->notify_state[index] != RECEIVED &&
           !(unless_value && self->notify_value[index] != 0) && ticks != 0) {
        self->notify_state[index] = WAITING;
        if (!k_block(&self->notify_value[index], deadline) && k_clock() >= deadline) { break; }
    }
}

BaseType_t xTaskGenericNotifyWait(UBaseType_t index, uint32_t clear_on_entry,
                                  uint32_t clear_on_exit, uint32_t *value, TickType_t ticks)
{
    k_task_t *self = k_from_handle_or_self(NULL);
    k_lock();
    if (self->notify_state[index] != RECEIVED) { self->notify_value[index] &= ~clear_on_entry; }
    wait_for(self, index, false, ticks);
    if (value) { *value = self->notify_value[index]; }
    bool received = self->notify_state[index] == RECEIVED;
    if (received) { self->notify_value[index] &= ~clear_on_exit; }
    self->notify_state[index] = NOT_WAITING;
    k_unlock_point();
    return received ? pdTRUE : pdFALSE;
}

uint32_t ulTaskGenericNotifyTake(UBaseType_t index, BaseType_t clear, TickType_t ticks)
{
    k_task_t *self = k_from_handle_or_self(NULL);
    k_lock();
    if (self->notify_value[index] == 0) {
        self->notify_state[index] = NOT_WAITING;
        wait_for(self, index, true, ticks);
    }
    uint32_t value = self->notify_value[index];
    if (value != 0) { self->notify_value[index] = clear ? 0 : value - 1; }
    self->notify_state[index] = NOT_WAITING;
    k_unlock_point();
    return value;
}

BaseType_t xTaskGenericNotifyStateClear(TaskHandle_t task, UBaseType_t index)
{
    k_task_t *t = k_from_handle_or_self(task);
    k_lock();
    bool pending = t->notify_state[index] == RECEIVED;
    if (pending) { t->notify_state[index] = NOT_WAITING; }
    k_unlock();
    return pending ? pdPASS : pdFAIL;
}

uint32_t ulTaskGenericNotifyValueClear(TaskHandle_t task, UBaseType_t index, uint32_t bits)
{
    k_task_t *t = k_from_handle_or_self(task);
    k_lock();
    uint32_t before = t->notify_value[index];
    t->notify_value[index] &= ~bits;
    k_unlock();
    return before;
}
