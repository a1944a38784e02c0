/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ht_frame.h"
#include "ht_port.h"

_Thread_local fake_port_t g_fake;

void fake_port_reset(void)
{
    memset(&g_fake, 0, sizeof(g_fake));
    g_fake.tick = 1;
    g_fake.task_key = 0x1000;
    g_fake.task_name = "main";
}

void fake_port_die(const char *why)
{
    fprintf(stderr, "fake port: %s\n", why);
    abort();
}

uint32_t ht_port_tick_hz(void)
{
    return 1000;
}

uint64_t ht_port_uptime_us(void)
{
    return (uint64_t)g_fake.tick * 1000U + g_fake.clock / FAKE_CLOCK_MHZ;
}

uint32_t ht_port_clock_mhz(void)
{
    return FAKE_CLOCK_MHZ;
}

void ht_port_describe(const ht_port_story_t *story)
{
    story->text(story->context, HT_HELLO_CHIP, "fake", 4);
}

void ht_port_task_name(uintptr_t key, char *name)
{
    (void)key;
    snprintf(name, HT_TASK_NAME_MAX, "%s", g_fake.task_name != NULL ? g_fake.task_name : "?");
}

unsigned ht_port_stack(uintptr_t *frames, unsigned max, uintptr_t top)
{
    unsigned count = 0;
    if (top != 0 && max > 0) { frames[count++] = top; }
    for (unsigned i = 0; i < g_fake.stack_depth && count < max; i++) {
        frames[count++] = g_fake.stack[i];
    }
    return count;
}

uintptr_t ht_port_stack_low(uintptr_t key)
{
    (void)key;
    return 0; /* the test's tasks all run on the test's stack */
}

/* --- memory -------------------------------------------------------------------------------------
 */

bool ht_port_header_ok(const void *raw, size_t bytes)
{
    (void)raw;
    (void)bytes;
    return true;
}

uint32_t ht_port_seed(void)
{
    return 0x5EED5EEDU;
}

uint32_t ht_port_image(void)
{
    return g_fake.image;
}

ht_port_place_t ht_port_place(uintptr_t address)
{
    return address - g_fake.static_start < g_fake.static_bytes ? HT_PORT_PLACE_STATIC
                                                               : HT_PORT_PLACE_UNKNOWN;
}

bool ht_port_task_stack(uintptr_t key, ht_port_task_stack_t *stack)
{
    if (g_fake.stack_key == 0 || key != g_fake.stack_key) { return false; }
    *stack =
        (ht_port_task_stack_t){g_fake.stack_low, g_fake.stack_bytes, true, g_fake.stack_margin};
    return true;
}

bool ht_port_walk_heap(uintptr_t start, ht_port_heap_block_fn fn, void *context)
{
    (void)start;
    for (size_t i = 0; i < g_fake.heap_walk_count; i++) {
        const struct fake_heap_block *block = &g_fake.heap_walk[i];
        if (!fn(context, block->address, block->bytes, block->used)) { break; }
    }
    return g_fake.heap_walk_count != 0;
}

bool ht_port_heap_sound(uintptr_t start)
{
    (void)start;
    return !g_fake.unsound;
}

bool ht_port_sample_heap(uintptr_t start, ht_heap_sample_t *sample)
{
    (void)start;
    *sample = (ht_heap_sample_t){g_fake.sample_free, g_fake.sample_largest, SIZE_MAX};
    return g_fake.measurable;
}

bool ht_port_sample_caps(uint32_t caps, ht_heap_sample_t *sample)
{
    (void)caps;
    *sample = (ht_heap_sample_t){g_fake.sample_free, g_fake.sample_largest, SIZE_MAX};
    return g_fake.measurable;
}

bool ht_port_in_isr(void)
{
    return g_fake.in_isr;
}

bool ht_port_can_report(void)
{
    return !g_fake.flash_off;
}
