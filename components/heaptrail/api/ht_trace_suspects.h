/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_trace_suspects.h  What a search for leaks found goes into the trace. */
#pragma once

#include "heaptrail_leaks.h"

/**
 * Put the search and its `count` suspects, which are kept, into the trace if one runs: records 0x23
 * and 0x24 of SPEC.md, 5.3. Where the ring has no room it waits a little for who drains, half a
 * second in all; what has none then is left out, and counted (ht_trace_t.lost_said). From the one
 * task that searches.
 */
void ht_trace_suspects(const heaptrail_suspect_options_t *options,
                       const heaptrail_suspect_summary_t *summary, uint32_t count);
