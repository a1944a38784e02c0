/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* realloc(), forgotten blocks, origins, heaps, pools, marks, reset, and the low-memory trigger. */
#include <string.h>

#include "ht_lowmem.h"
#include "ht_pool.h"
#include "sweep.h"

static void add_one(void)
{
    sweep_add(NEW_BLOCK(8), 40, 0);
}

static void free_one(void)
{
    ht_tracker_remove(TRACKER, BLOCK(3));
}

static void reset(void)
{
    ht_tracker_reset(TRACKER);
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

static void forget_guarded(void)
{
    ht_tracker_add_guarded(TRACKER, NEW_BLOCK(0), 100, g_sweep.origin[0], HT_GUARD_BOTH);
    ht_tracker_unregister(TRACKER, NEW_BLOCK(0));
}

static void end_forgotten(void)
{
    uint32_t guard = 0;
    RESULT[0] = ht_tracker_end_forgotten(TRACKER, NEW_BLOCK(0), &guard);
}

static void unregister(void)
{
    RESULT[0] = ht_tracker_unregister(TRACKER, BLOCK(0));
}

/* --- failures, origins, marks, filters ---------------------------------------------------------
 */

static void fail(void)
{
    ht_failure_t failure = {.size = 7, .origin = g_sweep.origin[0]};
    ht_tracker_fail(TRACKER, &failure);
    RESULT[0] = failure.number;
}

static ht_origin_id_t intern(uint32_t number)
{
    const uintptr_t frames[] = {0x42001000U + number, 0x42002000U};
    const ht_origin_key_t key = {.frames = frames, .depth = 2, .method = 1};
    return ht_origin_intern(&TRACKER->origins, &TRACKER->lock, &key);
}

static uint32_t entry_of(uint32_t number)
{
    const uintptr_t frames[] = {0x42001000U + number, 0x42002000U};
    const ht_origin_key_t key = {.frames = frames, .depth = 2, .method = 1};
    return ht_origin_hash(&key) & TRACKER->origins.index_mask;
}

static uint32_t s_rival; /* another key that wants the same entry of the index */

static void find_rival(void)
{
    s_rival = 1;
    while (entry_of(s_rival) != entry_of(0)) {
        s_rival++;
    }
}

static void add_new_origin(void)
{
    sweep_add(NEW_BLOCK(0), 50, 0);
    ht_tracker_relabel(TRACKER, NEW_BLOCK(0), intern(0));
}

static void add_new_origin_too(void)
{
    sweep_add(NEW_BLOCK(1), 50, 0);
    ht_tracker_relabel(TRACKER, NEW_BLOCK(1), intern(s_rival));
}

static void mark(void)
{
    ht_stamp_t mark = ht_tracker_mark(TRACKER);
    RESULT[0] = mark.tick;
    RESULT[1] = mark.order;
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

/* --- heaps and pools ---------------------------------------------------------------------------
 */

static void add_second_heap(void)
{
    RESULT[0] = ht_tracker_add_heap(TRACKER, 0x3C000000U, 65536, 2, "second");
}

static void add_third_heap(void)
{
    RESULT[0] = ht_tracker_add_heap(TRACKER, 0x3D000000U, 65536, 2, "third");
}

static void add_outside(void)
{
    for (uintptr_t i = 0; i < 6; i++) {
        sweep_add(0x3C000000U + 64U * i, 24, 3);
    }
}

static void free_outside(void)
{
    ht_tracker_remove(TRACKER, 0x3C000000U + 64U * 3U);
}

static ht_heap_id_t s_pool;

static void add_pool(void)
{
    bool overlaps;
    s_pool = ht_pool_add(TRACKER, BLOCK(40), 4U * SWEEP_SPACING, "pool", &overlaps);
}

static void add_other_pool(void)
{
    bool overlaps;
    RESULT[0] = ht_pool_add(TRACKER, BLOCK(50), SWEEP_SPACING, "other", &overlaps).index;
}

static void make(uintptr_t address, size_t size)
{
    RESULT[0] = ht_pool_make(TRACKER, s_pool, address, size, g_sweep.origin[0]);
}

static void make_40(void)
{
    make(BLOCK(40), 24);
}

static void pool_with_one(void)
{
    add_pool();
    make_40();
}

static void end_40(void)
{
    RESULT[1] = ht_pool_end(TRACKER, s_pool, BLOCK(40));
}

static void make_41(void)
{
    make(BLOCK(41), 25);
}

static uintptr_t s_pool_twin;

/* A block of the pool for which the table has the same slot. */
static void pool_with_twin(void)
{
    pool_with_one();
    const ht_table_t *table = &TRACKER->table;
    uint32_t bucket = ht_table_first(table, ht_table_hash(ht_pool_key(BLOCK(40))));
    s_pool_twin = BLOCK(40) + 4U;
    while (ht_table_first(table, ht_table_hash(ht_pool_key(s_pool_twin))) != bucket) {
        s_pool_twin += 4U;
    }
}

static void replace_40(void)
{
    end_40();
    make(s_pool_twin, 25);
}

/* Is the size that of the block? */
static bool is_torn(void *context, void *block, size_t size)
{
    uint32_t *torn = context;
    *torn += size != ((uintptr_t)block == BLOCK(40) ? 24U : 25U);
    return false;
}

static void look_at_pool(void)
{
    (void)ht_pool_sweep(TRACKER, s_pool, is_torn, &RESULT[0]);
}

static void empty_pool(void)
{
    RESULT[0] = ht_pool_sweep(TRACKER, s_pool, NULL, NULL);
}

static void remove_pool(void)
{
    uint32_t ended;
    RESULT[0] = ht_pool_remove(TRACKER, s_pool, &ended);
}

static void read_pools(void)
{
    heaptrail_status_t status;
    ht_query_status(TRACKER, &status);
    RESULT[0] = status.pool_blocks;
    RESULT[1] = (uint32_t)status.pool_bytes;
}

/* --- reset, the wrap of the tick ----------------------------------------------------------------
 */

/* Frees go on while it runs. Before or after the counters were cleared: both are right. */
static void free_in_reset(void)
{
    ht_tracker_remove(TRACKER, BLOCK(3));
    TRACKER->unknown_frees = 0;
}

/* So does realloc(). */
static void drop_in_reset(void)
{
    drop();
}

static void old_stamps(void)
{
    sweep_clock += 0x60000000U;
}

static void sweep_ticks(void)
{
    ht_tracker_sweep(TRACKER);
}

static void claim(void)
{
    RESULT[0] = ht_tracker_claim(TRACKER);
}

static void run(void)
{
    ht_tracker_run(TRACKER, true);
}

static uintptr_t s_twin;

static void old_stamps_and_twin(void)
{
    s_twin = sweep_twin(BLOCK(0));
    old_stamps();
}

static void replace_0(void)
{
    ht_tracker_remove(TRACKER, BLOCK(0));
    sweep_add(s_twin, 40, 1);
}

static void look_at_age(void)
{
    const ht_record_t *record = ht_table_find(&TRACKER->table, s_twin);
    RESULT[0] = record->tick == sweep_clock;
}

/* --- the low-memory trigger --------------------------------------------------------------------
 */

static ht_lowmem_watch_t s_watch[2], s_other_watch[1];
static size_t s_free;

static size_t free_bytes(uint32_t caps)
{
    (void)caps;
    return s_free;
}

static size_t free_bytes_too(uint32_t caps)
{
    return free_bytes(caps);
}

static void wake(void)
{
}

static void open_first(void)
{
    ht_lowmem_open(TRACKER, s_watch, 2, free_bytes, wake);
}

static void open_second(void)
{
    ht_lowmem_open(TRACKER, s_other_watch, 1, free_bytes_too, wake);
}

/* All four are of the same caller. */
static void look_at_open(void)
{
    bool is_first = TRACKER->lowmem.watch == s_watch;
    RESULT[0] = is_first == (TRACKER->lowmem.max == 2);
    RESULT[1] = is_first == (TRACKER->lowmem.free_bytes == free_bytes);
}

static void add_watch(void)
{
    const ht_lowmem_levels_t levels = {.free_below = 10000, .free_rearm = 20000};
    const ht_lowmem_seen_t seen = {.free_bytes = s_free};
    RESULT[0] = ht_lowmem_add(TRACKER, &levels, &seen, (ht_lowmem_listener_t){0});
}

static void open_watches(void)
{
    memset(s_watch, 0, sizeof(s_watch));
    memset(s_other_watch, 0, sizeof(s_other_watch));
    s_free = 50000;
    open_first();
}

static void remove_watch(void)
{
    RESULT[1] = ht_lowmem_remove(TRACKER, 0);
}

static void watch_one(void)
{
    open_watches();
    add_watch();
}

static void look_low(void)
{
    const ht_lowmem_facts_t facts = {.cause = HEAPTRAIL_LOWMEM_ALLOCATION, .size = 100};
    s_free = 5000;
    ht_lowmem_look(TRACKER, &facts);
}

static void look_at_plenty(void)
{
    const ht_lowmem_facts_t facts = {.cause = HEAPTRAIL_LOWMEM_ALLOCATION, .size = 100};
    ht_lowmem_look(TRACKER, &facts);
}

/* There is less by now, and the next look is due earlier. */
static void look_at_less(void)
{
    s_free = 15000;
    look_at_plenty();
}

static void look_at_looks(void)
{
    RESULT[0] = TRACKER->lowmem.looks;
}

/* Memory recovers, and falls again, with another block there. */
static void fire_again(void)
{
    const ht_lowmem_facts_t facts = {.cause = HEAPTRAIL_LOWMEM_ALLOCATION, .size = 100};
    s_free = 50000;
    ht_lowmem_look(TRACKER, &facts);
    add_one();
    look_low();
}

static void watch_fired(void)
{
    watch_one();
    look_low();
    s_watch[0].frozen = false; /* as after a trigger in a handler */
}

static void freeze(void)
{
    ht_lowmem_freeze(TRACKER, &s_watch[0]);
}

/* Blocks and bytes of one site: both with the rival's block of 40 bytes, or without. */
static void look_at_pair(void)
{
    uint32_t live_bytes = SIZE(0) + SIZE(3) + SIZE(6) + SIZE(9);
    for (uint32_t i = 0; i < s_watch[0].site_count; i++) {
        const ht_lowmem_site_t *site = &s_watch[0].site[i];
        if (site->origin != g_sweep.origin[0].index) { continue; }
        RESULT[0] = site->bytes - live_bytes != 40U * (site->blocks - 4U);
    }
}

static void look_at_removed(void)
{
    RESULT[0] = !s_watch[0].used && s_watch[0].untold;
}

static void look_at_snapshot(void)
{
    const ht_lowmem_watch_t *watch = &s_watch[0];
    for (uint32_t i = 0; i < watch->site_count && watch->frozen; i++) {
        RESULT[0] += (watch->site[i].blocks + 7U * (uint32_t)watch->site[i].bytes) *
                     (2U * watch->site[i].origin + 3U);
    }
    RESULT[1] = watch->frozen ? watch->drift_made : 0;
    RESULT[2] = watch->frozen ? watch->drift_ended : 0;
}

extern const scenario_t g_scenarios_life[];
const scenario_t g_scenarios_life[] = {
    {"put_back", hold_0, put_back, free_one, NULL, false},
    {"put_back_reset", hold_0, put_back, reset, NULL, false},
    {"put_back_unknown", hold_unknown, put_back, free_unknown, NULL, false},
    {"hold_unknown", NULL, hold_unknown, free_unknown, NULL, false},
    {"drop_held", hold_0, drop, free_one, NULL, false},
    {"unregister", NULL, unregister, unregister, NULL, false},
    {"end_forgotten", forget_guarded, end_forgotten, end_forgotten, NULL, false},
    {"fail", NULL, fail, fail, NULL, false},
    {"new_origins", find_rival, add_new_origin, add_new_origin_too, NULL, false},
    {"mark", NULL, mark, add_one, NULL, false},
    {"filter", filter_large, filter_small, add_one, NULL, false},
    {"two_heaps", NULL, add_second_heap, add_third_heap, NULL, false},
    {"new_heap", add_outside, add_second_heap, free_outside, NULL, false},
    {"two_pools", NULL, add_pool, add_other_pool, NULL, false},
    {"make_again", pool_with_one, make_40, end_40, NULL, true},
    {"pool_end", pool_with_one, end_40, end_40, NULL, false},
    {"pool_copy", pool_with_twin, look_at_pool, replace_40, NULL, false},
    {"pool_sweep", pool_with_one, empty_pool, end_40, NULL, false},
    {"pool_remove", add_pool, remove_pool, remove_pool, NULL, false},
    {"pool_status", pool_with_one, read_pools, make_41, NULL, false},
    {"reset", NULL, reset, free_in_reset, NULL, false},
    {"reset_realloc", hold_0, reset, drop_in_reset, NULL, false},
    {"reset_twice", NULL, reset, reset, NULL, false},
    {"claim_twice", sweep_begin_unused, claim, claim, NULL, false},
    {"claim_run", sweep_begin_unused, run, claim, NULL, false},
    {"sweep_ticks", old_stamps_and_twin, sweep_ticks, replace_0, look_at_age, false},
    {"watch_open", NULL, open_first, open_second, look_at_open, false},
    {"watch_add", open_watches, add_watch, add_watch, NULL, false},
    {"watch_remove", watch_one, remove_watch, remove_watch, NULL, false},
    {"watch_look", watch_one, look_low, remove_watch, look_at_removed, true},
    {"watch_look_spend", watch_one, look_low, add_one, NULL, false},
    {"watch_look_twice", watch_one, look_low, look_low, look_at_looks, true},
    {"watch_look_budget", watch_one, look_at_plenty, look_at_less, NULL, false},
    {"watch_freeze", watch_fired, freeze, add_one, look_at_pair, true},
    {"watch_freeze_again", watch_fired, freeze, fire_again, look_at_snapshot, false},
    {"watch_freeze_remove", watch_fired, freeze, remove_watch, NULL, false},
    {NULL, NULL, NULL, NULL, NULL, false},
};
