/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What is said of memory errors, byte for byte: golden.h says how to accept new output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "golden.h"
#include "worlds_errors.h"

static void report_error(const heaptrail_error_row_t *row, bool json, bool color)
{
    s_sink.used = 0;
    heaptrail_report_error(row, json, color, to_sink, &s_sink);
}

/* --- one error at once -------------------------------------------------------------------------
 */

static void each_error(void **state)
{
    (void)state;
    const heaptrail_report_t plain = {0};
    for (uint32_t i = 0; i < g_error_count; i++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "error_%s", g_errors[i].name);
        report_error(&g_errors[i].row, false, false);
        check_text(&plain);
        check_golden(name, false);
        report_error(&g_errors[i].row, true, true);
        check_golden(name, true);
    }
}

static void colored_errors(void **state)
{
    (void)state;
    const heaptrail_report_t colored = {.color = true};
    static const uint32_t some[] = {0, 6, 8, 12, 22};
    for (uint32_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "color_error_%s", g_errors[some[i]].name);
        report_error(&g_errors[some[i]].row, false, true);
        check_text(&colored);
        check_golden(name, false);
    }
}

static void extreme_error(void **state)
{
    (void)state;
    const heaptrail_report_t plain = {0};
    report_error(&g_extreme_error, false, false);
    check_text(&plain);
    check_golden("error_extreme_@", false);
    report_error(&g_extreme_error, true, false);
    check_golden("error_extreme_@", true);
}

static void named_frames(void **state)
{
    (void)state;
    heaptrail_set_symbols(symbol, NULL);
    report_error(&g_errors[0].row, false, false);
    check_golden("symbols_error", false);
    report_error(&g_errors[0].row, true, false);
    check_golden("symbols_error", true);
    heaptrail_set_symbols(NULL, NULL);
}

/* A row from before a reset may say anything. */
static void absurd_numbers(void **state)
{
    (void)state;
    static const ptrdiff_t numbers[] = {PTRDIFF_MIN, PTRDIFF_MIN + 1, -1,         0,
                                        1,           PTRDIFF_MAX - 1, PTRDIFF_MAX};
    const heaptrail_report_t plain = {0};
    for (uint32_t i = 0; i < 7U * 7U * 7U * 7U; i++) {
        heaptrail_error_row_t row = g_errors[0].row;
        row.kind = (heaptrail_error_kind_t)(i % 12U);
        row.place = (heaptrail_place_t)(i % 13U);
        row.offset_bytes = numbers[i % 7U];
        row.window_offset_bytes = numbers[i / 7U % 7U];
        row.damaged_bytes = (size_t)numbers[i / 49U % 7U];
        row.block.size_bytes = (size_t)numbers[i / 343U];
        report_error(&row, false, false);
        check_text(&plain);
        report_error(&row, true, false);
    }
}

static void nothing_to_report(void **state)
{
    (void)state;
    s_sink.used = 0;
    heaptrail_report_error(NULL, false, false, to_sink, &s_sink);
    heaptrail_report_error(&g_errors[0].row, false, false, NULL, NULL);
    assert_int_equal(s_sink.used, 0);
}

/* It asks the tracker nothing: no world is there to answer. */
static void asks_nothing(void **state)
{
    (void)state;
    fake_use(NULL);
    for (uint32_t i = 0; i < g_error_count; i++) {
        report_error(&g_errors[i].row, false, false);
        report_error(&g_errors[i].row, true, false);
    }
    assert_true(s_sink.used > 0);
}

/* --- lists -------------------------------------------------------------------------------------
 */

static void all_errors(void **state)
{
    (void)state;
    static const uint16_t widths[] = {40, 72, 80, 100};
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_ERRORS, .max_rows = UINT32_MAX};
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        char name[64];
        ask.width = widths[i];
        (void)snprintf(name, sizeof(name), "errors_%u", widths[i]);
        check(name, fake_errors(), ask, ESP_OK);
    }
    ask.color = true;
    check("color_errors_all", fake_errors(), ask, ESP_OK);
    check_json("errors_all", fake_errors(), ask, ESP_OK);
}

static void newest_errors(void **state)
{
    (void)state;
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_ERRORS, .max_rows = 2};
    check("errors_2", fake_errors(), ask, ESP_OK);
    check_json("errors_2", fake_errors(), ask, ESP_OK);
    fake_world_t world = *fake_errors();
    world.error_count = 0; /* all counted, none kept */
    world.disturbed = true;
    check("errors_none_kept", &world, ask, ESP_OK);
}

static void in_a_summary(void **state)
{
    (void)state;
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_SUMMARY, .width = 72};
    check("errors_summary_72", fake_errors(), ask, ESP_OK);
    ask.width = 100;
    check("errors_summary_100", fake_errors(), ask, ESP_OK);
    check_json("errors_summary", fake_errors(), ask, ESP_OK);
}

/* --- checks ------------------------------------------------------------------------------------
 */

