/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_leak_sites.h
 * heaptrail_leaks_find() in memory that the caller brings.
 */
#pragma once

#include "heaptrail_leaks.h"

/** Bytes of the sums of that many sites. Any context. O(1). */
size_t ht_leak_sites_bytes(uint32_t sites);

/** heaptrail_leaks_find(), for as many sites as there is room for in `memory`, which stays in use
 * until heaptrail_leaks_forget(). NULL: all sites, and the memory is the heap's. */
esp_err_t ht_leak_sites_find(const heaptrail_scan_options_t *options,
                             heaptrail_scan_summary_t *summary, void *memory, size_t bytes);
