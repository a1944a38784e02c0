/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Call stacks by the compiler's own unwinder: ESP-IDF compiles for Linux without frame pointers. */
#include <unwind.h>

#include "ht_port.h"

#define WALK_MAX 256U

typedef struct {
    uintptr_t *frames;
    uintptr_t top; /* 0: the second frame of the walk, the first being ht_port_stack() itself */
    unsigned max;
    unsigned count;
    unsigned walked;
} walk_t;

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *argument)
{
    walk_t *walk = argument;
    uintptr_t address = (uintptr_t)_Unwind_GetIP(context);
    if (address == 0 || ++walk->walked > WALK_MAX) { return _URC_END_OF_STACK; }
    bool begins = walk->top != 0 ? address == walk->top : walk->walked == 2;
    if (walk->count != 0 || begins) { walk->frames[walk->count++] = address; }
    return walk->count < walk->max ? _URC_NO_REASON : _URC_END_OF_STACK;
}

/* Signals blocked: the unwinder may take a lock, and up to 5.x a signal is what preempts a task. */
unsigned ht_port_stack(uintptr_t *frames, unsigned max, uintptr_t top)
{
    if (max == 1 && top != 0) {
        frames[0] = top;
        return 1;
    }
    walk_t walk = {.frames = frames, .top = top, .max = max};
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    _Unwind_Backtrace(add_frame, &walk);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (walk.count == 0 && top != 0) {
        walk.frames[walk.count++] = top;
    } /* code without unwind tables */
    return walk.count;
}
