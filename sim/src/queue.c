// SPDX-License-Identifier: Apache-2.0
/* Queues, and the semaphores and mutexes built on them. A semaphore is a queue of items of size 0:
 * its count is the number of messages. */
#include "freertos/FreeRTOS.h"

#include "freertos/queue.h"

#include "freertos/semphr.h"
#include "heap_private.h"
#include "kernel.h"
#include <string.h>

struct QueueDefinition {
    uint32_t magic;
    uint8_t type;
    bool is_static;
    UBaseType_t length;
    UBaseType_t item_bytes;
    UBaseType_t count;
    UBaseType_t first; /* index of the oldest item */
    UBaseType_t recursion;
    k_task_t *holder;
    uint8_t *items;
    char senders;   /* only their addresses matter: */
    char receivers; /* what blocked tasks wait on */
};
#define QUEUE_MAGIC 0x51554555u

_Static_assert(sizeof(struct QueueDefinition) <= sizeof(StaticQueue_t), "queue fits");

static bool is_mutex(const struct QueueDefinition *q)
{
    return q->type == queueQUEUE_TYPE_MUTEX || q->type == queueQUEUE_TYPE_RECURSIVE_MUTEX;
}

static void check(QueueHandle_t q)
{
    if (q == NULL || q->magic != QUEUE_MAGIC) {
        sim_panic("%p is no queue or semaphore", (void *)q);
    }
}

/* --- creation ------------------------------------------------------------------------------------
 */

static QueueHandle_t set_up(QueueHandle_t q, UBaseType_t length, UBaseType_t item_bytes,
                            uint8_t *items, uint8_t type, bool is_static)
{
    *q = (struct QueueDefinition){
        .magic = QUEUE_MAGIC,
        .type = type,
        .is_static = is_static,
        .length = length,
        .item_bytes = item_bytes,
        .items = items,
    };
    return q;
}

QueueHandle_t xQueueGenericCreate(const UBaseType_t length, const UBaseType_t item_size,
                                  const uint8_t type)
{
    if (length == 0) { sim_panic("a queue of length 0"); }
    /* One block for both, as in FreeRTOS. */
    uint8_t *memory = pvPortMalloc(sizeof(StaticQueue_t) + (size_t)length * item_size);
    return memory ? set_up((QueueHandle_t)(void *)memory, length, item_size,
                           memory + sizeof(StaticQueue_t), type, false)
                  : NULL;
}

QueueHandle_t xQueueGenericCreateStatic(const UBaseType_t length, const UBaseType_t item_size,
                                        uint8_t *storage, StaticQueue_t *queue, const uint8_t type)
{
    return set_up((QueueHandle_t)(void *)queue, length, item_size, storage, type, true);
}

QueueHandle_t xQueueCreateCountingSemaphore(const UBaseType_t max, const UBaseType_t initial)
{
    QueueHandle_t q = xQueueGenericCreate(max, 0, queueQUEUE_TYPE_COUNTING_SEMAPHORE);
    if (q) { q->count = initial; }
    return q;
}

QueueHandle_t xQueueCreateCountingSemaphoreStatic(const UBaseType_t max, const UBaseType_t initial,
                                                  StaticQueue_t *queue)
{
    QueueHandle_t q =
        xQueueGenericCreateStatic(max, 0, NULL, queue, queueQUEUE_TYPE_COUNTING_SEMAPHORE);
    q->count = initial;
    return q;
}

QueueHandle_t xQueueCreateMutex(const uint8_t type)
{
    QueueHandle_t q = xQueueGenericCreate(1, 0, type);
    if (q) { q->count = 1; }
    return q;
}

QueueHandle_t xQueueCreateMutexStatic(const uint8_t type, StaticQueue_t *queue)
{
    QueueHandle_t q = xQueueGenericCreateStatic(1, 0, NULL, queue, type);
    q->count = 1;
    return q;
}

void vQueueDelete(QueueHandle_t q)
{
    check(q);
    q->magic = 0;
    if (!q->is_static) { vPortFree(q); }
}

/* --- items, lock held
 * ----------------------------------------------------------------------------- */

static void copy(void *to, const void *from, UBaseType_t bytes)
{
    if (bytes != 0) { memcpy(to, from, bytes); }
}

static uint8_t *item_at(QueueHandle_t q, UBaseType_t n)
{
    return q->item_bytes ? q->items + (size_t)((q->first + n) % q->length) * q->item_bytes : NULL;
}

static void put(QueueHandle_t q, const void *item, BaseType_t position)
{
    if (position == queueOVERWRITE && q->count == q->length) {
        copy(item_at(q, 0), item, q->item_bytes);
        return;
    }
    if (position == queueSEND_TO_FRONT) {
        q->first = (q->first + q->length - 1) % q->length;
        copy(item_at(q, 0), item, q->item_bytes);
    } else {
        copy(item_at(q, q->count), item, q->item_bytes);
    }
    q->count++;
}

static void get(QueueHandle_t q, void *buffer, bool peek)
{
    copy(buffer, item_at(q, 0), q->item_bytes);
    if (!peek) {
        q->first = (q->first + 1) % q->length;
        q->count--;
    }
}

static void note_woken(const k_task_t *t, BaseType_t *woken)
{
    if (t && woken && k_ctx.task && t->priority > k_ctx.task->priority) { *woken = pdTRUE; }
}

static void release_holder(QueueHandle_t q)
{
    if (q->holder) {
        q->holder->priority = q->holder->base_priority;
        q->holder = NULL;
    }
}

/* --- send
 * ------------------------------------------------------------------------------------------ */

