/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_failure.h
 * The ring of failed allocations. The newest replaces the oldest, and the loss is counted.
 */
#pragma once

#include "ht_types.h"

typedef struct {
    uint32_t number; /**< 1 for the first failure ever; 0: the entry is empty */
    uint32_t caps;
    size_t size;
    size_t alignment;
    size_t free_bytes;
    size_t largest_free_bytes;
    ht_origin_id_t origin;
    ht_task_id_t task;
    ht_stamp_t stamp;
    bool measured;
} ht_failure_t;

typedef struct {
    ht_failure_t *ring;
    uint32_t max;
    uint32_t count; /**< failures ever */
} ht_failures_t;

/** Store a failure and number it. Lock held. O(1). */
HT_INLINE void ht_failure_put(ht_failures_t *failures, const ht_failure_t *failure)
{
    failures->count++;
    if (failures->max != 0) {
        ht_failure_t *entry = &failures->ring[(failures->count - 1U) % failures->max];
        *entry = *failure;
        entry->number = failures->count;
    }
}
