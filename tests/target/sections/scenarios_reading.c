/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What reads a tracker: no row may be half of before and half of after. And memory errors. */
#include <string.h>

#include "ht_explain.h"
#include "ht_fault.h"
#include "sweep.h"

#define TRACKER (&g_sweep.tracker)
#define NEW_BLOCK(i) BLOCK(SWEEP_BLOCKS + (i))

/* --- rows --------------------------------------------------------------------------------------
 */

static void replace_all_counts(void)
{
    sweep_add(NEW_BLOCK(8), 40, 0);
}

/* Blocks come and go in the slots that are being copied. */
static void replace_blocks(void)
{
    for (unsigned i = 0; i < SWEEP_BLOCKS; i++) {
        ht_tracker_remove(TRACKER, BLOCK(i));
    }
    for (unsigned i = 0; i < SWEEP_BLOCKS; i++) {
        sweep_add(NEW_BLOCK(i), SIZE(i) + 1U, 1);
    }
}

/* Each row by itself is a block that there was or is: its size goes with its address. */
static bool is_whole(void *context, const heaptrail_block_row_t *row)
{
    uint32_t number = (uint32_t)(row->address - BLOCK(0)) / SWEEP_SPACING;
    bool old = number < SWEEP_BLOCKS && row->size_bytes == SIZE(number);
    bool new = number >= SWEEP_BLOCKS && row->size_bytes == SIZE(number - SWEEP_BLOCKS) + 1U;
    *(uint32_t *)context += !old && !new;
    return true;
}

static void read_blocks(void)
{
    ht_query_blocks(TRACKER, NULL, is_whole, &g_sweep.result[0]);
}

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
    ht_query_sites(TRACKER, note_site, g_sweep.result);
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

