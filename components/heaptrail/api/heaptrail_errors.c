/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The public interface of the checks: heaptrail_errors.h. */
#include "heaptrail_errors.h"

#include <string.h>

#include "ht_checked.h"
#include "ht_config.h"
#include "ht_guard.h"
#include "ht_log.h"
#include "ht_query.h"
#include "ht_tell.h"
#include "ht_verify.h"

#pragma weak ht_port_raw_heap

/* Not zeroed at start: it may hold what the run before had to say. */
static HT_PORT_NOINIT ht_error_t s_ring[CONFIG_HEAPTRAIL_MAX_ERRORS];

static const heaptrail_checks_t s_boot = {
    .redzones = CONFIG_HEAPTRAIL_REDZONE_FRONT + CONFIG_HEAPTRAIL_REDZONE_TAIL > 0,
    .redzone_front_bytes = CONFIG_HEAPTRAIL_REDZONE_FRONT,
    .redzone_tail_bytes = CONFIG_HEAPTRAIL_REDZONE_TAIL,
    .fill_new = HT_CONFIG_FILL_NEW,
    .new_byte = CONFIG_HEAPTRAIL_FILL_NEW_BYTE,
    .fill_freed = HT_CONFIG_FILL_FREED,
    .freed_byte = CONFIG_HEAPTRAIL_FILL_FREED_BYTE,
    .heap_headers = true,
    .wrong_frees = true,
    /* Without a fill there is nothing to see a write by. */
    .quarantine_blocks = HT_CONFIG_FILL_FREED ? CONFIG_HEAPTRAIL_QUARANTINE_BLOCKS : 0,
    .quarantine_bytes = CONFIG_HEAPTRAIL_QUARANTINE_BYTES,
    .report_interval_ms = CONFIG_HEAPTRAIL_REPORT_INTERVAL_MS,
    .scrub_round_ms = CONFIG_HEAPTRAIL_SCRUB_ROUND_MS,
};

static HT_PORT_HOT bool is_wrapped(void)
{
    const ht_raw_heap_t *volatile heap = &ht_port_raw_heap; /* weak: may be nowhere */
    return heap != NULL;
}

/* --- what is checked ----------------------------------------------------------------------------
 */

static HT_PORT_HOT uint8_t front_of(const heaptrail_checks_t *checks)
{
    return (uint8_t)((checks->redzone_front_bytes + HT_PORT_ALIGN - 1U) &
                     ~(unsigned)(HT_PORT_ALIGN - 1U));
}

static HT_PORT_HOT bool wants_redzones(const heaptrail_checks_t *checks)
{
    return checks->redzones && checks->redzone_front_bytes + checks->redzone_tail_bytes > 0;
}

/*
 * The sizes of redzones are set once, when they are wanted for the first time: a block may be laid
 * out with them and not be recorded yet, where nobody sees it. A section of its own, before the one
 * that turns them on: who sees them on, without the lock, sees their sizes. False: they have
 * others.
 */
static HT_PORT_HOT bool fix_sizes(ht_tracker_t *tracker, const heaptrail_checks_t *from)
{
    if (!wants_redzones(from)) { return true; }
    ht_checks_t *checks = &tracker->checks;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    if (checks->front == 0 && checks->tail == 0) {
        checks->front = front_of(from);
        checks->tail = from->redzone_tail_bytes;
    }
    bool same = checks->front == front_of(from) && checks->tail == from->redzone_tail_bytes;
    ht_port_unlock(&tracker->lock, irq);
    return same;
}

/* Lock held. */
static HT_PORT_HOT void apply(ht_tracker_t *tracker, const heaptrail_checks_t *from)
{
    ht_checks_t *checks = &tracker->checks;
    checks->redzones = wants_redzones(from);
    checks->fill_new = from->fill_new;
    checks->new_byte = from->new_byte;
    checks->fill_freed = from->fill_freed;
    checks->freed_byte = from->freed_byte;
    checks->heap_headers = from->heap_headers;
    checks->wrong_frees = from->wrong_frees;
    checks->report_interval_ms = from->report_interval_ms;
    checks->scrub_round_ms = from->scrub_round_ms;
    tracker->freed.limit_blocks = from->quarantine_bytes != 0 ? from->quarantine_blocks : 0;
    tracker->freed.limit_bytes = from->quarantine_bytes;
    tracker->freed.filled = from->fill_freed;
    tracker->freed.byte = from->freed_byte;
    /* Once on, it stays: there may be blocks whose pointers are not the heap's. */
    checks->on = checks->on || from->redzones || from->fill_new || from->fill_freed ||
                 from->heap_headers || from->wrong_frees || tracker->freed.limit_blocks != 0;
    ht_tracker_settle(tracker);
}

