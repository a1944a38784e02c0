/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_bounds.h
 * Where the stack ends that a program runs on. FreeRTOS is asked once per stack and core: as long
 * as sp lies in the stack that was last seen there, it is that one (ht_hot.h says why).
 */
#pragma once

#include "ht_port.h"
#include "ht_unwind.h"

/** Written without a lock, word by word: the seal tells a whole one from halves of two. All-zero:
 * none. */
typedef struct {
    uintptr_t low;
    uintptr_t high;
    uintptr_t seal; /**< low ^ high */
} ht_bounds_t;

extern ht_bounds_t ht_bounds_last[2];

/** The slow half: asks FreeRTOS, and keeps the answer. */
bool ht_bounds_find(uintptr_t sp, ht_range_t *stack);

/** Forget what is kept: a stack's memory may become another's. Any context. */
void ht_bounds_forget(void);

/** The highest address of a task's stack, 0: not known. Any context. */
uintptr_t ht_bounds_task_end(uintptr_t key);

/** ht_bounds_in_use() without asking FreeRTOS: false if the stack is another one than the last. */
HT_PORT_INLINE bool ht_bounds_are_kept(uintptr_t sp, ht_range_t *stack)
{
    const ht_bounds_t *last = &ht_bounds_last[ht_port_core() & 1U];
    uintptr_t low = __atomic_load_n(&last->low, __ATOMIC_RELAXED);
    uintptr_t high = __atomic_load_n(&last->high, __ATOMIC_RELAXED);
    uintptr_t seal = __atomic_load_n(&last->seal, __ATOMIC_RELAXED);
    stack->low = sp;
    stack->high = high;
    return __builtin_expect(sp - low < high - low && seal == (low ^ high), 1);
}

/** The part in use of the stack that sp points into. False: it is none that is known, as a
 * coroutine's. Any context. O(1). */
HT_PORT_INLINE bool ht_bounds_in_use(uintptr_t sp, ht_range_t *stack)
{
    return ht_bounds_are_kept(sp, stack) || ht_bounds_find(sp, stack);
}
