/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_verify.h
 * Looking for damage: in a block that ends, in one that leaves the quarantine, on demand, and all
 * the time in the background (the scrubber).
 *
 * A block that others may free is looked at under the lock: who frees it takes its record out
 * first, so its memory stays its own that long. That is a constant: two redzones, or a slice of a
 * quarantined block. What is found is repaired there and then, so it is reported once, and reported
 * outside the lock through `tell` (may be NULL: then it stays in the ring).
 */
#pragma once

#include "ht_fault.h"

/** Who looks, why, and what becomes of what is found. */
typedef struct {
    heaptrail_found_t found;
    ht_origin_id_t caller;
    ht_tell_fn tell;
} ht_look_t;

/** Are the redzones of a block, which the caller owns, as they were written? O(redzones). */
HT_INLINE bool ht_verify_is_intact(const ht_tracker_t *tracker, const ht_record_t *record)
{
    uint32_t guard = ht_record_guard(record);
    return guard == HT_GUARD_NONE ||
           ht_guard_intact(&tracker->checks, record->address, ht_record_size(record), guard);
}

/** Is a block that left the quarantine as it went in? O(size). */
HT_INLINE bool ht_verify_is_untouched(const ht_tracker_t *tracker, const ht_freed_t *freed)
{
    return ht_verify_is_intact(tracker, &freed->record) &&
           (!tracker->freed.filled ||
            ht_guard_is_filled_here((const void *)freed->record.address,
                                    ht_record_size(&freed->record), tracker->freed.byte));
}

/** The redzones of a block that is no longer in the table: the caller owns it. False: damaged, and
 * reported. O(redzones). */
bool ht_verify_own(ht_tracker_t *tracker, const ht_record_t *record, const ht_look_t *look);

/** A block that left the quarantine, redzones and fill. False: damaged, and reported. O(size). */
bool ht_verify_leaving(ht_tracker_t *tracker, const ht_freed_t *freed, const ht_look_t *look);

/** Report that the heap's header of a block is damaged. */
void ht_verify_header_damaged(ht_tracker_t *tracker, const ht_record_t *record,
                              const ht_freed_t *was, const ht_look_t *look);

/** One live or quarantined block, by its first byte. False: there is none. */
bool ht_verify_block(ht_tracker_t *tracker, uintptr_t address, const ht_look_t *look,
                     heaptrail_verified_t *verified);

/** Every block of a heap (0: of all), the quarantine, and the heap's own bookkeeping. Not in an ISR
 * with `heap_too`. */
void ht_verify_heap(ht_tracker_t *tracker, uint32_t heap_id, bool heap_too, const ht_look_t *look,
                    heaptrail_verified_t *verified);

/** Go on with the scrubber's round for about `blocks` blocks; 0: as many as are due. False: another
 * one is at it. */
bool ht_scrub(ht_tracker_t *tracker, uint32_t blocks, const ht_look_t *look,
              heaptrail_verified_t *verified);
