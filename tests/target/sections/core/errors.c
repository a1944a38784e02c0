/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Memory errors: looking for them, the quarantine, and the ring of reports. */
#include <string.h>

#include "ht_fault.h"
#include "sweep.h"

#define GUARDED NEW_BLOCK(2)
#define OTHER NEW_BLOCK(4)
#define GUARDED_BYTES 64U

/* --- redzones ----------------------------------------------------------------------------------
 */

static void guard(uintptr_t address)
{
    ht_guard_write(&TRACKER->checks, address, GUARDED_BYTES, HT_GUARD_BOTH);
    ht_tracker_add_guarded(TRACKER, address, GUARDED_BYTES, g_sweep.origin[0], HT_GUARD_BOTH);
}

static void guard_one(void)
{
    TRACKER->checks.on = true;
    TRACKER->checks.front = 8;
    TRACKER->checks.tail = 8;
    TRACKER->checks.seed = 0x12345678U;
    guard(GUARDED);
}

/* The block is freed, and its memory is somebody else's now. */
static void use(uintptr_t address)
{
    memset((void *)(address - 8U), 0x55, GUARDED_BYTES + 16U);
}

static void free_and_use(void)
{
    ht_tracker_remove(TRACKER, GUARDED);
    use(GUARDED);
}

static void look_at_errors(void)
{
    for (unsigned kind = 0; kind < HEAPTRAIL_ERROR_COUNT; kind++) {
        RESULT[0] += TRACKER->checks.errors[kind] * (2U * kind + 3U);
    }
}

static void verify_one(void)
{
    const ht_look_t look = {.found = HEAPTRAIL_FOUND_VERIFY};
    heaptrail_verified_t verified = {0};
    (void)ht_verify_block(TRACKER, GUARDED, &look, &verified);
}

static void verify_all(void)
{
    const ht_look_t look = {.found = HEAPTRAIL_FOUND_VERIFY};
    heaptrail_verified_t verified = {0};
    ht_verify_heap(TRACKER, 0, false, &look, &verified);
}

static void scrub(void)
{
    const ht_look_t look = {.found = HEAPTRAIL_FOUND_SCRUB};
    heaptrail_verified_t verified = {0};
    RESULT[0] = ht_scrub(TRACKER, 100, &look, &verified);
}

static void verify_all_later(void)
{
    sweep_clock += 10;
    verify_all();
}

/* Both are of the same round. */
static void look_at_passes(void)
{
    RESULT[0] = TRACKER->scrub.passed == TRACKER->scrub.clean;
}

/* A task whose stack begins where the guarded block does, and damage just before it: did the stack
 * overflow? Only if the front of its own block is damaged, too. */
static void guard_stack(void)
{
    guard_one();
    sweep_add(GUARDED - 64U, 16, 0);
    ht_tracker_task_seen(TRACKER, GUARDED);
}

static void report_overflow(void)
{
    ht_record_t before = *ht_table_find(&TRACKER->table, GUARDED - 64U);
    const ht_fault_t fault = {
        .kind = HEAPTRAIL_ERROR_OVERFLOW, .address = GUARDED - 40U, .record = &before};
    (void)ht_fault_report(TRACKER, &fault);
}

/* --- the quarantine ----------------------------------------------------------------------------
 */

static void quarantine(uintptr_t address)
{
    ht_freed_ring_t *freed = &TRACKER->freed;
    ht_ended_t ended;
    (void)ht_tracker_end(TRACKER, address, g_sweep.origin[1], &ended);
    ht_guard_fill((void *)address, GUARDED_BYTES, freed->byte);
    ht_freed_hold(freed, ended.number);
}

static void quarantine_one(void)
{
    ht_freed_ring_t *freed = &TRACKER->freed;
    guard_one();
    freed->on = true;
    freed->filled = true;
    freed->byte = 0xFE;
    freed->limit_blocks = 4;
    freed->limit_bytes = 4096;
    quarantine(GUARDED);
}

/* It leaves the quarantine, and its memory is somebody else's now. */
static void leave_and_use(void)
{
    ht_freed_t taken;
    ht_freed_take(&TRACKER->freed, &taken);
    use(GUARDED);
}

