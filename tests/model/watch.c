/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "watch.h"

#include <stdlib.h>
#include <string.h>

static const watch_t *s_memory; /* what free_bytes() is of */

static size_t free_of(const watch_t *watch)
{
    size_t taken = 0;
    for (uint32_t i = 0; i < watch->block_count; i++) {
        if (watch->blocks[i].address != 0) { taken += watch->blocks[i].size; }
    }
    return taken < watch->bytes ? watch->bytes - taken : 0;
}

static size_t free_bytes(uint32_t caps)
{
    (void)caps;
    return free_of(s_memory);
}

static void wake(void)
{
}

void watch_init(watch_t *watch, ht_tracker_t *tracker, size_t bytes)
{
    memset(watch, 0, sizeof(*watch));
    watch->bytes = bytes;
    s_memory = watch;
    ht_lowmem_open(tracker, watch->rows, WATCH_COUNT, free_bytes, wake);
    for (size_t i = 0; i < WATCH_COUNT;
         i++) { /* at a quarter and a half, armed again a bit above */
        const size_t level = bytes / 4U * (i + 1U);
        const ht_lowmem_levels_t levels = {1, level, level + bytes / 16U, 0, 0};
        const ht_lowmem_seen_t seen = {bytes, bytes, true};
        if (ht_lowmem_add(tracker, &levels, &seen, (ht_lowmem_listener_t){0}) != i) { abort(); }
    }
}

/* What a block takes of the heap: its size as TLSF rounds it up, a header, alignment. At most. */
static size_t taken_for(size_t size)
{
    return size + size / 8U + 256U;
}

void watch_take(watch_t *watch, uintptr_t address, size_t size)
{
    uint32_t at = 0;
    while (at < watch->block_count && watch->blocks[at].address != 0) {
        at++;
    }
    if (at == ORACLE_MAX) { abort(); }
    if (at == watch->block_count) { watch->block_count++; }
    watch->blocks[at].address = address;
    watch->blocks[at].size = taken_for(size);
}

void watch_give(watch_t *watch, uintptr_t address)
{
    for (uint32_t i = 0; i < watch->block_count; i++) {
        if (watch->blocks[i].address == address) {
            watch->blocks[i].address = 0;
            return;
        }
    }
}

/* --- what should be ----------------------------------------------------------------------------
 */

void watch_before(watch_t *watch)
{
    for (uint32_t i = 0; i < WATCH_COUNT; i++) {
        watch->armed[i] = watch->rows[i].armed;
        watch->fired[i] = watch->rows[i].fired;
    }
}

/* The sites of a snapshot: those with the most bytes, in order, each as the oracle counts it. */
static const char *compare_sites(const ht_lowmem_watch_t *row, const oracle_t *oracle)
{
    uint32_t larger = 0; /* sites that have more than the least one kept */
    uint32_t live = 0;
    size_t least = row->site_count != 0 ? row->site[row->site_count - 1U].bytes : 0;
    for (uint32_t id = 0; id <= oracle->origin_count; id++) {
        size_t bytes = oracle_sum(oracle, ORACLE_BY_ORIGIN, id, 0).bytes;
        live += bytes != 0;
        larger += bytes > least;
    }
    if (row->site_count != (live < HT_LOWMEM_SITES_MAX ? live : HT_LOWMEM_SITES_MAX)) {
        return "sites: how many";
    }
    if (row->site_count != 0 && larger >= row->site_count) { return "sites: not the largest"; }
    for (uint32_t i = 0; i < row->site_count; i++) {
        oracle_sum_t is = oracle_sum(oracle, ORACLE_BY_ORIGIN, row->site[i].origin, 0);
        if (is.bytes != row->site[i].bytes || is.blocks != row->site[i].blocks) {
            return "sites: bytes or blocks";
        }
        if (i != 0 && row->site[i].bytes > row->site[i - 1U].bytes) { return "sites: order"; }
    }
    return NULL;
}

static const char *compare_trigger(const ht_lowmem_watch_t *row, const oracle_t *oracle,
                                   size_t free_now, size_t size, uint32_t origin)
{
    if (row->facts.cause != HEAPTRAIL_LOWMEM_ALLOCATION || row->facts.size != size ||
        row->facts.origin.index != origin) {
        return "who made it fire";
    }
    if (row->seen.free_bytes != free_now) { return "what was free"; }
    if (!row->frozen || row->drift_made != 0 || row->drift_ended != 0) { return "the snapshot"; }
    return compare_sites(row, oracle);
}

/* A watch that was armed fires if memory is low, and only then; one that was not may be armed if
 * memory is high enough. */
static const char *compare(watch_t *watch, uint32_t i, size_t free_now)
{
    const ht_lowmem_watch_t *row = &watch->rows[i];
    bool fires = watch->armed[i] && free_now < row->levels.free_below;
    watch->fired_ever += fires;
    if (row->fired != watch->fired[i] + fires) { return fires ? "did not fire" : "fired"; }
    if (fires && row->armed) { return "armed though it fired"; }
    if (watch->armed[i] && !fires && !row->armed) { return "disarmed"; }
    if (!watch->armed[i] && row->armed && free_now < row->levels.free_rearm) {
        return "armed too early";
    }
    return NULL;
}

const char *watch_after(watch_t *watch, const ht_tracker_t *tracker, const oracle_t *oracle,
                        size_t size, uint32_t origin)
{
    size_t free_now = free_of(watch);
    if (!tracker->filtering || tracker->lowmem.count != WATCH_COUNT) { return "not watching"; }
    for (uint32_t i = 0; i < WATCH_COUNT; i++) {
        const char *wrong = compare(watch, i, free_now);
        if (wrong == NULL && watch->rows[i].fired != watch->fired[i]) {
            wrong = compare_trigger(&watch->rows[i], oracle, free_now, size, origin);
        }
        if (wrong != NULL) { return wrong; }
    }
    return NULL;
}

const char *watch_measure(watch_t *watch, ht_tracker_t *tracker)
{
    const ht_lowmem_facts_t facts = {.cause = HEAPTRAIL_LOWMEM_SAMPLE};
    size_t free_now = free_of(watch);
    g_fake.measurable = true;
    g_fake.sample_free = g_fake.sample_largest = free_now;
    watch_before(watch);
    ht_lowmem_measure(tracker, &facts);
    for (uint32_t i = 0; i < WATCH_COUNT; i++) {
        const ht_lowmem_watch_t *row = &watch->rows[i];
        const char *wrong = compare(watch, i, free_now);
        if (wrong != NULL) { return wrong; }
        if (!row->armed && free_now >= row->levels.free_rearm) { return "not armed again"; }
    }
    return NULL;
}
