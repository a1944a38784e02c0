/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 *   sweep SCENARIO|all [PLACE]     sweep; with a place that takes the lock ("file:function#1"), as
 * if that one did not. 1: a result was wrong. sweep list                     "scenario NAME PLACE
 * ..." for each, and "place PLACE" for each
 */
#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"

#define STEPS_MAX                                                                                  \
    1200U        /* a longer operation is interrupted at every second instruction, or third */
#define LEAD 40U /* of mtime, before and after the operation */
#define FACTS 24

sweep_t g_sweep;
volatile bool lock_sites_live;

static uint8_t s_memory[16384] __attribute__((aligned(8)));
static uint8_t s_blocks[64][SWEEP_SPACING] __attribute__((aligned(SWEEP_SPACING)));
static const scenario_t *s_scenario;
static volatile bool s_rival_done;

typedef struct {
    uint32_t fact[FACTS];
} facts_t;

uintptr_t sweep_block(unsigned i)
{
    return (uintptr_t)s_blocks[i];
}

bool sweep_add(uintptr_t address, size_t size, unsigned origin)
{
    return ht_tracker_add_guarded(&g_sweep.tracker, address, size, g_sweep.origin[origin],
                                  HT_GUARD_NONE);
}

static void start(void)
{
    static const ht_sizes_t sizes = {.max_blocks = 28,
                                     .max_origins = 12,
                                     .frame_words = 32,
                                     .max_tasks = 6,
                                     .max_failures = 4,
                                     .stack_depth = 4,
                                     .max_freed = 8};
    memset(&g_sweep, 0, sizeof(g_sweep));
    memset(s_memory, 0, sizeof(s_memory));
    if (ht_tracker_memory_bytes(&sizes) > sizeof(s_memory)) { abort(); }
    ht_tracker_init(&g_sweep.tracker, &sizes, s_memory, HT_STATE_RUNNING);
    ht_tracker_add_heap(&g_sweep.tracker, BLOCK(0), sizeof(s_blocks), 1, "heap");
    for (unsigned i = 0; i < 4; i++) {
        const uintptr_t frame = 0x42000000U + 16U * i;
        const ht_origin_key_t key = {.frames = &frame, .depth = 1, .caps = i, .method = 1};
        g_sweep.origin[i] = ht_origin_intern(&g_sweep.tracker.origins, &g_sweep.tracker.lock, &key);
    }
    for (unsigned i = 0; i < SWEEP_BLOCKS; i++) {
        sweep_add(BLOCK(i), SIZE(i), i % 3U);
    }
    if (s_scenario->prepare != NULL) { s_scenario->prepare(); }
}

/* --- what came out -----------------------------------------------------------------------------
 */

static bool count_task(void *context, const heaptrail_task_row_t *row)
{
    uint32_t *facts = context;
    facts[0] += row->total_blocks * (row->id + 1U);
    facts[1] += (uint32_t)row->live_bytes * (row->id + 1U);
    facts[2] += row->deleted ? row->id : 0;
    return true;
}

static void count_records(facts_t *facts, unsigned at)
{
    const ht_table_t *table = &g_sweep.tracker.table;
    for (uint32_t b = 0; b <= table->bucket_count; b++) {
        for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
            const ht_record_t *record = &table->buckets[b].slot[i];
            if (record->address == HT_ADDRESS_EMPTY) { continue; }
            facts->fact[at] += ht_record_is_tcb(record);
            facts->fact[at + 1U] += !ht_record_is_live(record);
            facts->fact[at + 2U] += (uint32_t)record->address * ht_record_origin(record).index;
        }
    }
}

static facts_t facts_now(void)
{
    heaptrail_status_t status;
    facts_t facts = {0};
    const ht_tracker_t *tracker = &g_sweep.tracker;
    ht_query_status(&g_sweep.tracker, &status);
    const uint32_t known[] = {
        status.live_blocks,
        (uint32_t)status.live_bytes,
        (uint32_t)status.total_blocks,
        (uint32_t)status.total_bytes,
        (uint32_t)status.total_frees,
        status.failures,
        status.origins,
        status.loss.table_full + status.loss.table_crowded,
        status.loss.unknown_frees + 1000U * status.loss.filtered,
        tracker->freed.held_blocks,
        (uint32_t)tracker->freed.held_bytes,
        tracker->errors.count + 1000U * tracker->errors.overwritten,
    };
    memcpy(facts.fact, known, sizeof(known));
    count_records(&facts, 12);
    ht_query_tasks(&g_sweep.tracker, count_task, &facts.fact[15]);
    memcpy(&facts.fact[18], g_sweep.result, sizeof(g_sweep.result));
    return facts;
}

