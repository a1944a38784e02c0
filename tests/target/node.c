/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A firmware that traces to its console: a program and a timer interrupt allocate, lines of log and
 * frames leave by the same UART. In the end it says its own sums, for the desk to compare.
 *
 *   node STEPS [PERIOD]     PERIOD: of a timer that runs on by itself, in mtime's 100 ns: its
 * handler allocates, frees and marks in the midst of the drain, too
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "ht_drain.h"
#include "ht_query.h"

#define RING_EVENTS 1024U
#define POLL_EVERY 128U
#define LOG_EVERY 500U
#define SLOTS 120U
#define MARK_EVERY 64U /* interrupts */
#define MARKS_MAX 60U  /* that are said */

static ht_tracker_t s_tracker;
static ht_drain_t s_drain;

/* --- the UART: QEMU's 16550
 * -----------------------------------------------------------------------
 */

static void uart_put(uint8_t byte)
{
    volatile uint8_t *const uart = (volatile uint8_t *)0x10000000;
    while ((uart[5] & 0x20U) == 0) {} /* line status: the transmitter is empty */
    uart[0] = byte;
}

static size_t uart_write(void *context, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    (void)context;
    for (size_t i = 0; i < length; i++) {
        uart_put(at[i]);
    }
    return length;
}

/* As a console's driver has it: LF goes out as CR LF. */
static void log_line(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n') { uart_put('\r'); }
        uart_put((uint8_t)*text);
    }
}

/* --- the firmware
 * ---------------------------------------------------------------------------------
 */

/* Who allocates: the program, or its interrupt handler. Addresses of its own, blocks of up to 4 KB.
 */
typedef struct {
    uintptr_t base;
    uint32_t random;
    size_t size[SLOTS]; /* plus 1; 0: no block */
} user_t;

static user_t s_program = {0x3fc80000, 1, {0}};
static user_t s_handler = {0x3fd80000, 2, {0}};
static volatile uint32_t s_interrupts;

static uint32_t random_below(user_t *user, uint32_t n)
{
    user->random = user->random * 1664525U + 1013904223U; /* Knuth, TAOCP 2, 3.3.4 */
    return (user->random >> 16) % n;
}

static ht_origin_id_t origin_of(uint32_t i, uint32_t method)
{
    const uintptr_t frames[] = {0x42001000U + 16U * i, 0x42000100U};
    const ht_origin_key_t key = {.frames = frames, .depth = 2, .method = method};
    return ht_origin_intern(&s_tracker.origins, &s_tracker.lock, &key);
}

static void make(user_t *user, uint32_t i, uint32_t method)
{
    size_t size = random_below(user, 4096);
    ht_tracker_add(&s_tracker, user->base + 4096U * i, size, origin_of(i % 20U, method));
    user->size[i] = size + 1U;
}

/* One request: a block is made, freed, resized, or a resize fails. */
static void step(user_t *user)
{
    uint32_t i = random_below(user, SLOTS);
    uintptr_t address = user->base + 4096U * i;
    if (user->size[i] == 0) {
        make(user, i, HEAPTRAIL_METHOD_MALLOC);
        return;
    }
    uint32_t what = random_below(user, 4);
    if (what >= 2U) {
        ht_tracker_remove(&s_tracker, address);
        user->size[i] = 0;
        return;
    }
    ht_hold_t hold = ht_tracker_hold(&s_tracker, address);
    if (what == 1U) {
        ht_tracker_put_back(&s_tracker, hold);
    } else {
        ht_tracker_drop_held(&s_tracker, hold);
        make(user, i, HEAPTRAIL_METHOD_REALLOC);
    }
}

static void on_timer(void)
{
    step(&s_handler);
    s_interrupts++;
}

static heaptrail_status_t s_at_mark[MARKS_MAX]; /* in a handler, where nothing comes in between */
static uint32_t s_marks;

static void on_storm(void)
{
    bool traced;
    on_timer();
    if (s_interrupts % MARK_EVERY != 0 || s_marks == MARKS_MAX) { return; }
    if (!ht_trace_mark(&s_tracker, "storm", &traced)) { return; }
    heaptrail_status_t *status = &s_at_mark[s_marks++];
    ht_query_status(&s_tracker, status);
    status->live_blocks -= s_tracker.held_blocks; /* inside realloc(): ended, to a trace */
    status->live_bytes -= s_tracker.held_bytes;
    status->total_frees += s_tracker.held_blocks;
}

