/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_trace_ahead.h Reading ahead: one thread decodes while another one takes the events. */
#pragma once

#include "ht_trace_private.h"

/** Reads something: tells `sink`, asks request->progress whether to go on, and keeps `outcome` true
 * of what it has told. */
typedef void (*ht_trace_work_t)(void *context, const ht_decoder_sink_t *sink,
                                const ht_trace_request_t *request, ht_trace_outcome_t *outcome);

/**
 * Do `work` in a thread of its own. What it tells comes to `sink`, and what it asks comes to
 * request->progress, in the thread that called this and in the same order. The work goes on
 * meanwhile, by a few pages (64 KiB) of what it tells and a few questions at most. Returns when it
 * is done, with its outcome. After progress said no nothing is told any more, and the outcome is
 * that of when it was asked. False: no memory or no thread, and nothing was done.
 */
bool ht_trace_ahead(ht_trace_work_t work, void *context, const ht_decoder_sink_t *sink,
                    const ht_trace_request_t *request, ht_trace_outcome_t *outcome);
