/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_top.h
 * The largest keys of a stream in fixed memory, and after them the next largest.
 *
 * One pass over the stream finds the first HT_TOP_MAX entries; after ht_top_next() a pass over the
 * same stream finds those that come after. Order: the larger key first, of equal ones the smaller
 * id.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** As many as a report shows unless asked for more. */
#define HT_TOP_MAX 20U

typedef struct {
    uint64_t key;
    uint64_t id;
} ht_top_entry_t;

typedef struct {
    uint32_t count;
    bool resumed; /**< only what comes after `last` counts */
    ht_top_entry_t last;
    ht_top_entry_t entry[HT_TOP_MAX]; /**< in order */
} ht_top_t;

/** Keep an entry if it belongs to the first HT_TOP_MAX. O(HT_TOP_MAX). */
void ht_top_offer(ht_top_t *top, uint64_t key, uint64_t id);

/** Go on after the entries found so far. */
void ht_top_next(ht_top_t *top);
