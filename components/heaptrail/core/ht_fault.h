/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_fault.h
 * From a fact ("the front of this block was written") to a complete report in the ring.
 *
 * Error path: O(table + stacks), in constant slices of the lock. Any context.
 */
#pragma once

#include "ht_diagnose.h"
#include "ht_guard.h"

/** What was found. */
typedef struct {
    heaptrail_error_kind_t kind;
    heaptrail_found_t found;
    const ht_record_t *record; /**< the block it is about; NULL: none */
    const ht_freed_t *was;     /**< how that block ended; NULL: it lives */
    const ht_damage_t *damage; /**< NULL: nothing was written */
    const ht_diagnosis_t
        *pointer;          /**< what the pointer of a wrong free is; NULL: no such pointer */
    uintptr_t address;     /**< that pointer, or the first byte that changed */
    ht_origin_id_t caller; /**< who called; 0: nobody, it was looked for */
} ht_fault_t;

/**
 * Count an error and report it. NULL: it was only counted (the same was reported just now, or there
 * is no room for reports). Else the caller writes it out, and calls ht_error_done() then.
 */
ht_error_t *ht_fault_report(ht_tracker_t *tracker, const ht_fault_t *fault);

/** Called for each report, outside the lock: writes it out or does what the policy says, and calls
 * ht_error_done(). */
typedef void (*ht_tell_fn)(ht_tracker_t *tracker, ht_error_t *error);
