/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What is asked: no answer is half of before and half of after. */
#include <string.h>

#include "heaptrail.h"
#include "heaptrail_errors.h"
#include "heaptrail_leaks.h"
#include "heaptrail_lowmem.h"
#include "heaptrail_trace.h"
#include "ht_checked.h"
#include "ht_explained.h"
#include "ht_fault.h"
#include "ht_leak_roots.h"
#include "ht_lowmem.h"
#include "port.h"
#include "sweep.h"

static void begin(void)
{
    memset(&g_port, 0, sizeof(g_port));
}

/* --- errors ------------------------------------------------------------------------------------
 */

static void report(heaptrail_error_kind_t kind)
{
    const ht_fault_t fault = {.kind = kind, .address = BLOCK(1)};
    ht_error_t *error = ht_fault_report(TRACKER, &fault);
    if (error != NULL) { ht_error_done(&TRACKER->lock, error); }
}

static void report_first_and_last(void)
{
    report((heaptrail_error_kind_t)1);
    report((heaptrail_error_kind_t)(HEAPTRAIL_ERROR_COUNT - 1));
}

static void clear_errors(void)
{
    (void)heaptrail_clear_errors();
}

/* Both are counted, or neither. */
static void look_at_both(void)
{
    RESULT[0] = TRACKER->checks.errors[1] != TRACKER->checks.errors[HEAPTRAIL_ERROR_COUNT - 1];
}

static void begin_damaged(void)
{
    begin();
    TRACKER->checks.on = true;
    TRACKER->checks.heap_headers = true;
    g_port.header_is_damaged = true;
    g_port.may_not_report = true;
}

static void leak_0(void)
{
    ht_checked_free((void *)BLOCK(0), 0x42001000U);
}

static void read_check_status(void)
{
    heaptrail_check_status_t status;
    (void)heaptrail_check_status(&status);
    RESULT[0] = status.leaked_blocks;
    RESULT[1] = (uint32_t)status.leaked_bytes;
    RESULT[2] = status.repeated;
}

/* --- heaps, failures ---------------------------------------------------------------------------
 */

static void sample(void)
{
    g_port.free_bytes += 100;
    (void)heaptrail_sample();
}

static void sample_as_task(void)
{
    sweep_as_other_task(sample);
}

static void look_at_sample(void)
{
    const ht_heap_t *heap = &TRACKER->heaps.row[1];
    RESULT[0] = heap->free_bytes != heap->largest_free_bytes;
}

static void explain_failure(uint32_t number)
{
    const ht_failure_t failure = {.number = number, .size = 100U * number, .caps = 1};
    sweep_clock += ht_port_tick_hz();
    ht_explain_failure(TRACKER, &failure);
}

static void explain_one(void)
{
    begin();
    explain_failure(1);
}

/* The second one is written where the first one is. */
static void explain_two_more(void)
{
    explain_failure(2);
    explain_failure(3);
}

static void explain_as_task(void)
{
    sweep_as_other_task(explain_two_more);
}

static void read_explanation(void)
{
    heaptrail_explanation_t row;
    RESULT[0] =
        heaptrail_last_explanation(&row) == ESP_OK && row.size_bytes != 100U * row.failure_number;
}

static void explain_next(void)
{
    explain_failure(2);
}

static void explain_third(void)
{
    explain_failure(3);
}

static void explain_third_as_task(void)
{
    sweep_as_other_task(explain_third);
}

/* --- low memory --------------------------------------------------------------------------------
 */

static void on_low(void *context, const heaptrail_lowmem_row_t *row)
{
    (void)context;
    (void)row;
    g_port.called++;
}

static void look_with(size_t free_bytes)
{
    const ht_lowmem_facts_t facts = {.cause = HEAPTRAIL_LOWMEM_ALLOCATION, .size = free_bytes};
    g_port.free_bytes = free_bytes;
    ht_lowmem_look(TRACKER, &facts);
}

/* The watches are not the tracker's: they stay from one time to the next. */
static void forget_watches(void)
{
    static ht_lowmem_watch_t *s_watches;
    if (s_watches != NULL) {
        memset(s_watches, 0, CONFIG_HEAPTRAIL_LOWMEM_WATCHES * sizeof(*s_watches));
    }
    const heaptrail_lowmem_t none = {.free_below_bytes = 1};
    (void)heaptrail_lowmem_watch(&none, NULL);
    s_watches = TRACKER->lowmem.watch;
    (void)heaptrail_lowmem_unwatch(1);
}

static void fire_first(void)
{
    begin();
    forget_watches();
    g_port.free_bytes = 12000;
    const heaptrail_lowmem_t watch = {
        .free_below_bytes = 4000, .free_rearm_bytes = 8000, .fn = on_low};
    (void)heaptrail_lowmem_watch(&watch, NULL);
    look_with(3000);
}

/* Memory recovered meanwhile, and the largest site is another one. */
static void fire_again(void)
{
    look_with(12000);
    sweep_add(NEW_BLOCK(0), 4000, 3);
    look_with(2000);
}

static void fire_as_task(void)
{
    sweep_as_other_task(fire_again);
}

static bool is_torn_row(void *context, const heaptrail_lowmem_row_t *row)
{
    uint32_t *torn = context;
    *torn += row->size_bytes != row->free_bytes || (row->fired == 1) != (row->free_bytes == 3000);
    return true;
}

