/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_diagnose.h
 * What an address is: from the tables and the address alone. Changes nothing, prints nothing, reads
 * no byte that the firmware can write.
 *
 * Error path and reports: O(table). The lock is taken for constant slices. Any context.
 */
#pragma once

#include "ht_tracker.h"

typedef struct {
    heaptrail_place_t place;
    bool has_block; /**< `record` is the block it belongs to, live or freed */
    bool freed;     /**< and `was` is how it ended */
    ht_record_t record;
    ht_freed_t was;
    ptrdiff_t offset;  /**< from the start of that block */
    ht_heap_id_t heap; /**< that the address lies in; 0: none */
    uint32_t task;     /**< row of the task whose stack it is on; 0: none that is known */
} ht_diagnosis_t;

/** What is this address? */
void ht_diagnose(ht_tracker_t *tracker, uintptr_t address, ht_diagnosis_t *diagnosis);

/** The task, alive, whose stack begins in [from, to): its row, or 0. `stack` is filled in then. */
uint32_t ht_diagnose_stack(ht_tracker_t *tracker, uintptr_t from, uintptr_t to,
                           ht_port_task_stack_t *stack);

/** A block's story. `was` is NULL for one that lives; `now` is when the story is told. */
void ht_diagnose_story(const ht_tracker_t *tracker, const ht_record_t *record,
                       const ht_freed_t *was, ht_tick_t now, heaptrail_block_story_t *story);

/** The nearest live blocks on both sides of [start, end), of heaps or of pools. */
void ht_diagnose_neighbours(ht_tracker_t *tracker, bool pooled, uintptr_t start, uintptr_t end,
                            heaptrail_neighbour_t *left, heaptrail_neighbour_t *right);

/** The public row of a diagnosis. */
void ht_diagnose_row(ht_tracker_t *tracker, uintptr_t address, heaptrail_address_row_t *row);

/** Name of the heap or of the task of a place, else "". */
void ht_diagnose_place_name(const ht_tracker_t *tracker, const ht_diagnosis_t *diagnosis,
                            char name[HEAPTRAIL_TASK_NAME_MAX]);
