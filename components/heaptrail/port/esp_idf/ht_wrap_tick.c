/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The clock of the hot path: FreeRTOS's ticks, counted where they happen. xTaskGetTickCount() reads
 * one word, but the call of it costs a malloc() and a free() 20 instructions, most of them to keep
 * in mind what must outlive it.
 *
 *   the tick interrupt (core 0)   xTaskIncrementTick()   also while the scheduler is suspended
 *   after light sleep             vTaskStepTick()        the ticks that were slept through
 *   a program that missed some    xTaskCatchUpTicks()
 *
 * FreeRTOS calls these from other object files than tasks.c (port_systick.c, pm_impl.c), so that
 * the linker can redirect them. Its own calls of the first, when the scheduler goes on, are of
 * ticks that were counted here already. So this clock is xTaskGetTickCount() and the ticks that
 * wait there. No hook is used up, and nothing has to be registered.
 */
#include "ht_port.h"

#if HT_PORT_COUNTS_TICKS

/* Also where the cache is off, so not HT_PORT_HOT. */
DRAM_ATTR volatile ht_tick_t ht_port_ticks;
static DRAM_ATTR ht_port_lock_t s_lock;

static inline __attribute__((always_inline)) void count(TickType_t ticks)
{
    ht_port_irq_t irq = ht_port_lock(&s_lock);
    ht_port_ticks += ticks;
    ht_port_unlock(&s_lock, irq);
}

BaseType_t __real_xTaskIncrementTick(void);
BaseType_t __wrap_xTaskIncrementTick(void);

IRAM_ATTR BaseType_t __wrap_xTaskIncrementTick(void)
{
    count(1);
    return __real_xTaskIncrementTick();
}

BaseType_t __real_xTaskCatchUpTicks(TickType_t ticks);
BaseType_t __wrap_xTaskCatchUpTicks(TickType_t ticks);

IRAM_ATTR BaseType_t __wrap_xTaskCatchUpTicks(TickType_t ticks)
{
    count(ticks);
    return __real_xTaskCatchUpTicks(ticks);
}

#if defined(configUSE_TICKLESS_IDLE) && configUSE_TICKLESS_IDLE != 0
void __real_vTaskStepTick(TickType_t ticks);
void __wrap_vTaskStepTick(TickType_t ticks);

IRAM_ATTR void __wrap_vTaskStepTick(TickType_t ticks)
{
    count(ticks);
    __real_vTaskStepTick(ticks);
}
#endif

void ht_port_mind_ticks(void)
{
    TickType_t ticks = xTaskGetTickCount();
    TickType_t behind = ticks - (TickType_t)ht_port_ticks;
    if (behind != 0 && behind <= portMAX_DELAY / 2U) { count(behind); }
}

#endif
