/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_check.h
 * The validator: does every table of a tracker agree with every other one?
 */
#pragma once

#include "ht_tracker.h"

/**
 * NULL when all holds, else what does not, as a constant string. Holds the lock for O(everything):
 * for tests and for a panic handler, not for a running device.
 *
 * Checked: each record is in a bucket that its address may be in, and only once; counts of records,
 * of the stash and of held slots; live blocks and bytes of each origin, task and heap equal the sum
 * over the records; peak >= live; each index entry leads to a row whose key leads back to it, and
 * each origin that has counted is in the index;
 * frames lie inside the depot; heap of a record is the heap of its address; no stamp is later than
 * the newest.
 */
const char *ht_check(ht_tracker_t *tracker);
