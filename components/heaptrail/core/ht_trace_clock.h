/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_trace_clock.h
 * When an event was, in µs since boot, from what it noted: the tick, which is right but coarse, and
 * a clock of its core that is fine, but may change its rate, stop, and wrap.
 *
 *   tick      |         |         |         |        where the time lies
 *   clock           . ....  .                        how the events lie to each other
 *
 * The fine clock counts from where it was compared with the time last, on the same core; what it
 * says is moved into the tick. So a clock that stood still in light sleep, or ran slower, costs a
 * tick at most, and sets itself right at the next event.
 */
#pragma once

#include "ht_types.h"

typedef struct {
    ht_tick_t seen; /**< the newest tick */
    uint64_t tick;  /**< the same without a wrap */
    uint64_t
        zero_us; /**< the time of tick 0, not earlier than it was; found from all comparisons */
    uint64_t tick_us; /**< a tick's length, rounded up */
    uint32_t mhz;
    struct {
        bool set;
        uint32_t clock;
        uint64_t us;
    } core[2];
} ht_trace_clock_t;

void ht_trace_clock_init(ht_trace_clock_t *clock);

/** Compare this core's clock with the time. Returns the time, in µs. */
uint64_t ht_trace_clock_compare(ht_trace_clock_t *clock);

/** The time of an event. */
uint64_t ht_trace_clock_time(ht_trace_clock_t *clock, unsigned core, ht_tick_t tick,
                             uint32_t count);