static bool is_same(const facts_t *a, const facts_t *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static void print_facts(const char *what, const facts_t *facts)
{
    printf("  %s", what);
    for (int i = 0; i < FACTS; i++) {
        printf(" %lu", (unsigned long)facts->fact[i]);
    }
    printf("\n");
}

/* --- the rival ---------------------------------------------------------------------------------
 */

static void on_timer(void)
{
    s_scenario->rival();
    s_rival_done = true;
}

/* Hart 1 sleeps until its timer rings, with interrupts off. Where both sleep, one has to be woken.
 */
static void hart_1(void)
{
    board_enable_timer();
    for (;;) {
        board_alarm_in(1, ~0U);
        board_wait();
        if (board_alarm_rings() && !s_rival_done) {
            s_scenario->rival();
            s_rival_done = true;
            board_alarm_in(0, 0);
        }
    }
}

static void let_rival_come(uint32_t delay)
{
    s_rival_done = false;
    if (s_scenario->by_hart) {
        board_timer(~0U, 0, NULL);
        board_alarm_in(1, delay);
    } else {
        board_timer(delay, 0, on_timer);
    }
}

/* --- the sweep ---------------------------------------------------------------------------------
 */

/* The other hart runs while this one sleeps; not for ever, should it be done just before. */
static void wait_for_rival(void)
{
    while (!s_rival_done) {
        if (s_scenario->by_hart) {
            board_alarm_in(0, LEAD);
            board_wait();
        }
    }
}

/* As who it is in the sweep. */
static void only_rival(void)
{
    let_rival_come(LEAD);
    wait_for_rival();
    board_timer_stop();
}

static facts_t in_order(bool rival_first, uint32_t *duration)
{
    start();
    if (rival_first) { only_rival(); }
    uint32_t begin = board_time_low();
    s_scenario->op();
    *duration = board_time_low() - begin;
    if (!rival_first) { only_rival(); }
    return facts_now();
}

static bool is_right(const facts_t *one, const facts_t *other, uint32_t delay)
{
    const char *wrong = ht_check(&g_sweep.tracker);
    facts_t now = facts_now();
    if (wrong == NULL && (is_same(&now, one) || is_same(&now, other))) { return true; }
    printf("%s, interrupted after %lu: %s\n", s_scenario->name, (unsigned long)delay,
           wrong != NULL ? wrong : "not what comes out in either order");
    print_facts("is      ", &now);
    print_facts("op first", one);
    print_facts("op last ", other);
    return false;
}

static bool sweep(const scenario_t *scenario)
{
    s_scenario = scenario;
    uint32_t duration;
    uint32_t unused;
    facts_t one = in_order(false, &duration);
    facts_t other = in_order(true, &unused);
    uint32_t stride = 1U + duration / STEPS_MAX;
    for (uint32_t delay = 0; delay < duration + 2U * LEAD; delay += stride) {
        start();
        lock_sites_live = true;
        let_rival_come(LEAD + delay);
        scenario->op();
        wait_for_rival();
        lock_sites_live = false;
        board_timer_stop();
        if (!is_right(&one, &other, delay)) { return false; }
    }
    return true;
}

/* --- places ------------------------------------------------------------------------------------
 */

/* "core/ht_x.c:function#2": the second place of that function. A function in a header is there
 * once in each file that includes it: the same place. */
static void name_place(const lock_site_t *place, char name[96])
{
    unsigned number = 1;
    for (const lock_site_t *s = __start_lock_sites; s != __stop_lock_sites; s++) {
        number += s->function == place->function && s->counter < place->counter;
    }
    const char *file = strstr(place->file, "core/");
    snprintf(name, 96, "%s:%s#%u", file != NULL ? file : place->file, place->function, number);
}

static bool turn_off(const char *wanted)
{
    bool found = false;
    char name[96];
    for (lock_site_t *s = __start_lock_sites; s != __stop_lock_sites; s++) {
        name_place(s, name);
        s->off = strcmp(name, wanted) == 0;
        found = found || s->off;
    }
    return found;
}

static const scenario_t *scenario_at(unsigned i)
{
    if (i < g_scenario_count) { return &g_scenarios[i]; }
    i -= g_scenario_count;
    return i < g_scenario_reading_count ? &g_scenarios_reading[i] : NULL;
}

static void list(void)
{
    char name[96];
    const scenario_t *scenario;
    for (unsigned i = 0; (scenario = scenario_at(i)) != NULL; i++) {
        for (lock_site_t *s = __start_lock_sites; s != __stop_lock_sites; s++) {
            s->used = false;
        }
        s_scenario = scenario;
        start();
        lock_sites_live = true;
        scenario->op();
        scenario->rival();
        lock_sites_live = false;
        printf("scenario %s %s", scenario->name, scenario->by_hart ? "harts" : "interrupt");
        for (const lock_site_t *s = __start_lock_sites; s != __stop_lock_sites; s++) {
            name_place(s, name);
            if (s->used) { printf(" %s", name); }
        }
        printf("\n");
    }
    for (const lock_site_t *s = __start_lock_sites; s != __stop_lock_sites; s++) {
        name_place(s, name);
        printf("place %s\n", name);
    }
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) { return 2; }
    if (strcmp(argv[1], "list") == 0) {
        list();
        return 0;
    }
    if (argc == 3 && !turn_off(argv[2])) {
        printf("no such place: %s\n", argv[2]);
        return 2;
    }
    bool is_all = strcmp(argv[1], "all") == 0;
    bool started = false;
    unsigned swept = 0;
    const scenario_t *scenario;
    for (unsigned i = 0; (scenario = scenario_at(i)) != NULL; i++) {
        if (!is_all && strcmp(scenario->name, argv[1]) != 0) { continue; }
        if (scenario->by_hart && !started) { board_start_hart(hart_1); }
        started = started || scenario->by_hart;
        if (!sweep(scenario)) { return 1; }
        swept++;
    }
    printf("%u scenarios\n", swept);
    return swept != 0 ? 0 : 2;
}
