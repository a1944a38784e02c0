/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_heap.h"

HT_PORT_HOT ht_heap_id_t ht_heap_of(const ht_heaps_t *heaps, uintptr_t address)
{
    uint32_t id = heaps->count;
    while (id != 0 && address - heaps->row[id].start >= heaps->row[id].size) {
        id--;
    }
    return (ht_heap_id_t){id};
}
