/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What reads a tracker: no row may be half of before and half of after. */
#include <stdlib.h>
#include <string.h>

#include "ht_diagnose.h"
#include "ht_explain.h"
#include "ht_scan.h"
#include "sweep.h"

static void add_one(void)
{
    sweep_add(NEW_BLOCK(8), 40, 0);
}

/* --- blocks ------------------------------------------------------------------------------------
 */

static uintptr_t s_twin;

static void find_twin(void)
{
    s_twin = sweep_twin(BLOCK(0));
}

static void replace_0(void)
{
    ht_tracker_remove(TRACKER, BLOCK(0));
    sweep_add(s_twin, 99, 1);
}

/* Each row by itself is a block that there was or is: its size goes with its address. */
static bool note_torn_block(void *context, const heaptrail_block_row_t *row)
{
    uint32_t number = (uint32_t)(row->address - BLOCK(0)) / SWEEP_SPACING;
    size_t size = row->address == s_twin ? 99U : SIZE(number);
    *(uint32_t *)context += row->size_bytes != size;
    return true;
}

static void read_blocks(void)
{
    ht_query_blocks(TRACKER, NULL, note_torn_block, &RESULT[0]);
}

static void whois_0(void)
{
    heaptrail_block_row_t row = {0};
    size_t offset;
    RESULT[0] = ht_query_whois(TRACKER, BLOCK(0), &row, &offset);
    RESULT[1] = (uint32_t)row.size_bytes;
}

static void read_block_0(void)
{
    heaptrail_block_row_t row = {0};
    RESULT[0] = ht_query_block_at(TRACKER, BLOCK(0), &row);
    RESULT[1] = (uint32_t)row.size_bytes;
}

static void know_0(void)
{
    ht_known_t known = {0};
    RESULT[0] = ht_tracker_known(TRACKER, BLOCK(0), &known);
    RESULT[1] = (uint32_t)known.size;
}

/* --- rows of counters --------------------------------------------------------------------------
 */

static bool note_site(void *context, const heaptrail_site_row_t *row)
{
    uint32_t *sum = context;
    if (row->origin.id != g_sweep.origin[0].index) { return true; }
    sum[0] = row->total_blocks;
    sum[1] = (uint32_t)row->total_bytes;
    sum[2] = (uint32_t)row->live_bytes;
    return true;
}

static void read_sites(void)
{
    ht_query_sites(TRACKER, note_site, RESULT);
}

static bool note_task(void *context, const heaptrail_task_row_t *row)
{
    uint32_t *sum = context;
    if (row->id != HT_TASK_ISR_0) { return true; }
    sum[0] = row->total_blocks;
    sum[1] = (uint32_t)row->total_bytes;
    sum[2] = (uint32_t)row->live_bytes;
    return true;
}

static unsigned s_added;

static void add_another(void)
{
    sweep_add(NEW_BLOCK(8U + s_added++), 40, 0);
}

static void know_handler(void)
{
    s_added = 0;
    sweep_rival_again();
}

static void read_tasks(void)
{
    ht_query_tasks(TRACKER, note_task, RESULT);
}

static bool note_heap(void *context, const heaptrail_heap_row_t *row)
{
    uint32_t *sum = context;
    sum[0] = row->total_blocks;
    sum[1] = (uint32_t)row->live_bytes;
    return true;
}

static void read_heaps(void)
{
    ht_query_heaps(TRACKER, note_heap, RESULT);
}

static void fail_with(size_t size)
{
    ht_failure_t failure = {.size = size, .alignment = size, .origin = g_sweep.origin[0]};
    failure.largest_free_bytes = size;
    ht_tracker_fail(TRACKER, &failure);
}

static void fail_four(void)
{
    for (size_t size = 1; size <= 4; size++) {
        fail_with(size);
    }
}

static void fail_four_more(void)
{
    for (size_t size = 11; size <= 14; size++) {
        fail_with(size);
    }
}

