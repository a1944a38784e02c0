/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A port for tests: the clock, the task, the core and interrupts are what the test says. The lock
 * checks that nobody takes it twice, and tells the test when it is free, so that the test can let
 * an "interrupt" in exactly there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HT_PORT_HOT
#define HT_PORT_HOT_DATA
#define HT_PORT_LEAF inline __attribute__((always_inline))
#define HT_PORT_STATE
#define HT_PORT_NOINIT
#define HT_PORT_ALIGN 4U
#define HT_PORT_SEES_ALL 1
#define HT_PORT_EMPTY_BLOCKS 0
#define HT_PORT_STACK_TELLS_TASK 0

#if UINTPTR_MAX > 0xffffffffU
typedef uint64_t ht_tick_t;
#else
typedef uint32_t ht_tick_t;
#endif

typedef struct {
    volatile uint32_t taken;
} ht_port_lock_t;
typedef uint32_t ht_port_irq_t;

typedef struct {
    ht_tick_t tick;
    uint32_t clock; /* counts since the tick: FAKE_CLOCK_MHZ in a microsecond */
    uintptr_t task_key;
    unsigned core;
    const char *task_name;   /* what the next new task is called */
    void (*on_unlock)(void); /* an interrupt may come here */
    uint64_t locks;          /* how often the lock was taken */
    uint32_t held;           /* locks held now; more than one is an error */
    const uintptr_t *stack;  /* what ht_port_stack() finds */
    unsigned stack_depth;
    /* memory: what the test says about it */
    size_t line; /* of the cache before memory at or above line_from */
    uintptr_t line_from;
    size_t dma_line;     /* for requests with capability FAKE_DMA */
    uint32_t image;      /* ht_port_image() */
    bool unsound;        /* what ht_port_heap_sound() denies */
    uintptr_t stack_key; /* the task with a stack, 0: none */
    uintptr_t stack_low;
    size_t stack_bytes;
    size_t stack_margin;
    uintptr_t static_start; /* what ht_port_place() calls static */
    size_t static_bytes;
    const struct fake_heap_block *heap_walk; /* what ht_port_walk_heap() finds, any heap */
    size_t heap_walk_count;
    bool measurable; /* ht_port_sample_*() give these */
    size_t sample_free;
    size_t sample_largest;
    bool in_isr;
    bool flash_off; /* ht_port_can_report() denies */
} fake_port_t;

/* A block of the heap under the tracker, free or in use. */
struct fake_heap_block {
    uintptr_t address;
    size_t bytes;
    bool used;
};

#define FAKE_CLOCK_MHZ 10U
#define FAKE_DMA (1U << 3)
#define FAKE_EXEC (1U << 0)

extern _Thread_local fake_port_t g_fake; /* the test's, so a global is what it takes */

void fake_port_reset(void);
void fake_port_die(const char *why);

static inline ht_port_irq_t ht_port_lock(ht_port_lock_t *lock)
{
    if (g_fake.held++ != 0) { fake_port_die("the lock is taken twice"); }
    while (__atomic_exchange_n(&lock->taken, 1U, __ATOMIC_ACQUIRE) != 0) {}
    g_fake.locks++;
    return 0;
}

static inline void ht_port_unlock(ht_port_lock_t *lock, ht_port_irq_t irq)
{
    (void)irq;
    __atomic_store_n(&lock->taken, 0U, __ATOMIC_RELEASE);
    g_fake.held--;
    if (g_fake.on_unlock != NULL) { g_fake.on_unlock(); }
}

static inline ht_tick_t ht_port_tick(void)
{
    return g_fake.tick;
}

static inline uint32_t ht_port_clock(void)
{
    return (uint32_t)g_fake.tick * 1000U * FAKE_CLOCK_MHZ + g_fake.clock;
}

static inline uintptr_t ht_port_task_key(void)
{
    return g_fake.task_key;
}

static inline unsigned ht_port_core(void)
{
    return g_fake.core;
}

static inline bool ht_port_is_foreign_stack(void)
{
    return false;
}

static inline size_t ht_port_dma_line(uint32_t caps)
{
    return (caps & FAKE_DMA) != 0 ? g_fake.dma_line : 0;
}

static inline size_t ht_port_line_at(uintptr_t address)
{
    return g_fake.line != 0 && address >= g_fake.line_from ? g_fake.line : 0;
}

static inline bool ht_port_may_be_block(uintptr_t address, uint32_t canary)
{
    (void)address;
    (void)canary;
    return true;
}

static inline bool ht_port_takes_front(uint32_t caps)
{
    return (caps & FAKE_EXEC) == 0;
}

static inline uintptr_t ht_port_stack_pointer(void)
{
    return (uintptr_t)__builtin_frame_address(0);
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
