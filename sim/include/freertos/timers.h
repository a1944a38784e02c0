// SPDX-License-Identifier: Apache-2.0
/** Software timers: callbacks run in the task "Tmr Svc". */
#pragma once

#ifndef INC_FREERTOS_H
#error "FreeRTOS.h must be included before timers.h"
#endif

#include "freertos/task.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tmrTimerControl *TimerHandle_t;
typedef void (*TimerCallbackFunction_t)(TimerHandle_t timer);

TimerHandle_t xTimerCreate(const char *const name, const TickType_t period,
                           const BaseType_t auto_reload, void *const id,
                           TimerCallbackFunction_t callback);
TimerHandle_t xTimerCreateStatic(const char *const name, const TickType_t period,
                                 const BaseType_t auto_reload, void *const id,
                                 TimerCallbackFunction_t callback, StaticTimer_t *buffer);
BaseType_t xTimerStart(TimerHandle_t timer, TickType_t ticks);
BaseType_t xTimerStop(TimerHandle_t timer, TickType_t ticks);
BaseType_t xTimerReset(TimerHandle_t timer, TickType_t ticks);
BaseType_t xTimerChangePeriod(TimerHandle_t timer, TickType_t period, TickType_t ticks);
BaseType_t xTimerDelete(TimerHandle_t timer, TickType_t ticks);
BaseType_t xTimerStartFromISR(TimerHandle_t timer, BaseType_t *woken);
BaseType_t xTimerStopFromISR(TimerHandle_t timer, BaseType_t *woken);
BaseType_t xTimerIsTimerActive(TimerHandle_t timer);
void *pvTimerGetTimerID(const TimerHandle_t timer);
void vTimerSetTimerID(TimerHandle_t timer, void *id);
const char *pcTimerGetName(TimerHandle_t timer);
TickType_t xTimerGetPeriod(TimerHandle_t timer);

#ifdef __cplusplus
}
#endif