static void read_watches(void)
{
    (void)heaptrail_for_each_lowmem(is_torn_row, &RESULT[0], NULL);
}

/* Of the first trigger: origin 1 (its number is that of a free), or of the second: the large one.
 */
static void read_site(void)
{
    heaptrail_lowmem_site_t site = {0};
    (void)heaptrail_lowmem_site(1, 0, &site);
    RESULT[0] = site.origin.id + 16U * site.live_blocks;
    RESULT[1] = (uint32_t)site.live_bytes;
}

static void poll_watches(void)
{
    (void)heaptrail_lowmem_poll();
}

static void poll_as_task(void)
{
    sweep_as_other_task(poll_watches);
}

static void look_at_calls(void)
{
    RESULT[0] = g_port.called;
}

/* --- a trace -----------------------------------------------------------------------------------
 */

static uint64_t s_memory[1024];

static size_t swallow(void *context, const void *bytes, size_t length)
{
    (void)context;
    (void)bytes;
    return length;
}

static void begin_trace(void)
{
    const heaptrail_trace_config_t config = {.write = swallow,
                                             .ring_events = 16,
                                             .heaps_interval_ms = UINT32_MAX,
                                             .counters_interval_ms = UINT32_MAX,
                                             .memory = s_memory,
                                             .memory_bytes = sizeof(s_memory)};
    begin();
    (void)heaptrail_trace_stop();
    (void)heaptrail_trace_poll();
    RESULT[3] = (uint32_t)heaptrail_trace_start(&config);
    (void)heaptrail_trace_poll();
    sweep_add(NEW_BLOCK(0), 40, 0);
}

static void poll_trace(void)
{
    (void)heaptrail_trace_poll();
}

static void poll_trace_as_task(void)
{
    sweep_as_other_task(poll_trace);
}

static void read_trace_status(void)
{
    heaptrail_trace_status_t status;
    (void)heaptrail_trace_status(&status);
    RESULT[0] = (uint32_t)status.events;
    RESULT[1] = status.frames;
}

/* --- what the reachability scan is told --------------------------------------------------------
 */

static char s_area[8], s_other_area[8], s_context;
static ht_scan_t s_scan;
static uintptr_t s_scan_memory[256];

static void on_pointers(void *context, void (*visit)(void *scan, const void *block), void *visitor)
{
    (void)visit;
    (void)visitor;
    g_port.wrong += context != &s_context;
}

static void forget_areas(void)
{
    (void)heaptrail_scan_forget(s_area);
    (void)heaptrail_scan_forget(s_other_area);
    (void)heaptrail_scan_forget(&s_context);
}

static void begin_scan(void)
{
    begin();
    forget_areas();
    memset(&s_scan, 0, sizeof(s_scan));
    ht_scan_init(&s_scan, TRACKER, s_scan_memory, 32, 8);
}

static void add_area(void)
{
    (void)heaptrail_scan_area(s_area, sizeof(s_area));
}

static void add_other_area(void)
{
    (void)heaptrail_scan_area(s_other_area, sizeof(s_other_area));
}

static void begin_with_area(void)
{
    begin_scan();
    add_area();
}

static void forget_area(void)
{
    (void)heaptrail_scan_forget(s_area);
}

static void replace_by_area(void)
{
    forget_area();
    add_other_area();
}

static void replace_by_function(void)
{
    forget_area();
    (void)heaptrail_scan_pointers(on_pointers, &s_context);
}

static void give_roots(void)
{
    ht_leak_roots_give(&s_scan);
}

static void look_at_areas(void)
{
    RESULT[0] = heaptrail_scan_forget(s_area) != ESP_OK;
    RESULT[1] = heaptrail_scan_forget(s_other_area) != ESP_OK;
}

static void look_at_other_area(void)
{
    RESULT[0] = heaptrail_scan_forget(s_other_area) != ESP_OK;
}

static void look_at_wrong(void)
{
    RESULT[0] = g_port.wrong;
}

extern const scenario_t g_scenarios_questions[];
const scenario_t g_scenarios_questions[] = {
    {"clear_errors", begin, clear_errors, report_first_and_last, look_at_both, true},
    {"check_status", begin_damaged, read_check_status, leak_0, NULL, false},
    {"sample", begin, sample, sample_as_task, look_at_sample, true},
    {"explanation", explain_one, read_explanation, explain_as_task, NULL, false},
    {"explanation_kept", explain_one, explain_next, explain_third_as_task, NULL, true},
    {"watches", fire_first, read_watches, fire_as_task, NULL, false},
    {"watch_site", fire_first, read_site, fire_as_task, NULL, false},
    {"watch_poll", fire_first, poll_watches, poll_as_task, look_at_calls, true},
    {"trace_status", begin_trace, read_trace_status, poll_trace_as_task, NULL, false},
    {"trace_poll", begin_trace, poll_trace, read_trace_status, NULL, false},
    {"areas", begin_scan, add_area, add_other_area, look_at_areas, true},
    {"area_forgotten", begin_with_area, forget_area, replace_by_area, look_at_other_area, true},
    {"area_given", begin_with_area, give_roots, replace_by_function, look_at_wrong, true},
    {NULL, NULL, NULL, NULL, NULL, false},
};
