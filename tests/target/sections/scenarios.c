/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What changes a tracker. */
#include <string.h>

#include "board.h"
#include "ht_hot.h"
#include "sweep.h"

#define TRACKER (&g_sweep.tracker)
#define NEW_BLOCK(i) BLOCK(SWEEP_BLOCKS + (i))

/* --- rivals: what an interrupt handler or another core does ------------------------------------
 */

/* Allocates and frees, from the origins that the operation uses. */
static void churn(void)
{
    sweep_add(NEW_BLOCK(8), 40, 0);
    ht_tracker_remove(TRACKER, BLOCK(3));
}

static void add_one(void)
{
    sweep_add(NEW_BLOCK(8), 40, 0);
}

static void free_one(void)
{
    ht_tracker_remove(TRACKER, BLOCK(3));
}

/* Frees a block, and its place in the table is taken by another one. */
static void replace_0(void)
{
    ht_tracker_remove(TRACKER, BLOCK(0));
    sweep_add(NEW_BLOCK(8), 40, 1);
}

/* --- the hot path ------------------------------------------------------------------------------
 */

static void add(void)
{
    g_sweep.result[0] = sweep_add(NEW_BLOCK(0), 100, 0);
}

static void add_twice(void)
{
    sweep_add(NEW_BLOCK(0), 100, 0);
    sweep_add(NEW_BLOCK(1), 100, 0);
}

/* The way that most blocks take, without the rare cases. */
static void add_hot(void)
{
    ht_origin_t *from = &TRACKER->origins.origins[g_sweep.origin[0].index];
    ht_hot_add(TRACKER, NEW_BLOCK(0), 100, from, HT_GUARD_NONE, ht_port_tick());
}

static void remove_0(void)
{
    g_sweep.result[0] = ht_tracker_remove(TRACKER, BLOCK(0));
}

static void end_0(void)
{
    ht_ended_t ended = {0};
    g_sweep.result[0] = ht_tracker_end(TRACKER, BLOCK(0), g_sweep.origin[1], &ended);
    g_sweep.result[1] = (uint32_t)ht_record_size(&ended.record);
}

static void end_3(void)
{
    ht_ended_t ended;
    ht_tracker_end(TRACKER, BLOCK(3), g_sweep.origin[1], &ended);
}

static void remember(void)
{
    TRACKER->freed.on = true;
    TRACKER->freed.limit_blocks = 4;
    TRACKER->freed.limit_bytes = 4096;
}

/* --- a crowded table ---------------------------------------------------------------------------
 */

static uintptr_t s_crowded;

static uint32_t first_of(uintptr_t address)
{
    return ht_table_first(&TRACKER->table, ht_table_hash(address));
}

static uint32_t second_of(uintptr_t address)
{
    return ht_table_second(&TRACKER->table, ht_table_hash(address));
}

static uint32_t used_in(uint32_t bucket)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
        used += TRACKER->table.buckets[bucket].slot[i].address != HT_ADDRESS_EMPTY;
    }
    return used;
}

/* Fill buckets 0 and 1; their residents may move to 2 or 3. Then an address that wants in there. */
static void crowd(void)
{
    uintptr_t address = 0x3C000000U;
    for (; used_in(0) < HT_BUCKET_SLOTS || used_in(1) < HT_BUCKET_SLOTS; address += 16U) {
        uint32_t to = first_of(address);
        if (to <= 1 && second_of(address) > 1 && used_in(to) < HT_BUCKET_SLOTS) {
            sweep_add(address, 8, 0);
        }
    }
    while (first_of(address) + second_of(address) != 1) {
        address += 16U;
    }
    s_crowded = address;
}

static void add_crowded(void)
{
    g_sweep.result[0] = sweep_add(s_crowded, 100, 0);
}

/* The same from the other side: it moves the very blocks that an operation has found. */
static uintptr_t s_moving;

static void crowd_around_one(void)
{
    crowd();
    for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
        uintptr_t address = TRACKER->table.buckets[first_of(s_crowded)].slot[i].address;
        if (first_of(address) + second_of(address) > 1 && first_of(address) != second_of(address)) {
            s_moving = address;
            return;
        }
    }
}

static void know_moving(void)
{
    ht_known_t known = {0};
    g_sweep.result[0] = ht_tracker_known(TRACKER, s_moving, &known);
    g_sweep.result[1] = (uint32_t)known.size;
}