static void quarantine_and_guard(void)
{
    quarantine_one();
    guard(OTHER);
}

/* Another block goes into the quarantine, and is written to. */
static void quarantine_other(void)
{
    quarantine(OTHER);
    use(OTHER);
}

/* --- the ring of reports -----------------------------------------------------------------------
 */

#define RING 3U

static ht_error_t s_ring[RING];

static void use_ring(void)
{
    memset(s_ring, 0, sizeof(s_ring));
    TRACKER->errors.max = RING;
    TRACKER->errors.ring = s_ring;
}

static void claim_error(void)
{
    ht_error_t *error = ht_error_claim(&TRACKER->errors, &TRACKER->lock);
    RESULT[0] = error != NULL ? error->row.number : 0;
    RESULT[1] = error != NULL ? 1U + (uint32_t)(error - s_ring) : 0;
    if (error != NULL) { ht_error_seal(error); }
}

/* All slots are being read: only counters. */
static void use_ring_read(void)
{
    use_ring();
    for (unsigned i = 0; i < RING; i++) {
        claim_error();
    }
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
    for (unsigned i = 0; i < RING; i++) {
        ht_error_done(&TRACKER->lock, &s_ring[i]);
    }
    TRACKER->errors.overwritten = 5;
}

static void read_error(void)
{
    RESULT[0] = ht_error_read(&TRACKER->lock, &s_ring[0]);
}

static void done_error(void)
{
    ht_error_done(&TRACKER->lock, &s_ring[0]);
}

static void clear_errors(void)
{
    ht_errors_clear(&TRACKER->errors, &TRACKER->lock);
}

static void look_at_readers(void)
{
    for (unsigned i = 0; i < RING; i++) {
        RESULT[0] += s_ring[i].readers * (2U * i + 3U);
        RESULT[1] += s_ring[i].readers != 0 && s_ring[i].state != HT_ERROR_SEALED;
    }
}

static void report_error(void)
{
    const ht_fault_t fault = {.kind = HEAPTRAIL_ERROR_DOUBLE_FREE, .address = BLOCK(1)};
    ht_error_t *error = ht_fault_report(TRACKER, &fault);
    if (error != NULL) { ht_error_done(&TRACKER->lock, error); }
}

/* --- a flag that one may have ------------------------------------------------------------------
 */

static volatile uint32_t s_flag;

static void clear_flag(void)
{
    s_flag = 0;
}

static void claim(void)
{
    RESULT[0] = ht_claim(&TRACKER->lock, &s_flag);
}

extern const scenario_t g_scenarios_errors[];
const scenario_t g_scenarios_errors[] = {
    {"verify_block", guard_one, verify_one, free_and_use, look_at_errors, false},
    {"verify_all", guard_one, verify_all, free_and_use, look_at_errors, false},
    {"verify_twice", guard_one, verify_all, verify_all_later, look_at_passes, true},
    {"scrub", guard_one, scrub, free_and_use, look_at_errors, false},
    {"stack_overflow", guard_stack, report_overflow, free_and_use, look_at_errors, false},
    {"verify_quarantined", quarantine_one, verify_one, leave_and_use, look_at_errors, false},
    {"verify_all_quarantined", quarantine_one, verify_all, leave_and_use, look_at_errors, false},
    {"find_quarantined", quarantine_and_guard, verify_one, quarantine_other, look_at_errors, false},
    {"claim_error", use_ring, claim_error, claim_error, NULL, false},
    {"claim_no_error", use_ring_read, claim_error, claim_error, NULL, false},
    {"read_error", use_ring_read, read_error, read_error, look_at_readers, false},
    {"done_error", use_ring_read_twice, done_error, done_error, look_at_readers, false},
    {"clear_errors", use_ring_unread, clear_errors, read_error, look_at_readers, false},
    {"clear_counts", use_ring_read, clear_errors, claim_error, look_at_readers, false},
    {"report_error", NULL, report_error, report_error, look_at_errors, false},
    {"claim", clear_flag, claim, claim, NULL, false},
    {NULL, NULL, NULL, NULL, NULL, false},
};
