/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_checked.h
 * Allocation with checks, for the wraps of a port: redzones, fill, quarantine, wrong frees.
 *
 * A port's wrap does, before anything else:
 *
 *     if (ht_checking()) { return ht_checked_alloc(&request); }
 *
 * and the same for realloc, free and the size of a block. What comes back is the firmware's
 * pointer, which need not be the heap's. Nothing here takes longer under the lock than a constant.
 */
#pragma once

#include "ht_default.h"

/** One request, as the heap's user made it. */
typedef struct {
    size_t size;
    size_t alignment; /**< 0: none asked for */
    uint32_t caps;
    uint32_t method;  /**< heaptrail_method_t */
    uintptr_t caller; /**< return address of the function that knows no better */
    bool zero;        /**< calloc */
} ht_request_t;

/** Where a block comes from, or who frees it. Ports that know better than ht_scope_origin() pass
 * their own. */
typedef ht_origin_id_t (*ht_origin_fn)(ht_tracker_t *tracker, const ht_request_t *request);

/** True when some check is on, or blocks with redzones still live. O(1), two instructions. */
HT_INLINE bool ht_checking(void)
{
    return __builtin_expect(ht_default_tracker.checks.on, 0);
}

/** The checks from Kconfig. Called when the default tracker boots. Any context. */
void ht_checked_boot(ht_tracker_t *tracker);

/** Give the default tracker its ring of errors, once. Any context. */
void ht_checked_open(ht_tracker_t *tracker);

/** Allocate, guard, fill and record. NULL: the heap had no memory, even without redzones and with
 * the quarantine given back; the caller tells the failure. */
void *ht_checked_alloc(const ht_request_t *request);

/** The same for the commonest request: no alignment, not zeroed. */
void *ht_checked_malloc(size_t size, uint32_t caps, uint32_t method, uintptr_t caller);

/** The same with the port's own idea of where the block comes from. */
void *ht_checked_alloc_from(const ht_request_t *request, ht_origin_fn origin);

/**
 * Reallocate. `old` may be NULL; request->size is not 0 with an `old` that is not NULL. A wrong
 * pointer is reported, left alone, and gives NULL with *refused set (no failure of the heap).
 */
void *ht_checked_realloc(void *old, const ht_request_t *request, ht_origin_fn origin,
                         bool *refused);

/** Free what the firmware calls its block; NULL is fine. A wrong pointer is reported and left
 * alone.
 */
void ht_checked_free(void *block, uintptr_t caller);

/** The same with the port's own idea of who frees it. */
void ht_checked_free_from(void *block, uintptr_t caller, ht_origin_fn origin);

/** Give every quarantined block back to the heap; `found` as what is found in them is reported. */
void ht_checked_release(heaptrail_found_t found);

/** The same down to the limits of the quarantine. */
void ht_checked_trim(void);

/** At the end of the program: look at every live block and at the quarantine. */
void ht_checked_verify_at_exit(void);

/** Do what the policy says about a report; a ht_tell_fn. */
void ht_tell(ht_tracker_t *tracker, ht_error_t *error);

/** heap_caps_get_allocated_size(), malloc_usable_size(): the bytes of a block that the firmware may
 * use. False: the block has no redzones, ask the heap. */
bool ht_checked_size(const void *block, size_t *size);

/** The same for an address anywhere in the block (heap_caps_get_containing_block_size()). O(table).
 */
bool ht_checked_containing_size(const void *address, size_t *size);
