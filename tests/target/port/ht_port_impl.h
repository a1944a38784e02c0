/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The inline half of a port to bare metal: one or two RISC-V harts in machine mode, no operating
 * system, each hart's program being a task. What a port to another bare chip would look like.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "board.h"

#define HT_PORT_HOT
#define HT_PORT_HOT_DATA
#define HT_PORT_LEAF __attribute__((noinline))
#define HT_PORT_NOINIT
#define HT_PORT_STATE
#define HT_PORT_ALIGN 4U
#define HT_PORT_SEES_ALL 1
#define HT_PORT_EMPTY_BLOCKS 0
#define HT_PORT_STACK_TELLS_TASK 1 /* handlers have stacks of their own, see enter.S */

typedef uint32_t ht_tick_t;
typedef struct {
    volatile uint32_t taken;
} ht_port_lock_t;
typedef uint32_t ht_port_irq_t;

#define HT_MSTATUS_MIE 8U

/* Without atomic instructions there is one hart only, and nothing to spin for. (HT_BARE_NO_SPIN:
 * for the proof that a test would notice.) */
#if defined(__riscv_atomic) && !defined(HT_BARE_NO_SPIN)
#define HT_BARE_SPINS 1
#else
#define HT_BARE_SPINS 0
#endif

static inline ht_port_irq_t ht_port_lock(ht_port_lock_t *lock)
{
    ht_port_irq_t irq;
    __asm__ volatile("csrrci %0, mstatus, %1" : "=r"(irq) : "i"(HT_MSTATUS_MIE) : "memory");
#if HT_BARE_SPINS
    while (__atomic_exchange_n(&lock->taken, 1U, __ATOMIC_ACQUIRE) != 0) {
        board_wait(); /* lets the other hart run, under -icount; this one's timer goes on */
    }
#else
    (void)lock;
#endif
    return irq;
}

static inline void ht_port_unlock(ht_port_lock_t *lock, ht_port_irq_t irq)
{
#if HT_BARE_SPINS
    __atomic_store_n(&lock->taken, 0U, __ATOMIC_RELEASE);
#else
    (void)lock;
#endif
    __asm__ volatile("csrs mstatus, %0" ::"r"(irq & HT_MSTATUS_MIE) : "memory");
}

/* A tick is 1024 of mtime's, some 0.1 ms. */
#define HT_BARE_TICK_SHIFT 10

static inline ht_tick_t ht_port_tick(void)
{
    return (ht_tick_t)(board_time() >> HT_BARE_TICK_SHIFT);
}

/** Counts instructions, or cycles. */
static inline uint32_t ht_port_clock(void)
{
    uint32_t cycles;
    __asm__ volatile("rdcycle %0" : "=r"(cycles));
    return cycles;
}

static inline unsigned ht_port_core(void)
{
    return board_hart();
}

/* Whoever runs on a hart outside of handlers is its one task. */
static inline uintptr_t ht_port_task_key(void)
{
    unsigned hart = board_hart();
    return board_in_isr() ? 1U + hart : board_stack_low(hart);
}

static inline bool ht_port_is_foreign_stack(void)
{
    return false;
}

static inline uintptr_t ht_port_stack_pointer(void)
{
    uintptr_t sp;
    __asm__ volatile("mv %0, sp" : "=r"(sp));
    return sp;
}

static inline size_t ht_port_dma_line(uint32_t caps)
{
    (void)caps;
    return 0;
}

static inline size_t ht_port_line_at(uintptr_t address)
{
    (void)address;
    return 0;
}

static inline bool ht_port_may_be_block(uintptr_t address, uint32_t canary)
{
    (void)address;
    (void)canary;
    return true;
}

static inline bool ht_port_takes_front(uint32_t caps)
{
    (void)caps;
    return true;
}

static inline bool ht_port_header_usual(const void *raw, size_t bytes)
{
    (void)raw;
    (void)bytes;
    return true;
}

static inline uint32_t ht_port_heap_caps(uint32_t caps)
{
    return caps;
}