void ht_checked_open(ht_tracker_t *tracker)
{
    static volatile uint32_t
        s_opened; /* by the first one to come; until it is done, errors are only counted */
    if (__atomic_load_n(&s_opened, __ATOMIC_ACQUIRE) != 0 || !ht_claim(&tracker->lock, &s_opened)) {
        return;
    }
    tracker->checks.seed = ht_port_seed();
    ht_errors_adopt(&tracker->errors, s_ring, CONFIG_HEAPTRAIL_MAX_ERRORS);
}

void ht_checked_boot(ht_tracker_t *tracker)
{
    ht_checked_open(tracker);
    if (!is_wrapped()) { return; }
    if (HT_CONFIG_ABORT_ON_ERROR) {
        memset(tracker->checks.policy, HEAPTRAIL_POLICY_ABORT, sizeof(tracker->checks.policy));
    }
    if (!fix_sizes(tracker, &s_boot)) { return; } /* somebody was quicker */
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    apply(tracker, &s_boot);
    ht_port_unlock(&tracker->lock, irq);
}

esp_err_t heaptrail_get_checks(heaptrail_checks_t *checks)
{
    if (checks == NULL) { return ESP_ERR_INVALID_ARG; }
    ht_tracker_t *tracker = ht_default();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    const ht_checks_t *from = &tracker->checks;
    *checks = (heaptrail_checks_t){
        .redzones = from->redzones,
        .redzone_front_bytes = from->front,
        .redzone_tail_bytes = from->tail,
        .fill_new = from->fill_new,
        .new_byte = from->new_byte,
        .fill_freed = from->fill_freed,
        .freed_byte = from->freed_byte,
        .heap_headers = from->heap_headers,
        .wrong_frees = from->wrong_frees,
        .quarantine_blocks = tracker->freed.limit_blocks,
        .quarantine_bytes = tracker->freed.limit_bytes,
        .report_interval_ms = from->report_interval_ms,
        .scrub_round_ms = from->scrub_round_ms,
    };
    ht_port_unlock(&tracker->lock, irq);
    return ESP_OK;
}

static esp_err_t wrong_field(const char *name)
{
    ht_log_name(HEAPTRAIL_LOG_ERROR, "heaptrail_set_checks: invalid field", name);
    return ESP_ERR_INVALID_ARG;
}

esp_err_t heaptrail_set_checks(const heaptrail_checks_t *checks)
{
    if (checks == NULL) { return ESP_ERR_INVALID_ARG; }
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    ht_tracker_t *tracker = ht_default();
    if (checks->redzone_front_bytes > HT_REDZONE_BYTES_MAX) {
        return wrong_field("redzone_front_bytes (0 to 64)");
    }
    if (checks->redzone_tail_bytes > HT_REDZONE_BYTES_MAX) {
        return wrong_field("redzone_tail_bytes (0 to 64)");
    }
    bool quarantines = checks->quarantine_bytes != 0 && checks->quarantine_blocks != 0;
    if (quarantines && checks->quarantine_blocks >= tracker->freed.max) {
        return wrong_field("quarantine_blocks (not below max_freed)");
    }
    if (quarantines && !checks->fill_freed) {
        return wrong_field("fill_freed (a quarantine needs it, to see a write)");
    }
    if (!is_wrapped()) { return ESP_ERR_NOT_SUPPORTED; }
    ht_checked_open(tracker);
    if (!fix_sizes(tracker, checks)) {
        ht_log(HEAPTRAIL_LOG_ERROR,
               "heaptrail_set_checks: redzones were on with other sizes, which stay");
        return ESP_ERR_INVALID_STATE;
    }
    const ht_checks_t *now = &tracker->checks;
    /* What waits was filled by the old rules. */
    bool same_fill = now->fill_freed == checks->fill_freed && now->freed_byte == checks->freed_byte;
    if (!same_fill) {
        ht_port_irq_t irq = ht_port_lock(&tracker->lock);
        tracker->freed.limit_blocks = 0;
        ht_port_unlock(&tracker->lock, irq);
    }
    if (!same_fill || !quarantines) { ht_checked_release(HEAPTRAIL_FOUND_QUARANTINE); }
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    apply(tracker, checks);
    ht_port_unlock(&tracker->lock, irq);
    ht_checked_trim();
    return ESP_OK;
}

