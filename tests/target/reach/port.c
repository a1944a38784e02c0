/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Roots of a firmware on the board: all variables but the handlers' stacks; each other hart's
 * stack, and that of its handler if one runs there, where the registers are that it interrupted. As
 * in the port to ESP-IDF, the registers of a hart that runs on are not read.
 */
#include <stdlib.h>

#include "board.h"
#include "ht_port.h"

extern char __data_start[], __bss_end[]; /* board.ld: one after the other */

bool ht_port_static_roots(ht_port_root_fn fn, void *context)
{
    uintptr_t start = (uintptr_t)__data_start;
    for (unsigned hart = 0; hart < BOARD_HARTS; hart++) {
        uintptr_t low = board_isr_stack_low(hart);
        fn(context, start, low - start);
        start = low + BOARD_ISR_STACK_BYTES;
    }
    fn(context, start, (uintptr_t)__bss_end - start);
    return true;
}

bool ht_port_stack_roots(ht_port_root_fn fn, void *context)
{
    for (unsigned hart = 0; hart < BOARD_HARTS; hart++) {
        if (hart == board_hart()) { continue; }
        uintptr_t low = board_stack_low(hart);
        fn(context, low, board_stack_end(hart) - low);
        if (board_is_in_isr(hart)) {
            fn(context, board_isr_stack_low(hart), BOARD_ISR_STACK_BYTES);
        }
    }
    return true;
}

uintptr_t ht_port_stack_end(void)
{
    return board_stack_end(board_hart());
}

bool ht_port_hold_others(void)
{
    return false;
}

bool ht_port_freeze(void)
{
    return true; /* nothing here locks */
}

void ht_port_let_run(void)
{
}

void *ht_port_scratch(size_t bytes)
{
    return malloc(bytes);
}

void ht_port_scratch_free(void *memory)
{
    free(memory);
}

/* The timer is on: there is always an interrupt to wait for. */
bool ht_port_wait_ms(uint32_t ms)
{
    uint64_t until = board_time() + (uint64_t)ms * (BOARD_TIMER_HZ / 1000U);
    do {
        board_wait();
    } while (board_time() < until);
    return true;
}

void ht_port_log(unsigned level, const char *text)
{
    (void)level;
    (void)text;
}

void ht_port_emergency_write(const char *text, size_t length)
{
    (void)text;
    (void)length;
}

void ht_port_abort(void)
{
    abort();
}

void ht_port_find_heaps(struct ht_tracker *tracker)
{
    (void)tracker;
}