static bool note_torn_failure(void *context, const heaptrail_failure_row_t *row)
{
    *(uint32_t *)context +=
        row->size_bytes != row->alignment || row->size_bytes != row->largest_free_bytes;
    return true;
}

static void read_failures(void)
{
    ht_query_failures(TRACKER, NULL, note_torn_failure, &RESULT[0]);
}

static void read_status(void)
{
    heaptrail_status_t status;
    ht_query_status(TRACKER, &status);
    RESULT[0] = status.failures;
    RESULT[1] = status.loss.unknown_frees;
}

static void fail_and_free_unknown(void)
{
    fail_with(5);
    ht_tracker_remove(TRACKER, 0x3C000000U);
}

/* --- one query at a time -----------------------------------------------------------------------
 */

static void begin_query(void)
{
    RESULT[0] = ht_query_since_begin(TRACKER, NULL, NULL);
}

/* A task with one block; and no row is left for another one. */
static void fill_tasks(void)
{
    for (uintptr_t i = 0; TRACKER->tasks.row_count < HT_TASK_FIRST + TRACKER->tasks.max; i++) {
        ht_tracker_task_seen(TRACKER, 0x3FC90000U + 64U * i);
    }
}

static void add_next(void)
{
    sweep_add(NEW_BLOCK(0), 44, 3);
}

static void add_as_other_task(void)
{
    sweep_as_other_task(add_next);
}

static void know_other_task(void)
{
    sweep_rival_again();
    fill_tasks();
}

static uintptr_t s_key;

/* The first time: its task is seen. Then it ends, with its block, and its row is a new task's. */
static void end_other_task(void)
{
    if (ht_tracker_remove(TRACKER, NEW_BLOCK(0))) {
        ht_tracker_task_gone(TRACKER, s_key);
        ht_tracker_task_seen(TRACKER, 0x3FCA0000U);
    } else {
        add_as_other_task();
        s_key = TRACKER->tasks.rows[TRACKER->tasks.row_count - 1U].key;
    }
}

/* Both of a row's sums, or neither. */
static void look_at_since(void)
{
    for (uint32_t i = 0; i < TRACKER->tasks.row_count; i++) {
        const ht_task_t *row = &TRACKER->tasks.rows[i];
        RESULT[0] += (row->since_blocks == 0) != (row->since_bytes == 0);
    }
}

/* --- explanations ------------------------------------------------------------------------------
 */

static void diagnose_0(void)
{
    ht_diagnosis_t diagnosis;
    ht_diagnose(TRACKER, BLOCK(0) + 4U, &diagnosis);
    RESULT[0] = diagnosis.has_block;
    RESULT[1] = (uint32_t)ht_record_size(&diagnosis.record);
}

/* Where the block was freed: the entry is copied whole, or is another block's. */
static void remember_one(void)
{
    TRACKER->freed.on = true;
    ht_ended_t ended;
    (void)ht_tracker_end(TRACKER, BLOCK(0), g_sweep.origin[1], &ended);
}

static void forget_freed(void)
{
    ht_ended_t ended;
    for (unsigned i = 1; i < 10; i++) { /* more than the ring has entries */
        (void)ht_tracker_end(TRACKER, BLOCK(i), g_sweep.origin[2], &ended);
    }
}

static void diagnose_freed(void)
{
    ht_diagnosis_t diagnosis;
    ht_diagnose(TRACKER, BLOCK(0), &diagnosis);
    bool of_it = diagnosis.has_block && diagnosis.record.address == BLOCK(0);
    RESULT[0] = diagnosis.has_block && !of_it;
    RESULT[1] = of_it && ht_record_size(&diagnosis.record) != SIZE(0);
}

static void diagnose_stack(void)
{
    ht_diagnosis_t diagnosis;
    ht_diagnose(TRACKER, 0x3FC90010U, &diagnosis);
    RESULT[0] = diagnosis.place;
}

