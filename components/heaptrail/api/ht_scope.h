/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_scope.h
 * "Who called?": what an entry point (malloc, new, a macro) knows, carried to where the block is made.
 *
 *     operator new        enters a scope: caller = 0x4200beef, method = new
 *       malloc            finds one already entered, so the outermost caller stays
 *         heap_caps_malloc_base    asks for the scope, makes the block, records it
 *
 * The scope lives on the stack of the entry point, and its task's row points to it. A scope counts
 * only while the stack is deeper than it and its seal is whole: one that was left by a longjmp or an
 * exception is void.
 * An interrupt has a row of its own, so it never sees the scope of the task it interrupted.
 */
#pragma once

#include "ht_tracker.h"

typedef struct ht_scope {
    heaptrail_site_ref_t *ref; /**< NULL: no macro, the caller's address is all we know */
    uintptr_t caller;          /**< return address of the entry point */
    uint32_t method;
    size_t alignment;          /**< asked for; 0: none. For the report of a failure */
    uint32_t task;             /**< the row that points here; HT_TASK_OTHER: none does */
    uintptr_t seal;            /**< its own address, turned: stack garbage does not look like this */
    bool recorded;             /**< a block was recorded under this scope */
} ht_scope_t;

#define HT_SCOPE_SEAL ((uintptr_t)0xA5C35AU)

/** The scope that this task is inside of, or NULL. */
static inline ht_scope_t *ht_scope_current(ht_tracker_t *tracker, uint32_t task)
{
    ht_scope_t *scope = (ht_scope_t *)(uintptr_t)tracker->tasks.rows[task].scope;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (scope == NULL || (uintptr_t)scope <= here || scope->seal != ((uintptr_t)scope ^ HT_SCOPE_SEAL)) {
        return NULL;
    }
    return scope;
}

/** Enter: `scope` is a local variable of the entry point. The outermost scope of a task wins. */
void ht_scope_enter(ht_tracker_t *tracker, ht_scope_t *scope, heaptrail_site_ref_t *ref, uintptr_t caller,
                    uint32_t method);

/** Leave what was entered. */
void ht_scope_leave(ht_tracker_t *tracker, ht_scope_t *scope);

/**
 * The origin of an allocation that is being made now: from the scope if there is one, else from
 * `caller`. With a stack where the tracker keeps stacks. O(depth).
 */
ht_origin_id_t ht_scope_origin(ht_tracker_t *tracker, uintptr_t caller, uint32_t method, uint32_t caps);
