/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_ready.h"

#if HT_READY

#define HALF_WORDS (CONFIG_HEAPTRAIL_TRACE_RECORDER_BYTES / 2U / sizeof(uint32_t))

_Static_assert(HALF_WORDS * sizeof(uint32_t) >= HT_RECORDER_BYTES_MIN,
               "CONFIG_HEAPTRAIL_TRACE_RECORDER_BYTES must be 0, or 8264 and more");

static HT_PORT_NOINIT uint32_t s_half[2][HALF_WORDS];

/* All zero: not looked yet. Nothing is written to a half before somebody looked. */
static struct {
    uint32_t looked;
    uint32_t own; /**< the half of this boot */
    uint32_t turn;
    uint32_t before; /**< there is something in the other one */
} s_ready;

static bool open_half(uint32_t half, ht_recorder_t *recorder)
{
    return ht_recorder_open(recorder, s_half[half], sizeof(s_half[half]));
}

/* The half with the newer turn is the last boot's. */
static void look(void)
{
    ht_recorder_t first;
    ht_recorder_t second;
    if (s_ready.looked) { return; }
    bool is_first = open_half(0, &first);
    bool is_second = open_half(1, &second);
    bool second_newer =
        is_second && (!is_first || (int32_t)(second.head->turn - first.head->turn) > 0);
    s_ready.own = second_newer ? 0 : is_first;
    s_ready.before = is_first || is_second;
    s_ready.turn = s_ready.before ? (second_newer ? second : first).head->turn + 1U : 1U;
    s_ready.looked = 1;
}

bool ht_ready_before(ht_recorder_t *recorder)
{
    look();
    return s_ready.before && open_half(1U - s_ready.own, recorder);
}

void ht_ready_hide(ht_scan_t *scan)
{
    ht_scan_hide(scan, s_half, sizeof(s_half));
}

void ht_ready_begin(ht_recorder_t *recorder, uint32_t boot)
{
    look();
    ht_recorder_init(recorder, s_half[s_ready.own], sizeof(s_half[0]), boot, s_ready.turn);
}

#endif
