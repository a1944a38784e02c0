// SPDX-License-Identifier: Apache-2.0
/** The port layer. Two implementations share these names: threads (vPortEnterCritical is the
 *  simulator's) and, with SIM_BARE=1, what a chip executes and nothing else, for counting
 *  instructions. */
#pragma once

#include "esp_attr.h"
#include "esp_cpu.h"
#include "sdkconfig.h"
#include "soc/soc_caps.h"
#include "spinlock.h"
#include <stdbool.h>
#include <stdint.h>

#ifndef SIM_BARE
#define SIM_BARE 0
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define portSTACK_TYPE uint8_t
#define portBASE_TYPE int
typedef portSTACK_TYPE StackType_t;
typedef int BaseType_t;
typedef unsigned int UBaseType_t;
typedef uint32_t TickType_t;
#define portMAX_DELAY ((TickType_t)0xffffffffUL)
#define portTICK_PERIOD_MS ((TickType_t)1000 / configTICK_RATE_HZ)
#define portTICK_TYPE_IS_ATOMIC 1
#define portBYTE_ALIGNMENT 16
#define portSTACK_GROWTH (-1)
#define portNUM_PROCESSORS CONFIG_FREERTOS_NUMBER_OF_CORES

typedef spinlock_t portMUX_TYPE;
#define portMUX_INITIALIZER_UNLOCKED SPINLOCK_INITIALIZER
#define portMUX_INITIALIZE(mux) spinlock_initialize(mux)
#define portMUX_FREE_VAL SPINLOCK_FREE
#define portMUX_NO_TIMEOUT SPINLOCK_WAIT_FOREVER
#define portMUX_TRY_LOCK SPINLOCK_NO_WAIT

/** Masks interrupts on this core and takes the lock; nests on the same core. Never blocks a task:
 *  the other core spins. Only from tasks (portENTER_CRITICAL) or only from ISRs (_ISR); _SAFE from
 *  both. */
void vPortEnterCritical(portMUX_TYPE *mux);
void vPortExitCritical(portMUX_TYPE *mux);
void vPortEnterCriticalIsr(portMUX_TYPE *mux);
void vPortExitCriticalIsr(portMUX_TYPE *mux);
/** pdPASS when taken. `timeout` in cycles, or portMUX_TRY_LOCK, or portMUX_NO_TIMEOUT. */
BaseType_t xPortEnterCriticalTimeout(portMUX_TYPE *mux, BaseType_t timeout);
BaseType_t xPortInIsrContext(void);
UBaseType_t uxPortSetInterruptMask(void);
void vPortClearInterruptMask(UBaseType_t state);
void vPortYield(void);
void vPortYieldFromIsr(void);
BaseType_t xPortCanYield(void);

#define portENTER_CRITICAL(mux) vPortEnterCritical(mux)
#define portEXIT_CRITICAL(mux) vPortExitCritical(mux)
#define portTRY_ENTER_CRITICAL(mux, timeout) xPortEnterCriticalTimeout(mux, timeout)
#define portENTER_CRITICAL_ISR(mux) vPortEnterCriticalIsr(mux)
#define portEXIT_CRITICAL_ISR(mux) vPortExitCriticalIsr(mux)
#if SIM_BARE
#define portENTER_CRITICAL_SAFE(mux) vPortEnterCritical(mux)
#define portEXIT_CRITICAL_SAFE(mux) vPortExitCritical(mux)
#else
void vPortEnterCriticalSafe(portMUX_TYPE *mux);
void vPortExitCriticalSafe(portMUX_TYPE *mux);
#define portENTER_CRITICAL_SAFE(mux) vPortEnterCriticalSafe(mux)
#define portEXIT_CRITICAL_SAFE(mux) vPortExitCriticalSafe(mux)
#endif
#if SIM_BARE
/* As on a chip, where this is a read and a write of a control register, inline. The addresses of
 * both are kept in a section of their own, for the benchmark that measures the time between them.
 */
extern volatile uint32_t sim_bare_int_mask[2];
#define SIM_BARE_NOTE(section)                                                                     \
    __asm__ volatile("1: .pushsection " section ",\"a\",@progbits\n .long 1b\n .popsection" ::     \
                         : "memory")
static inline UBaseType_t sim_bare_mask(void)
{
    SIM_BARE_NOTE("sim_bare_masks");
    UBaseType_t old = sim_bare_int_mask[0];
    sim_bare_int_mask[0] = 3;
    return old;
}
static inline void sim_bare_unmask(UBaseType_t old)
{
    sim_bare_int_mask[0] = old;
    SIM_BARE_NOTE("sim_bare_unmasks");
}
#define portSET_INTERRUPT_MASK_FROM_ISR() sim_bare_mask()
#define portCLEAR_INTERRUPT_MASK_FROM_ISR(state) sim_bare_unmask(state)
#else
#define portSET_INTERRUPT_MASK_FROM_ISR() uxPortSetInterruptMask()
#define portCLEAR_INTERRUPT_MASK_FROM_ISR(state) vPortClearInterruptMask(state)
#endif
#define portDISABLE_INTERRUPTS() ((void)uxPortSetInterruptMask())
#define portENABLE_INTERRUPTS() vPortClearInterruptMask(0)
#define portYIELD() vPortYield()
#define portYIELD_WITHIN_API() vPortYield()
#define portYIELD_FROM_ISR_NO_ARG() vPortYieldFromIsr()
#define portYIELD_FROM_ISR_ARG(need)                                                               \
    do {                                                                                           \
        if (need) { vPortYieldFromIsr(); }                                                         \
    } while (0)
#define portYIELD_FROM_ISR_PICK(zero, one, name, ...) name
#define portYIELD_FROM_ISR(...)                                                                    \
    portYIELD_FROM_ISR_PICK(0, ##__VA_ARGS__, portYIELD_FROM_ISR_ARG,                              \
                            portYIELD_FROM_ISR_NO_ARG)(__VA_ARGS__)
#define portEND_SWITCHING_ISR(need) portYIELD_FROM_ISR_ARG(need)
#define portCHECK_IF_IN_ISR() xPortInIsrContext()
#define portNOP()
#define portMEMORY_BARRIER() __atomic_signal_fence(__ATOMIC_SEQ_CST)

static inline BaseType_t xPortGetCoreID(void)
{
    return (BaseType_t)esp_cpu_get_core_id();
}
#define portGET_CORE_ID() xPortGetCoreID()

#ifdef __cplusplus
}
#endif
