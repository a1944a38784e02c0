/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#include <stdio.h>
#include <stdlib.h>

#define CLINT 0x02000000U
#define MTIMECMP(hart) (CLINT + 0x4000U + 8U * (hart))
#define MTIME (CLINT + 0xbff8U)
#define MIE_TIMER 0x80U
#define CAUSE_TIMER 0x80000007U
#define STACK_BYTES BOARD_ISR_STACK_BYTES

static struct {
    void (*on_timer)(void);
    uint32_t period;
    uint64_t next;
    volatile uint32_t in_isr;
    uint32_t interrupted_at;
    uint8_t isr_stack[STACK_BYTES] __attribute__((aligned(16)));
} s_hart[BOARD_HARTS];

static uint8_t s_hart_stack[4U * STACK_BYTES] __attribute__((aligned(16)));
extern volatile uint32_t board_hart_stack, board_hart_entry, board_hart_tp; /* enter.S */
extern char __heap_end[], __stack[], __text_start[], __data_start[];        /* board.ld */
void board_trap(void);
void board_on_trap(uint32_t cause, uint32_t pc);

static inline volatile uint32_t *word_at(uintptr_t address)
{
    return (volatile uint32_t *)address;
}

uint32_t board_time_low(void)
{
    return *word_at(MTIME);
}

uint64_t board_time(void)
{
    for (;;) {
        uint32_t high = *word_at(MTIME + 4U);
        uint32_t low = *word_at(MTIME);
        if (high == *word_at(MTIME + 4U)) { return (uint64_t)high << 32 | low; }
    }
}

bool board_is_in_isr(unsigned hart)
{
    return s_hart[hart].in_isr != 0;
}

bool board_in_isr(void)
{
    return board_is_in_isr(board_hart());
}

uintptr_t board_stack_low(unsigned hart)
{
    return hart == 0 ? (uintptr_t)__heap_end : (uintptr_t)s_hart_stack;
}

uintptr_t board_stack_end(unsigned hart)
{
    return hart == 0 ? (uintptr_t)__stack : (uintptr_t)s_hart_stack + sizeof(s_hart_stack);
}

uintptr_t board_isr_stack_low(unsigned hart)
{
    return (uintptr_t)s_hart[hart].isr_stack;
}

bool board_is_code(uintptr_t address)
{
    return address >= (uintptr_t)__text_start && address < (uintptr_t)__data_start;
}

uint32_t board_interrupted_at(void)
{
    return s_hart[board_hart()].interrupted_at;
}

/* The order of the RISC-V manual: never a moment with a time that is too early. */
static void set_alarm(unsigned hart, uint64_t time)
{
    *word_at(MTIMECMP(hart)) = ~0U;
    *word_at(MTIMECMP(hart) + 4U) = (uint32_t)(time >> 32);
    *word_at(MTIMECMP(hart)) = (uint32_t)time;
}

void board_timer(uint32_t delay, uint32_t period, void (*fn)(void))
{
    unsigned hart = board_hart();
    board_irq_off();
    s_hart[hart].on_timer = fn;
    s_hart[hart].period = period;
    s_hart[hart].next = board_time() + delay;
    set_alarm(hart, s_hart[hart].next);
    __asm__ volatile("csrs mie, %0" ::"r"(MIE_TIMER));
    board_irq_on();
}

void board_timer_stop(void)
{
    set_alarm(board_hart(), ~(uint64_t)0);
}

/* A handler that takes longer than a period is not called for those it missed. */
static uint64_t next_alarm(unsigned hart)
{
    if (s_hart[hart].period == 0) { return ~(uint64_t)0; }
    uint64_t next = s_hart[hart].next + s_hart[hart].period;
    uint64_t now = board_time();
    while (next <= now) {
        next += s_hart[hart].period;
    }
    return next;
}

void board_on_trap(uint32_t cause, uint32_t pc)
{
    unsigned hart = board_hart();
    if (cause != CAUSE_TIMER) {
        printf("trap: hart %u, cause %#lx at %#lx%s\n", hart, (unsigned long)cause,
               (unsigned long)pc, s_hart[hart].in_isr != 0 ? ", in a handler" : "");
        _Exit(3);
    }
    s_hart[hart].in_isr = 1;
    s_hart[hart].interrupted_at = pc;
    if (s_hart[hart].on_timer != NULL) { s_hart[hart].on_timer(); }
    s_hart[hart].in_isr = 0;
    s_hart[hart].next = next_alarm(hart);
    set_alarm(hart, s_hart[hart].next);
}

static void set_isr_stack(unsigned hart)
{
    __asm__ volatile("csrw mscratch, %0" ::"r"(s_hart[hart].isr_stack + STACK_BYTES));
}

__attribute__((constructor(101))) static void set_up(void)
{
    set_isr_stack(0);
    __asm__ volatile("csrw mtvec, %0" ::"r"(board_trap));
}

static void (*s_hart_fn)(void);

static void enter_hart(void)
{
    set_isr_stack(board_hart());
    s_hart_fn();
}

void board_start_hart(void (*fn)(void))
{
    uint32_t tp;
    __asm__("mv %0, tp" : "=r"(tp));
    s_hart_fn = fn;
    board_hart_entry = (uint32_t)(uintptr_t)enter_hart;
    board_hart_tp = tp;
    __asm__ volatile("fence" ::: "memory");
    board_hart_stack = (uint32_t)(uintptr_t)(s_hart_stack + sizeof(s_hart_stack));
}

#ifndef __riscv_atomic
/*
 * What the compiler calls where a chip has no atomic instructions; with one hart, masking
 * interrupts is enough. (heaptrail itself needs none: only the tests' own port does.)
 */
unsigned __atomic_exchange_4(volatile void *word, unsigned value, int order);

unsigned __atomic_exchange_4(volatile void *word, unsigned value, int order)
{
    (void)order;
    unsigned status;
    __asm__ volatile("csrrci %0, mstatus, 8" : "=r"(status)::"memory");
    unsigned old = *(volatile unsigned *)word;
    *(volatile unsigned *)word = value;
    __asm__ volatile("csrs mstatus, %0" ::"r"(status & 8U) : "memory");
    return old;
}
#endif