static void hold_moving(void)
{
    ht_hold_t hold = ht_tracker_hold(TRACKER, s_moving);
    g_sweep.result[1] = hold.slot != NULL;
    ht_tracker_drop_held(TRACKER, hold);
}

static void relabel_moving(void)
{
    g_sweep.result[1] = ht_tracker_relabel(TRACKER, s_moving, g_sweep.origin[2]);
}

static void add_by_rival(void)
{
    sweep_add(s_crowded, 100, 0);
}

/* --- tasks -------------------------------------------------------------------------------------
 */

static void see_task(void)
{
    ht_tracker_task_seen(TRACKER, 0x3FC90000U);
}

static void see_other_task(void)
{
    ht_tracker_task_seen(TRACKER, 0x3FC90100U);
}

static void forget_task(void)
{
    ht_tracker_task_gone(TRACKER, 0x3FC90000U);
}

static void see_both_tasks(void)
{
    see_task();
    see_other_task();
}

static void forget_other_task(void)
{
    ht_tracker_task_gone(TRACKER, 0x3FC90100U);
}

/* A task whose TCB is block 0: it is freed, and another block takes its place. */
static void see_task_0(void)
{
    ht_tracker_task_seen(TRACKER, BLOCK(0));
}

/* --- realloc -----------------------------------------------------------------------------------
 */

static ht_hold_t s_hold;

static void hold_0(void)
{
    s_hold = ht_tracker_hold(TRACKER, BLOCK(0));
}

static void hold_unknown(void)
{
    s_hold = ht_tracker_hold(TRACKER, 0x3C000000U);
}

static void free_unknown(void)
{
    ht_tracker_remove(TRACKER, 0x3C000010U);
}

static void put_back(void)
{
    ht_tracker_put_back(TRACKER, s_hold);
}

static void drop(void)
{
    ht_tracker_drop_held(TRACKER, s_hold);
}

/* --- forgotten blocks --------------------------------------------------------------------------
 */

static void add_guarded(void)
{
    ht_tracker_add_guarded(TRACKER, NEW_BLOCK(0), 100, g_sweep.origin[0], HT_GUARD_BOTH);
    ht_tracker_unregister(TRACKER, NEW_BLOCK(0));
}

static void end_forgotten(void)
{
    uint32_t guard = 0;
    g_sweep.result[0] = ht_tracker_end_forgotten(TRACKER, NEW_BLOCK(0), &guard);
}

static void unregister(void)
{
    g_sweep.result[0] = ht_tracker_unregister(TRACKER, BLOCK(0));
}

/* --- the rest ----------------------------------------------------------------------------------
 */

static void fail(void)
{
    ht_failure_t failure = {.size = 7, .origin = g_sweep.origin[0]};
    ht_tracker_fail(TRACKER, &failure);
    g_sweep.result[0] = failure.number != 0;
}

static void fail_too(void)
{
    ht_failure_t failure = {.size = 9, .origin = g_sweep.origin[0]};
    ht_tracker_fail(TRACKER, &failure);
}

static ht_origin_id_t intern(uint32_t number)
{
    const uintptr_t frames[] = {0x42001000U + number, 0x42002000U};
    const ht_origin_key_t key = {.frames = frames, .depth = 2, .method = 1};
    return ht_origin_intern(&TRACKER->origins, &TRACKER->lock, &key);
}

/* Numbers may come out either way; but they are two, and each block is under its own. */
static void add_new_origin(void)
{
    ht_tracker_add_guarded(TRACKER, NEW_BLOCK(0), 50, intern(0), HT_GUARD_NONE);
    g_sweep.result[0] = ht_query_origin(TRACKER, intern(0)).frames[0] == 0x42001000U;
}

static void add_new_origin_too(void)
{
    ht_tracker_add_guarded(TRACKER, NEW_BLOCK(1), 50, intern(1), HT_GUARD_NONE);
    g_sweep.result[1] = ht_query_origin(TRACKER, intern(1)).frames[0] == 0x42001001U;
}

static void mark(void)
{
    (void)ht_tracker_mark(TRACKER);
}

static void filter_large(void)
{
    const ht_filter_t filter = {.size_min = 100};
    ht_tracker_set_filter(TRACKER, &filter);
}

