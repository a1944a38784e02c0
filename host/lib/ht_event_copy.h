/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_event_copy.h An event that outlives the function that it was told to. */
#pragma once

#include "ht_event.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Bytes of what an event points to, at most, rounded up to a multiple of 8: texts and arrays of one
 * frame.
 */
size_t ht_event_more_bytes(const ht_event_t *event);

/**
 * Copy an event into `to`, and what it points to into `more`: aligned to 8 bytes, with room for
 * ht_event_more_bytes() of them. The copy lives as long as both. O(bytes).
 */
void ht_event_copy(ht_event_t *to, void *more, const ht_event_t *event);

#ifdef __cplusplus
}
#endif
