/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What differs between the program with heaptrail (setup_tracked.c) and the one without
 * (setup_plain.c). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** Bring up the heaps and "start the scheduler". */
void bench_boot(void);

/** Prepare for a setting. False: unknown. */
bool bench_set_up(const char *setting, uint32_t live);

/** 0, or 1 with a message when the run did not measure what it says. */
int bench_verify(const char *setting);

/** For the setting "sections": everything else that takes the tracker's lock, at its worst. */
void bench_exercise(const char *setting);

/** For the setting "scrub": one look at each of so many blocks, as the background scrubber does. */
void bench_scrub(uint32_t blocks);

/** For the setting "drain": write what was traced. */
void bench_drain(void);

/** For the setting "scan": give all blocks something to hold; one pass over all roots and blocks.
 */
void bench_scan_fill(void);
void bench_scan(void);

/** Print sizes as "key value" lines. Returns 0. */
int bench_sizes(void);

/** The instructions between these two calls are counted. */
void bench_begin(void);
void bench_end(void);
