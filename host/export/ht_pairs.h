/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_pairs.h  Numbers for pairs of words: 0 for the first pair, 1 for the next new one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HT_PAIRS_NONE UINT32_MAX

typedef struct {
    uint64_t a, b;
    uint32_t number; /**< + 1; 0: the slot is empty */
} ht_pair_t;

/** All zero is empty. */
typedef struct {
    ht_pair_t *slot; /**< a hash table, open addressing; a power of two, at most half full */
    size_t slots, count;
} ht_pairs_t;

/** The number of a pair. *is_new: it had none before. HT_PAIRS_NONE: no memory. O(1). */
uint32_t ht_pairs_number(ht_pairs_t *pairs, uint64_t a, uint64_t b, bool *is_new);

/** Free it; it is empty then. */
void ht_pairs_free(ht_pairs_t *pairs);