static void checks(void **state)
{
    (void)state;
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_CHECKS};
    fake_world_t world = *fake_errors();
    check("checks_100", &world, ask, ESP_OK);
    check_json("checks", &world, ask, ESP_OK);
    ask.width = 72;
    check("checks_72", &world, ask, ESP_OK);
    ask.color = true;
    check("color_checks", &world, ask, ESP_OK);
    ask.color = false;
    world.checks.scrub_round_ms = 0;
    world.checks.fill_new = false;
    world.checks.quarantine_bytes = 0;
    world.checks.report_interval_ms = 0;
    world.check_status = (heaptrail_check_status_t){0};
    check("checks_some", &world, ask, ESP_OK);
    check_json("checks_some", &world, ask, ESP_OK);
    world.checks = g_all_checks;
    check("checks_fresh", &world, ask, ESP_OK);
    ask.kind = HEAPTRAIL_REPORT_STATUS;
    check("checks_status", &world, ask, ESP_OK);
}

/* --- explanations ------------------------------------------------------------------------------
 */

static void explanations(void **state)
{
    (void)state;
    static const char *const names[HEAPTRAIL_VERDICT_COUNT] = {"unknown", "impossible", "exhausted",
                                                               "fragmented", "fits"};
    fake_world_t world = *fake_errors();
    for (int verdict = 0; verdict < HEAPTRAIL_VERDICT_COUNT; verdict++) {
        char name[64];
        heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_EXPLAIN};
        world.explanation = explanation((heaptrail_verdict_t)verdict);
        (void)snprintf(name, sizeof(name), "explain_%s_100", names[verdict]);
        check(name, &world, ask, ESP_OK);
        ask.width = 72;
        (void)snprintf(name, sizeof(name), "explain_%s_72", names[verdict]);
        check(name, &world, ask, ESP_OK);
        (void)snprintf(name, sizeof(name), "explain_%s", names[verdict]);
        check_json(name, &world, ask, ESP_OK);
    }
}

static void no_such_memory(void **state)
{
    (void)state;
    fake_world_t world = *fake_errors();
    heaptrail_explanation_t row = {.failure_number = 5,
                                   .size_bytes = 64,
                                   .caps = 1 << 10 | 1,
                                   .verdict = HEAPTRAIL_VERDICT_IMPOSSIBLE};
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_EXPLAIN};
    world.explanation = &row;
    check("explain_no_heap", &world, ask, ESP_OK);
    check_json("explain_no_heap", &world, ask, ESP_OK);
}

static void explained_failure(void **state)
{
    (void)state;
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_FAILURES, .max_rows = 3};
    check("explained_failures", fake_errors(), ask, ESP_OK);
    check_json("explained_failures", fake_errors(), ask, ESP_OK);
    ask.width = 72;
    check("explained_failures_72", fake_errors(), ask, ESP_OK);
    ask.color = true;
    check("color_explained_failures", fake_errors(), ask, ESP_OK);
}

/* --- addresses ---------------------------------------------------------------------------------
 */

static void addresses(void **state)
{
    (void)state;
    static const char *const names[] = {"tail",          "front",  "quarantine", "recent", "stack",
                                        "stack_of_none", "static", "read_only",  "other"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char name[64];
        heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_WHOIS,
                                  .address = (const void *)g_addresses[i].address};
        (void)snprintf(name, sizeof(name), "address_%s", names[i]);
        check(name, fake_errors(), ask, ESP_ERR_NOT_FOUND);
        check_json(name, fake_errors(), ask, ESP_ERR_NOT_FOUND);
    }
}

/* --- any width ---------------------------------------------------------------------------------
 */

static void widths(void **state)
{
    (void)state;
    static const heaptrail_report_kind_t kinds[] = {
        HEAPTRAIL_REPORT_ERRORS, HEAPTRAIL_REPORT_CHECKS, HEAPTRAIL_REPORT_EXPLAIN,
        HEAPTRAIL_REPORT_FAILURES, HEAPTRAIL_REPORT_WHOIS};
    fake_world_t extreme = *fake_errors();
    extreme.errors = &g_extreme_error;
    extreme.error_count = 1;
    for (uint32_t width = 40; width < 300; width++) {
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
            heaptrail_report_t ask = {.kind = kinds[i],
                                      .width = (uint16_t)width,
                                      .max_rows = UINT32_MAX,
                                      .address = (const void *)g_addresses[2].address};
            (void)report(fake_errors(), &ask);
            check_text(&ask);
            (void)report(&extreme, &ask);
            check_text(&ask);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_error),     cmocka_unit_test(colored_errors),
        cmocka_unit_test(extreme_error),  cmocka_unit_test(named_frames),
        cmocka_unit_test(absurd_numbers), cmocka_unit_test(nothing_to_report),
        cmocka_unit_test(asks_nothing),   cmocka_unit_test(all_errors),
        cmocka_unit_test(newest_errors),  cmocka_unit_test(in_a_summary),
        cmocka_unit_test(checks),         cmocka_unit_test(explanations),
        cmocka_unit_test(no_such_memory), cmocka_unit_test(explained_failure),
        cmocka_unit_test(addresses),      cmocka_unit_test(widths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
