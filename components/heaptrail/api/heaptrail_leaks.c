/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The reachability scan of the default tracker: passes, roots, slices, rows. */
#include "heaptrail_leaks.h"

#include <string.h>

#include "ht_default.h"
#include "ht_explained.h"
#include "ht_history.h"
#include "ht_leak_roots.h"
#include "ht_log.h"
#include "ht_query.h"

#define PASSES 2U
#define PASSES_MAX 16U
#define PAUSE_MS 100U
#define AGE_MIN_US 1000000U
#define SLICE_WORDS 4096U
#define WORK_MAX 128U
#define SPARE_BLOCKS 64U
/* Looks at what was made meanwhile, per pass. */
#define GROWTHS 3U

typedef struct {
    ht_scan_t scan;
    heaptrail_scan_options_t options;
    heaptrail_scan_summary_t summary;
    uintptr_t stack_start; /* of the caller's frames */
    bool frozen;           /* nothing else runs again */
    heaptrail_leak_fn_t fn;
    void *context;
} run_t;

static run_t s_run; /* too large for a stack; its holder's */
static volatile uint32_t s_busy;

uintptr_t ht_leak_stack_from;

/* --- arguments -----------------------------------------------------------------------------------
 */

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value != 0 ? value : otherwise;
}

static uint32_t blocks_now(void)
{
    uint32_t blocks = ht_unlocked_count(ht_default());
    blocks += blocks / 8U + SPARE_BLOCKS;
    return blocks < HT_SCAN_MAX ? blocks : HT_SCAN_MAX;
}

size_t heaptrail_scan_memory_bytes(void)
{
    return ht_scan_memory_bytes(blocks_now(), WORK_MAX);
}

/* As many blocks as have room. */
static uint32_t blocks_for(size_t bytes)
{
    uint32_t blocks = HT_SCAN_MAX;
    for (uint32_t step = HT_SCAN_MAX; step > 0; step /= 2U) {
        while (blocks > step && ht_scan_memory_bytes(blocks - step, WORK_MAX) > bytes) {
            blocks -= step;
        }
    }
    return ht_scan_memory_bytes(blocks, WORK_MAX) <= bytes ? blocks : blocks - 1U;
}

static const char *wrong_field(const heaptrail_scan_options_t *options)
{
    if (options->passes > PASSES_MAX) { return "passes"; }
    if ((uintptr_t)options->memory % sizeof(uintptr_t) != 0) { return "memory (alignment)"; }
    if (options->memory == NULL && options->memory_bytes != 0) { return "memory"; }
    return NULL;
}

/* --- one pass ------------------------------------------------------------------------------------
 */

/* Variables. What lies between them and belongs to a block is that block's. */
static void root(void *context, uintptr_t start, size_t bytes)
{
    ht_scan_root_between(context, start, bytes);
}

/* A stack may lie in a block, and then ends where it does. */
static void stack_root(void *context, uintptr_t start, size_t bytes)
{
    uint32_t i = 0;
    const ht_scan_t *scan = context;
    if (ht_scan_find(scan, start, &i)) {
        size_t left = ht_scan_address(scan, i) + ht_scan_size(scan, i) - start;
        if (left < bytes) { bytes = left; }
    }
    ht_scan_root(context, start, bytes);
}

/* False: this platform cannot tell them. */
static bool give_roots(run_t *run)
{
    ht_scan_t *scan = &run->scan;
    uintptr_t end = ht_port_stack_end();
    if (end > run->stack_start) { stack_root(scan, run->stack_start, end - run->stack_start); }
    ht_leak_roots_give(scan);
    return ht_port_stack_roots(stack_root, scan) && ht_port_static_roots(root, scan) && end != 0;
}

/* Read on until nothing is left, giving way between slices. */
static void read_all(run_t *run)
{
    while (!ht_scan_run(&run->scan, run->options.slice_words)) {
        if (!run->options.stop) { (void)ht_port_wait_ms(0); }
    }
}

