/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 *   sweep SCENARIO|all         each operation is interrupted at every instruction
 *   sweep SCENARIO|all PLACE   at those where this place should have locked; it does not
 *   sweep places               "place PLACE" for each place that takes the lock
 *   sweep phases               is none of the instructions of malloc and free left out?
 *
 * A PLACE is "ht_x.c:function#1". Exit codes: 1 a result was wrong, 2 no such thing, 4 no
 * operation gets to this place.
 */
#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "facts.h"

/* In mtime's ticks of 100 ns. */
#define STEPS_MAX 2000U      /* a longer operation is interrupted at every second step, or third */
#define WORK_MAX (16U << 20) /* and one that is much longer less often */
#define LEAD 20U             /* before the operation */
#define MARGIN 12U           /* how exactly it is known when the handler comes */
#define ALARM_NEVER 0x40000000U

#define GAPS_MAX 512U

/* The critical sections of an operation that are missing; in instructions_ns(), or as delays. */
typedef struct {
    uint32_t count;
    struct {
        uint32_t begin, end;
    } gap[GAPS_MAX];
} gaps_t;

sweep_t g_sweep;
volatile bool lock_sites_live;
ht_tick_t sweep_clock;
uintptr_t sweep_task;

static uint8_t s_memory[16384] __attribute__((aligned(8)));
static uint8_t s_blocks[64][SWEEP_SPACING] __attribute__((aligned(SWEEP_SPACING)));
static const scenario_t *s_scenario;
static volatile bool s_rival_done;
static volatile uint32_t s_alarm_at, s_alarm_takes, s_interrupted_at, s_op_began, s_op_ended;
static gaps_t s_gaps;
static facts_t s_op_first, s_op_last;
static bool s_was_taken; /* the place that is off */

uintptr_t sweep_block(unsigned i)
{
    return (uintptr_t)s_blocks[i];
}

bool sweep_add(uintptr_t address, size_t size, unsigned origin)
{
    return ht_tracker_add_guarded(TRACKER, address, size, g_sweep.origin[origin], HT_GUARD_NONE);
}

uintptr_t sweep_twin(uintptr_t address)
{
    const ht_table_t *table = &TRACKER->table;
    const ht_record_t *record = ht_table_find(&TRACKER->table, address);
    size_t bucket = (size_t)(record - table->buckets[0].slot) / HT_BUCKET_SLOTS;
    uintptr_t twin = 0x3C000000U;
    while (ht_table_first(table, ht_table_hash(twin)) != bucket) {
        twin += 16U;
    }
    return twin;
}

uint64_t __wrap_ht_port_uptime_us(void);

uint64_t __wrap_ht_port_uptime_us(void)
{
    return ht_ticks_to_us(sweep_clock);
}

uint32_t *sweep_result(void)
{
    return g_sweep.result[board_in_isr() ? 1 : g_sweep.looks ? 2 : 0];
}

static void begin(uint32_t state)
{
    static const ht_sizes_t sizes = {.max_blocks = 28,
                                     .max_origins = 12,
                                     .frame_words = 32,
                                     .max_tasks = 6,
                                     .max_failures = 4,
                                     .stack_depth = 4,
                                     .max_freed = 8};
    memset(&g_sweep, 0, sizeof(g_sweep));
    memset(TRACKER, 0, sizeof(*TRACKER));
    memset(s_memory, 0, sizeof(s_memory));
    sweep_clock = 1000;
    if (ht_tracker_memory_bytes(&sizes) > sizeof(s_memory)) { abort(); }
    ht_tracker_init(TRACKER, &sizes, s_memory, state);
}

void sweep_begin_unused(void)
{
    begin(HT_STATE_STOPPED);
}

static void start(void)
{
    begin(HT_STATE_RUNNING);
    ht_tracker_add_heap(TRACKER, BLOCK(0), sizeof(s_blocks), 1, "heap");
    for (unsigned i = 0; i < 4; i++) {
        const uintptr_t frame = 0x42000000U + 16U * i;
        const ht_origin_key_t key = {.frames = &frame, .depth = 1, .caps = i, .method = 1};
        g_sweep.origin[i] = ht_origin_intern(&TRACKER->origins, &TRACKER->lock, &key);
    }
    for (unsigned i = 0; i < SWEEP_BLOCKS; i++) {
        sweep_add(BLOCK(i), SIZE(i), i % 3U);
    }
    if (s_scenario->prepare != NULL) { s_scenario->prepare(); }
}

/* QEMU counts how long they take: 2^7 ns each, with --icount 7. */
#define PER_INSTRUCTION 128U

static uint32_t instructions_ns(void)
{
    uint32_t count;
    __asm__ volatile("csrr %0, minstret" : "=r"(count));
    return count;
}

/* Deeper in the stack than where start() saw this task: the hot path need not ask who it is. */
static __attribute__((noinline)) void do_op(void)
{
    volatile char depth[1024];
    depth[0] = 0;
    s_op_began = instructions_ns();
    s_scenario->op();
    s_op_ended = instructions_ns();
    (void)depth[0];
}

