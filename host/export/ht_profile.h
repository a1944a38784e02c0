/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_profile.h
 * A heap as stacks with values, which is what other programs' viewers take: every return address
 * named, every stack a list of locations, a row per stack, task and heap.
 *
 *   row ──► stack ──► locations, innermost first ──► frames: the function there, and before it
 *                                                    those that were inlined into it
 *
 * Blocks of pools lie in other blocks: a profile has either those, or all others.
 */
#pragma once

#include "ht_model.h"
#include "ht_pairs.h"
#include "ht_strings.h"
#include "ht_symbols.h"

/** A function, each once. */
typedef struct {
    const char *name; /**< never NULL: the address where nothing is known */
    const char *file; /**< NULL: not known */
} ht_profile_function_t;

/** One function at a place. */
typedef struct {
    uint32_t function; /**< its number */
    uint32_t line;     /**< 0: not known */
} ht_profile_frame_t;

typedef struct {
    uint64_t address;   /**< 0: a place that a macro told, without an address */
    const char *object; /**< the file that it is in, or NULL */
    uint32_t first;     /**< of its frames */
    uint32_t count;     /**< at least 1; the innermost first */
} ht_profile_location_t;

/** Locations by number, innermost first; at least one. */
typedef struct {
    const uint32_t *location;
    uint32_t count;
} ht_profile_stack_t;

typedef enum {
    HT_VALUE_LIVE,      /**< at the end */
    HT_VALUE_TOTAL,     /**< ever; what was live before the trace began is in it */
    HT_VALUE_PEAK,      /**< at the moment when most bytes lived */
    HT_VALUE_TEMPORARY, /**< blocks only: freed by their task before it allocated another one */
    HT_VALUES
} ht_profile_value_t;

typedef struct {
    uint64_t blocks, bytes;
} ht_profile_amount_t;

typedef struct {
    ht_row_t origin, task, heap; /**< of the model; `origin` is the stack's number, too */
    ht_profile_amount_t value[HT_VALUES];
} ht_profile_row_t;

/** To be read only. */
typedef struct {
    ht_model_view_t view; /**< what it was made of; must outlive it */
    ht_profile_function_t *function;
    ht_profile_frame_t *frame;
    ht_profile_location_t *location;
    ht_profile_stack_t *stack; /**< by row of the model's origins */
    ht_profile_row_t *row;
    size_t functions, frames, locations, stacks, rows;
    bool pools;                           /**< it has the blocks of pools, */
    uint64_t left_out;                    /**< and so many were made that are of the other kind */
    ht_profile_amount_t total[HT_VALUES]; /**< of all rows */
    /* private */
    size_t function_capacity, frame_capacity, location_capacity, row_capacity, place_capacity;
    ht_pairs_t places, names; /**< addresses, and names with files, by number */
    uint32_t *location_at;    /**< the location of an address by its number */
    ht_strings_t strings;
} ht_profile_t;

/**
 * Make one. @param symbols  NULL: addresses stay addresses. @param pools  Of pools' blocks.
 * @return false: no memory. To be freed with ht_profile_free() in any case.
 * Cost: each address is looked up once.
 */
bool ht_profile_make(ht_profile_t *profile, const ht_model_view_t *view, ht_symbols_t *symbols,
                     bool pools);
void ht_profile_free(ht_profile_t *profile);

/** The frames of a stack, at most this many: the rest is cut off at the outer end. */
#define HT_PROFILE_DEPTH_MAX 256U

/** All frames of an origin by number, innermost first. @return how many: at least one. */
size_t ht_profile_frames(const ht_profile_t *profile, ht_row_t origin,
                         uint32_t frame[HT_PROFILE_DEPTH_MAX]);

/** The function of a frame by number. */
const ht_profile_function_t *ht_profile_function(const ht_profile_t *profile, uint32_t frame);

/** What the trace is of: an application's name, a program's path, or "heaptrail". Never NULL. */
const char *ht_profile_name(const ht_profile_t *profile);

/** The amount that a value is told in: bytes, but blocks of HT_VALUE_TEMPORARY. */
uint64_t ht_profile_weight(const ht_profile_row_t *row, ht_profile_value_t value);