#if HT_PORT_PROTECTS_PAGES
static void leave_out(void *context, uintptr_t start, size_t bytes)
{
    ht_scan_unreadable(context, start, bytes);
}
#endif

/* Where pages may be protected, nothing grows meanwhile: all others stand still. */
static_assert(!HT_PORT_PROTECTS_PAGES || HT_PORT_SCAN_STOPS, "or tell them after each growth");

static void begin_pass(ht_scan_t *scan)
{
    ht_scan_begin(scan);
#if HT_PORT_PROTECTS_PAGES
    ht_port_unreadable(leave_out, scan);
#endif
}

static bool scan_once(run_t *run)
{
    ht_scan_t *scan = &run->scan;
    begin_pass(scan);
    if (!give_roots(run)) { return false; }
    read_all(run);
    for (uint32_t i = 0; i < GROWTHS && !run->options.stop; i++) {
        uint32_t added = ht_scan_grow(scan);
        (void)give_roots(run); /* what went from a block to a stack meanwhile */
        read_all(run);
        if (added == 0) { break; }
    }
    while (ht_scan_next(scan) != HT_SCAN_DONE) {
        read_all(run);
    }
    return true;
}

static bool scan_passes(run_t *run)
{
    for (uint32_t pass = 0; pass < run->options.passes; pass++) {
        if (pass > 0 && !run->options.stop) { (void)ht_port_wait_ms(run->options.pause_ms); }
        if (!scan_once(run)) { return false; }
    }
    return true;
}

/* --- rows ----------------------------------------------------------------------------------------
 */

static bool is_lost(ht_scan_class_t found)
{
    return found == HT_SCAN_LOST || found == HT_SCAN_INDIRECT;
}

/* What becomes of a block that this pass did not come to. */
static heaptrail_reach_t judge(run_t *run, uint32_t i, const heaptrail_block_row_t *row)
{
    static const heaptrail_reach_t reach[] = {
        [HT_SCAN_REACHABLE] = HEAPTRAIL_REACHABLE,
        [HT_SCAN_POSSIBLE] = HEAPTRAIL_POSSIBLY_LOST,
        [HT_SCAN_INDIRECT] = HEAPTRAIL_INDIRECTLY_LOST,
        [HT_SCAN_LOST] = HEAPTRAIL_LOST,
    };
    ht_scan_class_t found = ht_scan_class(&run->scan, i);
    if (found != HT_SCAN_REACHABLE && row->age_us < run->options.age_min_us) {
        run->summary.young_blocks++;
        return HEAPTRAIL_REACHABLE;
    }
    if (is_lost(found) && !ht_scan_was_lost(&run->scan, i)) {
        run->summary.unsure_blocks++;
        return HEAPTRAIL_REACHABLE;
    }
    return reach[found];
}

static bool is_wanted(const run_t *run, heaptrail_reach_t reach)
{
    return reach == HEAPTRAIL_LOST || (run->options.all && reach != HEAPTRAIL_REACHABLE);
}

/* What is said of a block. False: it is gone, or another one. */
static bool make_row(run_t *run, uint32_t i, heaptrail_leak_row_t *row)
{
    *row = (heaptrail_leak_row_t){0};
    if (!ht_query_block_at(ht_default(), ht_scan_address(&run->scan, i), &row->block) ||
        row->block.size_bytes != ht_scan_size(&run->scan, i)) {
        run->summary.gone_blocks++;
        return false;
    }
    row->reach = judge(run, i, &row->block);
    return true;
}

static void hand_out(run_t *run, const heaptrail_leak_row_t *row)
{
    run->summary.blocks[row->reach]++;
    run->summary.bytes[row->reach] += row->block.size_bytes;
    if (run->fn != NULL && is_wanted(run, row->reach) && !run->fn(run->context, row)) {
        run->fn = NULL;
    }
}

