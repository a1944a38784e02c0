/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Return addresses. The quick way asks the call frame information once per return address and
 * remembers the answer; the slow way is the compiler's unwinder. Neither locks nor allocates (gcc
 * 12, glibc 2.35).
 */
#define _GNU_SOURCE
#include <unwind.h>

#include "ht_port.h"
#include "ht_posix_cfi.h"

/* Our own frames above the program's: a search for `top` longer than this has missed it. */
#define OWN_FRAMES_MAX 16U

/* --- the slow way ------------------------------------------------------------------------------
 */

typedef struct {
    uintptr_t *frames;
    uintptr_t top;
    unsigned max;
    unsigned count;
    unsigned passed; /* frames seen before the first one that is stored */
} walk_t;

/* Take one return address. False: that was the last one wanted. */
static bool take(walk_t *walk, uintptr_t address)
{
    if (walk->count == 0 && address != walk->top) { return ++walk->passed < OWN_FRAMES_MAX; }
    walk->frames[walk->count++] = address;
    return walk->count < walk->max;
}

static _Unwind_Reason_Code on_frame(struct _Unwind_Context *context, void *argument)
{
    uintptr_t address = (uintptr_t)_Unwind_GetIP(context);
    return address != 0 && take(argument, address) ? _URC_NO_REASON : _URC_END_OF_STACK;
}

/* --- the quick way -----------------------------------------------------------------------------
 */

#if defined(__x86_64__)

extern void *__libc_stack_end; /* of ld.so: where the main thread's stack began */

#define CACHE_BITS 13

/*
 * A rule in a word: kind:2 | base is bp:1 | bp is saved:1 | 4 unused | bp offset / 8: 24, signed |
 * cfa offset:32 The key is stored as (address ^ rule), so that a half-written entry fits no address
 * (Hyatt & Mann 2002).
 */
static struct {
    uint64_t check;
    uint64_t rule;
} s_cache[1U << CACHE_BITS];

static uint64_t pack(ht_cfi_rule_t rule)
{
    return (uint64_t)rule.kind | (uint64_t)rule.base_is_bp << 2 | (uint64_t)rule.bp_is_saved << 3 |
           ((uint64_t)(uint32_t)(rule.bp_offset / 8) & 0xffffffU) << 8 |
           (uint64_t)(uint32_t)rule.cfa_offset << 32;
}

static inline uint64_t cached_rule(uintptr_t address)
{
    size_t at = (size_t)((address * 0x9E3779B97F4A7C15U) >> (64 - CACHE_BITS));
    uint64_t rule = __atomic_load_n(&s_cache[at].rule, __ATOMIC_RELAXED);
    if (__builtin_expect((__atomic_load_n(&s_cache[at].check, __ATOMIC_RELAXED) ^ rule) == address,
                         1)) {
        return rule;
    }
    rule = pack(ht_cfi_rule(address));
    __atomic_store_n(&s_cache[at].rule, rule, __ATOMIC_RELAXED);
    __atomic_store_n(&s_cache[at].check, address ^ rule, __ATOMIC_RELAXED);
    return rule;
}

/* Where the stack that sp lies on ends: nothing from there on is read. 0: a stack that we do not
 * know. */
static inline uintptr_t stack_end(uintptr_t sp)
{
    uintptr_t thread =
        (uintptr_t)__builtin_thread_pointer(); /* glibc puts it on top of a thread's stack */
    uintptr_t first = (uintptr_t)__libc_stack_end;
    if (thread - sp < (uintptr_t)1 << 28) { return thread; }
    return first - sp < (uintptr_t)1 << 28 ? first : 0;
}

/* False: a frame that the quick way cannot leave, or `top` was not met. */
static bool walk_quickly(walk_t *walk)
{
    const uintptr_t *frame =
        __builtin_frame_address(0); /* [caller's bp | return address | caller's stack */
    uintptr_t bp = frame[0], address = frame[1], sp = (uintptr_t)(frame + 2);
    uintptr_t end = stack_end(sp);
    while (end != 0 && take(walk, address)) {
        uint64_t rule = cached_rule(address);
        unsigned kind = (unsigned)(rule & 3U);
        if (kind != HT_CFI_PLAIN) { return kind == HT_CFI_END && walk->count != 0; }
        uintptr_t next = ((rule & 4U) != 0 ? bp : sp) + (uintptr_t)(rule >> 32);
        if (next <= sp || next > end || next % sizeof(uintptr_t) != 0) { return false; }
        if ((rule & 8U) != 0) {
            uintptr_t saved =
                next + (uintptr_t)((int64_t)(int32_t)(uint32_t)(rule & 0xffffff00U) >> 8) * 8U;
            if (saved < sp - 256U || saved >= next) { return false; }
            bp = *(const uintptr_t *)saved;
        }
        sp = next;
        address = ((const uintptr_t *)next)[-1];
        if (address == 0) { break; }
    }
    return walk->count != 0;
}

#else

static bool walk_quickly(walk_t *walk)
{
    (void)walk;
    return false;
}

#endif

#ifdef HT_POSIX_STACK_CHECK
/* Tests build the library this way too: both ways must give the same stack. */
static void check(const walk_t *quick)
{
    uintptr_t frames[64];
    walk_t slow = {.frames = frames, .top = quick->top, .max = quick->max};
    if (quick->max < 2 || quick->max > 64) { return; }
    _Unwind_Backtrace(on_frame, &slow);
    if (slow.count != quick->count) { __builtin_trap(); }
    for (unsigned i = 0; i < quick->count; i++) {
        if (slow.frames[i] != quick->frames[i]) { __builtin_trap(); }
    }
}
#else
static inline void check(const walk_t *quick)
{
    (void)quick;
}
#endif

unsigned ht_port_stack(uintptr_t *frames, unsigned max, uintptr_t top)
{
    if (max == 0) { return 0; }
    walk_t walk = {.frames = frames, .top = top, .max = max};
    if (walk.top == 0) { walk.top = (uintptr_t)__builtin_return_address(0); }
    if (max > 1 && !walk_quickly(&walk)) {
        walk.count = walk.passed = 0;
        _Unwind_Backtrace(on_frame, &walk);
    }
    check(&walk);
    if (walk.count == 0) { frames[walk.count++] = walk.top; }
    return walk.count;
}
