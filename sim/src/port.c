// SPDX-License-Identifier: Apache-2.0
/* Critical sections, interrupt masks, core identity: the port layer on threads. */
#include "esp_rom_sys.h"
#include "heap_private.h"
#include "kernel.h"
#include <sched.h>

static uint32_t owner_id(void)
{
    return k_ctx.core == 0 ? SPINLOCK_OWNER_ID_0 : SPINLOCK_OWNER_ID_1;
}

static void check_mux(uint32_t owner)
{
    if (owner != SPINLOCK_FREE && owner != SPINLOCK_OWNER_ID_0 && owner != SPINLOCK_OWNER_ID_1) {
        sim_panic("a spinlock that is not initialised, or was overwritten (owner 0x%08x)", owner);
    }
}

/* One simulated task runs at a time in deterministic mode: the lock of another is never released.
 */
static void wait_a_little(void)
{
    if (!k.config.parallel) { sim_panic("a spinlock is held by a task that does not run"); }
    sched_yield();
}

static bool spin_acquire(portMUX_TYPE *mux, bool wait)
{
    uint32_t me = owner_id();
    if (__atomic_load_n(&mux->owner, __ATOMIC_RELAXED) == me) {
        mux->count++;
        return true;
    }
    uint32_t expected = SPINLOCK_FREE;
    while (!__atomic_compare_exchange_n(&mux->owner, &expected, me, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED)) {
        check_mux(expected);
        if (!wait) { return false; }
        wait_a_little();
        expected = SPINLOCK_FREE;
    }
    mux->count = 1;
    return true;
}

static void mask(void)
{
    k_ctx.masked++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static void unmask(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (--k_ctx.masked == 0) {
        k_deliver_deferred();
        k_point();
    }
}

static bool enter(portMUX_TYPE *mux, bool wait)
{
    if (k_ctx.masked == 0) { k_opportunity(); }
    mask();
    if (!spin_acquire(mux, wait)) {
        unmask();
        return false;
    }
    k_ctx.critical++;
    return true;
}

static void leave(portMUX_TYPE *mux)
{
    if (mux->count == 0 || __atomic_load_n(&mux->owner, __ATOMIC_RELAXED) != owner_id()) {
        sim_panic("portEXIT_CRITICAL of a lock that this core does not hold");
    }
    k_ctx.critical--;
    if (--mux->count == 0) { __atomic_store_n(&mux->owner, SPINLOCK_FREE, __ATOMIC_RELEASE); }
    unmask();
}

void vPortEnterCritical(portMUX_TYPE *mux)
{
    if (k_ctx.isr_depth) {
        sim_panic("portENTER_CRITICAL in an ISR: use portENTER_CRITICAL_ISR or _SAFE");
    }
    enter(mux, true);
}

void vPortExitCritical(portMUX_TYPE *mux)
{
    leave(mux);
}

void vPortEnterCriticalIsr(portMUX_TYPE *mux)
{
    enter(mux, true);
}

void vPortExitCriticalIsr(portMUX_TYPE *mux)
{
    leave(mux);
}

void vPortEnterCriticalSafe(portMUX_TYPE *mux)
{
    enter(mux, true);
}

void vPortExitCriticalSafe(portMUX_TYPE *mux)
{
    leave(mux);
}

BaseType_t xPortEnterCriticalTimeout(portMUX_TYPE *mux, BaseType_t timeout)
{
    return enter(mux, timeout == portMUX_NO_TIMEOUT) ? pdPASS : pdFAIL;
}

/* The state is the nesting depth: sections that mask may nest and mix. */
UBaseType_t uxPortSetInterruptMask(void)
{
    UBaseType_t before = (UBaseType_t)k_ctx.masked;
    if (before == 0) { k_opportunity(); }
    mask();
    return before;
}

void vPortClearInterruptMask(UBaseType_t state)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    k_ctx.masked = (int)state;
    if (state == 0) {
        k_deliver_deferred();
        k_point();
    }
}

BaseType_t xPortInIsrContext(void)
{
    return k_ctx.isr_depth != 0;
}

BaseType_t xPortCanYield(void)
{
    return k_ctx.masked == 0 && k_ctx.isr_depth == 0;
}

void vPortYield(void)
{
    if (k_ctx.isr_depth) {
        k_ctx.yield_pending = true;
    } else if (k_ctx.task && !k_ctx.masked && !k_ctx.suspended) {
        k_lock();
        k_yield();
        k_unlock_point();
    }
}

void vPortYieldFromIsr(void)
{
    k_ctx.yield_pending = true;
}

int esp_cpu_get_core_id(void)
{
    return k_ctx.core;
}

esp_cpu_cycle_count_t esp_cpu_get_cycle_count(void)
{
    return (esp_cpu_cycle_count_t)(k_clock() * CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ);
}

bool esp_cpu_compare_and_set(volatile uint32_t *addr, uint32_t compare_value, uint32_t new_value)
{
    return __atomic_compare_exchange_n(addr, &compare_value, new_value, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

uint32_t esp_rom_get_cpu_ticks_per_us(void)
{
    return CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ;
}
