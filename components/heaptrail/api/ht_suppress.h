/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_suppress.h  Is a site on the list of those that are no leaks? */
#pragma once

#include "heaptrail_leaks.h"

/** Calls functions of the list's users: with no lock held. O(list). */
bool ht_suppressed(const heaptrail_origin_t *origin);
