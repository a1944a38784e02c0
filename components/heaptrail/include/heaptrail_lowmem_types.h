/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file heaptrail_lowmem_types.h  The rows of heaptrail_lowmem.h. */
#pragma once

#include "heaptrail_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What made a watch fire. */
typedef enum {
    HEAPTRAIL_LOWMEM_ALLOCATION, /**< an allocation, at once */
    HEAPTRAIL_LOWMEM_SAMPLE,     /**< a measurement found it: nobody to name */
    HEAPTRAIL_LOWMEM_FAILURE     /**< the measurement after an allocation that failed */
} heaptrail_lowmem_cause_t;

/** A watch, and the newest time that it fired. */
typedef struct {
    uint32_t id;
    uint32_t caps;
    size_t free_below_bytes; /**< 0: not watched */
    size_t free_rearm_bytes;
    size_t largest_below_bytes; /**< 0: not watched */
    size_t largest_rearm_bytes;
    bool armed;     /**< false: it waits until memory is at its re-arm levels again */
    uint32_t fired; /**< how often; what follows is zero when it never did */
    heaptrail_lowmem_cause_t cause;
    bool by_largest;   /**< the largest block was too small, free memory was not */
    size_t free_bytes; /**< of `caps`, then */
    bool largest_known;
    size_t largest_free_bytes;
    size_t size_bytes; /**< asked for; 0 with HEAPTRAIL_LOWMEM_SAMPLE, and so is what follows */
    heaptrail_origin_t origin;
    uint32_t task_id;
    char task_name[HEAPTRAIL_TASK_NAME_MAX];
    bool in_isr;
    uint64_t age_us;
    bool frozen;         /**< the sites below are complete; an interrupt leaves that to a task */
    uint32_t site_count; /**< for heaptrail_lowmem_site() */
    uint32_t drift_allocations; /**< made between the trigger and the end of the copy ... */
    uint32_t drift_frees;       /**< ... and freed: the sites may be off by these */
    uint64_t drift_us;
} heaptrail_lowmem_row_t;

/** A site that held memory when a watch fired. */
typedef struct {
    heaptrail_origin_t origin;
    uint32_t live_blocks;
    size_t live_bytes;
} heaptrail_lowmem_site_t;

/**
 * Called in the task of esp_timer, soon after a watch fired, once for each time (for the newest, if
 * it fired twice meanwhile), with no lock held. It may allocate, free, report, and remove watches;
 * it must not block for long: other timers wait for it.
 */
typedef void (*heaptrail_lowmem_fn_t)(void *context, const heaptrail_lowmem_row_t *row);

#ifdef __cplusplus
}
#endif