static void look(facts_t *facts)
{
    g_sweep.looks = true;
    if (s_scenario->look != NULL) { s_scenario->look(); }
    facts->count = 0;
    if (!s_scenario->in_steps) { facts_take(facts); }
    facts_take_results(facts);
}

/* --- the rival ---------------------------------------------------------------------------------
 */

/* Always noted, so that it takes the same time when the rival comes. */
void lock_missed(void)
{
    s_gaps.gap[s_gaps.count].begin = instructions_ns();
}

void unlock_missed(void)
{
    s_gaps.gap[s_gaps.count].end = instructions_ns();
    if (s_gaps.count < GAPS_MAX - 1U) { s_gaps.count++; }
}

static void on_timer(void)
{
    s_interrupted_at = instructions_ns();
    s_scenario->rival();
    s_rival_done = true;
}

/* An instruction takes 128 ns, a tick of the timer's 100: they begin together every 25 and 32. So
 * the same delay is the same instruction, and none is left out. */
static void align(void)
{
    while (board_time_low() % 32U != 0) {}
}

static void nothing(void)
{
}

static void let_rival_come(uint32_t delay)
{
    s_rival_done = false;
    align();
    s_alarm_at = instructions_ns();
    board_timer(delay, 0, on_timer);
}

static void wait_for_rival(void)
{
    while (!s_rival_done) {}
    board_timer_stop();
}

void sweep_as_other_task(void (*fn)(void))
{
    sweep_task = (uintptr_t)__builtin_frame_address(0) - 4096U; /* where its stack begins */
    fn();
    sweep_task = 0;
}

void sweep_rival_again(void)
{
    let_rival_come(LEAD);
    wait_for_rival();
}

/* How long after s_alarm_at the handler comes that has no delay, in ns. */
static void measure_alarm(void)
{
    static const scenario_t nobody = {.rival = nothing};
    s_scenario = &nobody;
    const uint32_t long_enough = 1000; /* to get into the loop */
    let_rival_come(LEAD + long_enough);
    uint32_t now = 0;
    uint32_t before;
    do {
        before = now;
        now = instructions_ns(); /* after the handler, the last time */
    } while (!s_rival_done);
    s_alarm_takes = before - s_alarm_at - 100U * long_enough;
    board_timer_stop();
}

/* --- the sweep ---------------------------------------------------------------------------------
 */

static uint32_t in_order(bool rival_first, facts_t *facts)
{
    start();
    if (rival_first) { sweep_rival_again(); }
    uint32_t begin = board_time_low();
    do_op();
    uint32_t duration = board_time_low() - begin;
    if (!rival_first) { sweep_rival_again(); }
    look(facts);
    return duration;
}

static bool is_right(const facts_t *one, const facts_t *other, uint32_t delay)
{
    facts_t now;
    look(&now); /* before the validator, which writes the sums of a query */
    const char *wrong = ht_check(TRACKER);
    if (wrong == NULL && (facts_are_same(&now, one) || facts_are_same(&now, other))) {
        return true;
    }
    printf("%s, interrupted after %lu: %s\n", s_scenario->name, (unsigned long)delay,
           wrong != NULL ? wrong : "not what comes out in either order");
    facts_print_difference(&now, one, other);
    return false;
}

/* False: the operation was over by then. */
static bool interrupt_after(uint32_t delay)
{
    start();
    lock_sites_live = true;
    s_gaps.count = 0;
    let_rival_come(LEAD + delay);
    do_op();
    wait_for_rival();
    lock_sites_live = false;
    return (int32_t)(s_op_ended - s_interrupted_at) > 0;
}

static bool is_right_after(uint32_t delay, bool *came_within)
{
    *came_within = interrupt_after(delay);
    return is_right(&s_op_first, &s_op_last, delay);
}

/* How long the operation takes. */
static uint32_t do_in_order(const scenario_t *scenario)
{
    s_scenario = scenario;
    (void)in_order(true, &s_op_last);
    return in_order(false, &s_op_first);
}

/* Every place takes the lock: at every instruction. */
static bool sweep_all(const scenario_t *scenario)
{
    uint32_t duration = do_in_order(scenario);
    uint32_t stride = 1U + duration / STEPS_MAX + duration / (WORK_MAX / (1U + duration));
    bool came_within = true;
    for (uint32_t delay = 0; came_within; delay += stride) {
        if (!is_right_after(delay, &came_within)) { return false; }
    }
    return true;
}

/* Which delay makes the rival come then, give or take MARGIN. */
static uint32_t delay_until(uint32_t ns)
{
    int32_t after = (int32_t)(ns - s_alarm_at - s_alarm_takes);
    return after > 0 ? (uint32_t)after / 100U : 0;
}

