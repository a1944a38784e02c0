/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_explained.h  The explanation of the newest failure, made when it happens. */
#pragma once

#include "ht_scan.h"
#include "ht_tracker.h"

/**
 * Explain a failure that was just stored (it has its number), and keep that for
 * heaptrail_last_explanation(). At most once a second; not at all while another explanation or a
 * query is under way. In a task, no lock held. O(table + heap), in constant slices.
 */
void ht_explain_failure(ht_tracker_t *tracker, const ht_failure_t *failure);

/** What is kept names blocks: it is no root of the scan. */
void ht_explain_hide(ht_scan_t *scan);
