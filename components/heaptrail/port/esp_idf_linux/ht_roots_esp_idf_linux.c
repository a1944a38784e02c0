/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Roots of the reachability scan: here nobody tells them yet. */
#include "ht_port.h"

bool ht_port_static_roots(ht_port_root_fn fn, void *context)
{
    (void)fn;
    (void)context;
    return false;
}

bool ht_port_stack_roots(ht_port_root_fn fn, void *context)
{
    (void)fn;
    (void)context;
    return false;
}

uintptr_t ht_port_stack_end(void)
{
    return 0;
}

bool ht_port_hold_others(void)
{
    return false;
}

bool ht_port_freeze(void)
{
    return false;
}

void ht_port_let_run(void)
{
}

void *ht_port_scratch(size_t bytes)
{
    (void)bytes;
    return NULL;
}

void ht_port_scratch_free(void *memory)
{
    (void)memory;
}
