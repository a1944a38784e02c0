/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Sums of flows and blocks by a key. */
#include <stdlib.h>

#include "ht_analyse.h"
#include "ht_strings.h"

static size_t home(uint64_t key, size_t slots)
{
    return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (slots - 1U);
}

static bool grow(ht_tallies_t *tallies)
{
    size_t slots = tallies->slots == 0 ? 64U : tallies->slots * 2U;
    uint32_t *slot = calloc(slots, sizeof(*slot));
    if (slot == NULL) { return false; }
    for (size_t i = 0; i < tallies->count; i++) {
        size_t at = home(tallies->row[i].key, slots);
        while (slot[at] != 0) {
            at = (at + 1U) & (slots - 1U);
        }
        slot[at] = (uint32_t)i + 1U;
    }
    free(tallies->slot);
    tallies->slot = slot;
    tallies->slots = slots;
    return true;
}

/* The row of a key, a new one if need be. NULL: no memory. */
static ht_tally_t *row_of(ht_tallies_t *tallies, uint64_t key)
{
    if (tallies->count * 2U >= tallies->slots && !grow(tallies)) { return NULL; }
    size_t at = home(key, tallies->slots);
    while (tallies->slot[at] != 0 && tallies->row[tallies->slot[at] - 1U].key != key) {
        at = (at + 1U) & (tallies->slots - 1U);
    }
    if (tallies->slot[at] != 0) { return &tallies->row[tallies->slot[at] - 1U]; }
    if (!ht_array_room((void **)&tallies->row, &tallies->capacity, tallies->count,
                       sizeof(*tallies->row))) {
        return NULL;
    }
    tallies->row[tallies->count] = (ht_tally_t){.key = key, .oldest_us = UINT64_MAX};
    tallies->slot[at] = (uint32_t)++tallies->count;
    return &tallies->row[tallies->count - 1U];
}

static uint64_t key_of(const ht_tally_ask_t *ask, const ht_flow_row_t *flow)
{
    return ask->key != NULL ? ask->key(ask->context, flow) : flow->origin;
}

static bool is_wanted(const ht_tally_ask_t *ask, const ht_flow_row_t *flow)
{
    return ask->wanted == NULL || ask->wanted(ask->context, flow);
}

static void add_flow(ht_tally_t *tally, const ht_model_view_t *view, const ht_flow_row_t *flow)
{
    tally->live_blocks += flow->live_blocks;
    tally->live_bytes += flow->live_bytes;
    tally->total_blocks += flow->total_blocks;
    tally->total_bytes += flow->total_bytes;
    tally->freed_blocks += ht_model_freed(flow);
    tally->temporary_blocks += flow->temporary_blocks;
    tally->carried_blocks += flow->carried_blocks;
    tally->vanished_blocks += flow->vanished_blocks;
    tally->vanished_bytes += flow->vanished_bytes;
    if (flow->pool) {
        tally->pool_blocks += flow->live_blocks;
        tally->pool_bytes += flow->live_bytes;
        return;
    }
    ht_holder_t then = ht_model_at_peak(view, flow);
    tally->at_peak_blocks += then.live_blocks;
    tally->at_peak_bytes += then.live_bytes;
}

/* Flows come origin by origin. The one with most bytes stands for the row. */
static void add_origin(ht_tally_t *tally, const ht_model_view_t *view, const ht_flow_row_t *flow)
{
    const ht_origin_row_t *origin = &view->origin[flow->origin];
    if (tally->origins == 0 || tally->last_origin != flow->origin) {
        tally->origins++;
        tally->last_origin = flow->origin;
        tally->last_bytes = 0;
        tally->failures += origin->failures;
        for (unsigned b = 0; b < HT_LIFETIMES; b++) {
            tally->lifetimes[b] += origin->lifetimes[b];
        }
    }
    tally->last_bytes += flow->total_bytes + flow->live_bytes;
    if (tally->origins == 1 || tally->last_bytes > tally->rank_bytes) {
        tally->origin = flow->origin;
        tally->rank_bytes = tally->last_bytes;
    }
}

/* A pool's blocks lie in blocks that count already. */
static void add_total(ht_tally_t *total, const ht_model_view_t *view, const ht_flow_row_t *flow)
{
    if (!flow->pool) {
        add_flow(total, view, flow);
        return;
    }
    total->pool_blocks += flow->live_blocks;
    total->pool_bytes += flow->live_bytes;
}