/* A lost block, then what would be freed with it; by itself, if the first one was freed since. */
static void tell_ring(run_t *run, uint32_t leader)
{
    const ht_scan_t *scan = &run->scan;
    heaptrail_leak_row_t row;
    uintptr_t address = ht_scan_address(scan, leader);
    bool leads = make_row(run, leader, &row);
    if (leads) {
        for (uint32_t i = ht_scan_ring(scan, leader); i != leader; i = ht_scan_ring(scan, i)) {
            row.indirect_blocks++;
            row.indirect_bytes += ht_scan_size(scan, i);
        }
        hand_out(run, &row);
    }
    for (uint32_t i = ht_scan_ring(scan, leader); i != leader; i = ht_scan_ring(scan, i)) {
        if (!make_row(run, i, &row)) { continue; }
        bool follows = row.reach == HEAPTRAIL_INDIRECTLY_LOST;
        if (follows && !leads) { row.reach = HEAPTRAIL_LOST; }
        if (follows && leads) { row.leader = address; }
        hand_out(run, &row);
    }
}

/* Count every block; hand out those that are wanted. */
static void tell(run_t *run)
{
    heaptrail_leak_row_t row;
    for (uint32_t i = 0; i < run->scan.count; i++) {
        ht_scan_class_t found = ht_scan_class(&run->scan, i);
        if (found == HT_SCAN_REACHABLE) {
            run->summary.blocks[HEAPTRAIL_REACHABLE]++;
            run->summary.bytes[HEAPTRAIL_REACHABLE] += ht_scan_size(&run->scan, i);
        } else if (found == HT_SCAN_LOST) {
            tell_ring(run, i);
        } else if (found == HT_SCAN_GONE) {
            run->summary.gone_blocks++;
        } else if (found != HT_SCAN_INDIRECT && make_row(run, i, &row)) {
            hand_out(run, &row);
        }
    }
}

/* --- the whole -----------------------------------------------------------------------------------
 */

static void sum_up(run_t *run)
{
    run->summary.left_out_blocks = run->scan.left_out;
    run->summary.disturbed = run->scan.disturbed;
    run->summary.unread_bytes = run->scan.unread;
    run->summary.passes = run->scan.passes;
    run->summary.words = run->scan.words;
}

/* Not there where the firmware uses no trace, and it shall not be linked for this. */
void ht_trace_hide(ht_scan_t *scan) __attribute__((weak));

static void hide_own(ht_scan_t *scan)
{
    const ht_tracker_t *tracker = ht_default();
    ht_scan_hide(scan, &heaptrail_state, sizeof(heaptrail_state));
    /* From its first table to its last one (ht_lifecycle.c), and no byte more: what is behind may
     * be a variable. */
    const void *first = tracker->origins.origins;
    const void *behind = tracker->tasks.index + tracker->tasks.index_mask + 1U;
    ht_scan_hide(scan, first, (uintptr_t)behind - (uintptr_t)first);
    ht_scan_hide(scan, &s_run, sizeof(s_run));
    ht_scan_hide(scan, tracker->errors.ring, tracker->errors.max * sizeof(tracker->errors.ring[0]));
    ht_explain_hide(scan);
    ht_history_hide(scan);
    if (ht_trace_hide != NULL) { ht_trace_hide(scan); }
}

/* With the memory that was found. */
static esp_err_t scan_in(run_t *run, void *memory, size_t bytes)
{
    bool stop = run->options.stop && !run->frozen;
    uint64_t began = ht_port_uptime_us();
    ht_scan_init(&run->scan, ht_default(), memory, blocks_for(bytes), WORK_MAX);
    hide_own(&run->scan);
    if (stop && !ht_port_hold_others()) { return ESP_ERR_NOT_SUPPORTED; }
    bool scanned = scan_passes(run);
#if HT_PORT_SCAN_STOPS
    run->summary.running_threads = ht_port_running_threads();
#endif
    if (stop) { ht_port_let_run(); }
    if (!scanned) { return ESP_ERR_NOT_SUPPORTED; }
    sum_up(run);
    tell(run);
    run->summary.took_us = ht_port_uptime_us() - began;
    return ESP_OK;
}

