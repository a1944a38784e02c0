// SPDX-License-Identifier: Apache-2.0
/* Software timers ("Tmr Svc") and esp_timer ("esp_timer"): one mechanism, two service tasks. A
 * service task sleeps until its earliest timer is due and runs the callback, outside the lock. */
#include "freertos/FreeRTOS.h"

#include "freertos/timers.h"

#include "esp_heap_caps.h"
#include "esp_timer.h"
#include "heap_private.h"
#include "kernel.h"
#include <string.h>

typedef struct clock_timer {
    struct clock_timer *next;
    void (*fire)(struct clock_timer *timer);
    uint64_t due_us; /* K_FOREVER: not running */
    uint64_t period_us;
    bool periodic;
} clock_timer_t;

typedef struct {
    const char *task_name;
    uint32_t stack_bytes;
    UBaseType_t priority;
    clock_timer_t *timers;
    bool task_exists;
} service_t;

static service_t s_rtos = {.task_name = CONFIG_FREERTOS_TIMER_SERVICE_TASK_NAME,
                           .stack_bytes = CONFIG_FREERTOS_TIMER_TASK_STACK_DEPTH,
                           .priority = CONFIG_FREERTOS_TIMER_TASK_PRIORITY};
static service_t s_esp = {
    .task_name = "esp_timer", .stack_bytes = CONFIG_ESP_TIMER_TASK_STACK_SIZE, .priority = 22};

void k_timers_reset(void)
{
    s_rtos.timers = s_esp.timers = NULL;
    s_rtos.task_exists = s_esp.task_exists = false;
}

/* Lock held. */
static clock_timer_t *earliest(const service_t *s)
{
    clock_timer_t *first = NULL;
    for (clock_timer_t *t = s->timers; t; t = t->next) {
        if (t->due_us != K_FOREVER && (!first || t->due_us < first->due_us)) { first = t; }
    }
    return first;
}

static void service_main(void *arg)
{
    service_t *s = arg;
    for (;;) {
        k_lock();
        clock_timer_t *t = earliest(s);
        if (t == NULL || t->due_us > k_clock()) {
            k_block(s, t ? t->due_us : K_FOREVER);
            k_unlock();
            continue;
        }
        t->due_us = t->periodic ? t->due_us + t->period_us : K_FOREVER;
        void (*fire)(clock_timer_t *) = t->fire;
        k_unlock();
        fire(t);
        k_point();
    }
}

static bool need_service(service_t *s)
{
    if (!s->task_exists) {
        s->task_exists =
            k_create(service_main, s->task_name, s->stack_bytes, s, s->priority, 0, true) != NULL;
    }
    return s->task_exists;
}

static void add(service_t *s, clock_timer_t *t)
{
    t->due_us = K_FOREVER;
    k_lock();
    t->next = s->timers;
    s->timers = t;
    k_unlock();
}

static void drop(service_t *s, clock_timer_t *t)
{
    k_lock();
    for (clock_timer_t **p = &s->timers; *p; p = &(*p)->next) {
        if (*p == t) {
            *p = t->next;
            break;
        }
    }
    k_unlock();
}

static void arm(service_t *s, clock_timer_t *t, uint64_t due_us)
{
    k_lock();
    t->due_us = due_us;
    k_wake_one(s);
    k_unlock();
}

/* --- FreeRTOS software timers
 * ----------------------------------------------------------------------- */

struct tmrTimerControl {
    clock_timer_t clock; /* first */
    const char *name;
    TickType_t period;
    void *id;
    TimerCallbackFunction_t callback;
    bool is_static;
};

_Static_assert(sizeof(struct tmrTimerControl) <= sizeof(StaticTimer_t), "timer fits");

static void fire_rtos(clock_timer_t *t)
{
    TimerHandle_t timer = (TimerHandle_t)(void *)t;
    timer->callback(timer);
}

static TimerHandle_t set_up(TimerHandle_t timer, const char *name, TickType_t period,
                            BaseType_t auto_reload, void *id, TimerCallbackFunction_t callback)
{
    if (period == 0) { sim_panic("a software timer with period 0"); }
    *timer = (struct tmrTimerControl){
        .clock = {.fire = fire_rtos,
                  .period_us = (uint64_t)period * K_TICK_US,
                  .periodic = auto_reload},
        .name = name,
        .period = period,
        .id = id,
        .callback = callback,
    };
    add(&s_rtos, &timer->clock);
    return timer;
}

TimerHandle_t xTimerCreate(const char *const name, const TickType_t period,
                           const BaseType_t auto_reload, void *const id,
                           TimerCallbackFunction_t callback)
{
    if (!need_service(&s_rtos)) { return NULL; }
    TimerHandle_t timer = pvPortMalloc(sizeof(*timer));
    return timer ? set_up(timer, name, period, auto_reload, id, callback) : NULL;
}

TimerHandle_t xTimerCreateStatic(const char *const name, const TickType_t period,
                                 const BaseType_t auto_reload, void *const id,
                                 TimerCallbackFunction_t callback, StaticTimer_t *buffer)
{
    if (!need_service(&s_rtos)) { return NULL; }
    TimerHandle_t timer =
        set_up((TimerHandle_t)(void *)buffer, name, period, auto_reload, id, callback);
    timer->is_static = true;
    return timer;
}

