/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The core: a tracker of its own. */
#include "sweep.h"

extern const scenario_t g_scenarios_hot[], g_scenarios_life[], g_scenarios_reading[],
    g_scenarios_errors[], g_scenarios_trace[];

const scenario_t *const g_scenarios[] = {g_scenarios_hot,    g_scenarios_life,  g_scenarios_reading,
                                         g_scenarios_errors, g_scenarios_trace, NULL};

static ht_tracker_t s_tracker;
ht_tracker_t *const g_tracker = &s_tracker;
