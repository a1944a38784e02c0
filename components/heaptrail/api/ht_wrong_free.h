/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_wrong_free.h
 * Is a pointer that is given to free() or realloc(), and has no record, certainly wrong?
 *
 * Only where there is no doubt it is refused: a block that was lost for want of room, or that was
 * made before the tracker ran, has no record either and must be freed.
 */
#pragma once

#include "ht_tracker.h"

/**
 * Judge a pointer that is no block with a record, and report it if it is wrong.
 * Needs ht_port_can_report(). Not under the lock. O(table); where blocks without a record are
 * ordinary, only for some pointers in a second.
 * @param in_realloc It was given to realloc().
 * @param caller Who gave it.
 * @return True: it is an error, is reported, and must be left alone. False: the heap may know it.
 */
bool ht_wrong_free(ht_tracker_t *tracker, const void *block, bool in_realloc,
                   ht_origin_id_t caller);
