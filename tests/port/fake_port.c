/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    return (uint64_t)g_fake.tick * 1000U;
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
