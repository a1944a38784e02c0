/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file reach.h
 * Graphs of blocks, and a naive oracle of what can be reached in them: it knows nothing of lists,
 * spans, sweeps and leaders' rings. For tests of the scan on the host, on the stand-in and on rv32.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define REACH_MAX 60U

/** In the order of heaptrail_reach_t and ht_scan_class_t. */
typedef enum { REACH_REACHABLE, REACH_POSSIBLE, REACH_INDIRECT, REACH_LOST } reach_t;

typedef struct {
    uint32_t seed;
    uint32_t count;                   /**< of blocks, up to REACH_MAX */
    uint32_t words[REACH_MAX];        /**< of each block; may be 0 */
    uintptr_t block[REACH_MAX];       /**< its address, as the test hides it */
    bool start[REACH_MAX][REACH_MAX]; /**< [i][j]: i holds a pointer to the start of j */
    bool any[REACH_MAX][REACH_MAX];   /**< or into it */
    bool root_start[REACH_MAX];
    bool root_any[REACH_MAX];
    reach_t fate[REACH_MAX];          /**< by the oracle. LOST stands for INDIRECT, too */
    bool holds[REACH_MAX][REACH_MAX]; /**< one can go from lost block i to lost block j */
} reach_graph_t;

/** A word of a graph. */
typedef struct {
    uint32_t to;
    enum { REACH_NUMBER, REACH_START, REACH_MIDDLE, REACH_BEHIND } kind;
    uint32_t offset; /**< in bytes, of MIDDLE and BEHIND */
} reach_link_t;

/** xorshift32 (Marsaglia 2003): 0 .. n - 1. */
uint32_t reach_random(reach_graph_t *graph, uint32_t n);

/** Forget all, choose how many blocks and how large. */
void reach_begin(reach_graph_t *graph, uint32_t seed);

/** What a word of block `from` (or, REACH_MAX, of the roots) points to; noted in the graph. */
reach_link_t reach_link(reach_graph_t *graph, uint32_t from);

/** Fates and holds, again and again over all pairs until nothing changes. */
void reach_solve(reach_graph_t *graph);

/**
 * Is that what a scan may say? `leader` of those that are INDIRECT. NULL: yes; else why not, and
 * *which block.
 */
const char *reach_compare(const reach_graph_t *graph, const reach_t *got, const uint32_t *leader,
                          uint32_t *which);
