/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_pairs.h"

#include <stdlib.h>

#define FIRST_SLOTS 1024U

static size_t place_of(const ht_pairs_t *pairs, uint64_t a, uint64_t b)
{
    uint64_t hash = (a ^ (b << 32 | b >> 32)) * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(hash >> 20) & (pairs->slots - 1);
    while (pairs->slot[at].number != 0 && (pairs->slot[at].a != a || pairs->slot[at].b != b)) {
        at = (at + 1) & (pairs->slots - 1);
    }
    return at;
}

static bool make_room(ht_pairs_t *pairs)
{
    if (pairs->count * 2 < pairs->slots) { return true; }
    ht_pairs_t larger = {.slots = pairs->slots == 0 ? FIRST_SLOTS : 2 * pairs->slots,
                         .count = pairs->count};
    larger.slot = calloc(larger.slots, sizeof(*larger.slot));
    if (larger.slot == NULL) { return false; }
    for (size_t i = 0; i < pairs->slots; i++) {
        const ht_pair_t *from = &pairs->slot[i];
        if (from->number != 0) { larger.slot[place_of(&larger, from->a, from->b)] = *from; }
    }
    free(pairs->slot);
    *pairs = larger;
    return true;
}

uint32_t ht_pairs_number(ht_pairs_t *pairs, uint64_t a, uint64_t b, bool *is_new)
{
    *is_new = false;
    if (!make_room(pairs)) { return HT_PAIRS_NONE; }
    ht_pair_t *slot = &pairs->slot[place_of(pairs, a, b)];
    if (slot->number == 0) {
        *slot = (ht_pair_t){a, b, (uint32_t)++pairs->count};
        *is_new = true;
    }
    return slot->number - 1U;
}

void ht_pairs_free(ht_pairs_t *pairs)
{
    free(pairs->slot);
    *pairs = (ht_pairs_t){.count = 0};
}
