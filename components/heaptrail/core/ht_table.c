/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_table.h"

uint32_t ht_table_buckets_for(uint32_t max_blocks)
{
    if (max_blocks == 0 || max_blocks > UINT32_MAX / 16U) { return 0; }
    return (max_blocks + HT_BUCKET_SLOTS - 2U) / (HT_BUCKET_SLOTS - 1U); /* 7 of the 8 slots each */
}

void ht_table_init(ht_table_t *table, ht_bucket_t *buckets, uint32_t bucket_count)
{
    *table = (ht_table_t){
        .buckets = buckets,
        .bucket_count = bucket_count,
        .limit = bucket_count * (HT_BUCKET_SLOTS - 1U),
    };
}

/* Move a resident of bucket `from` to its other bucket, if that has room. */
HT_INLINE bool move(ht_table_t *table, uint32_t from, ht_record_t *resident)
{
    if (resident->address == HT_ADDRESS_HELD) { return false; }
    if (resident->address == HT_ADDRESS_EMPTY) { return true; }
    uint32_t hash = ht_table_hash(ht_record_key(resident));
    uint32_t to = ht_table_first(table, hash);
    if (to == from) { to = ht_table_second(table, hash); }
    ht_record_t *empty = ht_bucket_take(&table->buckets[to]);
    if (empty == NULL) { return false; }
    *empty = *resident;
    resident->address = HT_ADDRESS_EMPTY;
    table->moves++;
    return true;
}

HT_PORT_HOT ht_record_t *ht_table_try_room(ht_table_t *table, uintptr_t address, uint32_t i)
{
    uint32_t hash = ht_table_hash(address);
    uint32_t bucket =
        i < HT_BUCKET_SLOTS ? ht_table_first(table, hash) : ht_table_second(table, hash);
    ht_record_t *slot = &table->buckets[bucket].slot[i % HT_BUCKET_SLOTS];
    for (uint32_t tries = HT_ROOM_TRIES; tries != 0; tries--, slot++) {
        if (move(table, bucket, slot)) { return slot; }
    }
    return NULL;
}

HT_PORT_HOT ht_record_t *ht_table_find_forgotten(ht_table_t *table, uintptr_t address)
{
    uint32_t hash = ht_table_hash(address);
    const uint32_t bucket[] = {ht_table_first(table, hash), ht_table_second(table, hash),
                               table->bucket_count};
    ht_record_t *found = NULL;
    for (unsigned i = 0; i < 3 && found == NULL; i++) {
        found = ht_bucket_find(&table->buckets[bucket[i]], address | HT_ADDRESS_FORGOTTEN);
    }
    return found;
}

ht_record_t *ht_table_insert(ht_table_t *table, uintptr_t address)
{
    ht_record_t *slot = ht_table_place(table, address);
    for (uint32_t i = 0; slot == NULL && ht_table_has_room(table) && i < 2U * HT_BUCKET_SLOTS;
         i += HT_ROOM_TRIES) {
        if (ht_table_try_room(table, address, i) != NULL) { slot = ht_table_place(table, address); }
    }
    return slot != NULL ? slot : ht_table_place_or_stash(table, address);
}

HT_PORT_HOT void ht_table_use_stash(ht_table_t *table, ht_record_t *slot)
{
    ht_record_t *waiting = table->buckets[table->bucket_count].slot;
    if (slot >= waiting) {
        table->stash_count--;
        table->stays--;
        return;
    }
    uint32_t bucket = (uint32_t)((size_t)(slot - table->buckets[0].slot) / HT_BUCKET_SLOTS);
    for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
        if (waiting[i].address <= HT_ADDRESS_HELD) { continue; }
        uint32_t hash = ht_table_hash(ht_record_key(&waiting[i]));
        if (ht_table_first(table, hash) == bucket || ht_table_second(table, hash) == bucket) {
            *ht_bucket_take(&table->buckets[bucket]) = waiting[i];
            waiting[i].address = HT_ADDRESS_EMPTY;
            table->stash_count--;
            table->stays--;
            table->moves++;
            return;
        }
    }
}
