/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A tracker under load from all sides: each hart's program, and each hart's timer interrupt in the
 * middle of it. The validator looks again and again; in the end every total has to be the sum of
 * what everybody says to have done.
 *
 *   stress STEPS MAX_BLOCKS HARTS PERIOD [WATCH]     PERIOD of the timers, in mtime's 100 ns
 *
 * With a small MAX_BLOCKS the table is full and crowded most of the time. WATCH: with a low-memory
 * watch on memory that rises and falls.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actor.h"
#include "board.h"
#include "ht_check.h"
#include "ht_lowmem.h"
#include "ht_query.h"

#define PHASES 64U /* the timers begin anew so often, each time a little later */
#define CHECK_EVERY 32U

static ht_tracker_t s_tracker;
static actor_t s_actor[2 * BOARD_HARTS]; /* program 0, handler 0, program 1, handler 1 */
static uint32_t s_steps, s_period;
static volatile bool s_hart_done;
static uint8_t s_seen[(4U << 20) / 16U]; /* a bit for each place where an instruction may begin */
static uint32_t s_interrupts, s_places;

/* --- memory that falls and rises ---------------------------------------------------------------
 */

#define LOW 1000U

static ht_lowmem_watch_t s_watch;
static volatile uint32_t s_woken[BOARD_HARTS];

static size_t free_bytes(uint32_t caps)
{
    (void)caps;
    return board_time_low() / 16U % (4U * LOW);
}

static void wake(void)
{
    s_woken[board_hart()]++;
}

static void watch_memory(void)
{
    const ht_lowmem_levels_t levels = {1, LOW, 2U * LOW, 0, 0};
    const ht_lowmem_seen_t seen = {4U * LOW, 4U * LOW, true};
    ht_lowmem_open(&s_tracker, &s_watch, 1, free_bytes, wake);
    (void)ht_lowmem_add(&s_tracker, &levels, &seen, (ht_lowmem_listener_t){0});
}

static void note_place(void)
{
    uint32_t at = (board_interrupted_at() & ((4U << 20) - 1U)) / 2U;
    s_interrupts++;
    s_places += (s_seen[at / 8U] >> at % 8U & 1U) == 0;
    s_seen[at / 8U] |= (uint8_t)(1U << at % 8U);
}

static void on_timer(void)
{
    unsigned hart = board_hart();
    if (hart == 0) { note_place(); }
    actor_step(&s_actor[2U * hart + 1U], &s_tracker);
}

/* Each phase starts the timer one step of mtime later than the one before. */
static void play(unsigned hart, const char **wrong)
{
    for (uint32_t i = 0; i < s_steps && *wrong == NULL; i++) {
        if (i % (s_steps / PHASES) == 0) {
            board_timer(s_period + i / (s_steps / PHASES), s_period, on_timer);
        }
        actor_step(&s_actor[2U * hart], &s_tracker);
        if (hart == 0 && i % CHECK_EVERY == 0) { *wrong = ht_check(&s_tracker); }
    }
    board_timer(s_period, s_period, NULL); /* a hart that waits without one starves the other */
}

static const char *s_wrong[BOARD_HARTS];

static void hart_1(void)
{
    play(1, &s_wrong[1]);
    s_hart_done = true;
}

static void expect(uint64_t is, uint64_t should_be, const char *what, unsigned row)
{
    if (is == should_be) { return; }
    printf("%s %u is %llu and should be %llu\n", what, row, (unsigned long long)is,
           (unsigned long long)should_be);
    exit(1);
}

/* The sum over all actors, or over one (which = its number), of an origin or (-1) of all. */
static actor_account_t sum(int which, int origin)
{
    actor_account_t sum = {0};
    for (int a = 0; a < 2 * BOARD_HARTS; a++) {
        for (int o = 0; o < ACTOR_ORIGINS; o++) {
            if ((which >= 0 && which != a) || (origin >= 0 && origin != o)) { continue; }
            const actor_account_t *account = &s_actor[a].account[o];
            sum.total += account->total;
            sum.freed += account->freed;
            sum.dropped += account->dropped;
            sum.failures += account->failures;
            sum.total_bytes += account->total_bytes;
            sum.live_bytes += account->live_bytes;
        }
    }
    return sum;
}

static void compare_origins(void)
{
    for (unsigned o = 0; o < ACTOR_ORIGINS; o++) {
        heaptrail_site_row_t row;
        uint32_t id = actor_origin(&s_tracker, o).index;
        const actor_account_t should_be = sum(-1, (int)o);
        expect(id != 0 && ht_query_site(&s_tracker, id, &row), 1, "is there: origin", o);
        expect(row.total_blocks, should_be.total, "allocations of origin", o);
        expect(row.live_blocks, should_be.total - should_be.dropped - should_be.freed,
               "live blocks of origin", o);
        expect(row.dropped_blocks, should_be.dropped, "blocks without a record of origin", o);
        expect(row.failures, should_be.failures, "failures of origin", o);
        expect(row.total_bytes, should_be.total_bytes, "bytes of origin", o);
        expect(row.live_bytes, should_be.live_bytes, "live bytes of origin", o);
    }
}