static bool send_now(QueueHandle_t q, const void *item, BaseType_t position, BaseType_t *woken)
{
    if (q->count >= q->length && position != queueOVERWRITE) { return false; }
    if (is_mutex(q)) { release_holder(q); }
    put(q, item, position);
    note_woken(k_wake_one(&q->receivers), woken);
    return true;
}

BaseType_t xQueueGenericSend(QueueHandle_t q, const void *const item, TickType_t ticks,
                             const BaseType_t position)
{
    check(q);
    if (is_mutex(q) && q->holder != k_ctx.task) {
        sim_panic("a mutex given by a task that does not hold it");
    }
    k_lock();
    uint64_t deadline = k_deadline(ticks);
    bool sent = send_now(q, item, position, NULL);
    while (!sent && ticks != 0) {
        bool signalled = k_block(&q->senders, deadline);
        sent = send_now(q, item, position, NULL);
        if (!signalled && k_clock() >= deadline) { break; }
    }
    k_unlock_point();
    return sent ? pdPASS : errQUEUE_FULL;
}

BaseType_t xQueueGenericSendFromISR(QueueHandle_t q, const void *const item,
                                    BaseType_t *const woken, const BaseType_t position)
{
    check(q);
    k_lock();
    bool sent = send_now(q, item, position, woken);
    k_unlock();
    return sent ? pdPASS : errQUEUE_FULL;
}

BaseType_t xQueueGiveFromISR(QueueHandle_t q, BaseType_t *const woken)
{
    return xQueueGenericSendFromISR(q, NULL, woken, queueSEND_TO_BACK);
}

/* --- receive
 * --------------------------------------------------------------------------------------- */

static bool receive_now(QueueHandle_t q, void *buffer, bool peek, BaseType_t *woken)
{
    if (q->count == 0) { return false; }
    get(q, buffer, peek);
    if (is_mutex(q)) { q->holder = k_ctx.task; }
    note_woken(k_wake_one(peek ? &q->receivers : &q->senders), woken);
    return true;
}

/* The holder of a mutex runs at the priority of the best task that waits for it. */
static void inherit(QueueHandle_t q)
{
    k_task_t *holder = q->holder;
    if (is_mutex(q) && holder && holder->priority < k_ctx.task->priority) {
        holder->priority = k_ctx.task->priority;
    }
}

static BaseType_t receive(QueueHandle_t q, void *buffer, TickType_t ticks, bool peek)
{
    check(q);
    k_lock();
    uint64_t deadline = k_deadline(ticks);
    bool got = receive_now(q, buffer, peek, NULL);
    while (!got && ticks != 0) {
        if (k_ctx.task) { inherit(q); }
        bool signalled = k_block(&q->receivers, deadline);
        got = receive_now(q, buffer, peek, NULL);
        if (!signalled && k_clock() >= deadline) { break; }
    }
    k_unlock_point();
    return got ? pdPASS : errQUEUE_EMPTY;
}

BaseType_t xQueueReceive(QueueHandle_t q, void *const buffer, TickType_t ticks)
{
    return receive(q, buffer, ticks, false);
}

BaseType_t xQueuePeek(QueueHandle_t q, void *const buffer, TickType_t ticks)
{
    return receive(q, buffer, ticks, true);
}

BaseType_t xQueueReceiveFromISR(QueueHandle_t q, void *const buffer, BaseType_t *const woken)
{
    check(q);
    k_lock();
    bool got = receive_now(q, buffer, false, woken);
    k_unlock();
    return got ? pdPASS : pdFAIL;
}

BaseType_t xQueueSemaphoreTake(QueueHandle_t q, TickType_t ticks)
{
    if (k_ctx.isr_depth) { sim_panic("xSemaphoreTake in an ISR"); }
    return receive(q, NULL, ticks, false);
}

/* --- recursive mutexes
 * ----------------------------------------------------------------------------- */

BaseType_t xQueueTakeMutexRecursive(QueueHandle_t q, TickType_t ticks)
{
    check(q);
    k_lock();
    bool mine = k_ctx.task != NULL && q->holder == k_ctx.task;
    q->recursion += mine;
    k_unlock();
    if (mine) { return pdPASS; }
    BaseType_t taken = receive(q, NULL, ticks, false);
    if (taken == pdPASS) { q->recursion = 1; }
    return taken;
}

BaseType_t xQueueGiveMutexRecursive(QueueHandle_t q)
{
    if (xQueueGetMutexHolder(q) != xTaskGetCurrentTaskHandle()) { return pdFAIL; }
    if (q->recursion > 1) {
        q->recursion--;
        return pdPASS;
    }
    q->recursion = 0;
    return xQueueGenericSend(q, NULL, 0, queueSEND_TO_BACK);
}

TaskHandle_t xQueueGetMutexHolder(QueueHandle_t q)
{
    check(q);
    k_lock();
    TaskHandle_t holder = q->holder ? k_tcb(q->holder) : NULL;
    k_unlock();
    return holder;
}

/* --- questions
 * ------------------------------------------------------------------------------------- */

UBaseType_t uxQueueMessagesWaitingFromISR(const QueueHandle_t q)
{
    check(q);
    k_lock();
    UBaseType_t count = q->count;
    k_unlock();
    return count;
}

UBaseType_t uxQueueMessagesWaiting(const QueueHandle_t q)
{
    UBaseType_t count = uxQueueMessagesWaitingFromISR(q);
    k_point();
    return count;
}

UBaseType_t uxQueueSpacesAvailable(const QueueHandle_t q)
{
    return q->length - uxQueueMessagesWaiting(q);
}

BaseType_t xQueueGenericReset(QueueHandle_t q, BaseType_t new_queue)
{
    (void)new_queue;
    check(q);
    k_lock();
    q->count = 0;
    q->first = 0;
    k_wake_one(&q->senders);
    k_unlock_point();
    return pdPASS;
}
