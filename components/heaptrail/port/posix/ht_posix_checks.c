/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Memory errors: which checks the options ask for, the scrubber's turns, and what is left for the
 * end of the program. */
#include "heaptrail_errors.h"
#include "ht_checked.h"
#include "ht_guard.h"
#include "ht_posix.h"

/* The scrubber's turn comes this often, at most: as often as ht_port_tick() moves on many kernels.
 */
#define TURN_MS 10U

void ht_posix_checks_boot(const ht_posix_options_t *options)
{
    if (options->checks == HT_POSIX_CHECKS_OFF) { return; }
    heaptrail_checks_t checks;
    ht_posix_options_checks(options, &checks);
    ht_posix_output_open();
    if (options->symbols != HT_POSIX_SYMBOLS_NONE) { heaptrail_set_symbols(ht_posix_symbol, NULL); }
    if (heaptrail_set_checks(&checks) != ESP_OK) {
        ht_posix_complain(
            (const char *const[]){"these checks cannot be made, going on without", NULL});
    }
    if (options->errors == HT_POSIX_ERRORS_ABORT) {
        (void)heaptrail_set_policy(HEAPTRAIL_ERROR_NONE, HEAPTRAIL_POLICY_ABORT);
    }
}

uint32_t ht_posix_checks_errors(void)
{
    heaptrail_check_status_t status;
    uint32_t errors = 0;
    if (heaptrail_check_status(&status) != ESP_OK) { return 0; }
    for (uint32_t kind = 0; kind < HEAPTRAIL_ERROR_COUNT; kind++) {
        errors += status.errors[kind];
    }
    return errors;
}

int ht_posix_checks_status(const ht_posix_options_t *options, int status)
{
    return options->exitcode != 0 && ht_posix_checks_errors() != 0 ? (int)options->exitcode
                                                                   : status;
}

void ht_posix_checks_end(const ht_posix_options_t *options)
{
    if (options->checks == HT_POSIX_CHECKS_OFF || !options->verify_at_exit) { return; }
    ht_checked_verify_at_exit();
}

/* Finish what other threads were at: blocks that they were filling for the quarantine would keep it
 * from moving on, and the scrubber's turn would never end. */
static void finish_for_others(ht_tracker_t *tracker)
{
    ht_freed_ring_t *freed = &tracker->freed;
    for (uint32_t number = freed->first; number != freed->count; number++) {
        const ht_freed_t *entry = &freed->ring[number & (freed->max - 1U)];
        if (entry->state != HT_FREED_ENTERS) { continue; }
        size_t size = ht_record_size(&entry->record);
        if (freed->filled) { ht_guard_fill((void *)entry->record.address, size, freed->byte); }
        ht_freed_hold(freed, number);
    }
    tracker->scrub.busy = 0;
}

void ht_posix_checks_forked(void)
{
    if (!ht_checking()) { return; }
    finish_for_others(&ht_default_tracker);
    (void)heaptrail_clear_errors();
}

/* Nobody else could do it: a thread of our own would be one more in the program. */
void ht_posix_checks_scrub(const ht_posix_options_t *options)
{
    static ht_tick_t s_turn;
    if (options->scrub_ms == 0) { return; }
    ht_tick_t now = ht_port_tick();
    ht_tick_t last = __atomic_load_n(&s_turn, __ATOMIC_RELAXED);
    if (now - last < TURN_MS || !__atomic_compare_exchange_n(&s_turn, &last, now, false,
                                                             __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        return;
    }
    (void)heaptrail_scrub(0, NULL); /* as many blocks as are due */
}
