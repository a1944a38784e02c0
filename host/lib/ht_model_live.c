/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What the live table does seldom. */
#include "ht_model_live.h"

#define FIRST_ROWS 256U

bool ht_live_more_rows(ht_live_t *live)
{
    size_t capacity = live->capacity != 0 ? 2U * live->capacity : FIRST_ROWS;
    if (capacity >= HT_NO_ROW) { return false; }
    ht_slot_t *slot = reallocarray(live->slot, capacity, sizeof(*slot));
    if (slot == NULL) { return false; }
    live->slot = slot;
    live->capacity = capacity;
    return true;
}

bool ht_live_resize(ht_live_t *live, size_t size)
{
    ht_bucket_t *bucket = aligned_alloc(sizeof(*bucket), size * sizeof(*bucket));
    if (bucket == NULL) { return false; }
    memset(bucket, 0, size * sizeof(*bucket));
    free(live->bucket);
    live->bucket = bucket;
    live->size = size;
    live->shift = 64U - (unsigned)__builtin_ctzll(size);
    for (size_t i = 0; i < live->rows; i++) {
        if (live->slot[i].key == 0) { continue; }
        const ht_place_t place = ht_live_find(live, live->slot[i].key);
        ht_live_enter(&place, live->slot[i].key, (uint32_t)i);
    }
    return true;
}

/* May the entry go to bucket `hole`? If its home is not between that and where it is. */
static bool may_go_back(const ht_live_t *live, const ht_bucket_t *bucket, unsigned at, size_t hole)
{
    const size_t mask = live->size - 1U, is = (size_t)(bucket - live->bucket);
    if (bucket->tag[at] == 0) { return false; }
    size_t home = ht_live_home(live, ht_live_hash(live->slot[bucket->row[at]].key));
    return ((is - home) & mask) >= ((is - hole) & mask);
}

/* A full bucket lost the entry `at`. Those behind it, up to one that was not full, may have blocks
 * that it had no room for. */
void ht_live_close_hole(const ht_live_t *live, ht_bucket_t *bucket, unsigned at)
{
    size_t hole = (size_t)(bucket - live->bucket);
    size_t i = hole;
    bool full = true;
    while (full) {
        i = ht_live_behind(live, i);
        ht_bucket_t *other = &live->bucket[i];
        full = ht_bucket_is_full(other);
        for (unsigned e = 0; e < HT_BUCKET_ENTRIES; e++) {
            if (!may_go_back(live, other, e, hole)) { continue; }
            live->bucket[hole].tag[at] = other->tag[e];
            live->bucket[hole].row[at] = other->row[e];
            other->tag[e] = 0;
            hole = i;
            at = e;
            break;
        }
    }
}
