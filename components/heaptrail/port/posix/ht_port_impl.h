/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_port_impl.h
 * The inline half of the Linux port.
 *
 * Why there is no thread-local variable in this port: a shared library with a TLS segment makes
 * glibc allocate 16 bytes more for each thread that the program creates (the thread's vector of TLS
 * blocks, "dtv"), with the program's own allocator. We would change what we measure. A
 * pthread key costs a few instructions more and changes nothing.
 */
#pragma once

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define HT_PORT_HOT
#define HT_PORT_HOT_DATA
#define HT_PORT_LEAF inline __attribute__((always_inline))
#define HT_PORT_NOINIT /* nothing outlives a process */
#define HT_PORT_STATE
#define HT_PORT_STACK_TELLS_TASK 0
#define HT_PORT_SEES_ALL 1
#define HT_PORT_CORES 1U
#define HT_PORT_TICK_SLACK 20U /* the coarse clock is behind by up to a tick of the kernel's */
#define HT_PORT_EMPTY_BLOCKS 1
#define HT_PORT_SCAN_STOPS 1
#define HT_PORT_PROTECTS_PAGES 1

/** glibc's MALLOC_ALIGNMENT: two words, but 16 bytes on i386 (2.26 and newer). */
#if UINTPTR_MAX > 0xffffffffU || defined(__i386__)
#define HT_PORT_ALIGN 16U
#else
#define HT_PORT_ALIGN 8U
#endif

#if UINTPTR_MAX > 0xffffffffU
typedef uint64_t ht_tick_t;
#else
typedef uint32_t ht_tick_t;
#endif

typedef struct {
    uint32_t taken;
} ht_port_lock_t;
typedef uint32_t ht_port_irq_t;

/** Looks at the lock before a thread gives up its time slice: longer than any critical section. */
#define HT_PORT_SPINS 200U

static inline void ht_port_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static inline ht_port_irq_t ht_port_lock(ht_port_lock_t *lock)
{
    while (__atomic_exchange_n(&lock->taken, 1U, __ATOMIC_ACQUIRE) != 0) {
        for (uint32_t i = 0; __atomic_load_n(&lock->taken, __ATOMIC_RELAXED) != 0; i++) {
            if (i < HT_PORT_SPINS) {
                ht_port_pause();
            } else {
                sched_yield(); /* the holder is probably not running */
            }
        }
    }
    return 0;
}

static inline void ht_port_unlock(ht_port_lock_t *lock, ht_port_irq_t irq)
{
    (void)irq;
    __atomic_store_n(&lock->taken, 0U, __ATOMIC_RELEASE);
}

/** Milliseconds. The coarse clock is a few loads from a page that the kernel keeps up to date. */
static inline ht_tick_t ht_port_tick(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (ht_tick_t)now.tv_sec * 1000U + (ht_tick_t)(now.tv_nsec / 1000000);
}

/** Microseconds. */
static inline uint32_t ht_port_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)now.tv_sec * 1000000U + (uint32_t)(now.tv_nsec / 1000);
}

/** A number that no other thread of this process ever has. */
uintptr_t ht_port_task_key(void);

static inline unsigned ht_port_core(void)
{
    return 0; /* threads move between cores: it would say nothing */
}

static inline bool ht_port_is_foreign_stack(void)
{
    return false;
}

static inline uintptr_t ht_port_stack_pointer(void)
{
    return (uintptr_t)__builtin_frame_address(0);
}

static inline uint32_t ht_port_dma_line(uint32_t caps)
{
    (void)caps;
    return 0; /* devices write to no block of malloc() behind the cache's back */
}

static inline uint32_t ht_port_line_at(uintptr_t address)
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
    return false;
}

static inline uint32_t ht_port_heap_caps(uint32_t caps)
{
    return caps;
}