esp_err_t heaptrail_set_policy(heaptrail_error_kind_t kind, heaptrail_policy_t policy)
{
    if ((unsigned)kind >= HEAPTRAIL_ERROR_COUNT || (unsigned)policy > HEAPTRAIL_POLICY_ABORT) {
        return ESP_ERR_INVALID_ARG;
    }
    ht_tracker_t *tracker = ht_default();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    for (unsigned i = 0; i < HEAPTRAIL_ERROR_COUNT; i++) {
        if (kind == HEAPTRAIL_ERROR_NONE || (unsigned)kind == i) {
            tracker->checks.policy[i] = (uint8_t)policy;
        }
    }
    ht_port_unlock(&tracker->lock, irq);
    return ESP_OK;
}

void heaptrail_set_error_callback(heaptrail_error_fn_t fn, void *context)
{
    ht_tell_set(fn, context);
}

/* --- looking ------------------------------------------------------------------------------------
 */

static const ht_look_t s_verify = {.found = HEAPTRAIL_FOUND_VERIFY, .tell = ht_tell};

static void answer(heaptrail_verified_t *verified, const heaptrail_verified_t *got)
{
    if (verified != NULL) { *verified = *got; }
}

esp_err_t heaptrail_verify(const void *address, heaptrail_verified_t *verified)
{
    heaptrail_verified_t got = {0};
    ht_tracker_t *tracker = ht_default();
    bool there = ht_verify_block(tracker, (uintptr_t)address, &s_verify, &got);
    answer(verified, &got);
    return there ? ESP_OK : ESP_ERR_NOT_FOUND;
}

esp_err_t heaptrail_verify_heap(uint32_t heap_id, heaptrail_verified_t *verified)
{
    heaptrail_verified_t got = {0};
    ht_tracker_t *tracker = ht_default();
    if (heap_id > tracker->heaps.count) { return ESP_ERR_INVALID_ARG; }
    ht_checked_open(tracker);
    ht_verify_heap(tracker, heap_id, !ht_port_in_isr(), &s_verify, &got);
    answer(verified, &got);
    return ESP_OK;
}

void ht_checked_verify_at_exit(void)
{
    static const ht_look_t look = {.found = HEAPTRAIL_FOUND_EXIT, .tell = ht_tell};
    heaptrail_verified_t got = {0};
    if (ht_checking()) { ht_verify_heap(ht_default(), 0, true, &look, &got); }
}

esp_err_t heaptrail_scrub(uint32_t blocks, heaptrail_verified_t *verified)
{
    static const ht_look_t look = {.found = HEAPTRAIL_FOUND_SCRUB, .tell = ht_tell};
    heaptrail_verified_t got = {0};
    bool free_to_go = ht_scrub(ht_default(), blocks, &look, &got);
    answer(verified, &got);
    return free_to_go ? ESP_OK : ESP_ERR_INVALID_STATE;
}

esp_err_t heaptrail_release_quarantine(void)
{
    if (!is_wrapped()) { return ESP_OK; }
    ht_checked_release(HEAPTRAIL_FOUND_QUARANTINE);
    return ESP_OK;
}

/* --- questions ----------------------------------------------------------------------------------
 */

/* The sealed report with the least number above `last`, of the run before or of this one. */
static ht_error_t *next_error(ht_errors_t *errors, bool before_reset, uint32_t last)
{
    ht_error_t *next = NULL;
    for (uint32_t i = 0; i < errors->max; i++) {
        ht_error_t *error = &errors->ring[i];
        if (__atomic_load_n(&error->state, __ATOMIC_ACQUIRE) == HT_ERROR_SEALED &&
            error->row.before_reset == before_reset && error->row.number > last &&
            (next == NULL || error->row.number < next->row.number)) {
            next = error;
        }
    }
    return next;
}