/* The handler's turn, now: so that what happens does not depend on how fast the UART is. */
static void interrupt(void)
{
    uint32_t before = s_interrupts;
    board_timer(1, 0, on_timer);
    while (s_interrupts == before) {}
}

static void die(const char *why)
{
    printf("node: %s\n", why);
    exit(1);
}

static void start_tracing(void)
{
    const ht_drain_config_t config = {.ring_events = RING_EVENTS,
                                      .frame_bytes = 1024,
                                      .boot = 0x4E0D,
                                      .write = uart_write,
                                      .counters_interval_ms = UINT32_MAX};
    void *memory = calloc(1, ht_drain_memory_bytes(&s_tracker, &config));
    if (memory == NULL) { die("no memory"); }
    ht_drain_init(&s_drain, &s_tracker, &config, memory);
    ht_trace_attach(&s_tracker, &s_drain.trace);
}

static void mark(const char *name)
{
    bool traced = false;
    if (!ht_trace_mark(&s_tracker, name, &traced) || !traced) { die("a mark found no room"); }
}

static void say_status(const char *when, const heaptrail_status_t *at)
{
    char line[160];
    const heaptrail_status_t status = *at;
    snprintf(line, sizeof(line), "I (%u) node: %s: %u blocks, %u bytes live; %u ever, %u freed\n",
             (unsigned)ht_port_uptime_us() / 1000U, when, (unsigned)status.live_blocks,
             (unsigned)status.live_bytes, (unsigned)status.total_blocks,
             (unsigned)status.total_frees);
    log_line(line);
}

static void say_sums(const char *when)
{
    heaptrail_status_t status;
    ht_query_status(&s_tracker, &status);
    say_status(when, &status);
}

/* What the tables have of each origin. */
static void say_origins(void)
{
    char line[160];
    for (uint32_t i = 0; i <= s_tracker.origins.count; i++) {
        const ht_origin_t *origin = &s_tracker.origins.origins[i];
        snprintf(line, sizeof(line), "I (0) node: origin %u: %u blocks, %u bytes live; %u\n",
                 (unsigned)i, (unsigned)(origin->total_blocks - ht_origin_freed_blocks(origin)),
                 (unsigned)origin->live_bytes, (unsigned)origin->total_blocks);
        log_line(line);
    }
}

static void mark_and_say(const char *name)
{
    mark(name);
    say_sums(name);
}

static void play(uint32_t steps)
{
    for (uint32_t i = 0; i < steps; i++) {
        step(&s_program);
        if (i % 3U == 0) { interrupt(); }
        if (i % POLL_EVERY == 0) { (void)ht_drain_poll(&s_drain); }
        if (i % LOG_EVERY == 0) { log_line("I (0) node: a line of the log, in the midst of it\n"); }
        if (i == steps / 2U) { mark_and_say("half"); }
    }
}

/* The same while interrupts come when they like, the drain's work among what they interrupt. */
static void play_in_storm(uint32_t steps, uint32_t period)
{
    board_timer(period, period, on_storm);
    for (uint32_t i = 0; i < steps; i++) {
        step(&s_program);
        if (i % 16U == 0) { (void)ht_drain_poll(&s_drain); }
    }
    board_timer_stop();
    for (uint32_t i = 0; i < s_marks; i++) {
        say_status("storm", &s_at_mark[i]);
    }
    say_origins();
}

int main(int argc, char **argv)
{
    const ht_sizes_t sizes = {.max_blocks = 2000,
                              .max_origins = 32,
                              .frame_words = 128,
                              .max_tasks = 8,
                              .max_failures = 8,
                              .stack_depth = 4};
    uint32_t steps = argc >= 2 ? (uint32_t)strtoul(argv[1], NULL, 0) : 0;
    void *memory = calloc(1, ht_tracker_memory_bytes(&sizes));
    if (steps == 0 || memory == NULL) { die("usage: node STEPS [PERIOD]"); }
    ht_tracker_init(&s_tracker, &sizes, memory, HT_STATE_RUNNING);
    log_line("I (0) node: started\n");
    start_tracing();
    if (argc > 2) {
        play_in_storm(steps, (uint32_t)strtoul(argv[2], NULL, 0));
    } else {
        play(steps);
    }
    mark_and_say("end");
    ht_trace_detach(&s_tracker);
    if (!ht_drain_end(&s_drain, HT_END_STOPPED)) { die("the end was not written"); }
    log_line("I (0) node: done\n");
    if (s_drain.trace.lost[HT_LOST_FULL] + s_drain.trace.lost[HT_LOST_SLOW] != 0) { die("lost"); }
    return 0;
}
