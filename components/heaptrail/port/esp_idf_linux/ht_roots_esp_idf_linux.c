/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Roots of the reachability scan: here nobody tells them yet. */
#include <stdlib.h>

#include "esp_heap_caps.h"
#include "ht_port.h"

#pragma weak ht_port_raw_heap

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
    const ht_raw_heap_t *volatile heap = &ht_port_raw_heap;
    return heap == NULL ? malloc(bytes) : heap->alloc(bytes, MALLOC_CAP_DEFAULT);
}

void ht_port_scratch_free(void *memory)
{
    const ht_raw_heap_t *volatile heap = &ht_port_raw_heap;
    if (heap == NULL) {
        free(memory);
    } else {
        heap->free(memory);
    }
}
