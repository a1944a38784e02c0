/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "port.h"

#include <stdlib.h>

#include "ht_leak_roots.h"
#include "ht_log.h"
#include "sweep.h"

port_t g_port;
static uint8_t s_heap[PORT_BLOCKS][512] __attribute__((aligned(16)));

void *port_block(uint32_t i)
{
    return s_heap[i % PORT_BLOCKS];
}

/* The heap's own lock is no place that is proven. */
static ht_port_lock_t s_lock;

static void *take(size_t size, uint32_t caps)
{
    (void)caps;
    (void)size;
    ht_port_irq_t irq = (ht_port_lock)(&s_lock);
    void *block = g_port.heap_is_full ? NULL : port_block(g_port.next++);
    (ht_port_unlock)(&s_lock, irq);
    return block;
}

static void *take_aligned(size_t alignment, size_t size, uint32_t caps)
{
    (void)alignment;
    return take(size, caps);
}

static void *resize(void *block, size_t size, uint32_t caps)
{
    (void)size;
    (void)caps;
    return g_port.heap_is_full ? NULL : block;
}

/* A block that comes back twice makes another sum. */
static void give_back(void *block)
{
    uint32_t number = (uint32_t)((uintptr_t)block / SWEEP_SPACING) & 255U;
    ht_port_irq_t irq = (ht_port_lock)(&s_lock);
    g_port.freed += (number + 1U) * (number + 1U);
    (ht_port_unlock)(&s_lock, irq);
}

const ht_raw_heap_t ht_port_raw_heap = {take, take_aligned, resize, give_back};

/* --- instead of the board's (see the linker's --wrap) ------------------------------------------
 */

bool __wrap_ht_port_in_isr(void);
bool __real_ht_port_in_isr(void);
bool __wrap_ht_port_can_report(void);
bool __wrap_ht_port_header_ok(const void *raw, size_t bytes);
bool __wrap_ht_port_sample_heap(uintptr_t start, ht_heap_sample_t *sample);
bool __wrap_ht_port_sample_caps(uint32_t caps, ht_heap_sample_t *sample);

bool __wrap_ht_port_in_isr(void)
{
    return sweep_task == 0 && __real_ht_port_in_isr();
}

bool __wrap_ht_port_can_report(void)
{
    return !g_port.may_not_report;
}

bool __wrap_ht_port_header_ok(const void *raw, size_t bytes)
{
    (void)raw;
    (void)bytes;
    return !g_port.header_is_damaged;
}

bool __wrap_ht_port_sample_heap(uintptr_t start, ht_heap_sample_t *sample)
{
    (void)start;
    *sample = (ht_heap_sample_t){.free_bytes = g_port.free_bytes,
                                 .largest_free_bytes = g_port.free_bytes,
                                 .min_free_bytes = g_port.free_bytes};
    return true;
}

bool __wrap_ht_port_sample_caps(uint32_t caps, ht_heap_sample_t *sample)
{
    (void)caps;
    return __wrap_ht_port_sample_heap(0, sample);
}

/* --- what the board has not --------------------------------------------------------------------
 */

size_t ht_port_free_bytes(uint32_t caps)
{
    (void)caps;
    return g_port.free_bytes;
}

bool ht_port_lowmem_start(void)
{
    return true;
}

void ht_port_lowmem_wake(void)
{
}

bool ht_port_is_wrapped(void)
{
    return true;
}

void ht_port_find_heaps(struct ht_tracker *tracker)
{
    (void)tracker;
}

void ht_port_log(unsigned level, const char *text)
{
    (void)level;
    (void)text;
}

bool ht_port_wait_ms(uint32_t ms)
{
    (void)ms;
    return false;
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
