/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The inline half of the port to ESP-IDF's linux target; the contract is ht_port.h.
 *
 * The lock is a spin lock with all signals blocked. FreeRTOS's critical sections would not do: they
 * do nothing before the scheduler runs, count their nesting in one variable for all threads up
 * to 5.x, and mean nothing to a thread that is not a task. Up to 5.x a task is preempted by a
 * signal: with signals blocked, whoever holds the lock runs.
 */
#pragma once

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "ht_config.h"

#define HT_PORT_HOT
#define HT_PORT_HOT_DATA
#define HT_PORT_LEAF inline __attribute__((always_inline))
#define HT_PORT_NOINIT
#define HT_PORT_STATE
#define HT_PORT_STACK_TELLS_TASK 0 /* tasks run on the stacks of their threads */
#define HT_PORT_ALIGN 16U          /* glibc, in 32 bits too */
#define HT_PORT_EMPTY_BLOCKS 1
#define HT_PORT_COUNTS_TICKS 0
#define HT_PORT_TRACES HT_CONFIG_TRACE
#define HT_PORT_CORES 1U
#define HT_PORT_TICK_SLACK 100U /* its ticks wait when the machine is busy */
#define HT_PORT_SEES_ALL 0      /* libc makes blocks of its own that the firmware frees */

#if UINTPTR_MAX > 0xffffffffU
typedef uint64_t ht_tick_t;
#else
typedef uint32_t ht_tick_t;
#endif

typedef struct {
    uint32_t taken;
} ht_port_lock_t;
typedef sigset_t ht_port_irq_t;

static inline ht_port_irq_t ht_port_lock(ht_port_lock_t *lock)
{
    sigset_t all;
    ht_port_irq_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (__atomic_exchange_n(&lock->taken, 1U, __ATOMIC_ACQUIRE) != 0) {
        sched_yield();
    }
    return before;
}

static inline void ht_port_unlock(ht_port_lock_t *lock, ht_port_irq_t before)
{
    __atomic_store_n(&lock->taken, 0U, __ATOMIC_RELEASE);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static inline ht_tick_t ht_port_tick(void)
{
    return (ht_tick_t)xTaskGetTickCount();
}

/** Microseconds. */
static inline uint32_t ht_port_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)now.tv_sec * 1000000U + (uint32_t)(now.tv_nsec / 1000);
}

static inline unsigned ht_port_core(void)
{
    return 0;
}

/* A thread that is not a task counts as the task that runs: FreeRTOS knows no better. */
static inline uintptr_t ht_port_task_key(void)
{
    if (xTaskGetSchedulerState() == taskSCHEDULER_NOT_STARTED) { return 0; } /* HT_KEY_STARTUP */
    return (uintptr_t)xTaskGetCurrentTaskHandle();
}

static inline bool ht_port_is_foreign_stack(void)
{
    return false;
}

static inline uintptr_t ht_port_stack_pointer(void)
{
    return (uintptr_t)__builtin_frame_address(0);
}

static inline size_t ht_port_dma_line(uint32_t caps)
{
    (void)caps;
    return 0;
}

static inline size_t ht_port_line_at(uintptr_t address)
{
    (void)address;
    return 0;
}

bool ht_port_may_be_block(uintptr_t address, uint32_t canary);

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
