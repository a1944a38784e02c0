/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Return addresses: the compiler's unwinder, which neither locks nor allocates (gcc 12, glibc 2.35). */
#include <unwind.h>

#include "ht_port.h"

typedef struct {
    uintptr_t *frames;
    uintptr_t top;
    unsigned max;
    unsigned count;
    unsigned passed; /* frames seen before the first one that is stored */
} walk_t;

/* Our own frames above the program's: a search for `top` longer than this has missed it. */
#define OWN_FRAMES_MAX 16U

static _Unwind_Reason_Code on_frame(struct _Unwind_Context *context, void *argument)
{
    walk_t *walk = argument;
    uintptr_t address = (uintptr_t)_Unwind_GetIP(context);
    if (address == 0) { return _URC_END_OF_STACK; }
    if (walk->count == 0 && walk->top != 0 && address != walk->top) {
        return ++walk->passed < OWN_FRAMES_MAX ? _URC_NO_REASON : _URC_END_OF_STACK;
    }
    walk->frames[walk->count++] = address;
    return walk->count < walk->max ? _URC_NO_REASON : _URC_END_OF_STACK;
}

unsigned ht_port_stack(uintptr_t *frames, unsigned max, uintptr_t top)
{
    walk_t walk = {.frames = frames, .top = top, .max = max};
    if (walk.top == 0) { walk.top = (uintptr_t)__builtin_return_address(0); }
    if (max > 1) { _Unwind_Backtrace(on_frame, &walk); }
    if (walk.count == 0 && max > 0) { frames[walk.count++] = walk.top; }
    return walk.count;
}
