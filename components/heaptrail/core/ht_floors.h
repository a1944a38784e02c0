/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_floors.h
 * Whose live bytes grow: of each origin the floor, the least that lived, in each of some epochs.
 *
 *   floor of an origin   [ 0 | 40 | 80 | 160 | .. |        ]   16 bits each, ht_floor_pack()
 *   began_us             [ 0 | 10 | 20 |  30 | .. |        ]   when each epoch was sampled first
 *                          ^ the run's start      ^ count; the last one is still open
 *
 * All rows share their epochs. When all are used, neighbours are merged to the lesser of the two
 * and an epoch is twice as long: so the history always covers the whole run, in 8 to 16 steps.
 * What comes and goes leaves the floor where it was, and a first-use cache raises it once; only
 * what comes and stays raises it again and again.
 *
 * Nothing here is on the hot path, and nothing takes the lock: a sample reads one aligned word of
 * each origin. One at a time has the history, ht_floors_claim(). All zero is a history that has not
 * begun, with room for no origin.
 */
#pragma once

#include "ht_tracker.h"

/** Epochs, at most; even. */
#define HT_FLOORS_EPOCHS 16U

/** How long an epoch is at first. */
#define HT_FLOORS_FIRST_US UINT64_C(10000000)

/** Kinds of memory whose free bytes are followed as well. */
#define HT_FLOORS_KINDS 2U

/** The floors of one origin. */
typedef struct {
    uint16_t floor[HT_FLOORS_EPOCHS];
} ht_floor_row_t;

typedef struct {
    ht_floor_row_t *rows; /**< by number of the origin, `max` of them, 0 ("unknown") included */
    uint32_t max;
    volatile uint32_t busy; /**< somebody samples, or reads a row */
    uint32_t count;         /**< epochs in use */
    uint32_t generation;    /**< the tracker's when it began: a reset begins anew */
    uint32_t samples;       /**< since then */
    uint64_t epoch_us;
    uint64_t last_us; /**< of the newest sample */
    uint64_t began_us[HT_FLOORS_EPOCHS];
    size_t most_free[HT_FLOORS_KINDS][HT_FLOORS_EPOCHS]; /**< the most that was free */
} ht_floors_t;

/** A rate in bytes per hour; as wide as a pointer. */
typedef intptr_t ht_rate_t;

/** What a history says. */
typedef struct {
    bool rises;  /**< the floor goes up, again and again, and has not stopped */
    bool steady; /**< and nearly all the time, often, and for long enough */
    ht_rate_t per_hour;
    uint32_t epochs; /**< judged: since it rose for the first time, or the newest half of them */
    uint32_t rising_permille; /**< of all pairs of epochs those of which the later one is higher */
    uint64_t span_us;         /**< from the first of them to the last */
    size_t from_bytes;        /**< the floor in the first */
    size_t to_bytes;          /**< and in the last */
} ht_trend_t;

/** A number in 16 bits: exact below 4096, then the next lower one of 2048 for each doubling, up to
 * 4 TB. Keeps the order. O(1). */
uint16_t ht_floor_pack(size_t bytes);
size_t ht_floor_unpack(uint16_t packed);

/**
 * Give it rows: `max` of them, zeroed. It begins anew. Origins with a number of `max` or more have
 * no history.
 */
void ht_floors_open(ht_floors_t *floors, ht_floor_row_t *rows, uint32_t max);

/** One at a time. False: somebody else is at it. After a reset of the tracker it is empty. Give it
 * back with ht_release(&floors->busy). */
bool ht_floors_claim(ht_floors_t *floors, ht_tracker_t *tracker);

/**
 * Read what lives now. `free_bytes`: of each kind of memory, SIZE_MAX where that is not known.
 * Claimed, from a task or an idle hook. O(origins), about 60 instructions each; no lock.
 */
void ht_floors_sample(ht_floors_t *floors, const ht_tracker_t *tracker, uint64_t now_us,
                      const size_t free_bytes[HT_FLOORS_KINDS]);

/** Judge an origin. Claimed. All zero where there is no history. O(epochs^2); about 1 KB of stack
 * (64-bit: 2 KB). */
ht_trend_t ht_floors_of(const ht_floors_t *floors, uint32_t origin);

/** The same of a kind of memory: what is taken of it. False: it is not known. */
bool ht_floors_of_kind(const ht_floors_t *floors, uint32_t kind, ht_trend_t *trend);

/**
 * Judge numbers that were seen at these times, of which the last is the newest.
 *
 * `rises` by the share of rising pairs (Mann 1945, Kendall 1948: no assumption about the shape; a
 * single step can have 53 % at most, two 67 %, three 75 %), and not if it has been flat for longer
 * than twice its longest rest before: a cache that is full. The rate is the median of the slopes of
 * all pairs (Theil 1950, Sen 1968): up to 29 % of outliers do not move it.
 */
ht_trend_t ht_trend(const size_t *value, const uint64_t *at_us, uint32_t count);

/** NULL, or what is wrong with it. O(rows). */
const char *ht_floors_check(const ht_floors_t *floors);
