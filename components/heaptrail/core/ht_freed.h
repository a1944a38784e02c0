/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_freed.h
 * The blocks that were freed lately: one ring, of which the younger part may be a quarantine.
 *
 *   number   n-7   n-6   n-5   n-4   n-3   n-2   n-1
 *          [ gone | gone | held | gone | held | held | enters ]
 *                          ^ first held: what leaves the quarantine next
 *
 *   gone     given back to the heap; remembered, to explain a second free()
 *   enters   on its way into the quarantine: being filled by the one who freed it
 *   held     in the quarantine: its memory is ours, filled, and may be looked at
 *
 * A block that the quarantine does not take (too large, none wanted) goes in as "gone".
 *
 * None of these functions locks: the tracker's lock must be held. All are O(1) but where they say
 * so. All zero: no ring; nothing is remembered.
 */
#pragma once

#include "ht_types.h"

enum { HT_FREED_GONE = 0, HT_FREED_ENTERS = 1, HT_FREED_HELD = 2 };

/** A block that was freed. 28 bytes on 32-bit. */
typedef struct {
    ht_record_t record;  /**< as it was when the block lived */
    ht_word_t freed_who; /**< who freed it: origin, task and order as in a record */
    ht_tick_t freed_tick;
    uint32_t state; /**< HT_FREED_* */
} ht_freed_t;

typedef struct {
    ht_freed_t *ring;
    bool on;        /**< somebody wants to know: freed blocks go into the ring */
    uint32_t max;   /**< 0 or a power of two, so that numbers may wrap */
    uint32_t count; /**< blocks that ever went in: the number of the next one */
    uint32_t first; /**< number of the oldest one that may be held; count: none is */
    uint32_t held_blocks;
    size_t held_bytes;     /**< as asked for */
    uint32_t limit_blocks; /**< of the quarantine; less than max */
    size_t limit_bytes;
    bool filled; /**< what is held was filled with `byte` */
    uint8_t byte;
    uint32_t overrun; /**< blocks that found the ring full of held ones: not remembered */
} ht_freed_ring_t;

/** Does the quarantine take a block of this size? A single one may have a quarter of its bytes. */
HT_INLINE bool ht_freed_takes(const ht_freed_ring_t *freed, size_t size)
{
    return freed->limit_blocks != 0 && size <= freed->limit_bytes / 4U;
}

/**
 * Remember a block; `held`: it enters the quarantine, until ht_freed_hold(). NULL: there is no room
 * (then it does not enter either). The entry is good until the lock is given back.
 */
HT_INLINE ht_freed_t *ht_freed_put(ht_freed_ring_t *freed, const ht_record_t *record, bool held)
{
    if (__builtin_expect(freed->count - freed->first >= freed->max, 0)) {
        if (freed->ring[freed->first & (freed->max - 1U)].state != HT_FREED_GONE) {
            ht_count_up(&freed->overrun);
            return NULL;
        }
        freed->first++; /* it did not stay in the quarantine, and makes room */
    }
    ht_freed_t *entry = &freed->ring[freed->count & (freed->max - 1U)];
    if (freed->held_blocks == 0) { freed->first = freed->count + !held; }
    freed->count++;
    entry->record = *record;
    entry->state = held ? HT_FREED_ENTERS : HT_FREED_GONE;
    if (held) {
        freed->held_blocks++;
        freed->held_bytes += ht_record_size(record);
    }
    return entry;
}

/** The block is filled: from now on it is held. */
HT_INLINE void ht_freed_hold(ht_freed_ring_t *freed, uint32_t number)
{
    ht_freed_t *entry = &freed->ring[number & (freed->max - 1U)];
    if (entry->state == HT_FREED_ENTERS) { entry->state = HT_FREED_HELD; }
}

/** The block does not enter after all. */
HT_INLINE void ht_freed_drop(ht_freed_ring_t *freed, uint32_t number)
{
    ht_freed_t *entry = &freed->ring[number & (freed->max - 1U)];
    if (entry->state == HT_FREED_ENTERS) {
        entry->state = HT_FREED_GONE;
        freed->held_blocks--;
        freed->held_bytes -= ht_record_size(&entry->record);
    }
}

/** True while the quarantine holds more than it may. */
HT_INLINE bool ht_freed_is_over(const ht_freed_ring_t *freed)
{
    return freed->held_blocks > freed->limit_blocks || freed->held_bytes > freed->limit_bytes;
}

/** What ht_freed_take() found. */
typedef enum {
    HT_FREED_TOOK,  /**< a block, now the caller's to look at and to give back to the heap */
    HT_FREED_AGAIN, /**< nothing yet: call again, with the lock given back in between */
    HT_FREED_EMPTY  /**< nothing is held, or the oldest one is still being filled */
} ht_freed_take_t;

/** The slow half of ht_freed_take(). */
ht_freed_take_t ht_freed_search(ht_freed_ring_t *freed, ht_freed_t *taken);

/** Take the oldest block out of the quarantine. Looks at a constant number of entries. */
HT_INLINE ht_freed_take_t ht_freed_take(ht_freed_ring_t *freed, ht_freed_t *taken)
{
    ht_freed_t *entry = &freed->ring[freed->first & (freed->max - 1U)];
    if (__builtin_expect(freed->held_blocks == 0 || entry->state != HT_FREED_HELD, 0)) {
        return ht_freed_search(freed, taken);
    }
    *taken = *entry;
    entry->state = HT_FREED_GONE;
    freed->first++;
    freed->held_blocks--;
    freed->held_bytes -= ht_record_size(&taken->record);
    return HT_FREED_TOOK;
}

/** The block that was freed `back` frees ago, 0 being the last; NULL: it is no longer there. */
HT_INLINE ht_freed_t *ht_freed_back(const ht_freed_ring_t *freed, uint32_t back)
{
    if (back >= freed->max) { return NULL; }
    ht_freed_t *entry = &freed->ring[(freed->count - 1U - back) & (freed->max - 1U)];
    return entry->record.address != HT_ADDRESS_EMPTY ? entry : NULL;
}

/** Entries of the ring for a quarantine of so many blocks and so many more remembered: a power of
 * two, or 0. */
uint32_t ht_freed_ring_size(uint32_t held, uint32_t remembered);
