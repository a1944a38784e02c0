/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_analyse.h
 * What can be worked out from a model: sums by any key, growth.
 */
#pragma once

#include "ht_model.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One line of a table: all flows of a key. */
typedef struct {
    uint64_t key;
    ht_row_t origin;                  /**< the one of them that has most */
    uint32_t origins;                 /**< how many different ones */
    uint64_t live_blocks, live_bytes; /**< pools' blocks included, as in `pool_*` */
    uint64_t pool_blocks, pool_bytes;
    uint64_t total_blocks, total_bytes;
    uint64_t freed_blocks, temporary_blocks, carried_blocks, vanished_blocks, vanished_bytes;
    uint64_t at_peak_blocks, at_peak_bytes; /**< held at the moment of the overall peak */
    uint64_t left_blocks, left_bytes;       /**< live and younger than asked: ht_tally_blocks() */
    uint64_t oldest_us, newest_us;          /**< when the oldest and newest of those were made */
    uint64_t failures;
    uint64_t
        lifetimes[HT_LIFETIMES]; /**< of the origins' freed blocks; by task they are all theirs */
    ht_row_t last_origin;        /**< the rest is for adding up */
    uint64_t last_bytes, rank_bytes;
} ht_tally_t;

typedef struct {
    ht_tally_t *row;
    size_t count, capacity;
    uint32_t *slot; /**< key to row + 1: a hash table */
    size_t slots;
    ht_tally_t total; /**< of all; pools are in its pool_* only, as they lie in other blocks */
} ht_tallies_t;

/** Which flows, and by what they are summed. NULL functions: all of them, by origin. */
typedef struct {
    bool (*wanted)(void *context, const ht_flow_row_t *flow);
    uint64_t (*key)(void *context, const ht_flow_row_t *flow);
    void *context;
    uint32_t marks;    /**< ht_tally_blocks(): only blocks with so many marks before them */
    uint64_t since_us; /**< ... and not older than this time */
} ht_tally_ask_t;

/** Sum up flows. False: no memory. To be freed with ht_tallies_free(), also then. */
bool ht_tally_flows(ht_tallies_t *tallies, const ht_model_view_t *view, const ht_tally_ask_t *ask);

/** Add left_*, oldest_us and newest_us, from the live blocks: O(blocks). After ht_tally_flows() of
 * the same `ask`. */
bool ht_tally_blocks(ht_tallies_t *tallies, const ht_model_t *model, const ht_tally_ask_t *ask);
void ht_tallies_free(ht_tallies_t *tallies);

typedef enum {
    HT_SORT_LIVE,
    HT_SORT_LEFT,
    HT_SORT_AT_PEAK,
    HT_SORT_TOTAL_BYTES,
    HT_SORT_TOTAL_BLOCKS,
    HT_SORT_TEMPORARY
} ht_sort_t;

/** What is sorted by: the number of a row, of its second column for ties. */
uint64_t ht_tally_rank(const ht_tally_t *tally, ht_sort_t sort);

/** The largest first; of equal ones the one with the smaller origin, so that it is always alike. */
void ht_tallies_sort(ht_tallies_t *tallies, ht_sort_t sort);

/* --- growth --------------------------------------------------------------------------------------
 */

/**
 * A straight line through samples (ordinary least squares), and how sure its rise is.
 * Samples of a heap follow each other's values, so they count for fewer than they are: with r the
 * correlation of neighbouring residuals, for n (1 - r) / (1 + r) (Bretherton et al.
 * 1999). `confidence` is 1 - p of Student's t test of "the slope is not above 0" with that number.
 */
typedef struct {
    double slope; /**< per unit of x */
    double intercept;
    double r2;         /**< share of the variance that the line explains */
    double effective;  /**< samples, corrected */
    double t;          /**< the slope in its standard errors; INFINITY for an exact line */
    double confidence; /**< 0 .. 1 that it rises */
} ht_fit_t;

/** n >= 3, else all zero. O(n). */
ht_fit_t ht_fit(const double *x, const double *y, size_t n);

/** P(T <= t) of Student's t with `freedom` degrees (may be a fraction). */
double ht_student(double t, double freedom);

typedef struct {
    ht_row_t origin;
    ht_fit_t fit; /**< of the samples after warm-up; slope in bytes per second */
    double bytes_per_hour;
    uint64_t first_bytes, last_bytes;
} ht_growth_t;

typedef struct {
    ht_growth_t *row;
    size_t count, capacity;
    uint64_t from_us, to_us; /**< the samples that were used */
    uint32_t samples;        /**< fewer than HT_GROWTH_SAMPLES: too short to say anything */
    ht_growth_t total;       /**< all of the heap together */
} ht_growths_t;

#define HT_GROWTH_SAMPLES 12U

/** What is told: a rise as sure as this, that also holds for the second half alone. */
#define HT_GROWTH_CONFIDENCE 0.95

/** The origins that keep growing, the fastest first. The first quarter of the time is taken for
 * warm-up and left out. False: no memory. To be freed with ht_growths_free(). */
bool ht_growth(ht_growths_t *growths, const ht_model_view_t *view,
               bool (*wanted)(void *context, ht_row_t origin), void *context);
void ht_growths_free(ht_growths_t *growths);

#ifdef __cplusplus
}
#endif
