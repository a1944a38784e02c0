/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_posix_trace.h
 * The trace of a Linux program: `trace=PATH` or `trace=fd,N`, and `trace_pid=PID` of
 * HEAPTRAIL_OPTIONS.
 *
 *   any thread, after it recorded something ──► ring ──► half full: that thread drains it
 *                                                    ──► nearly full: the others wait for it
 *
 * There is no thread of heaptrail's own, and nothing is lost: who allocates waits for who writes.
 */
#pragma once

#include "ht_posix.h"

/** Begin, if the options ask for it and this is the process. From ht_posix_boot(). */
void ht_posix_trace_boot(const ht_posix_options_t *options);

/** Is a trace written? */
bool ht_posix_tracing(void);

/** After something was recorded: write if it is time to. The caller is muted, or has no state.
 * Keeps errno. Declared in ht_posix.h, too. */
void ht_posix_trace_drain(void);

/** The end of the program: all that is left, and the trace's last record. The caller is muted.
 * `inside`: a signal's handler ends it, which found this thread inside heaptrail. */
void ht_posix_trace_end(bool inside);

/** In a forked child: the trace is the parent's. */
void ht_posix_trace_forked(void);
