/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_freed.h"

/* Entries that ht_freed_take() looks at under one lock. */
#define LOOKS 8U

uint32_t ht_freed_ring_size(uint32_t held, uint32_t remembered)
{
    uint32_t wanted = held + remembered;
    uint32_t size = wanted != 0 ? 2 : 0;
    while (size < wanted) {
        size *= 2U;
    }
    return size;
}

HT_PORT_HOT ht_freed_take_t ht_freed_search(ht_freed_ring_t *freed, ht_freed_t *taken)
{
    for (uint32_t i = 0; i < LOOKS && freed->held_blocks != 0; i++) {
        uint32_t state = freed->ring[freed->first & (freed->max - 1U)].state;
        if (state == HT_FREED_HELD) { return ht_freed_take(freed, taken); }
        if (state == HT_FREED_ENTERS) { return HT_FREED_EMPTY; }
        freed->first++;
    }
    return freed->held_blocks != 0 ? HT_FREED_AGAIN : HT_FREED_EMPTY;
}