bool ht_tally_flows(ht_tallies_t *tallies, const ht_model_view_t *view, const ht_tally_ask_t *ask)
{
    *tallies = (ht_tallies_t){.total = {.oldest_us = UINT64_MAX}};
    for (uint32_t o = 0; o < view->origins; o++) {
        for (ht_row_t f = view->origin[o].first_flow; f != UINT32_MAX; f = view->flow[f].next) {
            const ht_flow_row_t *flow = &view->flow[f];
            if (!is_wanted(ask, flow)) { continue; }
            ht_tally_t *tally = row_of(tallies, key_of(ask, flow));
            if (tally == NULL) { return false; }
            add_origin(tally, view, flow);
            add_flow(tally, view, flow);
            add_total(&tallies->total, view, flow);
        }
    }
    return true;
}

typedef struct {
    ht_tallies_t *tallies;
    const ht_tally_ask_t *ask;
    ht_model_view_t view;
    bool no_memory;
} walk_t;

static void add_block(ht_tally_t *tally, const ht_live_row_t *block)
{
    tally->left_blocks++;
    tally->left_bytes += block->size;
    tally->oldest_us = block->time_us < tally->oldest_us ? block->time_us : tally->oldest_us;
    tally->newest_us = block->time_us > tally->newest_us ? block->time_us : tally->newest_us;
}

static bool see_block(void *context, const ht_live_row_t *block)
{
    walk_t *walk = context;
    const ht_tally_ask_t *ask = walk->ask;
    if (block->flow == UINT32_MAX || block->marks < ask->marks || block->time_us < ask->since_us) {
        return true;
    }
    const ht_flow_row_t *flow = &walk->view.flow[block->flow];
    if (!is_wanted(ask, flow)) { return true; }
    ht_tally_t *tally = row_of(walk->tallies, key_of(ask, flow));
    walk->no_memory = tally == NULL;
    if (tally == NULL) { return false; }
    add_block(tally, block);
    if (!block->pool) { add_block(&walk->tallies->total, block); }
    return true;
}

bool ht_tally_blocks(ht_tallies_t *tallies, const ht_model_t *model, const ht_tally_ask_t *ask)
{
    walk_t walk = {.tallies = tallies, .ask = ask, .view = ht_model_view(model)};
    ht_model_each_block(model, see_block, &walk);
    return !walk.no_memory;
}

void ht_tallies_free(ht_tallies_t *tallies)
{
    free(tallies->row);
    free(tallies->slot);
    *tallies = (ht_tallies_t){0};
}

/* --- order --------------------------------------------------------------------------------------
 */

uint64_t ht_tally_rank(const ht_tally_t *tally, ht_sort_t sort)
{
    switch (sort) {
    case HT_SORT_LEFT:
        return tally->left_bytes;
    case HT_SORT_AT_PEAK:
        return tally->at_peak_bytes;
    case HT_SORT_TOTAL_BYTES:
        return tally->total_bytes;
    case HT_SORT_TOTAL_BLOCKS:
        return tally->total_blocks;
    case HT_SORT_TEMPORARY:
        return tally->temporary_blocks;
    case HT_SORT_LIVE:
    default:
        return tally->live_bytes;
    }
}

static int compare(const void *a, const void *b, void *context)
{
    const ht_tally_t *one = a, *two = b;
    uint64_t first = ht_tally_rank(one, *(ht_sort_t *)context);
    uint64_t second = ht_tally_rank(two, *(ht_sort_t *)context);
    if (first != second) { return first > second ? -1 : 1; }
    if (one->total_bytes != two->total_bytes) {
        return one->total_bytes > two->total_bytes ? -1 : 1;
    }
    return one->origin < two->origin ? -1 : one->origin > two->origin ? 1 : 0;
}

void ht_tallies_sort(ht_tallies_t *tallies, ht_sort_t sort)
{
    if (tallies->count == 0) { return; }
    qsort_r(tallies->row, tallies->count, sizeof(*tallies->row), compare, &sort);
    free(tallies->slot);
    tallies->slot = NULL;
    tallies->slots = 0;
}