/* Which actor a row is of; -1: none. */
static int actor_of(const heaptrail_task_row_t *row)
{
    for (unsigned hart = 0; hart < BOARD_HARTS; hart++) {
        if (row->handle == board_stack_low(hart)) { return (int)(2U * hart); }
        if (row->id == HT_TASK_ISR_0 + hart) { return (int)(2U * hart + 1U); }
    }
    return -1;
}

static bool compare_task(void *context, const heaptrail_task_row_t *row)
{
    int actor = actor_of(row);
    expect(actor >= 0, 1, "is an actor: task", row->id);
    const actor_account_t should_be = sum(actor, -1);
    uint32_t recorded = should_be.total - should_be.dropped;
    expect(row->total_blocks, recorded, "allocations of task", row->id);
    expect(row->live_blocks, recorded - should_be.freed, "live blocks of task", row->id);
    expect(row->live_bytes, should_be.live_bytes, "live bytes of task", row->id);
    (*(unsigned *)context)++;
    return true;
}

static void compare_tasks(unsigned harts)
{
    unsigned rows = 0;
    ht_query_tasks(&s_tracker, compare_task, &rows);
    expect(rows, 2U * harts, "count of tasks, row", 0);
}

static void compare_losses(void)
{
    heaptrail_status_t status;
    ht_query_status(&s_tracker, &status);
    const actor_account_t all = sum(-1, -1);
    uint32_t unknown = 0;
    for (int a = 0; a < 2 * BOARD_HARTS; a++) {
        unknown += s_actor[a].unknown;
    }
    expect(status.live_blocks, all.total - all.dropped - all.freed, "live blocks of status", 0);
    expect(status.live_bytes, all.live_bytes, "live bytes of status", 0);
    expect(status.failures, all.failures, "failures of status", 0);
    expect(status.loss.table_full + status.loss.table_crowded + status.loss.too_large, all.dropped,
           "losses of status", 0);
    expect(status.loss.unknown_frees, unknown, "unknown frees of status", 0);
    printf("%u allocations, %u not recorded; %u interrupts at %u places\n", (unsigned)all.total,
           (unsigned)all.dropped, (unsigned)s_interrupts, (unsigned)s_places);
}

/* It fired, once for each time that it was armed; the snapshot is whole. */
static void compare_watch(void)
{
    uint32_t woken = 0;
    for (unsigned hart = 0; hart < BOARD_HARTS; hart++) {
        woken += s_woken[hart];
    }
    expect(s_watch.fired > 10U, 1, "fired often: watch", 0);
    expect(woken, s_watch.fired, "told as often: watch", 0);
    expect(s_watch.frozen, 1, "has its snapshot: watch", 0);
    expect(s_watch.busy, 0, "at work: watch", 0);
    for (uint32_t i = 0; i < s_watch.site_count; i++) {
        expect(s_watch.site[i].origin <= s_tracker.origins.count, 1, "is an origin: site", i);
        expect(i == 0 || s_watch.site[i].bytes <= s_watch.site[i - 1U].bytes, 1, "in order: site",
               i);
    }
    printf("a watch fired %u times in %u looks\n", (unsigned)s_watch.fired,
           (unsigned)s_tracker.lowmem.looks);
}

static uint32_t argument(char **argv, int i)
{
    return (uint32_t)strtoul(argv[i], NULL, 0);
}

int main(int argc, char **argv)
{
    bool watches = argc == 6;
    if ((argc != 5 && !watches) || argument(argv, 1) < PHASES || argument(argv, 3) > BOARD_HARTS) {
        printf("usage: stress STEPS MAX_BLOCKS HARTS PERIOD [WATCH]; at least %u steps\n", PHASES);
        return 2;
    }
    const ht_sizes_t sizes = {.max_blocks = argument(argv, 2),
                              .max_origins = 32,
                              .frame_words = 128,
                              .max_tasks = 8,
                              .max_failures = 8,
                              .stack_depth = 4};
    unsigned harts = argument(argv, 3);
    s_steps = argument(argv, 1);
    s_period = argument(argv, 4);
    void *memory = calloc(1, ht_tracker_memory_bytes(&sizes));
    if (memory == NULL) { return 2; }
    ht_tracker_init(&s_tracker, &sizes, memory, HT_STATE_RUNNING);
    for (unsigned a = 0; a < 2U * BOARD_HARTS; a++) {
        actor_init(&s_actor[a], a);
    }
    if (watches) { watch_memory(); }
    if (harts > 1) { board_start_hart(hart_1); }
    play(0, &s_wrong[0]);
    while (harts > 1 && !s_hart_done) {
        board_wait();
    }
    const char *wrong = s_wrong[0] != NULL ? s_wrong[0] : ht_check(&s_tracker);
    if (wrong != NULL) {
        printf("ht_check: %s\n", wrong);
        return 1;
    }
    compare_origins();
    compare_tasks(harts);
    compare_losses();
    if (watches) { compare_watch(); }
    return 0;
}