BaseType_t xTimerStartFromISR(TimerHandle_t timer, BaseType_t *woken)
{
    (void)woken;
    arm(&s_rtos, &timer->clock, (k_clock() / K_TICK_US + timer->period) * K_TICK_US);
    return pdPASS;
}

BaseType_t xTimerStopFromISR(TimerHandle_t timer, BaseType_t *woken)
{
    (void)woken;
    arm(&s_rtos, &timer->clock, K_FOREVER);
    return pdPASS;
}

BaseType_t xTimerStart(TimerHandle_t timer, TickType_t ticks)
{
    (void)ticks;
    xTimerStartFromISR(timer, NULL);
    k_point();
    return pdPASS;
}

BaseType_t xTimerReset(TimerHandle_t timer, TickType_t ticks)
{
    return xTimerStart(timer, ticks);
}

BaseType_t xTimerStop(TimerHandle_t timer, TickType_t ticks)
{
    (void)ticks;
    xTimerStopFromISR(timer, NULL);
    k_point();
    return pdPASS;
}

BaseType_t xTimerChangePeriod(TimerHandle_t timer, TickType_t period, TickType_t ticks)
{
    k_lock();
    timer->period = period;
    timer->clock.period_us = (uint64_t)period * K_TICK_US;
    k_unlock();
    return xTimerStart(timer, ticks);
}

BaseType_t xTimerDelete(TimerHandle_t timer, TickType_t ticks)
{
    (void)ticks;
    drop(&s_rtos, &timer->clock);
    if (!timer->is_static) { vPortFree(timer); }
    return pdPASS;
}

BaseType_t xTimerIsTimerActive(TimerHandle_t timer)
{
    k_lock();
    bool active = timer->clock.due_us != K_FOREVER;
    k_unlock();
    return active ? pdTRUE : pdFALSE;
}

void *pvTimerGetTimerID(const TimerHandle_t timer)
{
    return timer->id;
}

void vTimerSetTimerID(TimerHandle_t timer, void *id)
{
    timer->id = id;
}

const char *pcTimerGetName(TimerHandle_t timer)
{
    return timer->name;
}

TickType_t xTimerGetPeriod(TimerHandle_t timer)
{
    return timer->period;
}

/* --- esp_timer
 * ------------------------------------------------------------------------------------- */

struct esp_timer {
    clock_timer_t clock; /* first */
    esp_timer_cb_t callback;
    void *arg;
    const char *name;
};

static void fire_esp(clock_timer_t *t)
{
    esp_timer_handle_t timer = (esp_timer_handle_t)(void *)t;
    timer->callback(timer->arg);
}

int64_t esp_timer_get_time(void)
{
    k_point();
    return (int64_t)k_clock();
}

esp_err_t esp_timer_create(const esp_timer_create_args_t *args, esp_timer_handle_t *out_handle)
{
    if (args == NULL || args->callback == NULL || out_handle == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    if (!need_service(&s_esp)) { return ESP_ERR_NO_MEM; }
    esp_timer_handle_t timer =
        heap_caps_calloc(1, sizeof(*timer), MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT);
    if (timer == NULL) { return ESP_ERR_NO_MEM; }
    timer->clock.fire = fire_esp;
    timer->callback = args->callback;
    timer->arg = args->arg;
    timer->name = args->name;
    add(&s_esp, &timer->clock);
    *out_handle = timer;
    return ESP_OK;
}

bool esp_timer_is_active(esp_timer_handle_t timer)
{
    k_lock();
    bool active = timer != NULL && timer->clock.due_us != K_FOREVER;
    k_unlock();
    return active;
}

static esp_err_t start(esp_timer_handle_t timer, uint64_t us, bool periodic)
{
    if (timer == NULL || (periodic && us == 0)) { return ESP_ERR_INVALID_ARG; }
    if (esp_timer_is_active(timer)) { return ESP_ERR_INVALID_STATE; }
    timer->clock.periodic = periodic;
    timer->clock.period_us = us;
    arm(&s_esp, &timer->clock, k_clock() + us);
    k_point();
    return ESP_OK;
}

esp_err_t esp_timer_start_once(esp_timer_handle_t timer, uint64_t timeout_us)
{
    return start(timer, timeout_us, false);
}

esp_err_t esp_timer_start_periodic(esp_timer_handle_t timer, uint64_t period)
{
    return start(timer, period, true);
}

esp_err_t esp_timer_restart(esp_timer_handle_t timer, uint64_t timeout_us)
{
    bool periodic = timer && timer->clock.periodic;
    esp_err_t stopped = esp_timer_stop(timer);
    return stopped == ESP_OK ? start(timer, timeout_us, periodic) : stopped;
}

esp_err_t esp_timer_stop(esp_timer_handle_t timer)
{
    if (timer == NULL) { return ESP_ERR_INVALID_ARG; }
    if (!esp_timer_is_active(timer)) { return ESP_ERR_INVALID_STATE; }
    arm(&s_esp, &timer->clock, K_FOREVER);
    return ESP_OK;
}

esp_err_t esp_timer_delete(esp_timer_handle_t timer)
{
    if (timer == NULL) { return ESP_ERR_INVALID_ARG; }
    if (esp_timer_is_active(timer)) { return ESP_ERR_INVALID_STATE; }
    drop(&s_esp, &timer->clock);
    heap_caps_free(timer);
    return ESP_OK;
}
