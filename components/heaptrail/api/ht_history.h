/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_history.h
 * The default tracker's history of floors, for who judges by it.
 */
#pragma once

#include "heaptrail_leaks.h"
#include "ht_floors.h"
#include "ht_scan.h"

/** The kinds of memory whose free bytes it has. */
extern const uint32_t ht_history_caps[HT_FLOORS_KINDS];

/** The history, the caller's until ht_history_give(); waits for a sample that is being taken. NULL:
 * it is held for long. From a task. */
ht_floors_t *ht_history_take(ht_tracker_t *tracker);
void ht_history_give(ht_floors_t *history);

/** What it says, as the public interface has it. */
heaptrail_growth_t ht_history_row(const ht_trend_t *trend);

/** Two floors beside each other may look like a pointer: none of them is a root. */
void ht_history_hide(ht_scan_t *scan);
