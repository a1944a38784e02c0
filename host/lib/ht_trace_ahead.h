/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_trace_ahead.h Reading ahead: one thread decodes while another one takes the events. */
#pragma once

#include "ht_trace_file.h"

/** Reads something: tells `sink`, and asks request->progress whether to go on. */
typedef void (*ht_trace_work_t)(void *context, const ht_decoder_sink_t *sink,
                                const ht_trace_request_t *request);

/**
 * Do `work` in a thread of its own. What it tells comes to `sink`, and what it asks to
 * request->progress, in the thread that called this, in the same order; the work goes on meanwhile,
 * by a few hundred KiB at most. After progress said no nothing is told any more. Returns when the
 * work is done; `stopped` then says whether progress ended it. False: no memory or no thread, and
 * nothing was done.
 */
bool ht_trace_ahead(ht_trace_work_t work, void *context, const ht_decoder_sink_t *sink,
                    const ht_trace_request_t *request, bool *stopped);
