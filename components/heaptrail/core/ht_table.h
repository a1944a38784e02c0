/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_table.h
 * The live table: address -> record, for every live block.
 *
 * A bucketed cuckoo hash table (Pagh & Rodler 2001; buckets after Dietzfelbinger & Weidling 2007):
 *
 *   bucket 0   [ r r r r r r r r ]    8 records; an address may be in one of two buckets,
 *   bucket 1   [ r r r r r r r r ]    chosen by two hashes of it
 *   ...
 *   stash      [ r r r r r r r r ]    one bucket more, for what finds both of its buckets full
 *
 * Why: the longest operation is a constant, whatever the load. A look-up reads at most two buckets
 * (three while the stash is in use); an insertion that finds both buckets full moves one of a few
 * residents to that resident's other bucket, and a slot that becomes empty takes back what waits
 * for its bucket in the stash. So 7/8 of the slots can be used, and a miss or a full
 * table costs no more than a hit. A plain open-addressing table at 7/8 load needs 32 probes for a
 * miss on average, and hundreds at worst.
 *
 * None of these functions locks: the tracker's lock must be held. All-zero buckets are empty.
 */
#pragma once

#include "ht_types.h"

#define HT_BUCKET_SLOTS 8

typedef struct {
    ht_record_t slot[HT_BUCKET_SLOTS];
} ht_bucket_t;

typedef struct {
    ht_bucket_t *buckets; /**< bucket_count + 1 of them; the last one is the stash */
    uint32_t bucket_count;
    uint32_t count;       /**< slots in use, held ones included */
    uint32_t limit;       /**< count never exceeds it: 7/8 of the slots */
    uint32_t stash_count; /**< slots in use in the stash */
    uint32_t stays; /**< not 0: the end of a block is not the simplest one; stash_count, and with
                       HT_TABLE_STAYS if the tracker wants to see it */
    uint32_t moves; /**< records moved so far; a walk that sees it change may have missed one */
} ht_table_t;

#define HT_TABLE_STAYS 0x80000000U

/** How many buckets (without the stash) hold max_blocks records at 7/8 load; 0 if there is no such
 * number. */
uint32_t ht_table_buckets_for(uint32_t max_blocks);

/** Use `bucket_count + 1` zeroed buckets. */
void ht_table_init(ht_table_t *table, ht_bucket_t *buckets, uint32_t bucket_count);

/** The slow half of ht_table_erase(): the stash is in use, and `slot` became empty. */
void ht_table_use_stash(ht_table_t *table, ht_record_t *slot);

/** Slots that ht_table_try_room() looks at. */
#define HT_ROOM_TRIES 2U

/**
 * Both buckets of an address may be full: look at HT_ROOM_TRIES of their 16 slots from the i-th on,
 * and move who is there to its other bucket if that has room. Returns a slot that is empty now, or
 * was; NULL: none is. It is taken when its address is written and counted. O(1).
 */
ht_record_t *ht_table_try_room(ht_table_t *table, uintptr_t address, uint32_t i);

/*
 * The two bucket numbers: the address times itself, but for the bits of a constant, mapped to
 * 0 .. n-1 by the high half of a product (Lemire 2019) so that n need not be a power of two.
 *
 * Why not times the constant (Knuth, TAOCP 3, 6.4): multiples of the golden ratio are spread evenly
 * only if they are of neighbouring numbers. Blocks of two sizes by turns, as a list of nodes and
 * their texts makes them, came out in clusters, and one of twelve such patterns lost blocks at 7/8
 * load. And why exclusive or, and not a sum: at 100 blocks a sum still lost some. (64-bit hosts
 * have instructions to spare, and fold before they multiply: there the short way lost some.)
 */
HT_INLINE uint32_t ht_table_scale(uint32_t hash, uint32_t n)
{
    return (uint32_t)(((uint64_t)hash * n) >> 32);
}

HT_INLINE uint32_t ht_table_hash(uintptr_t address)
{
#if HT_64BIT
    return (uint32_t)(((address ^ address >> 7) * 0x9E3779B97F4A7C15U) >> 32);
#else
    return (uint32_t)(address * (address ^ 0x9E3779B1U));
#endif
}

HT_INLINE uint32_t ht_table_first(const ht_table_t *table, uint32_t hash)
{
    return ht_table_scale(hash, table->bucket_count);
}

HT_INLINE uint32_t ht_table_second(const ht_table_t *table, uint32_t hash)
{
    /* From lower bits, too. Not a plain multiple: two of those go in step along blocks that lie at
     * equal distances, and crowd into the same pairs of buckets. */
#if HT_64BIT
    return ht_table_scale((hash ^ hash >> 15) * 0x85EBCA6BU, table->bucket_count);
#else
    return ht_table_scale(hash ^ hash << 12, table->bucket_count);
#endif
}

