/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file board.h
 * QEMU's "virt" machine as a small board: one or two harts, a timer interrupt for each (CLINT), the
 * output and the exit code of the host (picolibc's semihosting: printf() and exit() simply work).
 *
 * main() runs on hart 0 with interrupts off. A trap that is no timer interrupt is told and ends the
 * program with 3.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BOARD_HARTS 2
#define BOARD_TIMER_HZ 10000000U /* of mtime */

/** This hart's number. Any context. */
static inline unsigned board_hart(void)
{
    unsigned hart;
    __asm__("csrr %0, mhartid" : "=r"(hart));
    return hart;
}

/** In a handler? Any context. */
bool board_in_isr(void);

/** In a handler: the instruction that it came before. Any context. */
uint32_t board_interrupted_at(void);

/** mtime, and its low half. 100 ns each. Any context. */
uint64_t board_time(void);
uint32_t board_time_low(void);

/** Call fn (NULL: nothing) from this hart's timer interrupt every `period` of mtime (0: once),
 * first after `delay`. Turns this hart's interrupts on. */
void board_timer(uint32_t delay, uint32_t period, void (*fn)(void));

/** No more timer interrupts on this hart. */
void board_timer_stop(void);

/** Start hart 1 in fn, once. It must not print: libc is hart 0's. */
void board_start_hart(void (*fn)(void));

/** The lowest address of a hart's stack, which is not its handlers'. Any context. */
uintptr_t board_stack_low(unsigned hart);

/** Where a hart's stack ends. Any context. */
uintptr_t board_stack_end(unsigned hart);

/** The stack of a hart's handlers, and whether one runs there now. Any context. */
#define BOARD_ISR_STACK_BYTES 16384U
uintptr_t board_isr_stack_low(unsigned hart);
bool board_is_in_isr(unsigned hart);

/** Code or a constant? Any context. */
bool board_is_code(uintptr_t address);

/** Turn this hart's interrupts off or on. */
static inline void board_irq_off(void)
{
    __asm__ volatile("csrci mstatus, 8" ::: "memory");
}

static inline void board_irq_on(void)
{
    __asm__ volatile("csrsi mstatus, 8" ::: "memory");
}

/** This hart waits for an interrupt. */
static inline void board_wait(void)
{
    __asm__ volatile("wfi" ::: "memory");
}
