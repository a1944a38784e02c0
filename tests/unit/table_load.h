/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A live table under churn at its limit, with the addresses that allocators give: how often does
 * an insertion find no room although the table is not full?
 */
#pragma once

#include <stdlib.h>

#include "ht_table.h"

typedef enum {
    ADDRESSES_STEP_4,
    ADDRESSES_STEP_8,
    ADDRESSES_STEP_16,
    ADDRESSES_STEP_32,
    ADDRESSES_PAGES,     /* 4 KB apart, as page-aligned buffers in PSRAM */
    ADDRESSES_TLSF_DRAM, /* random sizes one after another, with the header of 4 bytes */
    ADDRESSES_TLSF_PSRAM,
    ADDRESSES_MIXED, /* DRAM and PSRAM by turns */
    ADDRESSES_PATTERNS
} address_pattern_t;

typedef struct {
    uint64_t inserts;
    uint64_t crowded; /* insertions that found no room below the limit */
    uint64_t moves;   /* records moved to make room */
    uint32_t stash_at_most;
} table_load_t;

static inline uint32_t load_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32);
}

/* The i-th address of a pattern, given the one before it. */
static inline uintptr_t load_next_address(address_pattern_t pattern, uint32_t i, uintptr_t before,
                                          uint64_t *random)
{
    static const uintptr_t steps[] = {4, 8, 16, 32, 4096};
    if (pattern <= ADDRESSES_PAGES) {
        return i == 0 ? (uintptr_t)0x3C000000U : before + steps[pattern];
    }
    uintptr_t size = 12U + (load_random(random) % 64U) * 4U;
    if (load_random(random) % 8U == 0) { size *= 8U; }
    if (pattern == ADDRESSES_MIXED && i % 2U == 1U) { return before + 0x3800000U; }
    if (pattern == ADDRESSES_MIXED && i != 0) { return before - 0x3800000U + size + 4U; }
    uintptr_t base = pattern == ADDRESSES_TLSF_PSRAM ? 0x3C000000U : 0x3FC88000U;
    return i == 0 ? base : before + size + 4U;
}

typedef struct {
    ht_table_t table;
    uintptr_t *spot; /* 0 .. live - 1 are in the table, the others not */
    uint32_t live;
    uint32_t spots;
} load_bench_t;

static inline void load_insert(load_bench_t *bench, uint64_t *random, table_load_t *result)
{
    uint32_t pick = bench->live + load_random(random) % (bench->spots - bench->live);
    uintptr_t address = bench->spot[pick];
    result->inserts++;
    ht_record_t *record = ht_table_insert(&bench->table, address);
    if (record == NULL) {
        result->crowded++;
        return;
    }
    record->address = address;
    bench->spot[pick] = bench->spot[bench->live];
    bench->spot[bench->live++] = address;
    if (bench->table.stash_count > result->stash_at_most) {
        result->stash_at_most = bench->table.stash_count;
    }
}

static inline void load_erase(load_bench_t *bench, uint64_t *random)
{
    uint32_t pick = load_random(random) % bench->live;
    uintptr_t address = bench->spot[pick];
    ht_record_t *record = ht_table_find(&bench->table, address);
    if (record == NULL) { abort(); }
    ht_table_erase(&bench->table, record);
    bench->spot[pick] = bench->spot[--bench->live];
    bench->spot[bench->live] = address;
}

/* Fill the table to its limit, then free one and allocate one, `rounds` times. */
static inline table_load_t load_churn(uint32_t max_blocks, address_pattern_t pattern,
                                      uint32_t rounds, uint64_t seed)
{
    table_load_t result = {0};
    uint32_t buckets = ht_table_buckets_for(max_blocks);
    uint32_t limit = buckets * (HT_BUCKET_SLOTS - 1U); /* max_blocks, rounded up */
    ht_bucket_t *memory = calloc(buckets + 1U, sizeof(*memory));
    load_bench_t bench = {.spots = 3U * limit};
    bench.spot = calloc(bench.spots, sizeof(*bench.spot));
    if (memory == NULL || bench.spot == NULL) { abort(); }
    ht_table_init(&bench.table, memory, buckets);
    uint64_t random = seed * 0x9E3779B97F4A7C15U + 1U;
    for (uint32_t i = 0; i < bench.spots; i++) {
        bench.spot[i] = load_next_address(pattern, i, i == 0 ? 0 : bench.spot[i - 1U], &random);
    }
    for (uint32_t i = 0; i < limit; i++) {
        load_insert(&bench, &random, &result);
    }
    for (uint32_t i = 0; i < rounds; i++) {
        if (bench.live != 0) { load_erase(&bench, &random); }
        while (bench.live < limit && load_random(&random) % 64U != 0) {
            load_insert(&bench, &random, &result);
        }
    }
    result.moves = bench.table.moves;
    free(bench.spot);
    free(memory);
    return result;
}
