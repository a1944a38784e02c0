/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_trace_clock.h"

#include <string.h>

/* Ticks to µs, without the wrap. */
static uint64_t ticks_us(uint64_t ticks)
{
    uint32_t hz = ht_port_tick_hz();
    return ticks / hz * 1000000U + ticks % hz * 1000000U / hz;
}

/* A tick without its wrap: near the newest one, on either side. */
static uint64_t unwrapped(const ht_trace_clock_t *clock, ht_tick_t tick)
{
    ht_tick_t ahead = tick - clock->seen;
    ht_tick_t half = (ht_tick_t) ~(ht_tick_t)0 >> 1;
    if (ahead <= half) { return clock->tick + ahead; }
    ht_tick_t behind = clock->seen - tick;
    return behind < clock->tick ? clock->tick - behind : 0;
}

static void see(ht_trace_clock_t *clock, ht_tick_t tick)
{
    uint64_t whole = unwrapped(clock, tick);
    if (whole > clock->tick) {
        clock->tick = whole;
        clock->seen = tick;
    }
}

void ht_trace_clock_init(ht_trace_clock_t *clock)
{
    memset(clock, 0, sizeof(*clock));
    clock->seen = ht_port_tick();
    clock->tick = clock->seen;
    clock->tick_us = (1000000U + ht_port_tick_hz() - 1U) / ht_port_tick_hz();
    uint64_t now = ht_port_uptime_us();
    uint64_t ticks = ticks_us(clock->tick);
    clock->zero_us = now - ticks; /* modulo 2^64: ticks may have begun before the time did */
    (void)ht_trace_clock_compare(clock);
}

/* Tick and time are read one after the other: the tick is not newer. So the difference is never
 * less than it should be, and the least one seen is the best; one that is much more was a clock
 * that stood. */
uint64_t ht_trace_clock_compare(ht_trace_clock_t *clock)
{
    clock->mhz = ht_port_clock_mhz();
    ht_tick_t tick = ht_port_tick();
    unsigned core = ht_port_core();
    uint32_t count = ht_port_clock();
    uint64_t now = ht_port_uptime_us();
    see(clock, tick);
    uint64_t zero = now - ticks_us(unwrapped(clock, tick));
    int64_t later = (int64_t)(zero - clock->zero_us);
    if (later < 0 || later > (int64_t)((HT_PORT_TICK_SLACK + 1U) * clock->tick_us)) {
        clock->zero_us = zero;
    }
    clock->core[core].set = true;
    clock->core[core].clock = count;
    clock->core[core].us = now;
    return now;
}

/* Rounded down, as the time is. */
static int32_t whole_us(int32_t counts, int32_t mhz)
{
    return counts / mhz - (counts % mhz < 0);
}

uint64_t ht_trace_clock_time(ht_trace_clock_t *clock, unsigned core, ht_tick_t tick, uint32_t count)
{
    see(clock, tick);
    int64_t low = (int64_t)(clock->zero_us + ticks_us(unwrapped(clock, tick)));
    int64_t slack = (int64_t)(HT_PORT_TICK_SLACK * clock->tick_us);
    int64_t us = low;
    if (clock->core[core].set) {
        int32_t counts = (int32_t)(count - clock->core[core].clock);
        us = (int64_t)clock->core[core].us + whole_us(counts, (int32_t)clock->mhz);
    }
    int64_t in = us < low - slack ? low : us;
    if (in > low + slack) { in = low + slack; }
    if (in != us || !clock->core[core].set) {
        clock->core[core].set = true;
        clock->core[core].clock = count;
        clock->core[core].us = (uint64_t)in;
    }
    return in > 0 ? (uint64_t)in : 0;
}
