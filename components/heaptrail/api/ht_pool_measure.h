/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_pool_measure.h  What a pool has left, as its owner says. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Ask the owner of the pool in this row. False: it does not say. No lock held. */
bool ht_pool_measure(uint32_t row, size_t *free_bytes, size_t *largest_bytes);
