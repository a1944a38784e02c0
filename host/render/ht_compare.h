/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_compare.h
 * Two traces beside each other: per site, task, ... what each has, and the difference.
 *
 * Rows are matched by names, not by addresses, so two builds compare: file (its last two parts),
 * function, variable and method, without the line, which moves when something above it is edited.
 */
#pragma once

#include "ht_desk.h"

typedef enum { HT_METRIC_LIVE, HT_METRIC_PEAK, HT_METRIC_TOTAL, HT_METRICS } ht_metric_t;

/** Bytes and blocks of one trace. */
typedef struct {
    bool there; /**< the row is in that trace */
    ht_row_t origin;
    uint64_t bytes[HT_METRICS], blocks[HT_METRICS];
} ht_side_t;

typedef struct {
    const char *name; /**< what matched; lives as long as the comparison */
    ht_side_t side[2];
} ht_pair_t;

typedef struct {
    ht_pair_t *pair;
    size_t count, capacity;
    ht_side_t total[2];
    ht_strings_t strings;
} ht_comparison_t;

/** b - a. */
int64_t ht_pair_change(const ht_pair_t *pair, ht_metric_t metric);

/** Compare two desks, summed up as `a->by` says; the largest change of `metric` first. False: no
 * memory. To be freed with ht_comparison_free() in any case. */
bool ht_compare(ht_comparison_t *comparison, ht_desk_t *a, ht_desk_t *b, ht_metric_t metric);
void ht_comparison_free(ht_comparison_t *comparison);

/** Pairs whose change is `least` bytes or more, or of blocks alone if it is 0. */
size_t ht_comparison_differing(const ht_comparison_t *comparison, ht_metric_t metric,
                               uint64_t least);

void ht_comparison_text(const ht_comparison_t *comparison, ht_desk_t *a, ht_desk_t *b,
                        ht_metric_t metric, uint64_t least);
void ht_comparison_tree(const ht_comparison_t *comparison, ht_desk_t *a, ht_desk_t *b,
                        ht_metric_t metric, uint64_t least, json_t *object);

/** "live", "peak", "total". */
const char *ht_metric_name(ht_metric_t metric);
