/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_scope.h
 * "Who called?": what an entry point (malloc, new, a macro) knows, carried to where the block is
 * made.
 *
 *     operator new        enters a scope: caller = 0x4200beef, method = new
 *       malloc            finds one already entered, so the outermost caller stays
 *         heap_caps_malloc_base    asks for the scope, makes the block, records it
 *
 * The scope lies on the stack of the entry point. Each core has one pointer to the newest scope, a
 * hint: it counts for a function that runs a little deeper on the same stack, which it sees from
 * the distance and from a seal in the scope. Another task or an interrupt that allocates in between
 * sets the hint for itself and puts back what was there. Where that nests badly (two tasks preempt
 * each other inside malloc, or one changes cores there) the hint misses; the entry point notices on
 * its way out, and relabels the block. So the answer is exact in every case, and in the common one
 * it costs a handful of stores: no look-up of the task, no lock.
 */
#pragma once

#include "ht_tracker.h"

/**
 * A scope is looked for this far up the stack, in bytes: libc's and the heap's own frames. Short on
 * chips: a task whose stack lies right below another's must not reach into that one's.
 */
#define HT_SCOPE_REACH (HT_PORT_STACK_TELLS_TASK ? 768U : 2048U)

/** What a scope's seal is, less its own address: stack garbage does not look like this. */
#define HT_SCOPE_SEAL ((uintptr_t)0xA5C35AU)

typedef struct ht_scope {
    uintptr_t seal;
    const void *outer;         /**< the hint before */
    heaptrail_site_ref_t *ref; /**< NULL: no macro, the caller's address is all we know */
    uintptr_t caller;          /**< return address of the entry point */
    uint32_t method;
    bool nested;      /**< inside another one, which counts */
    bool used;        /**< a block was recorded under this scope */
    size_t alignment; /**< asked for; 0: none. For the report of a failure */
} ht_scope_t;

/* The seal of what may be a scope that ended: then it is what our own stack holds there now. */
__attribute__((no_sanitize("address"))) static inline uintptr_t
ht_scope_seal(const ht_scope_t *scope)
{
    return scope->seal;
}

/** The scope that the caller runs in, or NULL. O(1). */
HT_INLINE ht_scope_t *ht_scope_current(const ht_tracker_t *tracker)
{
    const void *hint = tracker->scope_hint[ht_port_core()];
    if (__builtin_expect(hint == NULL, 1)) { return NULL; }
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    ht_scope_t *scope = (ht_scope_t *)(uintptr_t)hint;
    if ((uintptr_t)scope - here >= HT_SCOPE_REACH ||
        ht_scope_seal(scope) != ((uintptr_t)scope ^ HT_SCOPE_SEAL) || ht_port_is_foreign_stack()) {
        return NULL;
    }
    return scope;
}

/** Enter: `scope` is a local variable of the entry point. The outermost scope counts. O(1). */
HT_INLINE void ht_scope_enter(ht_tracker_t *tracker, ht_scope_t *scope, heaptrail_site_ref_t *ref,
                              uintptr_t caller, uint32_t method)
{
    const void *volatile *hint = &tracker->scope_hint[ht_port_core()];
    scope->nested = ht_scope_current(tracker) != NULL;
    scope->ref = ref;
    scope->caller = caller;
    scope->method = method;
    scope->alignment = 0;
    scope->used = false;
    scope->outer = *hint;
    scope->seal = 0;
    if (!scope->nested) {
        scope->seal = (uintptr_t)scope ^ HT_SCOPE_SEAL;
        *hint = scope;
    }
}

/** Leave what was entered, without a block of its own. O(1). */
HT_INLINE void ht_scope_exit(ht_tracker_t *tracker, ht_scope_t *scope)
{
    const void *volatile *hint = &tracker->scope_hint[ht_port_core()];
    scope->seal = 0;
    if (*hint == scope) { *hint = scope->outer; }
}

/** The slow half of ht_scope_leave(): the block was recorded, but nobody found the scope. */
void ht_scope_relabel(ht_tracker_t *tracker, const ht_scope_t *scope, const void *block);

/** Leave with the block that was made under the scope, NULL if none was. O(1). */
HT_INLINE void ht_scope_leave(ht_tracker_t *tracker, ht_scope_t *scope, const void *block)
{
    ht_scope_exit(tracker, scope);
    if (__builtin_expect(!scope->used && !scope->nested && block != NULL, 0)) {
        ht_scope_relabel(tracker, scope, block);
    }
}

/** The origin of an allocation by its stack alone: where there is no scope. O(depth). */
ht_origin_t *ht_stack_origin(ht_tracker_t *tracker, uintptr_t caller, uint32_t method,
                             uint32_t caps);

/**
 * The origin of an allocation that is being made now: from the scope if there is one, else from
 * `caller`. With a stack where the tracker keeps stacks. O(depth).
 */
ht_origin_id_t ht_scope_origin(ht_tracker_t *tracker, uintptr_t caller, uint32_t method,
                               uint32_t caps);
