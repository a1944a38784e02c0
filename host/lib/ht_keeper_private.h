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
    uint32_t life;     /**< of its task's row (ht_keeper_lives.c) */
    uint8_t core;
    bool unrecorded;
} ht_kept_block_t;

_Static_assert(sizeof(ht_kept_block_t) == 48, "as ht_keeper.h says");

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

/** An earlier task of a row, or the same under another name. Kept while blocks of it live, or while
 * it stands behind such a one, which could be taken for the next one else. */
typedef struct {
    uint32_t task, life;
    ht_kept_definition_t defined;
    ht_kept_definition_t gone; /**< content NULL: it went on under another name */
    size_t blocks, first;      /**< in the list of ht_keeper_sort_lives() */
} ht_kept_life_t;

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
    uint32_t *life_of;  /**< of each task's row: how many lives it had before this one */
    size_t life_room;   /**< rows beyond had none */
    ht_kept_life_t *past;
    size_t past_count, past_room;
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

/* --- ht_keeper_lives.c --- */

/** Which life of a task's row is it now? */
uint32_t ht_keeper_life(const ht_keeper_t *keeper, uint32_t task);
void ht_keeper_forget_lives(ht_keeper_t *keeper);

/** It ends: the content of its definitions is taken. `gone` NULL: by another name. False: no
 * memory. */
bool ht_keeper_end_life(ht_keeper_t *keeper, uint32_t task, ht_kept_definition_t *defined,
                        ht_kept_definition_t *gone);

bool ht_keeper_is_of_the_past(const ht_keeper_t *keeper, const ht_kept_block_t *block);

/** The past lives that are to be kept, by task and in their order; and their blocks, in the same
 * order, to be freed. False: no memory. O(live blocks). */
bool ht_keeper_sort_lives(ht_keeper_t *keeper, const ht_kept_block_t ***blocks);

/** The one before this one, after ht_keeper_sort_lives(). NULL: none is kept. */
const ht_kept_life_t *ht_keeper_last_life(const ht_keeper_t *keeper, uint32_t task);

/* --- ht_keeper_define.c --- */

/** Call it for each, by time, those without one first; `time_us`: never less than the one before.
 * `ended`: the life of its task's row that ends with this one, NULL: none is kept. After
 * ht_keeper_sort_lives(). False: no memory. */
bool ht_keeper_each_definition(const ht_keeper_t *keeper,
                               void (*fn)(void *context, const ht_kept_definition_t *definition,
                                          uint64_t time_us, const ht_kept_life_t *ended),
                               void *context);
