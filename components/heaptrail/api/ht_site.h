/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_site.h  What the functions behind the macros share. */
#pragma once

#include "heaptrail_site.h"
#include "ht_default.h"

/** What plain malloc() asks for: MALLOC_CAP_DEFAULT. */
#define HT_CAPS_DEFAULT (1U << 12)

static inline void ht_site_enter(ht_scope_t *scope, heaptrail_site_ref_t *ref, uintptr_t caller,
                                 uint32_t method)
{
    ht_scope_enter(ht_default(), scope, ref, caller, ref != NULL ? ref->method : method);
}

/* True when what happens under this scope is ours to record: nothing below does it. */
static inline bool ht_site_records(const ht_scope_t *scope)
{
    return !scope->used && !ht_port_is_wrapped();
}

/** The bytes of n objects; SIZE_MAX when there is no such number. */
static inline size_t ht_site_bytes(size_t n, size_t size)
{
    size_t bytes;
    return __builtin_mul_overflow(n, size, &bytes) ? SIZE_MAX : bytes;
}

/** Leave the scope with a new block (NULL: it failed), recorded if nobody did. Returns the block.
 */
static inline void *ht_site_made(ht_scope_t *scope, void *block, size_t size, uint32_t caps)
{
    if (ht_site_records(scope)) {
        if (block != NULL) {
            ht_on_alloc(block, size, caps, scope->method, scope->caller);
        } else if (size != 0) {
            ht_on_fail(size, scope->alignment, caps, scope->method, scope->caller);
        }
    }
    ht_scope_leave(ht_default(), scope, block);
    return block;
}

/** The same after a realloc(). */
static inline void *ht_site_realloced(ht_scope_t *scope, ht_hold_t hold, void *block, size_t size,
                                      uint32_t caps)
{
    ht_on_realloced(hold, block, size, caps, scope->method, scope->caller);
    if (block == NULL && size != 0) { ht_on_fail(size, 0, caps, scope->method, scope->caller); }
    ht_scope_leave(ht_default(), scope, block);
    return block;
}
