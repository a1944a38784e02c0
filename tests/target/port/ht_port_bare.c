/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "ht_frame.h"
#include "ht_port.h"

uint32_t ht_port_tick_hz(void)
{
    return BOARD_TIMER_HZ >> HT_BARE_TICK_SHIFT;
}

uint64_t ht_port_uptime_us(void)
{
    return board_time() / (BOARD_TIMER_HZ / 1000000U);
}

uint32_t ht_port_clock_mhz(void)
{
    return 1000; /* QEMU's */
}

void ht_port_describe(const ht_port_story_t *story)
{
    static const char chip[] = "rv32 on QEMU";
    story->text(story->context, HT_HELLO_CHIP, chip, sizeof(chip) - 1U);
}

/* The low half of its key, twice: one that was copied in pieces is told from a whole one. */
void ht_port_task_name(uintptr_t key, char *name)
{
    static const char digits[] = "0123456789abcdef";
    for (unsigned i = 0; i < HT_TASK_NAME_MAX; i++) {
        name[i] = i < 2U * sizeof(key) ? digits[key >> 4U * (i % sizeof(key)) & 15U] : '\0';
    }
}

uintptr_t ht_port_stack_low(uintptr_t key)
{
    return key; /* which is where the stack begins */
}

unsigned ht_port_stack(uintptr_t *frames, unsigned max, uintptr_t top)
{
    if (max == 0 || top == 0) { return 0; }
    frames[0] = top;
    return 1;
}

bool ht_port_in_isr(void)
{
    return board_in_isr();
}

/* --- memory errors: this board has no heap of its own to ask -------------------------------------
 */

bool ht_port_header_ok(const void *raw, size_t bytes)
{
    (void)raw;
    (void)bytes;
    return true;
}

uint32_t ht_port_seed(void)
{
    return board_time_low() | 1U;
}

uint32_t ht_port_image(void)
{
    return 1;
}

bool ht_port_can_report(void)
{
    return !board_in_isr();
}

ht_port_place_t ht_port_place(uintptr_t address)
{
    return board_is_code(address) ? HT_PORT_PLACE_READ_ONLY : HT_PORT_PLACE_UNKNOWN;
}

bool ht_port_task_stack(uintptr_t key, ht_port_task_stack_t *stack)
{
    *stack = (ht_port_task_stack_t){.low = key, .bytes = SIZE_MAX};
    return true;
}

bool ht_port_walk_heap(uintptr_t start, ht_port_heap_block_fn fn, void *context)
{
    (void)start;
    (void)fn;
    (void)context;
    return false;
}

bool ht_port_heap_sound(uintptr_t start)
{
    (void)start;
    return true;
}

bool ht_port_sample_heap(uintptr_t start, ht_heap_sample_t *sample)
{
    (void)start;
    (void)sample;
    return false;
}

bool ht_port_sample_caps(uint32_t caps, ht_heap_sample_t *sample)
{
    (void)caps;
    (void)sample;
    return false;
}