/* Where the sections that are missing begin and end. Elsewhere nothing is different. */
static void find_gaps(gaps_t *gaps)
{
    start();
    lock_sites_live = true;
    s_gaps.count = 0;
    let_rival_come(ALARM_NEVER);
    do_op();
    lock_sites_live = false;
    board_timer_stop();
    *gaps = s_gaps;
    for (uint32_t i = 0; i < gaps->count; i++) {
        uint32_t begin = delay_until(gaps->gap[i].begin);
        gaps->gap[i].begin = begin > MARGIN ? begin - MARGIN : 0;
        gaps->gap[i].end = delay_until(gaps->gap[i].end) + MARGIN;
    }
}

/* One place does not take the lock: at every instruction between where it should and where it
 * should give it back. */
static bool sweep_gaps(const scenario_t *scenario)
{
    static gaps_t gaps;
    uint32_t delay = 0;
    (void)do_in_order(scenario);
    find_gaps(&gaps);
    s_was_taken = s_was_taken || gaps.count != 0;
    for (uint32_t i = 0; i < gaps.count; i++) {
        if (delay < gaps.gap[i].begin) { delay = gaps.gap[i].begin; }
        for (; delay <= gaps.gap[i].end; delay++) {
            bool came_within;
            if (!is_right_after(delay, &came_within)) { return false; }
        }
    }
    return true;
}

/* --- places ------------------------------------------------------------------------------------
 */

/* "ht_x.c:function#2": the second place of that function. A function in a header is there once in
 * each file that includes it: the same place. */
static void name_place(const lock_site_t *place, char name[96])
{
    unsigned number = 1;
    for (const lock_site_t *s = __start_lock_sites; s != __stop_lock_sites; s++) {
        number += s->function == place->function && s->counter < place->counter;
    }
    const char *slash = strrchr(place->file, '/');
    snprintf(name, 96, "%s:%s#%u", slash != NULL ? slash + 1 : place->file, place->function,
             number);
}

/* Once in each file that has it. */
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

static void list_places(void)
{
    char name[96];
    for (const lock_site_t *s = __start_lock_sites; s != __stop_lock_sites; s++) {
        name_place(s, name);
        printf("place %s\n", name);
    }
}

/* --- phases ------------------------------------------------------------------------------------
 */

static const scenario_t *find_scenario(const char *name)
{
    for (unsigned f = 0; g_scenarios[f] != NULL; f++) {
        for (const scenario_t *s = g_scenarios[f]; s->name != NULL; s++) {
            if (strcmp(s->name, name) == 0) { return s; }
        }
    }
    return NULL;
}

/* With every place off, so that nothing is masked: is there a delay for each instruction, from
 * before the first to after the last? */
static bool are_phases_complete(const char *name)
{
    scenario_t alone = *find_scenario(name);
    uint32_t last = 0;
    uint32_t count = 0;
    alone.rival = nothing;
    s_scenario = &alone;
    for (lock_site_t *s = __start_lock_sites; s != __stop_lock_sites; s++) {
        s->off = true;
    }
    bool came_within = true;
    for (uint32_t delay = 0; came_within; delay++) {
        came_within = interrupt_after(delay);
        uint32_t after = (s_interrupted_at - s_alarm_at) / PER_INSTRUCTION;
        bool too_late = (int32_t)(s_interrupted_at - s_op_began) > 0;
        if (delay == 0 ? too_late : after - last > 1U) {
            printf("%s: nothing between instructions %lu and %lu\n", name, (unsigned long)last,
                   (unsigned long)after);
            return false;
        }
        count += after != last;
        last = after;
    }
    printf("%s: interrupted before each of %lu instructions\n", name, (unsigned long)count);
    return true;
}

/* Calls fn for each scenario that is wanted, until it says false. How many there were. */
static unsigned each(const char *wanted, bool (*fn)(const scenario_t *), bool *right)
{
    unsigned count = 0;
    bool all = strcmp(wanted, "all") == 0;
    *right = true;
    for (unsigned f = 0; g_scenarios[f] != NULL; f++) {
        for (const scenario_t *s = g_scenarios[f]; s->name != NULL && *right; s++) {
            if (!all && strcmp(s->name, wanted) != 0) { continue; }
            *right = fn(s);
            count++;
        }
    }
    return count;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (argc > 3) { return 2; }
    if (strcmp(name, "places") == 0) {
        list_places();
        return 0;
    }
    measure_alarm();
    if (strcmp(name, "phases") == 0) { return !are_phases_complete("malloc_free"); }
    if (argc == 3 && !turn_off(argv[2])) {
        printf("no such place: %s\n", argv[2]);
        return 2;
    }
    bool right;
    unsigned count = each(name, argc == 3 ? sweep_gaps : sweep_all, &right);
    if (!right) { return 1; }
    if (argc == 3 && !s_was_taken) { return 4; }
    printf("%u scenarios\n", count);
    return count != 0 ? 0 : 2;
}
