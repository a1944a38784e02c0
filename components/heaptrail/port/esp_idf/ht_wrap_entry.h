/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_wrap_entry.h
 * Who called: the functions that firmware calls to get memory, redirected to us by the linker
 * (--wrap) only to note the return address and the name of the function. They call the real one
 * inside a scope (ht_scope.h); ht_wrap_base.c, further down the same stack, finds it there.
 *
 * Without these, what the base functions see as their caller is heap_caps_malloc() or libc, never
 * the firmware's code.
 */
#pragma once

#include "ht_config.h"
#include "ht_default.h"
#include "ht_port_wrap.h"

#define HT_CALLER ((uintptr_t)__builtin_return_address(0))

/* The same for the first statement of a function that calls nothing but its tail: RISC-V's gcc
 * would save ra because it is read. */
#if defined(__riscv)
static inline __attribute__((always_inline)) uintptr_t ht_caller_at_entry(void)
{
    uintptr_t caller;
    __asm__ volatile("mv %0, ra" : "=r"(caller));
    return caller;
}
#define HT_CALLER_AT_ENTRY ht_caller_at_entry()
#else
#define HT_CALLER_AT_ENTRY HT_CALLER
#endif

/* For a local variable that is used once after a call. RISC-V: it waits in its place on the stack,
 * and not in a register that would have to be saved there first and restored. */
#if defined(__riscv)
#define HT_ACROSS volatile
#else
#define HT_ACROSS
#endif

/* The same, across a call of ht_port_tick(). */
#if HT_PORT_COUNTS_TICKS
#define HT_ACROSS_TICK
#else
#define HT_ACROSS_TICK HT_ACROSS
#endif

HT_INLINE void ht_entry_enter(ht_scope_t *scope, uint32_t method, size_t alignment,
                              uintptr_t caller)
{
    ht_scope_enter(&ht_default_tracker, scope, NULL, caller, method);
    scope->alignment = alignment;
}

/** Who called: the outermost entry point's caller, or this one's. O(1). */
HT_INLINE uintptr_t ht_entry_caller(uintptr_t caller)
{
    const ht_scope_t *scope = ht_scope_current(&ht_default_tracker);
    return scope != NULL ? scope->caller : caller;
}

/* One entry point that returns a block: RESULT NAME PARAMETERS calls the real one with ARGUMENTS.
 */
#define HT_ENTRY(result_t, name, parameters, arguments, method, alignment)                         \
    result_t __real_##name parameters;                                                             \
    result_t __wrap_##name parameters;                                                             \
    HT_PORT_HOT result_t __wrap_##name parameters                                                  \
    {                                                                                              \
        ht_scope_t scope;                                                                          \
        ht_entry_enter(&scope, HEAPTRAIL_METHOD_##method, alignment, HT_CALLER);                   \
        result_t result = __real_##name arguments;                                                 \
        ht_scope_leave(&ht_default_tracker, &scope, result);                                       \
        return result;                                                                             \
    }

/*
 * Around a realloc(). Where the base functions are wrapped they look after the record. The heap's
 * hooks do not tell that the old block is gone, so there it happens here (ht_hooks.c).
 */
#if HT_CONFIG_HOOKS

HT_INLINE ht_hold_t ht_entry_hold(const void *old, size_t size)
{
    ht_known_t known; /* in a nested entry point the outer one holds it */
    bool holds =
        old != NULL && size != 0 && ht_tracker_known(&ht_default_tracker, (uintptr_t)old, &known);
    return holds ? ht_tracker_hold(&ht_default_tracker, (uintptr_t)old) : (ht_hold_t){0};
}

HT_INLINE void ht_entry_held(ht_hold_t hold, const void *result)
{
    if (hold.address == 0) { return; }
    if (result == NULL) {
        ht_tracker_put_back(&ht_default_tracker, hold);
    } else {
        ht_tracker_drop_held(&ht_default_tracker, hold);
    }
}

#else

HT_INLINE ht_hold_t ht_entry_hold(const void *old, size_t size)
{
    (void)old;
    (void)size;
    return (ht_hold_t){0};
}

HT_INLINE void ht_entry_held(ht_hold_t hold, const void *result)
{
    (void)hold;
    (void)result;
}

#endif

/* As HT_ENTRY, for a function that is given `old` and makes it `size` bytes. */
#define HT_REALLOC_ENTRY(name, parameters, arguments, method)                                      \
    void *__real_##name parameters;                                                                \
    void *__wrap_##name parameters;                                                                \
    HT_PORT_HOT void *__wrap_##name parameters                                                     \
    {                                                                                              \
        ht_scope_t scope;                                                                          \
        ht_entry_enter(&scope, HEAPTRAIL_METHOD_##method, 0, HT_CALLER);                           \
        ht_hold_t hold = ht_entry_hold(old, size);                                                 \
        void *result = __real_##name arguments;                                                    \
        ht_entry_held(hold, result);                                                               \
        ht_scope_leave(&ht_default_tracker, &scope, result);                                       \
        return result;                                                                             \
    }
