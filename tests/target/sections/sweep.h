/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Two operations on one tracker, the second one in the middle of the first: before each of its
 * instructions in turn, from an interrupt or from the other hart. What comes out has to be what
 * comes out when they are done one after the other, in either order.
 */
#pragma once

#include "ht_check.h"
#include "ht_query.h"
#include "ht_verify.h"

typedef struct {
    const char *name;
    void (*prepare)(void); /* after the common start, sweep_start(); may be NULL */
    void (*op)(void);      /* what is interrupted */
    void (*rival)(void);   /* what comes in between */
    bool by_hart;          /* the rival is the other hart, not an interrupt */
} scenario_t;

#define SWEEP_RESULTS 6

typedef struct {
    ht_tracker_t tracker;
    ht_origin_id_t origin[4];
    uint32_t result[SWEEP_RESULTS]; /* what the operations say; part of what is compared */
} sweep_t;

extern sweep_t g_sweep;

/** Blocks that every scenario starts with: BLOCK(0) .. BLOCK(SWEEP_BLOCKS - 1), of SIZE(i) bytes
 * each, in memory that is there. More of these addresses are free. */
#define SWEEP_BLOCKS 12
#define SWEEP_SPACING 256U
uintptr_t sweep_block(unsigned i);
#define BLOCK(i) sweep_block(i)
#define SIZE(i) (16U + 4U * (i))

/** Record a block as from one of the origins. */
bool sweep_add(uintptr_t address, size_t size, unsigned origin);

extern const scenario_t g_scenarios[];
extern const unsigned g_scenario_count;
extern const scenario_t g_scenarios_reading[];
extern const unsigned g_scenario_reading_count;