/* The rival's 40 bytes pass neither before nor after. */
static void filter_small(void)
{
    const ht_filter_t filter = {.size_max = 30};
    ht_tracker_set_filter(TRACKER, &filter);
}

static void add_second_heap(void)
{
    ht_tracker_add_heap(TRACKER, 0x3C000000U, 65536, 2, "second");
    g_sweep.result[0] = TRACKER->heaps.count;
}

static void add_third_heap(void)
{
    ht_tracker_add_heap(TRACKER, 0x3D000000U, 65536, 2, "third");
}

static void add_outside(void)
{
    for (uintptr_t i = 0; i < 6; i++) {
        sweep_add(0x3C000000U + 64U * i, 24, 3);
    }
}

static void add_and_free_outside(void)
{
    ht_tracker_remove(TRACKER, 0x3C000000U + 64U * 3U);
    sweep_add(0x3C000000U + 64U * 8U, 24, 3);
}

static void reset(void)
{
    ht_tracker_reset(TRACKER);
}

static void free_after_reset(void)
{
    reset();
}

/* Is stopped meanwhile, so what comes then is not recorded by who asks first, as the wraps do. */
static void free_while_reset(void)
{
    ht_tracker_remove(TRACKER, BLOCK(3));
    TRACKER->unknown_frees = 0; /* before or after the counters were cleared: both are right */
    TRACKER->blind = true;
}

static void old_stamps(void)
{
    TRACKER->swept_at = ht_port_tick() - 0x60000000U;
    for (uint32_t b = 0; b <= TRACKER->table.bucket_count; b++) {
        for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
            TRACKER->table.buckets[b].slot[i].tick = ht_port_tick() - 0x60000000U;
        }
    }
}

static void sweep_ticks(void)
{
    ht_tracker_sweep(TRACKER);
}

static volatile uint32_t s_flag;

static void clear_flag(void)
{
    s_flag = 0;
}

static void claim(void)
{
    g_sweep.result[0] += ht_claim(&TRACKER->lock, &s_flag);
}

static void check(void)
{
    const char *wrong = ht_check(TRACKER);
    g_sweep.result[0] = wrong != NULL;
}

const scenario_t g_scenarios[] = {
    {"add", NULL, add, churn, false},
    {"add_hot", add_one, add_hot, free_one, false},
    {"add_harts", NULL, add_twice, add_one, true},
    {"remove", NULL, remove_0, churn, false},
    {"remove_harts", add_one, remove_0, free_one, true},
    {"end", remember, end_0, end_3, false},
    {"end_harts", remember, end_0, end_3, true},
    {"crowded", crowd, add_crowded, free_one, false},
    {"crowded_harts", crowd, add_crowded, churn, true},
    {"known_moving", crowd_around_one, know_moving, add_by_rival, false},
    {"hold_moving", crowd_around_one, hold_moving, add_by_rival, false},
    {"relabel_moving", crowd_around_one, relabel_moving, add_by_rival, false},
    {"two_tasks", NULL, see_task, see_other_task, false},
    {"task_gone", see_both_tasks, forget_task, forget_other_task, false},
    {"tcb_freed", NULL, see_task_0, replace_0, false},
    {"hold_unknown", NULL, hold_unknown, free_unknown, false},
    {"put_back", hold_0, put_back, churn, false},
    {"put_back_unknown", hold_unknown, put_back, free_unknown, false},
    {"drop_held", hold_0, drop, churn, false},
    {"unregister", NULL, unregister, churn, false},
    {"end_forgotten", add_guarded, end_forgotten, churn, false},
    {"fail", NULL, fail, fail_too, false},
    {"new_origins", NULL, add_new_origin, add_new_origin_too, false},
    {"mark", NULL, mark, add_one, false},
    {"filter", filter_large, filter_small, add_one, false},
    {"two_heaps", NULL, add_second_heap, add_third_heap, false},
    {"new_heap", add_outside, add_second_heap, add_and_free_outside, false},
    {"reset", NULL, free_after_reset, free_while_reset, false},
    {"sweep_ticks", old_stamps, sweep_ticks, replace_0, false},
    {"claim", clear_flag, claim, claim, false},
    {"claim_harts", clear_flag, claim, claim, true},
    {"check", NULL, check, churn, false},
};
const unsigned g_scenario_count = sizeof(g_scenarios) / sizeof(g_scenarios[0]);
