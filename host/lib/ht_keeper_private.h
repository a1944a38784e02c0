/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_keeper_private.h The keeper's tables. */
#pragma once

#include "ht_keeper.h"

/** A pool's block may have the address of the block that it lies in: its key has this bit. */
#define HT_KEPT_POOL (UINT64_C(1) << 63)

typedef struct {
    uint64_t key; /**< address, with HT_KEPT_POOL; 0: an empty slot */
    uint64_t size;
    uint64_t time_us; /**< of its allocation */
    uint32_t origin, task, heap;
    uint32_t snapshot; /**< the last one that it was seen in or made after */
    uint8_t core;
    bool unrecorded;
} ht_kept_block_t;

/** Open addressing, linear probing, at most 2/3 full. */
typedef struct {
    ht_kept_block_t *slot;
    size_t size; /**< a power of two; 0: none yet */
    size_t used;
} ht_kept_blocks_t;

/** The slot of a key, NULL: none. */
ht_kept_block_t *ht_kept_find(const ht_kept_blocks_t *blocks, uint64_t key);

/** The slot of a key, made where there is none, all zero but for the key. NULL: no memory. */
ht_kept_block_t *ht_kept_put(ht_kept_blocks_t *blocks, uint64_t key);

/** Take one out. Another one may stand in its slot then. */
void ht_kept_remove(ht_kept_blocks_t *blocks, ht_kept_block_t *block);

/** A definition: the record as it is written, with a dt of 0 where it has one. */
typedef struct {
    uint64_t key; /**< tag << 32 | index; of a hello: its number */
    uint64_t time_us;
    uint64_t order; /**< in which it came first */
    uint8_t tag;
    size_t length;
    uint8_t *content;
} ht_kept_definition_t;

struct ht_keeper {
    void *definitions; /**< tree of tsearch(), by key */
    size_t definition_count;
    uint64_t next_order;
    uint32_t hellos;
    uint64_t generation;
    ht_kept_blocks_t blocks;
    ht_counters_t counters;
    uint64_t time_us;
    ht_search_t search; /**< the one that is kept; number 0: none */
    uint32_t suspects;  /**< kept, by rank */
    uint64_t searching; /**< of which search suspects are to be kept; 0: of none */
    uint32_t snapshot;
    uint64_t snapshot_blocks; /**< seen of it; UINT64_MAX: none is under way */
    uint32_t snapshot_number;
    bool no_memory;
};

/** Keep what this event defines. */
void ht_keeper_define(ht_keeper_t *keeper, const ht_event_t *event);
void ht_keeper_search(ht_keeper_t *keeper, const ht_event_t *event);
void ht_keeper_suspect(ht_keeper_t *keeper, const ht_event_t *event);
void ht_keeper_forget_definitions(ht_keeper_t *keeper);

/** Call it for each, by time, those without one first. False: no memory. */
bool ht_keeper_each_definition(const ht_keeper_t *keeper,
                               void (*fn)(void *context, const ht_kept_definition_t *definition),
                               void *context);
