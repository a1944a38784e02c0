/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_model_live.h
 * The live table: which row has the block of an address.
 *
 *   bucket, 64 bytes   |tag 0|...|tag 11|    |row 0|...|row 11|
 *   rows, 32 bytes     what is known of a block; the one freed last is the next one used
 *
 * A tag is a byte of the address's hash. A bucket is a cache line, and is compared as a whole: no
 * loop whose length is chance. Blocks that live shortly use the same few rows again and again. What
 * finds its bucket full goes to the next one that is not; a removal from a full one moves such a
 * block back, so that no grave is left (Knuth 6.4, algorithm R, with buckets for slots). At most
 * 1/2 full: one bucket in 50 is full.
 */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "ht_bytes16.h"
#include "ht_model_private.h"

/** Where a key is; or, `slot` NULL, where it would go. Until the table changes. */
typedef struct {
    ht_slot_t *slot;
    ht_bucket_t *bucket;
    unsigned at;
    bool full; /**< the bucket was */
} ht_place_t;

/* Addresses are multiples of 4 or 16: the high bits of the product depend on all of theirs. */
static inline uint64_t ht_live_hash(uint64_t key)
{
    return key * UINT64_C(0x9E3779B97F4A7C15);
}

static inline size_t ht_live_home(const ht_live_t *live, uint64_t hash)
{
    return (size_t)(hash >> live->shift);
}

/* Never 0: that is a free entry's. */
static inline uint8_t ht_live_tag(uint64_t hash)
{
    uint8_t tag = (uint8_t)(hash >> 24);
    return (uint8_t)(tag + (tag == 0));
}

static inline size_t ht_live_behind(const ht_live_t *live, size_t bucket)
{
    return (bucket + 1U) & (live->size - 1U);
}

/* Entries of a bucket with that tag, as bits. */
static inline unsigned ht_bucket_with(const ht_bucket_t *bucket, uint8_t tag)
{
    const ht_bytes16_t same = (ht_bytes16_t)(ht_bytes16_load(bucket->tag) == ht_bytes16_each(tag));
    return ht_bytes16_mask(same) & ((1U << HT_BUCKET_ENTRIES) - 1U);
}

static inline bool ht_bucket_is_full(const ht_bucket_t *bucket)
{
    return ht_bucket_with(bucket, 0) == 0;
}

/* A key that is looked for soon. */
HT_PREFETCH void ht_live_prefetch(const ht_live_t *live, uint64_t key)
{
    __builtin_prefetch(&live->bucket[ht_live_home(live, ht_live_hash(key))], 1);
}

/* Its row, soon after that. (Of a key that is not there, any row.) */
HT_PREFETCH void ht_live_prefetch_slot(const ht_live_t *live, uint64_t key)
{
    const uint64_t hash = ht_live_hash(key);
    const ht_bucket_t *bucket = &live->bucket[ht_live_home(live, hash)];
    const unsigned with =
        ht_bucket_with(bucket, ht_live_tag(hash)) | 1U << (HT_BUCKET_ENTRIES - 1U);
    __builtin_prefetch(&live->slot[bucket->row[__builtin_ctz(with)]], 1);
}

static inline ht_place_t ht_live_find(const ht_live_t *live, uint64_t key)
{
    const uint64_t hash = ht_live_hash(key);
    const uint8_t tag = ht_live_tag(hash);
    for (size_t i = ht_live_home(live, hash);; i = ht_live_behind(live, i)) {
        ht_bucket_t *bucket = &live->bucket[i];
        const unsigned room = ht_bucket_with(bucket, 0);
        for (unsigned with = ht_bucket_with(bucket, tag); with != 0; with &= with - 1U) {
            unsigned at = (unsigned)__builtin_ctz(with);
            ht_slot_t *slot = &live->slot[bucket->row[at]];
            if (slot->key == key) { return (ht_place_t){slot, bucket, at, room == 0}; }
        }
        if (room != 0) { return (ht_place_t){NULL, bucket, (unsigned)__builtin_ctz(room), false}; }
    }
}

static inline ht_slot_t *ht_live_slot(const ht_live_t *live, uint64_t key)
{
    return ht_live_find(live, key).slot;
}

static inline void ht_live_enter(const ht_place_t *place, uint64_t key, uint32_t row)
{
    place->bucket->tag[place->at] = ht_live_tag(ht_live_hash(key));
    place->bucket->row[place->at] = row;
}

/** So many buckets, a power of two, of two at least. False: no memory, and nothing changed. In
 * ht_model_live.c, as is what follows. */
bool ht_live_resize(ht_live_t *live, size_t size);
bool ht_live_more_rows(ht_live_t *live);
void ht_live_close_hole(const ht_live_t *live, ht_bucket_t *bucket, unsigned at);

/* A row, its content is chance. HT_NO_ROW: no memory. */
static inline uint32_t ht_live_take_row(ht_live_t *live)
{
    if (live->free_row != HT_NO_ROW) {
        uint32_t row = live->free_row;
        live->free_row = live->slot[row].flow;
        return row;
    }
    if (live->rows == live->capacity && !ht_live_more_rows(live)) { return HT_NO_ROW; }
    return (uint32_t)live->rows++;
}

/** A slot for a key that is not in the table, where ht_live_find() said, to be filled at once.
 * NULL: no memory. May move all others. */
static inline ht_slot_t *ht_live_add(ht_live_t *live, ht_place_t place, uint64_t key)
{
    if (live->used >= live->size * (HT_BUCKET_ENTRIES / 2U)) {
        if (!ht_live_resize(live, live->size * 2U)) { return NULL; }
        place = ht_live_find(live, key);
    }
    uint32_t row = ht_live_take_row(live);
    if (row == HT_NO_ROW) { return NULL; }
    ht_live_enter(&place, key, row);
    live->used++;
    return &live->slot[row];
}

static inline void ht_live_remove(ht_live_t *live, ht_place_t place)
{
    place.slot->key = 0;
    place.slot->flow = live->free_row;
    live->free_row = place.bucket->row[place.at];
    place.bucket->tag[place.at] = 0;
    live->used--;
    if (place.full) { ht_live_close_hole(live, place.bucket, place.at); }
}
