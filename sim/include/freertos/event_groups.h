// SPDX-License-Identifier: Apache-2.0
/** Event groups. */
#pragma once

#ifndef INC_FREERTOS_H
#error "FreeRTOS.h must be included before event_groups.h"
#endif

#include "freertos/task.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct EventGroupDef_t *EventGroupHandle_t;
typedef TickType_t EventBits_t;

EventGroupHandle_t xEventGroupCreate(void);
EventGroupHandle_t xEventGroupCreateStatic(StaticEventGroup_t *buffer);
EventBits_t xEventGroupWaitBits(EventGroupHandle_t group, const EventBits_t bits,
                                const BaseType_t clear_on_exit, const BaseType_t wait_for_all,
                                TickType_t ticks);
EventBits_t xEventGroupSetBits(EventGroupHandle_t group, const EventBits_t bits);
EventBits_t xEventGroupClearBits(EventGroupHandle_t group, const EventBits_t bits);
BaseType_t xEventGroupSetBitsFromISR(EventGroupHandle_t group, const EventBits_t bits,
                                     BaseType_t *woken);
void vEventGroupDelete(EventGroupHandle_t group);
#define xEventGroupGetBits(group) xEventGroupClearBits((group), 0)

#ifdef __cplusplus
}
#endif