HT_INLINE ht_record_t *ht_bucket_find(ht_bucket_t *bucket, uintptr_t address)
{
    ht_record_t *slot = bucket->slot;
    if (slot[0].address == address) { return &slot[0]; }
    if (slot[1].address == address) { return &slot[1]; }
    if (slot[2].address == address) { return &slot[2]; }
    if (slot[3].address == address) { return &slot[3]; }
    if (slot[4].address == address) { return &slot[4]; }
    if (slot[5].address == address) { return &slot[5]; }
    if (slot[6].address == address) { return &slot[6]; }
    if (slot[7].address == address) { return &slot[7]; }
    return NULL;
}

/** The record of a block that starts at address (neither 0 nor 1), unless it waits in the stash, or
 * NULL. O(1). */
HT_INLINE ht_record_t *ht_table_find_filed(ht_table_t *table, uintptr_t address)
{
    uint32_t hash = ht_table_hash(address);
    ht_record_t *found = ht_bucket_find(&table->buckets[ht_table_first(table, hash)], address);
    if (__builtin_expect(found != NULL, 1)) { return found; }
    return ht_bucket_find(&table->buckets[ht_table_second(table, hash)], address);
}

/** The record of a block that starts at address (neither 0 nor 1), or NULL. O(1). */
HT_INLINE ht_record_t *ht_table_find(ht_table_t *table, uintptr_t address)
{
    ht_record_t *found = ht_table_find_filed(table, address);
    if (found == NULL && table->stash_count != 0) {
        found = ht_bucket_find(&table->buckets[table->bucket_count], address);
    }
    return found;
}

/** The record of a block at address that was forgotten (HT_ADDRESS_FORGOTTEN), or NULL. O(1). */
ht_record_t *ht_table_find_forgotten(ht_table_t *table, uintptr_t address);

/* An empty slot of a bucket, or NULL if it is full. It is taken when its address is written. */
HT_INLINE ht_record_t *ht_bucket_take(ht_bucket_t *bucket)
{
    return ht_bucket_find(bucket, HT_ADDRESS_EMPTY);
}

/** False: as many slots are in use as may be. */
HT_INLINE bool ht_table_has_room(const ht_table_t *table)
{
    return table->count < table->limit;
}

/**
 * An empty slot where a record of address may go; NULL when the table is full, or when both of the
 * address's buckets are (then ht_table_try_room() may help). The caller fills it in, address
 * included, before it gives the lock back. The address must not be in the table. O(1).
 */
HT_INLINE ht_record_t *ht_table_place(ht_table_t *table, uintptr_t address)
{
    if (!ht_table_has_room(table)) { return NULL; }
    uint32_t hash = ht_table_hash(address);
    ht_record_t *slot = ht_bucket_take(&table->buckets[ht_table_first(table, hash)]);
    if (__builtin_expect(slot == NULL, 0)) {
        slot = ht_bucket_take(&table->buckets[ht_table_second(table, hash)]);
        if (slot == NULL) { return NULL; }
    }
    table->count++;
    return slot;
}

/** The same, with the stash as the last resort. O(1). */
HT_INLINE ht_record_t *ht_table_place_or_stash(ht_table_t *table, uintptr_t address)
{
    ht_record_t *slot = ht_table_place(table, address);
    if (slot == NULL && ht_table_has_room(table)) {
        slot = ht_bucket_take(&table->buckets[table->bucket_count]);
        if (slot != NULL) {
            table->stash_count++;
            table->stays++;
            table->count++;
        }
    }
    return slot;
}

/** Have ht_hot_end() end no block, so that the tracker sees each one; or let it again. O(1). */
HT_INLINE void ht_table_stay(ht_table_t *table, bool stay)
{
    table->stays = table->stash_count | (stay ? HT_TABLE_STAYS : 0);
}

/** All of it in one go: for who holds the lock for long anyway. */
ht_record_t *ht_table_insert(ht_table_t *table, uintptr_t address);

/** Empty a slot while the stash is empty. O(1). */
HT_INLINE void ht_table_erase_filed(ht_table_t *table, ht_record_t *slot)
{
    slot->address = HT_ADDRESS_EMPTY;
    table->count--;
}

/** Empty a slot that ht_table_find() or ht_table_insert() returned. O(1). */
HT_INLINE void ht_table_erase(ht_table_t *table, ht_record_t *slot)
{
    ht_table_erase_filed(table, slot);
    if (__builtin_expect(table->stash_count != 0, 0)) { ht_table_use_stash(table, slot); }
}

/** Keep a slot for ht_table_release_held(); nothing finds it meanwhile. */
HT_INLINE void ht_table_hold(ht_record_t *slot)
{
    slot->address = HT_ADDRESS_HELD;
}