esp_err_t heaptrail_for_each_error(heaptrail_error_row_fn_t fn, void *context,
                                   heaptrail_walk_t *walk)
{
    if (fn == NULL) { return ESP_ERR_INVALID_ARG; }
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    ht_tracker_t *tracker = ht_default();
    ht_checked_open(tracker);
    heaptrail_walk_t got = {0};
    bool more = true;
    for (int run = 0; run < 2; run++) {
        uint32_t last = 0;
        ht_error_t *error;
        while (more && (error = next_error(&tracker->errors, run == 0, last)) != NULL) {
            if (!ht_error_read(&tracker->lock, error)) { continue; }
            bool same = error->row.before_reset == (run == 0) && error->row.number > last;
            if (same) {
                last = error->row.number;
                got.rows++;
                more = fn(context, &error->row);
            } else {
                got.disturbed = true;
            }
            ht_error_done(&tracker->lock, error);
        }
    }
    if (walk != NULL) { *walk = got; }
    return ESP_OK;
}

esp_err_t heaptrail_clear_errors(void)
{
    ht_tracker_t *tracker = ht_default();
    ht_checked_open(tracker);
    ht_errors_clear(&tracker->errors, &tracker->lock);
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    memset(tracker->checks.errors, 0, sizeof(tracker->checks.errors));
    ht_port_unlock(&tracker->lock, irq);
    return ESP_OK;
}

esp_err_t heaptrail_explain_address(const void *address, heaptrail_address_row_t *row)
{
    if (row == NULL) { return ESP_ERR_INVALID_ARG; }
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    ht_diagnose_row(ht_default(), (uintptr_t)address, row);
    return ESP_OK;
}

/* Redzones of the live blocks, counted bucket by bucket. */
static size_t redzone_bytes(ht_tracker_t *tracker)
{
    size_t bytes = 0;
    const ht_checks_t *checks = &tracker->checks;
    for (uint32_t b = 0; tracker->state != HT_STATE_NEW && b <= tracker->table.bucket_count; b++) {
        ht_record_t records[HT_BUCKET_SLOTS];
        uint32_t moves;
        uint32_t count = ht_query_bucket(tracker, b, records, &moves);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t guard = ht_record_guard(&records[i]);
            if (guard != HT_GUARD_NONE) { bytes += ht_guard_front(checks, guard) + checks->tail; }
        }
    }
    return bytes;
}

esp_err_t heaptrail_check_status(heaptrail_check_status_t *status)
{
    if (status == NULL) { return ESP_ERR_INVALID_ARG; }
    ht_tracker_t *tracker = ht_default();
    size_t redzones = redzone_bytes(tracker);
    ht_tick_t now = ht_port_tick();
    *status = (heaptrail_check_status_t){.redzone_bytes = redzones};
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    const ht_checks_t *checks = &tracker->checks;
    for (uint32_t i = 0; i < HEAPTRAIL_ERROR_COUNT; i++) { /* memcpy() may copy bytes */
        status->errors[i] = checks->errors[i];
    }
    status->reported = tracker->errors.count;
    status->repeated = tracker->errors.repeated;
    status->overwritten = tracker->errors.overwritten;
    status->quarantined_blocks = tracker->freed.held_blocks;
    status->quarantined_bytes = tracker->freed.held_bytes;
    status->quarantine_max_blocks = tracker->freed.max != 0 ? tracker->freed.max - 1U : 0;
    status->released_early = checks->released_early;
    status->unguarded_blocks = checks->unguarded_blocks;
    status->leaked_blocks = checks->leaked_blocks;
    status->leaked_bytes = checks->leaked_bytes;
    status->scrub_rounds = tracker->scrub.rounds;
    status->scrubbed = tracker->scrub.has_passed;
    ht_tick_t age = ht_age(now, tracker->scrub.passed);
    ht_port_unlock(&tracker->lock, irq);
    status->scrub_age_us = status->scrubbed ? ht_ticks_to_us(age) : 0;
    return ESP_OK;
}
