// SPDX-License-Identifier: Apache-2.0
/* Event groups. Waiters look for themselves whenever bits are set. */
#include "freertos/FreeRTOS.h"

#include "freertos/event_groups.h"

#include "heap_private.h"
#include "kernel.h"

struct EventGroupDef_t {
    EventBits_t bits;
    bool is_static;
};

_Static_assert(sizeof(struct EventGroupDef_t) <= sizeof(StaticEventGroup_t), "event group fits");

EventGroupHandle_t xEventGroupCreate(void)
{
    EventGroupHandle_t group = pvPortMalloc(sizeof(StaticEventGroup_t));
    if (group) { *group = (struct EventGroupDef_t){0}; }
    return group;
}

EventGroupHandle_t xEventGroupCreateStatic(StaticEventGroup_t *buffer)
{
    EventGroupHandle_t group = (EventGroupHandle_t)(void *)buffer;
    *group = (struct EventGroupDef_t){.is_static = true};
    return group;
}

static bool satisfied(EventBits_t now, EventBits_t wanted, bool all)
{
    return all ? (now & wanted) == wanted : (now & wanted) != 0;
}

EventBits_t xEventGroupWaitBits(EventGroupHandle_t group, const EventBits_t bits,
                                const BaseType_t clear_on_exit, const BaseType_t wait_for_all,
                                TickType_t ticks)
{
    k_lock();
    uint64_t deadline = k_deadline(ticks);
    while (!satisfied(group->bits, bits, wait_for_all) && ticks != 0) {
        if (!k_block(group, deadline) && k_clock() >= deadline) { break; }
    }
    EventBits_t result = group->bits;
    if (clear_on_exit && satisfied(result, bits, wait_for_all)) { group->bits &= ~bits; }
    k_unlock_point();
    return result;
}

static EventBits_t set(EventGroupHandle_t group, EventBits_t bits)
{
    k_lock();
    group->bits |= bits;
    EventBits_t result = group->bits;
    k_wake_all(group);
    k_unlock();
    return result;
}

EventBits_t xEventGroupSetBits(EventGroupHandle_t group, const EventBits_t bits)
{
    EventBits_t result = set(group, bits);
    k_point();
    return result;
}

BaseType_t xEventGroupSetBitsFromISR(EventGroupHandle_t group, const EventBits_t bits,
                                     BaseType_t *woken)
{
    set(group, bits);
    if (woken) { *woken = pdTRUE; }
    return pdPASS;
}

EventBits_t xEventGroupClearBits(EventGroupHandle_t group, const EventBits_t bits)
{
    k_lock();
    EventBits_t before = group->bits;
    group->bits &= ~bits;
    k_unlock();
    return before;
}

void vEventGroupDelete(EventGroupHandle_t group)
{
    if (!group->is_static) { vPortFree(group); }
}