static void read_tasks(void)
{
    ht_query_tasks(TRACKER, note_task, g_sweep.result);
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
    ht_query_heaps(TRACKER, note_heap, g_sweep.result);
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

static bool is_whole_failure(void *context, const heaptrail_failure_row_t *row)
{
    *(uint32_t *)context +=
        row->size_bytes != row->alignment || row->size_bytes != row->largest_free_bytes;
    return true;
}

static void read_failures(void)
{
    ht_query_failures(TRACKER, NULL, is_whole_failure, &g_sweep.result[0]);
}

static void replace_block_0(void)
{
    ht_tracker_remove(TRACKER, BLOCK(0));
    sweep_add(NEW_BLOCK(0), 99, 1);
}

static void whois_0(void)
{
    heaptrail_block_row_t row = {0};
    size_t offset;
    g_sweep.result[0] = ht_query_whois(TRACKER, BLOCK(0), &row, &offset);
    g_sweep.result[1] = (uint32_t)row.size_bytes;
}

static void read_status(void)
{
    heaptrail_status_t status;
    ht_query_status(TRACKER, &status);
    g_sweep.result[0] = status.failures;
    g_sweep.result[1] = status.loss.unknown_frees;
}

static void fail_and_free_unknown(void)
{
    fail_with(5);
    ht_tracker_remove(TRACKER, 0x3C000000U);
}

static void begin_query(void)
{
    g_sweep.result[0] += ht_query_since_begin(TRACKER, NULL, NULL);
}

static void begin_other_query(void)
{
    g_sweep.result[0] += ht_query_since_begin(TRACKER, NULL, NULL);
    ht_query_since_end(TRACKER);
}

/* --- memory errors -----------------------------------------------------------------------------
 */

#define GUARDED NEW_BLOCK(2)
#define GUARDED_BYTES 64U

static void guard_one(void)
{
    TRACKER->checks.on = true;
    TRACKER->checks.front = 8;
    TRACKER->checks.tail = 8;
    TRACKER->checks.seed = 0x12345678U;
    ht_guard_write(&TRACKER->checks, GUARDED, GUARDED_BYTES, HT_GUARD_BOTH);
    ht_tracker_add_guarded(TRACKER, GUARDED, GUARDED_BYTES, g_sweep.origin[0], HT_GUARD_BOTH);
}

/* The block is freed, and its memory is somebody else's now. */
static void free_and_use(void)
{
    ht_tracker_remove(TRACKER, GUARDED);
    memset((void *)(GUARDED - 8U), 0x55, GUARDED_BYTES + 16U);
}

static uint32_t errors_so_far(void)
{
    uint32_t errors = 0;
    for (unsigned kind = 0; kind < HEAPTRAIL_ERROR_COUNT; kind++) {
        errors += TRACKER->checks.errors[kind];
    }
    return errors;
}

static void verify_one(void)
{
    const ht_look_t look = {.found = HEAPTRAIL_FOUND_VERIFY};
    heaptrail_verified_t verified = {0};
    (void)ht_verify_block(TRACKER, GUARDED, &look, &verified);
    g_sweep.result[0] = errors_so_far();
}

static void verify_all(void)
{
    const ht_look_t look = {.found = HEAPTRAIL_FOUND_VERIFY};
    heaptrail_verified_t verified = {0};
    ht_verify_heap(TRACKER, 0, false, &look, &verified);
    g_sweep.result[0] = errors_so_far();
}

static void quarantine_one(void)
{
    guard_one();
    ht_freed_ring_t *freed = &TRACKER->freed;
    freed->on = true;
    freed->filled = true;
    freed->byte = 0xFE;
    freed->limit_blocks = 4;
    freed->limit_bytes = 4096;
    ht_ended_t ended;
    (void)ht_tracker_end(TRACKER, GUARDED, g_sweep.origin[1], &ended);
    ht_guard_fill((void *)GUARDED, GUARDED_BYTES, freed->byte);
    ht_freed_hold(freed, ended.number);
}

/* It leaves the quarantine, and its memory is somebody else's now. */
static void leave_and_use(void)
{
    ht_freed_t taken;
    ht_port_irq_t irq = ht_port_lock(&TRACKER->lock);
    ht_freed_take(&TRACKER->freed, &taken);
    ht_port_unlock(&TRACKER->lock, irq);
    memset((void *)(GUARDED - 8U), 0x55, GUARDED_BYTES + 16U);
}

static ht_error_t s_ring[3];

static void use_ring(void)
{
    memset(s_ring, 0, sizeof(s_ring));
    TRACKER->errors.max = 3;
    TRACKER->errors.ring = s_ring;
}

static void claim_error(void)
{
    ht_error_t *error = ht_error_claim(&TRACKER->errors, &TRACKER->lock);
    g_sweep.result[0] += error != NULL ? error->row.number : 0;
    g_sweep.result[1] += error != NULL ? 1U << 4U * (uint32_t)(error - s_ring) : 0;
    if (error != NULL) { ht_error_seal(error); }
}

/* All slots are being read: only counters. */
static void use_ring_read(void)
{
    use_ring();
    for (unsigned i = 0; i < 3; i++) {
        claim_error();
    }
}

static void read_error(void)
{
    g_sweep.result[2] += ht_error_read(&TRACKER->lock, &s_ring[0]);
    g_sweep.result[3] = s_ring[0].readers;
}

static void read_and_count(void)
{
    (void)ht_error_read(&TRACKER->lock, &s_ring[0]);
    g_sweep.result[3] = s_ring[0].readers;
}

static void done_and_count(void)
{
    ht_error_done(&TRACKER->lock, &s_ring[0]);
    g_sweep.result[3] = s_ring[0].readers;
}

static void use_ring_read_twice(void)
{
    use_ring_read();
    (void)ht_error_read(&TRACKER->lock, &s_ring[0]);
    (void)ht_error_read(&TRACKER->lock, &s_ring[0]);
}

static void use_ring_unread(void)
{
    use_ring_read();
    for (unsigned i = 0; i < 3; i++) {
        ht_error_done(&TRACKER->lock, &s_ring[i]);
    }
    TRACKER->errors.overwritten = 5;
}

/* What somebody reads stays. */
static void clear_errors(void)
{
    ht_errors_clear(&TRACKER->errors, &TRACKER->lock);
    g_sweep.result[4] = s_ring[2].readers != 0 && s_ring[2].state != HT_ERROR_SEALED;
}

static void read_last_error(void)
{
    g_sweep.result[5] = ht_error_read(&TRACKER->lock, &s_ring[2]);
    g_sweep.result[4] = s_ring[2].readers != 0 && s_ring[2].state != HT_ERROR_SEALED;
}

static void claim_and_fail(void)
{
    (void)ht_error_claim(&TRACKER->errors, &TRACKER->lock);
}

static void report_error(void)
{
    const ht_fault_t fault = {.kind = HEAPTRAIL_ERROR_DOUBLE_FREE, .address = BLOCK(1)};
    ht_error_t *error = ht_fault_report(TRACKER, &fault);
    if (error != NULL) { ht_error_done(&TRACKER->lock, error); }
    g_sweep.result[0] = errors_so_far();
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
    g_sweep.result[0] = diagnosis.has_block && !of_it;
    g_sweep.result[1] = of_it && ht_record_size(&diagnosis.record) != SIZE(0);
}

static void diagnose_and_clear(void)
{
    diagnose_freed();
}

static void scrub(void)
{
    const ht_look_t look = {.found = HEAPTRAIL_FOUND_SCRUB};
    heaptrail_verified_t verified = {0};
    (void)ht_scrub(TRACKER, 100, &look, &verified);
    g_sweep.result[0] = errors_so_far();
}

static void explain(void)
{
    ht_explanation_t out;
    (void)ht_explain(TRACKER, 100, 4, 1, &out);
}

const scenario_t g_scenarios_reading[] = {
    {"read_blocks", NULL, read_blocks, replace_blocks, false},
    {"read_sites", NULL, read_sites, replace_all_counts, false},
    {"read_tasks", NULL, read_tasks, replace_all_counts, false},
    {"read_heaps", NULL, read_heaps, replace_all_counts, false},
    {"read_failures", fail_four, read_failures, fail_four_more, false},
    {"whois", NULL, whois_0, replace_block_0, false},
    {"status", NULL, read_status, fail_and_free_unknown, false},
    {"verify_block", guard_one, verify_one, free_and_use, false},
    {"verify_block_harts", guard_one, verify_one, free_and_use, true},
    {"verify_all", guard_one, verify_all, free_and_use, false},
    {"scrub", guard_one, scrub, free_and_use, false},
    {"verify_quarantined", quarantine_one, verify_one, leave_and_use, false},
    {"claim_error", use_ring, claim_error, claim_error, false},
    {"claim_no_error", use_ring_read, claim_error, claim_and_fail, false},
    {"read_error", use_ring_read, read_and_count, read_error, false},
    {"done_error", use_ring_read_twice, done_and_count, done_and_count, false},
    {"clear_errors", use_ring_unread, clear_errors, read_last_error, false},
    {"report_error", NULL, report_error, report_error, false},
    {"diagnose_freed", remember_one, diagnose_and_clear, forget_freed, false},
    {"explain", NULL, explain, replace_all_counts, false},
    {"query", NULL, begin_query, begin_other_query, false},
};
const unsigned g_scenario_reading_count =
    sizeof(g_scenarios_reading) / sizeof(g_scenarios_reading[0]);
