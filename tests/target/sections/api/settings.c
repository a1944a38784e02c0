/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What is set: the start, checks, policies, who is told. */
#include <string.h>

#include "heaptrail.h"
#include "heaptrail_errors.h"
#include "heaptrail_leaks.h"
#include "ht_checked.h"
#include "ht_suppress.h"
#include "ht_tell.h"
#include "port.h"
#include "sweep.h"

static void begin(void)
{
    memset(&g_port, 0, sizeof(g_port));
}

/* --- the start ---------------------------------------------------------------------------------
 */

static void begin_new(void)
{
    begin();
    memset(&heaptrail_state, 0, sizeof(heaptrail_state));
}

static void boot(void)
{
    (void)ht_default();
}

static void boot_and_add(void)
{
    (void)ht_default();
    ht_tracker_add(TRACKER, NEW_BLOCK(0), 24, (ht_origin_id_t){0});
}

static void begin_stopped(void)
{
    begin();
    sweep_begin_unused();
}

static void init(void)
{
    const heaptrail_config_t config = {.max_blocks = 14};
    RESULT[0] = (uint32_t)heaptrail_init(&config);
}

static void start_and_free(void)
{
    (void)heaptrail_start();
    ht_on_free((void *)BLOCK(0));
}

/* --- checks ------------------------------------------------------------------------------------
 */

/* All fields of one are of one number. */
static heaptrail_checks_t checks_of(uint8_t number)
{
    return (heaptrail_checks_t){.redzones = true,
                                .redzone_front_bytes = 8,
                                .redzone_tail_bytes = 8,
                                .fill_new = true,
                                .new_byte = number,
                                .fill_freed = true,
                                .freed_byte = number,
                                .quarantine_blocks = number,
                                .quarantine_bytes = number,
                                .report_interval_ms = number,
                                .scrub_round_ms = number};
}

static bool are_torn(const heaptrail_checks_t *checks)
{
    const uint8_t number = checks->new_byte;
    return checks->freed_byte != number || checks->quarantine_blocks != number ||
           checks->quarantine_bytes != number || checks->report_interval_ms != number ||
           checks->scrub_round_ms != number;
}

static void set(uint8_t number)
{
    const heaptrail_checks_t checks = checks_of(number);
    (void)heaptrail_set_checks(&checks);
}

static void set_2(void)
{
    set(2);
}

static void begin_2(void)
{
    begin();
    set_2();
}

static void set_3(void)
{
    set(3);
}

static void set_3_as_task(void)
{
    sweep_as_other_task(set_3);
}

static void read_checks(void)
{
    heaptrail_checks_t checks;
    (void)heaptrail_get_checks(&checks);
    RESULT[0] = are_torn(&checks);
}

static void set_sizes(uint8_t bytes)
{
    heaptrail_checks_t checks = checks_of(3);
    checks.redzone_front_bytes = bytes;
    checks.redzone_tail_bytes = bytes;
    RESULT[0] = (uint32_t)heaptrail_set_checks(&checks);
}

static void set_sizes_8(void)
{
    set_sizes(8);
}

static void set_sizes_16(void)
{
    set_sizes(16);
}

static void set_sizes_as_task(void)
{
    sweep_as_other_task(set_sizes_16);
}

/* One of the two was told that its sizes are used; and they are. */
static void look_at_sizes(void)
{
    RESULT[0] = (g_sweep.result[0][0] == 0) == (g_sweep.result[1][0] == 0);
    RESULT[1] = TRACKER->checks.front != TRACKER->checks.tail;
    RESULT[2] = (TRACKER->checks.front == 8) != (g_sweep.result[0][0] == 0);
}

/* The checks of Kconfig say 0 where the others say 3. */
static void boot_checks(void)
{
    ht_checked_boot(TRACKER);
}

