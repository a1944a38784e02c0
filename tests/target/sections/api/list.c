/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The public functions, and what the wraps call: the default tracker. */
#include "ht_default.h"
#include "sweep.h"

extern const scenario_t g_scenarios_blocks[], g_scenarios_settings[], g_scenarios_questions[];

const scenario_t *const g_scenarios[] = {g_scenarios_blocks, g_scenarios_settings,
                                         g_scenarios_questions, NULL};

ht_tracker_t *const g_tracker = &ht_default_tracker;
