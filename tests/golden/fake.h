/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file fake.h
 * The queries of heaptrail.h and heaptrail_errors.h over rows that a test has chosen.
 */
#pragma once

#include "heaptrail_errors.h"
#include "heaptrail_leaks.h"
#include "heaptrail_lowmem.h"

typedef struct {
    const heaptrail_suspect_t *rows; /**< ranked */
    uint32_t count;
    const heaptrail_suspect_summary_t *summary;
} fake_leaks_t;

typedef struct {
    const heaptrail_site_row_t *sites;
    uint32_t site_count;
    const heaptrail_task_row_t *tasks;
    uint32_t task_count;
    const heaptrail_heap_row_t *heaps;
    uint32_t heap_count;
    const heaptrail_block_row_t *blocks;
    uint32_t block_count;
    const heaptrail_failure_row_t *failures;
    uint32_t failure_count;
    const heaptrail_error_row_t *errors;
    uint32_t error_count;
    const heaptrail_address_row_t *addresses; /**< others are looked for in blocks and heaps */
    uint32_t address_count;
    const heaptrail_explanation_t *explanation; /**< NULL: none */
    const heaptrail_lowmem_row_t *watches;
    uint32_t watch_count;
    const fake_leaks_t *leaks;                  /**< NULL: none, and the summary is all zero */
    esp_err_t find_error;                       /**< of heaptrail_suspects_find() */
    const heaptrail_lowmem_site_t *watch_sites; /**< of every watch that fired */
    heaptrail_checks_t checks;
    heaptrail_check_status_t check_status;
    heaptrail_status_t status;
    uint32_t tick_hz;
    bool disturbed;      /**< each walk says so */
    uint32_t busy_after; /**< queries until "another one is under way"; 0: never */
    bool busy;           /**< from the first query on */
    uint32_t gone_after; /**< queries until blocks with an odd sequence are gone; 0: never */
} fake_world_t;

/** Answer from this world from now on. */
void fake_use(const fake_world_t *world);

/** What the last query over sites, tasks or heaps that had a choice was given. */
heaptrail_select_t fake_selected(void);

/** Were the suspects not given back? */
bool fake_keeps_suspects(void);

/** What was looked for last. */
heaptrail_suspect_options_t fake_looked_for(void);

/** How often it was measured since. The rows stay as they are. */
uint32_t fake_samples(void);

const fake_world_t *fake_empty(void);
const fake_world_t *fake_firmware(void); /**< what an ordinary day looks like */
const fake_world_t *fake_hostile(void);  /**< NULLs, broken strings, disturbed walks */
const fake_world_t *fake_extremes(void); /**< every number at its maximum */
const fake_world_t *fake_many(void);     /**< more rows than fit a batch, with equal keys */
const fake_world_t *fake_errors(void);   /**< each kind of memory error, in each variant */