static esp_err_t scan(run_t *run)
{
    void *memory = run->options.memory;
    size_t bytes = memory != NULL ? run->options.memory_bytes : heaptrail_scan_memory_bytes();
    if (bytes < ht_scan_memory_bytes(1, WORK_MAX)) { return ESP_ERR_INVALID_SIZE; }
    if (memory == NULL) { memory = ht_port_scratch(bytes); }
    if (memory == NULL) { return ESP_ERR_NO_MEM; }
    esp_err_t err = scan_in(run, memory, bytes);
    if (run->options.memory == NULL) { ht_port_scratch_free(memory); }
    return err;
}

static void set_options(run_t *run, const heaptrail_scan_options_t *options)
{
    if (options != NULL) { run->options = *options; }
    heaptrail_scan_options_t *set = &run->options;
    set->passes = or_default(set->passes, set->stop ? 1U : PASSES);
    set->pause_ms = or_default(set->pause_ms, PAUSE_MS);
    set->slice_words = or_default(set->slice_words, SLICE_WORDS);
    if (run->frozen) {
        set->stop = true;
        set->passes = 1;
        set->slice_words = UINT32_MAX;
    }
#if HT_PORT_SCAN_STOPS
    set->stop = true;
    set->passes = 1;
#else
    if (set->age_min_us == 0) { set->age_min_us = AGE_MIN_US; }
#endif
}

/*
 * The caller's registers go to this function's frame, and what lies from there to the end of the
 * stack is a root. What is called from here is not: it handles the very addresses that are looked
 * for.
 */
__attribute__((noinline)) static esp_err_t scan_from_here(run_t *run)
{
    volatile uintptr_t here = 0;
    __builtin_unwind_init();
    uintptr_t given = ht_leak_stack_from;
    if (given == 0) { ht_leak_stack_from = (uintptr_t)&here - HT_PORT_SAVED_BELOW; }
    run->stack_start = ht_leak_stack_from;
    esp_err_t err = scan(run);
    ht_leak_stack_from = given;
    return err;
}

/* s_run's holder. */
static esp_err_t scan_with(const heaptrail_scan_options_t *options, heaptrail_leak_fn_t fn,
                           void *context, heaptrail_scan_summary_t *summary, bool frozen)
{
    memset(&s_run, 0, sizeof(s_run));
    s_run.fn = fn;
    s_run.context = context;
    s_run.frozen = frozen;
    set_options(&s_run, options);
    esp_err_t err = scan_from_here(&s_run);
    if (summary != NULL) { *summary = s_run.summary; }
    return err;
}

esp_err_t heaptrail_scan(const heaptrail_scan_options_t *options, heaptrail_leak_fn_t fn,
                         void *context, heaptrail_scan_summary_t *summary)
{
    ht_tracker_t *tracker = ht_default();
    const char *wrong = options != NULL ? wrong_field(options) : NULL;
    if (wrong != NULL) {
        ht_log_name(HEAPTRAIL_LOG_ERROR, "heaptrail_scan: invalid field", wrong);
        return ESP_ERR_INVALID_ARG;
    }
    if (ht_port_in_isr() || ht_port_task_key() < HT_KEY_FIRST_TASK ||
        tracker->state == HT_STATE_NEW || !ht_claim(&tracker->lock, &s_busy)) {
        return ESP_ERR_INVALID_STATE;
    }
    esp_err_t err = scan_with(options, fn, context, summary, false);
    ht_release(&s_busy);
    return err;
}

esp_err_t heaptrail_scan_frozen(const heaptrail_scan_options_t *options, heaptrail_leak_fn_t fn,
                                void *context, heaptrail_scan_summary_t *summary)
{
    ht_tracker_t *tracker = ht_default();
    if (options == NULL || options->memory == NULL || wrong_field(options) != NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    if (tracker->state == HT_STATE_NEW) { return ESP_ERR_INVALID_STATE; }
    if (!ht_port_freeze()) { return ESP_ERR_NOT_SUPPORTED; }
    memset(&tracker->lock, 0, sizeof(tracker->lock)); /* whoever has it does not give it back */
    ht_leak_stack_from = 0;                           /* a scan's that was interrupted */
    return scan_with(options, fn, context, summary, true);
}
