/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_steps.h
 * From what a model tells of its blocks to steps that are final. A block may turn out to be of
 * another origin than was told, and a realloc() may turn out to have failed; both within a few
 * events. So the latest steps wait, and are corrected while they do.
 */
#pragma once

#include "ht_export.h"

/** How many steps wait. */
#define HT_STEPS_WAITING 8192U

typedef struct {
    const ht_export_stream_t *stream;
    void *writer;
    bool pools;                          /**< steps of pools' blocks, or of all others */
    ht_step_t waiting[HT_STEPS_WAITING]; /**< a ring */
    bool void_[HT_STEPS_WAITING];        /**< it did not happen */
    uint64_t first, next;                /**< numbers of the oldest that waits, and of the next */
} ht_steps_t;

void ht_steps_begin(ht_steps_t *steps, const ht_export_stream_t *stream, void *writer, bool pools);

/** What the model tells. HT_CHANGE_WINDOW and _ANEW are the caller's. */
void ht_steps_change(ht_steps_t *steps, const ht_change_t *change);

/** A block that lived already when what is told begins. */
void ht_steps_carried(ht_steps_t *steps, const ht_live_row_t *row, uint64_t time_us);

/** Hand over all that wait. */
void ht_steps_flush(ht_steps_t *steps);