static void see_task(void)
{
    ht_tracker_task_seen(TRACKER, 0x3FC90000U);
}

static void replace_task(void)
{
    ht_tracker_task_gone(TRACKER, 0x3FC90000U);
    ht_tracker_task_seen(TRACKER, 0x3FC80000U);
}

static void add_heap(void)
{
    ht_tracker_add_heap(TRACKER, 0x3FC80000U, 65536, 2, "second");
}

static void explain(void)
{
    ht_explanation_t out = {0};
    RESULT[0] = ht_explain(TRACKER, 100, 4, 2, &out);
    RESULT[1] = out.heaps;
    RESULT[2] = (uint32_t)out.heap_bytes;
}

/* The names of the tasks that hold most: whole ones. */
static void explain_tasks(void)
{
    ht_explanation_t out = {0};
    (void)ht_explain(TRACKER, 100, 4, 0, &out);
    for (unsigned i = 0; i < HEAPTRAIL_TOP_TASKS && out.task[i].blocks != 0; i++) {
        const char *name = out.task_name[i];
        bool is_hex = strchr("0123456789abcdef", name[0]) != NULL;
        RESULT[0] += is_hex && strspn(name, "0123456789abcdef") == 8 && strncmp(name, name + 4, 4);
    }
}

/* --- the reachability scan ---------------------------------------------------------------------
 */

#define SCANNED 32U

static ht_scan_t s_scan;
static uintptr_t s_scan_memory[256];

static void prepare_scan(void)
{
    memset(&s_scan, 0, sizeof(s_scan));
    if (ht_scan_memory_bytes(SCANNED, 8) > sizeof(s_scan_memory)) { abort(); }
    ht_scan_init(&s_scan, TRACKER, s_scan_memory, SCANNED, 8);
}

static void list_blocks(void)
{
    (void)ht_scan_list_update(&s_scan, 0);
}

static void add_later(void)
{
    sweep_clock++;
    add_one();
}

static void look_at_listed(void)
{
    RESULT[0] = s_scan.listed.tick;
    RESULT[1] = s_scan.listed.order;
}

static void check(void)
{
    RESULT[0] = ht_check(TRACKER) != NULL;
}

extern const scenario_t g_scenarios_reading[];
const scenario_t g_scenarios_reading[] = {
    {"read_blocks", find_twin, read_blocks, replace_0, NULL, false},
    {"whois", find_twin, whois_0, replace_0, NULL, false},
    {"block_at", find_twin, read_block_0, replace_0, NULL, false},
    {"known", find_twin, know_0, replace_0, NULL, false},
    {"read_sites", NULL, read_sites, add_one, NULL, false},
    {"read_tasks", know_handler, read_tasks, add_another, NULL, false},
    {"read_heaps", NULL, read_heaps, add_one, NULL, false},
    {"read_failures", fail_four, read_failures, fail_four_more, NULL, false},
    {"status", NULL, read_status, fail_and_free_unknown, NULL, false},
    {"query", NULL, begin_query, begin_query, NULL, false},
    {"query_task_ends", know_other_task, begin_query, end_other_task, look_at_since, true},
    {"diagnose", find_twin, diagnose_0, replace_0, NULL, false},
    {"diagnose_freed", remember_one, diagnose_freed, forget_freed, NULL, false},
    {"diagnose_stack", see_task, diagnose_stack, replace_task, NULL, false},
    {"diagnose_heap", NULL, diagnose_stack, add_heap, NULL, false},
    {"explain", NULL, explain, add_heap, NULL, false},
    {"explain_tasks", know_other_task, explain_tasks, end_other_task, NULL, false},
    {"scan_list", prepare_scan, list_blocks, add_later, look_at_listed, false},
    {"check", NULL, check, add_one, NULL, false},
    {NULL, NULL, NULL, NULL, NULL, false},
};
