/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_ready.h
 * The ready memory of the flight recorder, of CONFIG_HEAPTRAIL_TRACE_RECORDER_BYTES: two halves.
 * One boot writes into the one, the next one into the other. So what was before a reset stays
 * readable while the recorder runs again, whenever somebody asks for it.
 */
#pragma once

#include "ht_config.h"
#include "ht_recorder.h"
#include "ht_scan.h"

/** Is there any? */
#define HT_READY (HT_CONFIG_TRACE && CONFIG_HEAPTRAIL_TRACE_RECORDER_BYTES > 0)

#if HT_READY
/** What the newest boot before this one left. False: nothing. Any context. O(1). */
bool ht_ready_before(ht_recorder_t *recorder);

/** Begin the half that is this boot's. O(1). */
void ht_ready_begin(ht_recorder_t *recorder, uint32_t boot);

/** Its bytes are no pointers. */
void ht_ready_hide(ht_scan_t *scan);

/** Start a flight recorder that makes way when somebody starts a trace; from a task, or before
 * there are any. As heaptrail_trace_start(). */
esp_err_t ht_trace_record_by_itself(void);

/** Does that one run? */
bool ht_trace_records_by_itself(void);
#else
HT_INLINE bool ht_ready_before(ht_recorder_t *recorder)
{
    (void)recorder;
    return false;
}

HT_INLINE void ht_ready_hide(ht_scan_t *scan)
{
    (void)scan;
}

HT_INLINE void ht_ready_begin(ht_recorder_t *recorder, uint32_t boot)
{
    (void)recorder, (void)boot;
}
#endif
