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

void ht_table_init(ht_table_t *table, ht_bucket_t *buckets, uint8_t *used, uint32_t bucket_count)
{
    *table = (ht_table_t){
        .buckets = buckets,
        .used = used,
        .bucket_count = bucket_count,
        .limit = bucket_count * (HT_BUCKET_SLOTS - 1U),
    };
}

/* Move one of the first residents of a full bucket to its other bucket; its slot, now empty, or
 * NULL. */
static HT_PORT_HOT ht_record_t *move_one(ht_table_t *table, uint32_t from)
{
    ht_record_t *resident = table->buckets[from].slot;
    /* Start at another slot each time, so that no three residents are tried for ever. */
    uint32_t start = table->moves & (HT_BUCKET_SLOTS - 1U);
    for (uint32_t i = 0; i < HT_TABLE_MOVE_TRIES; i++) {
        ht_record_t *record = &resident[(start + i) & (HT_BUCKET_SLOTS - 1U)];
        if (record->address == HT_ADDRESS_HELD) { continue; }
        uint32_t hash = ht_table_hash(record->address);
        uint32_t to = ht_table_first(table, hash);
        if (to == from) { to = ht_table_second(table, hash); }
        ht_record_t *empty = ht_bucket_take(table, to);
        if (empty != NULL) { /* its old slot stays in use: for the caller */
            *empty = *record;
            record->address = HT_ADDRESS_EMPTY;
            table->moves++;
            return record;
        }
    }
    return NULL;
}

HT_PORT_HOT ht_record_t *ht_table_make_room(ht_table_t *table, uint32_t first, uint32_t second)
{
    ht_record_t *slot = move_one(table, first);
    if (slot == NULL) { slot = move_one(table, second); }
    if (slot == NULL) {
        slot = ht_bucket_take(table, table->bucket_count);
        if (slot != NULL) { table->stash_count++; }
    }
    return slot;
}

HT_PORT_HOT void ht_table_use_stash(ht_table_t *table, ht_record_t *slot)
{
    ht_record_t *waiting = table->buckets[table->bucket_count].slot;
    if (slot >= waiting) {
        table->stash_count--;
        return;
    }
    uint32_t bucket = (uint32_t)((size_t)(slot - table->buckets[0].slot) / HT_BUCKET_SLOTS);
    for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
        if (waiting[i].address <= HT_ADDRESS_HELD) { continue; }
        uint32_t hash = ht_table_hash(waiting[i].address);
        if (ht_table_first(table, hash) == bucket || ht_table_second(table, hash) == bucket) {
            *ht_bucket_take(table, bucket) = waiting[i];
            ht_bucket_give(table, &waiting[i]);
            table->stash_count--;
            table->moves++;
            return;
        }
    }
}
