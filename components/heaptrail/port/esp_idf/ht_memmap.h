/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_memmap.h  What the two halves of the original API share. */
#pragma once

#include "heaptrail_types.h"
#include "memmap.h"

/** Fill in a MemoryTraceInfo; no string in it is NULL. `site` may be NULL. */
MemoryTraceInfo ht_memmap_info(const heaptrail_site_t *site, size_t size, uint32_t caps,
                               heaptrail_method_t method);
