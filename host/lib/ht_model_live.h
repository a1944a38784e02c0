/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_model_live.h
 * The live table: open addressing, linear probing, at most 2/3 full. A removal moves the blocks
 * behind it forward, so that no grave is left (Knuth 6.4, algorithm R).
 */
#pragma once

#include <stdlib.h>

#include "ht_model_private.h"

/* Addresses are multiples of 4 or 16: the high bits of the product depend on all of theirs. */
static inline size_t ht_live_home(const ht_live_t *live, uint64_t key)
{
    return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> live->shift);
}

/** The slot of a key, or NULL. */
static inline ht_slot_t *ht_live_find(const ht_live_t *live, uint64_t key)
{
    for (size_t i = ht_live_home(live, key);; i = (i + 1U) & (live->size - 1U)) {
        if (live->slot[i].key == key) { return &live->slot[i]; }
        if (live->slot[i].key == 0) { return NULL; }
    }
}

/* Where a key that is not in the table goes. */
static inline ht_slot_t *ht_live_place(const ht_live_t *live, uint64_t key)
{
    size_t i = ht_live_home(live, key);
    while (live->slot[i].key != 0) {
        i = (i + 1U) & (live->size - 1U);
    }
    return &live->slot[i];
}

static inline bool ht_live_resize(ht_live_t *live, size_t size)
{
    ht_live_t bigger = {.size = size, .used = live->used};
    bigger.shift = 64U - (unsigned)__builtin_ctzll(size);
    bigger.slot = calloc(size, sizeof(ht_slot_t));
    if (bigger.slot == NULL) { return false; }
    for (size_t i = 0; i < live->size; i++) {
        if (live->slot[i].key != 0) { *ht_live_place(&bigger, live->slot[i].key) = live->slot[i]; }
    }
    free(live->slot);
    *live = bigger;
    return true;
}

/** A slot for a key that is not in the table, all zero but for the key. NULL: no memory. */
static inline ht_slot_t *ht_live_add(ht_live_t *live, uint64_t key)
{
    if (live->used >= live->size / 3U * 2U && !ht_live_resize(live, live->size * 2U)) {
        return NULL;
    }
    ht_slot_t *slot = ht_live_place(live, key);
    *slot = (ht_slot_t){.key = key};
    live->used++;
    return slot;
}

static inline void ht_live_remove(ht_live_t *live, ht_slot_t *slot)
{
    size_t mask = live->size - 1U;
    size_t hole = (size_t)(slot - live->slot);
    for (size_t i = (hole + 1U) & mask; live->slot[i].key != 0; i = (i + 1U) & mask) {
        size_t home = ht_live_home(live, live->slot[i].key);
        /* It may go to the hole if its home is not between the hole and it. */
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            live->slot[hole] = live->slot[i];
            hole = i;
        }
    }
    live->slot[hole].key = 0;
    live->used--;
}
