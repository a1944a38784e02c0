/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Allocation and free with checks. */
#include <string.h>

#include "ht_hot_checked.h"
#include "ht_verify.h"
#include "port.h"
#include "sweep.h"

#define CALLER 0x42001000U
#define GUARDED_BYTES 64U

static void add_one(void)
{
    sweep_add(NEW_BLOCK(8), 40, 0);
}

static void free_block(uintptr_t address)
{
    ht_checked_free((void *)address, CALLER);
}

static void free_0(void)
{
    free_block(BLOCK(0));
}

static void free_3(void)
{
    free_block(BLOCK(3));
}

static void free_unknown(void)
{
    free_block(0x3C000000U);
}

static void free_other_unknown(void)
{
    free_block(0x3C000100U);
}

static void look_at_counters(void)
{
    const ht_checks_t *checks = &TRACKER->checks;
    RESULT[0] = checks->leaked_blocks + 100U * (uint32_t)checks->leaked_bytes;
    RESULT[1] = checks->released_early + 1000U * checks->unguarded_blocks;
    RESULT[2] = TRACKER->errors.repeated;
    RESULT[3] = g_port.freed;
}

static void begin(void)
{
    memset(&g_port, 0, sizeof(g_port));
    TRACKER->checks.on = true;
}

/* The origin of a free is known, as it is for all but the first one. */
static void begin_known(void)
{
    begin();
    free_block(0x3C000200U);
}

/* --- errors that are only counted --------------------------------------------------------------
 */

static void begin_silent(void)
{
    begin();
    g_port.may_not_report = true;
}

static void find_damage(void)
{
    const ht_record_t record = {.address = BLOCK(0)};
    ht_checked_damaged(&record, CALLER);
}

static void begin_damaged(void)
{
    begin_silent();
    TRACKER->checks.heap_headers = true;
    g_port.header_is_damaged = true;
}

static void make_unguarded(void)
{
    RESULT[0] = ht_hot_make_guarded_slow(port_block(0), 24, &TRACKER->origins.origins[1],
                                         sweep_clock, 0, HT_HOT_DROPPED) == port_block(0);
}

/* --- the quarantine ----------------------------------------------------------------------------
 */

static void begin_quarantine(void)
{
    begin();
    TRACKER->freed.on = true;
    TRACKER->freed.limit_blocks = 4;
    TRACKER->freed.limit_bytes = 4096;
}

static void quarantine_four(void)
{
    begin_quarantine();
    for (unsigned i = 4; i < 8; i++) {
        free_block(BLOCK(i));
    }
}

static void quarantine_three(void)
{
    begin_quarantine();
    for (unsigned i = 4; i < 7; i++) {
        free_block(BLOCK(i));
    }
}

static void release(void)
{
    ht_checked_release(HEAPTRAIL_FOUND_QUARANTINE);
}

static void fail_to_allocate(void)
{
    g_port.heap_is_full = true;
    RESULT[0] = ht_checked_malloc(24, 1, 1, CALLER) != NULL;
}

/* What waits is given back early. */
static void free_and_fail(void)
{
    free_3();
    fail_to_allocate();
}

/* Freed on its way into the quarantine, whose header turns out to be damaged. */
static void begin_damaged_quarantine(void)
{
    quarantine_four();
    release();
    g_port.freed = 0;
    g_port.may_not_report = true;
    TRACKER->checks.heap_headers = true;
    g_port.header_is_damaged = true;
}

/* Its header is good. */
static void free_3_well(void)
{
    g_port.header_is_damaged = false;
    free_3();
    g_port.header_is_damaged = true;
}

static void look_at_quarantine(void)
{
    look_at_counters();
    RESULT[0] += 7U * TRACKER->freed.held_blocks + 13U * (uint32_t)TRACKER->freed.held_bytes;
}

/* --- sizes -------------------------------------------------------------------------------------
 */

static uintptr_t s_twin;

static void guard_one(void)
{
    begin();
    ht_tracker_add_guarded(TRACKER, NEW_BLOCK(2), GUARDED_BYTES, g_sweep.origin[0], HT_GUARD_BOTH);
    s_twin = sweep_twin(NEW_BLOCK(2));
}

static void ask_size(void)
{
    size_t size = 0;
    RESULT[0] = ht_checked_size((const void *)NEW_BLOCK(2), &size);
    RESULT[1] = (uint32_t)size;
}

static void replace_guarded(void)
{
    ht_tracker_remove(TRACKER, NEW_BLOCK(2));
    ht_tracker_add_guarded(TRACKER, s_twin, 200, g_sweep.origin[0], HT_GUARD_BOTH);
}

/* Its record says where it begins; and its size, by which it is copied. */
static void forget_one(void)
{
    guard_one();
    ht_tracker_unregister(TRACKER, NEW_BLOCK(2));
    memset((void *)NEW_BLOCK(2), 0x55, SWEEP_SPACING);
    memset(port_block(0), 0, 512);
    TRACKER->checks.seed = 1;
}

static void grow_forgotten(void)
{
    const ht_request_t request = {.size = 250, .caps = 1, .method = 1, .caller = CALLER};
    bool refused;
    (void)ht_checked_realloc((void *)NEW_BLOCK(2), &request, NULL, &refused);
}

static void replace_forgotten(void)
{
    uint32_t guard;
    (void)ht_tracker_end_forgotten(TRACKER, NEW_BLOCK(2), &guard);
    ht_tracker_add_guarded(TRACKER, s_twin, 200, g_sweep.origin[0], HT_GUARD_BOTH);
}

/* Was as much copied as there was, or nothing? */
static void look_at_copy(void)
{
    uint32_t copied = 0;
    for (unsigned i = 0; i < 512; i++) {
        copied += ((const uint8_t *)port_block(0))[i] == 0x55;
    }
    RESULT[0] = copied != 0 && copied != GUARDED_BYTES;
}

/* --- the hot path ------------------------------------------------------------------------------
 */

static void end_hot(void)
{
    ht_record_t was = {0};
    RESULT[0] = ht_hot_end((void *)BLOCK(0), sweep_clock, &was);
    RESULT[1] = (uint32_t)ht_record_size(&was);
}

extern const scenario_t g_scenarios_blocks[];
const scenario_t g_scenarios_blocks[] = {
    {"end_hot", begin, end_hot, add_one, NULL, false},
    {"free_unknown", begin_known, free_unknown, free_other_unknown, NULL, false},
    {"only_counted", begin_silent, find_damage, find_damage, look_at_counters, false},
    {"leak", begin_damaged, free_0, free_3, look_at_counters, false},
    {"unguarded", begin, make_unguarded, make_unguarded, look_at_counters, true},
    {"quarantine", quarantine_four, free_0, free_3, look_at_quarantine, true},
    {"release", quarantine_four, release, release, look_at_quarantine, false},
    {"give_way", quarantine_three, fail_to_allocate, free_and_fail, look_at_counters, true},
    {"damaged_in_quarantine", begin_damaged_quarantine, free_0, free_3_well, look_at_quarantine,
     true},
    {"size", guard_one, ask_size, replace_guarded, NULL, false},
    {"grow_forgotten", forget_one, grow_forgotten, replace_forgotten, look_at_copy, true},
    {NULL, NULL, NULL, NULL, NULL, false},
};
