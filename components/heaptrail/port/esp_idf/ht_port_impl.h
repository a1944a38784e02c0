/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The inline half of the port to ESP-IDF's chips; the contract is ht_port.h.
 *
 * The lock masks interrupts on this core and then spins on one word. It is what
 * portENTER_CRITICAL_SAFE does less its nesting count, its owner check and its call out of line,
 * none of which the tracker needs: it never nests, and it is held for a constant time. Why not
 * portENTER_CRITICAL_SAFE: DESIGN.md.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "esp_attr.h"
#include "esp_cpu.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "soc/soc_caps.h"

#define HT_PORT_HOT IRAM_ATTR

#if UINTPTR_MAX > 0xffffffffU /* only the stand-in */
typedef uint64_t ht_tick_t;
#else
typedef uint32_t ht_tick_t;
#endif

typedef struct {
    volatile uint32_t taken;
} ht_port_lock_t;
typedef uint32_t ht_port_irq_t;

static inline ht_port_irq_t ht_port_lock(ht_port_lock_t *lock)
{
    ht_port_irq_t irq = (ht_port_irq_t)portSET_INTERRUPT_MASK_FROM_ISR();
#if SOC_CPU_CORES_NUM > 1
    while (!esp_cpu_compare_and_set(&lock->taken, 0, 1)) {}
#else
    (void)lock;
#endif
    return irq;
}

static inline void ht_port_unlock(ht_port_lock_t *lock, ht_port_irq_t irq)
{
#if SOC_CPU_CORES_NUM > 1
    __atomic_store_n(&lock->taken, 0U, __ATOMIC_RELEASE);
#else
    (void)lock;
#endif
    portCLEAR_INTERRUPT_MASK_FROM_ISR(irq);
}

static inline ht_tick_t ht_port_tick(void)
{
    return (ht_tick_t)xTaskGetTickCount();
}

static inline unsigned ht_port_core(void)
{
    return (unsigned)esp_cpu_get_core_id();
}

static inline uintptr_t ht_port_task_key(void)
{
    if (xPortInIsrContext()) { return 1U + ht_port_core(); } /* HT_KEY_ISR(core) */
    /* Before the scheduler runs, FreeRTOS already names the first task that was created as current.
     */
    if (xTaskGetSchedulerState() == taskSCHEDULER_NOT_STARTED) { return 0; } /* HT_KEY_STARTUP */
    return (uintptr_t)xTaskGetCurrentTaskHandle(); /* NULL is HT_KEY_STARTUP */
}

/*
 * Interrupt handlers run on a stack of their own on every chip, so an address tells a task's frames
 * from theirs. The stand-in runs them on the stack of the task that they interrupt.
 */
#if defined(__XTENSA__) || defined(__riscv) || defined(HT_PORT_OWN_ISR_STACK)
#define HT_PORT_STACK_TELLS_TASK 1
#else
#define HT_PORT_STACK_TELLS_TASK 0
#endif

/* True in an interrupt handler that may run on top of a task's frames. */
static inline bool ht_port_is_foreign_stack(void)
{
    return !HT_PORT_STACK_TELLS_TASK && xPortInIsrContext();
}

static inline uintptr_t ht_port_stack_pointer(void)
{
    uintptr_t sp;
#if defined(__XTENSA__)
    __asm__ volatile("mov %0, sp" : "=r"(sp));
#elif defined(__riscv)
    __asm__ volatile("mv %0, sp" : "=r"(sp));
#elif defined(__i386__)
    __asm__ volatile("mov %%esp, %0" : "=r"(sp));
#else
    sp = (uintptr_t)__builtin_frame_address(0);
#endif
    return sp;
}
