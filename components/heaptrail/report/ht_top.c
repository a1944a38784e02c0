/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_top.h"

static bool comes_before(ht_top_entry_t a, ht_top_entry_t b)
{
    return a.key != b.key ? a.key > b.key : a.id < b.id;
}

void ht_top_offer(ht_top_t *top, uint64_t key, uint64_t id)
{
    ht_top_entry_t entry = {key, id};
    if (top->resumed && !comes_before(top->last, entry)) { return; }
    if (top->count == HT_TOP_MAX) {
        if (!comes_before(entry, top->entry[HT_TOP_MAX - 1U])) { return; }
        top->count--;
    }
    uint32_t i = top->count++;
    for (; i > 0 && comes_before(entry, top->entry[i - 1U]); i--) {
        top->entry[i] = top->entry[i - 1U];
    }
    top->entry[i] = entry;
}

void ht_top_next(ht_top_t *top)
{
    if (top->count != 0) { top->last = top->entry[top->count - 1U]; }
    top->resumed = true;
    top->count = 0;
}
