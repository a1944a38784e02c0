/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Two operations on one tracker, the second one (the rival) in the middle of the first: an
 * interrupt before each of its instructions in turn. What comes out has to be what comes out when
 * they are done one after the other, in either order.
 */
#pragma once

#include "ht_check.h"
#include "ht_query.h"
#include "ht_verify.h"

typedef struct {
    const char *name;
    void (*prepare)(void); /* after the common start; may be NULL */
    void (*op)(void);      /* what is interrupted */
    void (*rival)(void);   /* what the handler does */
    void (*look)(void);    /* at what they left behind, with nothing else going on; may be NULL */
    bool in_steps;         /* it gives the lock back in between: only ht_check() and look judge */
} scenario_t;

/** What each of the three said: op, rival, look. It is compared. */
#define SWEEP_RESULTS 4
uint32_t *sweep_result(void);
#define RESULT sweep_result()

typedef struct {
    ht_origin_id_t origin[4];
    uint32_t result[3][SWEEP_RESULTS];
    bool looks;
} sweep_t;

extern sweep_t g_sweep;

/** What a program is about: core/list.c, api/list.c. */
extern ht_tracker_t *const g_tracker;
#define TRACKER g_tracker

/** Blocks that every scenario starts with: BLOCK(0) .. BLOCK(SWEEP_BLOCKS - 1), of SIZE(i) bytes
 * each and of origin i % 3, in memory that is there; and NEW_BLOCK(i), addresses without a block.
 */
#define SWEEP_BLOCKS 12U
#define SWEEP_SPACING 256U
uintptr_t sweep_block(unsigned i);
#define BLOCK(i) sweep_block(i)
#define NEW_BLOCK(i) sweep_block(SWEEP_BLOCKS + (i))
#define SIZE(i) (16U + 4U * (i))

/** Record a block as from one of the origins. */
bool sweep_add(uintptr_t address, size_t size, unsigned origin);

/** For a prepare: the tracker as it is when nothing was ever recorded, and stopped. */
void sweep_begin_unused(void);

/** An address without a block, for which the table has the very slot that this block has now. */
uintptr_t sweep_twin(uintptr_t address);

/** For a rival: do it as another task, which came to run before the operation was done. */
void sweep_as_other_task(void (*fn)(void));

/** For a look: have the rival come once more. */
void sweep_rival_again(void);

/** The scenarios, a list for each file; each list, and the list of them, ends with NULL. */
extern const scenario_t *const g_scenarios[];