static void look_at_boot(void)
{
    heaptrail_checks_t checks;
    (void)heaptrail_get_checks(&checks);
    bool is_3 = checks.new_byte == 3;
    RESULT[0] = is_3 != (checks.freed_byte == 3) || is_3 != (checks.quarantine_blocks == 3) ||
                is_3 != (checks.quarantine_bytes == 3) || is_3 != (checks.scrub_round_ms == 3);
}

/* --- policies, and who is told -----------------------------------------------------------------
 */

static void set_to_callback(void)
{
    (void)heaptrail_set_policy(HEAPTRAIL_ERROR_NONE, HEAPTRAIL_POLICY_CALLBACK);
}

static void set_to_abort(void)
{
    (void)heaptrail_set_policy(HEAPTRAIL_ERROR_NONE, HEAPTRAIL_POLICY_ABORT);
}

static void look_at_policies(void)
{
    for (unsigned i = 1; i < HEAPTRAIL_ERROR_COUNT; i++) {
        RESULT[0] += TRACKER->checks.policy[i] != TRACKER->checks.policy[0];
    }
}

static char s_first, s_second;

static void on_first(void *context, const heaptrail_error_row_t *row)
{
    (void)row;
    g_port.wrong += context != &s_first;
}

static void on_second(void *context, const heaptrail_error_row_t *row)
{
    (void)row;
    g_port.wrong += context != &s_second;
}

static void set_first(void)
{
    heaptrail_set_error_callback(on_first, &s_first);
}

static void set_second(void)
{
    heaptrail_set_error_callback(on_second, &s_second);
}

static void begin_first(void)
{
    begin();
    set_to_callback();
    set_first();
}

static void tell(void)
{
    static ht_error_t error;
    error.readers = 1;
    ht_tell(TRACKER, &error);
}

static void look_at_calls(void)
{
    tell();
    RESULT[0] = g_port.wrong;
}

/* --- sites that are no leaks ---------------------------------------------------------------------
 */

static bool is_1(void *context, const heaptrail_origin_t *origin)
{
    (void)context;
    return origin->id == 1;
}

static bool is_2(void *context, const heaptrail_origin_t *origin)
{
    (void)context;
    return origin->id == 2;
}

static heaptrail_suppression_t s_site_1 = {.fn = is_1}, s_site_2 = {.fn = is_2};

static void begin_unsuppressed(void)
{
    begin();
    heaptrail_suppress_none();
}

static void suppress_1(void)
{
    RESULT[0] = (uint32_t)heaptrail_suppress_leaks(&s_site_1);
}

static void suppress_2(void)
{
    RESULT[0] = (uint32_t)heaptrail_suppress_leaks(&s_site_2);
}

static void suppress_2_as_task(void)
{
    sweep_as_other_task(suppress_2);
}

static void look_at_suppressions(void)
{
    RESULT[0] = ht_suppressed(&(heaptrail_origin_t){.id = 1});
    RESULT[1] = ht_suppressed(&(heaptrail_origin_t){.id = 2});
}

extern const scenario_t g_scenarios_settings[];
const scenario_t g_scenarios_settings[] = {
    {"boot", begin_new, boot, boot_and_add, NULL, true},
    {"init", begin_stopped, init, start_and_free, NULL, true},
    {"checks_read", begin_2, read_checks, set_3_as_task, NULL, false},
    {"checks_set", begin_2, set_2, set_3_as_task, look_at_boot, true},
    {"checks_sizes", begin, set_sizes_8, set_sizes_as_task, look_at_sizes, true},
    {"checks_boot", begin_2, boot_checks, set_3_as_task, look_at_boot, true},
    {"policies", begin, set_to_callback, set_to_abort, look_at_policies, true},
    {"callback_set", begin_first, set_first, set_second, look_at_calls, true},
    {"suppress", begin_unsuppressed, suppress_1, suppress_2_as_task, look_at_suppressions, false},
    {"callback_call", begin_first, tell, set_second, look_at_calls, true},
    {NULL, NULL, NULL, NULL, NULL, false},
};
