/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The command `heaptrail`: what each sub-command writes and returns, and what it does. golden.h
 * says how to accept other output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_console.h"
#include "golden.h"

/* --- what is written ---------------------------------------------------------------------------
 */

/* Runs the line, as text and as JSON, against console_NAME. */
static void shows(const char *name, const fake_world_t *world, const char *line, int code)
{
    char path[80];
    char json[512];
    heaptrail_report_t text = {.width = 100};
    (void)snprintf(path, sizeof(path), "console_%s", name);
    if (run_line(world, line) != code) { fail_msg("`%s`:\n%s", line, written()); }
    check_text(&text);
    check_golden(path, false);
    (void)snprintf(json, sizeof(json), "%s --json", line);
    assert_int_equal(run_line(world, json), code);
    check_golden(path, true);
}

static void reports(void **state)
{
    (void)state;
    shows("bare", fake_firmware(), "", 0);
    shows("status", fake_firmware(), "status", 0);
    shows("sites", fake_firmware(), "sites -n 2", 0);
    shows("sites_all", fake_firmware(), "sites --all --sort=peak", 0);
    shows("sites_chosen", fake_firmware(),
          "sites --task mqtt_task --site on_message --heap DRAM --caps 8bit,internal --min 1k "
          "--older 5m",
          0);
    shows("tasks", fake_firmware(), "tasks --sort blocks", 0);
    shows("heaps", fake_firmware(), "heaps", 0);
    shows("list", fake_firmware(), "list --sort age -n3", 0);
    shows("list_min", fake_firmware(), "--min=80 list --sort none --all", 0);
    shows("failures", fake_firmware(), "failures -n 1", 0);
    shows("errors", fake_errors(), "errors -n 1", 0);
    shows("whois", fake_firmware(), "whois 3fc9a10c", 0);
    shows("whois_nothing", fake_firmware(), "whois 0x20000000", 1);
    shows("busy", &(fake_world_t){.busy = true}, "sites", 3);
}

/* The same address, typed in each way. */
static void addresses(void **state)
{
    (void)state;
    static const char *const ways[] = {"whois 0x3fc9a10c", "whois 3fc9a10c",   "whois 3FC9A10C",
                                       "whois 0X3FC9a10c", "whois 1070178572", "-- whois 3fc9a10c"};
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        assert_int_equal(run_line(fake_firmware(), ways[i]), 0);
        assert_non_null(strstr(written(), "0x3fc9a10c is "));
    }
    (void)run_line(fake_firmware(), "whois 42008120"); /* eight digits are an address */
    assert_non_null(strstr(written(), "0x42008120 is "));
    (void)run_line(fake_firmware(), "whois 4200812");
    assert_non_null(strstr(written(), "0x0040196c is "));
}

static void helps(void **state)
{
    (void)state;
    static const char *const subs[] = {"status",   "sites", "tasks", "heaps", "list",  "failures",
                                       "errors",   "mark",  "since", "check", "whois", "scrub",
                                       "recorder", "start", "stop",  "reset", "leaks", "help"};
    char line[40];
    char name[40];
    shows("help", fake_firmware(), "help", 0);
    for (size_t i = 0; i < sizeof(subs) / sizeof(subs[0]); i++) {
        static char first[8192];
        (void)snprintf(line, sizeof(line), "help %s", subs[i]);
        (void)snprintf(name, sizeof(name), "console_help_%s", subs[i]);
        assert_int_equal(run_line(fake_firmware(), line), 0);
        check_text(&(heaptrail_report_t){.width = 100});
        check_golden(name, false);
        strcpy(first, written());
        (void)snprintf(line, sizeof(line), "%s --help", subs[i]);
        assert_int_equal(run_line(fake_firmware(), line), 0);
        assert_string_equal(written(), first);
        assert_non_null(strstr(first, subs[i]));
    }
    assert_int_equal(run_line(fake_firmware(), "-h"), 0);
    assert_non_null(strstr(written(), "whois ADDRESS"));
    assert_int_equal(run_line(fake_firmware(), "-?"), 0);
}

static void recorder(void **state)
{
    (void)state;
    shows("recorder_nothing", fake_firmware(), "recorder", 1);
    g_actions.recorded = "<frame>";
    shows("recorder", fake_firmware(), "recorder", 0);
    g_actions.err = ESP_ERR_NOT_SUPPORTED;
    assert_int_equal(run_line(fake_firmware(), "recorder"), 3);
    assert_non_null(strstr(written(), "without what that needs"));
    g_actions = (fake_actions_t){0};
}

static void colors(void **state)
{
    (void)state;
    assert_int_equal(run_line(fake_firmware(), "sites --color=always"), 0);
    assert_non_null(strchr(written(), '\x1b'));
    assert_int_equal(run_line(fake_firmware(), "sites"), 0);
    assert_null(strchr(written(), '\x1b'));
    set_color(true);
    assert_int_equal(run_line(fake_firmware(), "sites --color auto"), 0);
    assert_non_null(strchr(written(), '\x1b'));
    assert_int_equal(run_line(fake_firmware(), "sites --color never"), 0);
    assert_null(strchr(written(), '\x1b'));
    assert_int_equal(run_line(fake_firmware(), "sites --json"), 0);
    assert_null(strchr(written(), '\x1b'));
    assert_int_equal(run_line(fake_firmware(), "nonsense --json"), 2);
    assert_null(strchr(written(), '\x1b'));
    set_color(false);
}

static void widths(void **state)
{
    (void)state;
    for (unsigned width = 40; width <= 200; width += 20) {
        char line[64];
        heaptrail_report_t text = {.width = (uint16_t)width};
        (void)snprintf(line, sizeof(line), "list --width %u", width);
        assert_int_equal(run_line(fake_firmware(), line), 0);
        check_text(&text);
        (void)snprintf(line, sizeof(line), "--width=%u", width);
        assert_int_equal(run_line(fake_firmware(), line), 0);
        check_text(&text);
    }
}

/* --- what is asked -----------------------------------------------------------------------------
 */

/* Each filter arrives in the question. */
static void filters(void **state)
{
    (void)state;
    assert_int_equal(run_line(fake_firmware(), "mark here"), 0);
    assert_int_equal(run_line(fake_firmware(),
                              "tasks --task httpd --site 2 --heap IRAM --caps dma,0x400 --min 4k "
                              "--older 5m --since here"),
                     0);
    heaptrail_select_t got = fake_selected();
    assert_int_equal(got.task_id, 4);
    assert_int_equal(got.site_id, 2);
    assert_int_equal(got.heap_id, 2);
    assert_int_equal(got.caps, 0x408);
    assert_int_equal(got.size_min, 4096);
    assert_int_equal(got.age_min_us, 300000000);
    assert_non_null(got.since);
    assert_int_equal(run_line(fake_firmware(), "tasks"), 0);
    got = fake_selected();
    assert_memory_equal(&got, &(heaptrail_select_t){0}, sizeof(got));
}

static void leaks(void **state)
{
    (void)state;
    shows("leaks", fake_firmware(), "leaks -n 3", 0);
    assert_int_equal(fake_looked_for().evidence, 0);
    assert_int_equal(run_line(fake_firmware(), "leaks --no-scan --site 2"), 0);
    assert_int_equal(fake_looked_for().evidence,
                     HEAPTRAIL_EVIDENCE_ALL & ~HEAPTRAIL_EVIDENCE_UNREACHABLE);
    assert_int_equal(fake_looked_for().site_id, 2);
    assert_int_equal(run_line(fake_firmware(), "leaks --task httpd"), 0);
    assert_int_equal(fake_looked_for().evidence, HEAPTRAIL_EVIDENCE_TASK_GONE);
    assert_int_equal(fake_looked_for().task_id, 4);
    assert_int_equal(run_line(fake_firmware(), "sites --no-scan"), 2);
    assert_non_null(strstr(written(), "does not go with this"));
}

/* A site by each of its names. */
static void names_of_sites(void **state)
{
    (void)state;
    static const char *const same[] = {"http_server.c:214", "net/http_server.c:214", "http_accept",
                                       "1", "/home/dev/firmware/components/net/http_server.c:214"};
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        const char *words[] = {"sites", "--site", same[i], NULL};
        assert_int_equal(run_words(fake_firmware(), words), 0);
        assert_non_null(strstr(written(), "only blocks of http_accept()"));
    }
    assert_int_equal(fake_selected().site_id, 1);
    assert_int_equal(run_line(fake_firmware(), "sites --site 0x42008a1c"), 2); /* two sites */
    assert_non_null(strstr(written(), "2, 5"));
    assert_int_equal(run_line(fake_firmware(), "sites --site screen.cpp:31"), 2);
    assert_non_null(strstr(written(), "'screen.cpp:31' is not one: say one of the ids 6, 7"));
    static const char *const none[] = {"server.c:214",   "http_server.c:215",
                                       "http_serve",     "99",
                                       "http_server.c:", ":214",
                                       "0x42008a1d",     "0"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        const char *words[] = {"sites", "--site", none[i], NULL};
        assert_int_equal(run_words(fake_firmware(), words), 2);
        assert_non_null(strstr(written(), "is not known"));
    }
}

/* A task that lives counts before those of that name that are gone. */
static void names_of_tasks(void **state)
{
    (void)state;
    static const heaptrail_task_row_t tasks[] = {
        {.id = 3, .name = "worker", .deleted = true},
        {.id = 4, .name = "worker"},
        {.id = 5, .name = "gone", .deleted = true},
        {.id = 6, .name = "gone", .deleted = true},
        {.id = 7, .name = "7th"},
        {.id = 8, .name = "9"},
        {.id = 9, .name = "two"},
        {.id = 10, .name = "two"},
        {.id = 11, .name = "a name of 16 ch!"},
    };
    const fake_world_t world = {.tasks = tasks, .task_count = sizeof(tasks) / sizeof(tasks[0])};
    static const struct {
        const char *word;
        int code;
        const char *says;
        uint32_t id;
    } cases[] = {{"worker", 0, "only blocks of task worker", 4},
                 {"5", 0, "only blocks of task gone", 5},
                 {"3", 0, "only blocks of task worker", 3},
                 {"gone", 2, "task 'gone' is not one: say one of the ids 5, 6", 0},
                 {"two", 2, "task 'two' is not one: say one of the ids 9, 10", 0},
                 {"9", 0, "only blocks of task 9", 8}, /* the name, not the number of "two" */
                 {"7", 0, "only blocks of task 7th", 7},
                 {"a name of 16 ch!", 0, "only blocks of task a name of 16 ch!", 11},
                 {"a name of 16 ch!?", 2, "is not known", 0},
                 {"Worker", 2, "task 'Worker' is not known", 0},
                 {"12", 2, "is not known", 0},
                 {"", 2, "task is empty", 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *words[] = {"tasks", "--all", "--task", cases[i].word, NULL};
        int code = run_words(&world, words);
        if (code != cases[i].code || strstr(written(), cases[i].says) == NULL) {
            fail_msg("--task '%s': %d\n%s", cases[i].word, code, written());
        }
        if (code == 0) { assert_int_equal(fake_selected().task_id, cases[i].id); }
    }
}

/* --- what is done ------------------------------------------------------------------------------
 */

static void forget_actions(void)
{
    memset(&g_actions, 0, sizeof(g_actions));
}

static void switches(void **state)
{
    (void)state;
    forget_actions();
    shows("start", fake_firmware(), "start", 0);
    shows("stop", fake_firmware(), "stop", 0);
    assert_int_equal(g_actions.starts, 2); /* once as text, once as JSON */
    assert_int_equal(g_actions.stops, 2);
    shows("reset_without_yes", fake_firmware(), "reset", 2);
    assert_int_equal(g_actions.resets, 0);
    shows("reset", fake_firmware(), "reset --yes", 0);
    assert_int_equal(g_actions.resets, 2);
    shows("errors_clear", fake_firmware(), "errors --clear", 0);
    assert_int_equal(g_actions.clears, 2);
    g_actions.err = ESP_ERR_NOT_SUPPORTED;
    shows("start_failed", fake_firmware(), "start", 3);
    assert_int_equal(run_line(fake_firmware(), "errors --clear"), 3);
    assert_int_equal(run_line(fake_firmware(), "check"), 3);
    g_actions.err = ESP_ERR_INVALID_STATE;
    shows("stop_busy", fake_firmware(), "stop", 3);
    g_actions.err = ESP_FAIL;
    assert_int_equal(run_line(fake_firmware(), "reset --yes"), 3);
    forget_actions();
}

static void checks(void **state)
{
    (void)state;
    fake_world_t world = *fake_firmware();
    world.checks.redzones = true;
    forget_actions();
    g_actions.verified = (heaptrail_verified_t){560, 3, 0, true};
    shows("check", &world, "check", 0);
    shows("check_without_redzones", fake_firmware(), "check", 0);
    shows("check_heap", &world, "check SPIRAM", 0);
    assert_int_equal(g_actions.verified_heap, 3);
    shows("check_no_heap", &world, "check PSRAM", 2);
    g_actions.verified.errors = 2;
    shows("check_errors", &world, "check", 1);
    forget_actions();
}

static void scrubs(void **state)
{
    (void)state;
    fake_world_t world = *fake_firmware();
    world.checks.redzones = true;
    forget_actions();
    g_actions.verified = (heaptrail_verified_t){100, 1, 0, false};
    g_actions.scrub_calls_left = 2; /* the background's round has so much left */
    g_actions.scrub_calls = 5;
    assert_int_equal(run_line(&world, "scrub"), 0);
    assert_int_equal(g_actions.scrubs, 7);
    assert_int_equal(g_pauses, 7);
    assert_string_equal(written(), "0 errors in 500 blocks with redzones and 5 freed blocks.\n");
    g_actions.verified.errors = 1; /* those of the rest count, too */
    g_actions.scrub_calls_left = 2;
    assert_int_equal(run_line(&world, "scrub"), 1);
    assert_non_null(strstr(written(), "7 errors in 500 blocks"));
    g_actions.verified.errors = 0;
    g_actions.scrub_calls_left = UINT32_MAX; /* ends all the same */
    assert_int_equal(run_line(&world, "scrub"), 3);
    assert_non_null(strstr(written(), "Not all blocks were looked at."));
    g_actions.scrub_calls_left = 3;
    g_actions.err = ESP_ERR_INVALID_STATE; /* the background scrubber is at it: again */
    assert_int_equal(run_line(&world, "scrub"), 0);
    g_actions.err = ESP_OK;
    shows("scrub_10s", &world, "scrub 10", 0);
    assert_int_equal(g_actions.checks.scrub_round_ms, 10000);
    assert_true(g_actions.checks.redzones); /* the rest stays as it was */
    shows("scrub_off", &world, "scrub off", 0);
    assert_int_equal(g_actions.checks.scrub_round_ms, 0);
    assert_int_equal(run_line(&world, "scrub 250ms"), 0);
    assert_int_equal(g_actions.checks.scrub_round_ms, 250);
    static const char *const bad[] = {"0", "-1", "now", "10x", "999us", "50d", "1.5s"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *words[] = {"scrub", "--", bad[i], NULL};
        assert_int_equal(run_words(&world, words), 2);
        assert_non_null(strstr(written(), "is no time for a round"));
        assert_int_equal(g_actions.checks.scrub_round_ms, 250);
    }
    g_actions.err = ESP_ERR_NOT_SUPPORTED;
    assert_int_equal(run_line(&world, "scrub 1h"), 3);
    forget_actions();
}

/* --- marks -------------------------------------------------------------------------------------
 */

static void marks(void **state)
{
    (void)state;
    char line[40];
    assert_int_equal(run_line(fake_firmware(), "reset --yes"), 0);
    shows("since_without_mark", fake_firmware(), "since", 2);
    assert_int_equal(run_line(fake_firmware(), "mark before-ota"), 0);
    check_golden("console_mark_named", false);
    shows("mark", fake_firmware(), "mark", 0); /* twice: 2 and 3, if these are the first ever */
    shows("mark_list", fake_firmware(), "mark --list", 0);
    shows("since", fake_firmware(), "since", 0);
    shows("since_named", fake_firmware(), "since before-ota --sort growth", 0);
    shows("since_unknown", fake_firmware(), "since befor-ota", 2);
    shows("sites_since", fake_firmware(), "sites --since before-ota", 0);
    shows("mark_again", fake_firmware(), "mark before-ota", 0);
    for (unsigned i = 0; i < 8; i++) {
        (void)snprintf(line, sizeof(line), "mark m%u", i);
        assert_int_equal(run_line(fake_firmware(), line), 0);
    }
    assert_non_null(strstr(written(), "in the place of the oldest"));
    for (unsigned i = 0; i < 8; i++) {
        (void)snprintf(line, sizeof(line), "since m%u", i);
        assert_int_equal(run_line(fake_firmware(), line), 0);
    }
    assert_int_equal(run_line(fake_firmware(), "since before-ota"), 2);
    assert_int_equal(run_line(fake_firmware(), "mark --remove m7"), 0);
    check_golden("console_mark_remove", false);
}

static void marks_removed(void **state)
{
    (void)state;
    assert_int_equal(run_line(fake_firmware(), "mark a"), 0);
    assert_int_equal(run_line(fake_firmware(), "mark b"), 0);
    assert_int_equal(run_line(fake_firmware(), "mark --remove b"), 0);
    assert_int_equal(run_line(fake_firmware(), "since b"), 2);
    assert_int_equal(run_line(fake_firmware(), "since a"), 0);
    assert_int_equal(run_line(fake_firmware(), "mark --remove b"), 2);
    assert_int_equal(run_line(fake_firmware(), "mark --remove b c"), 2);
    assert_int_equal(run_line(fake_firmware(), "mark --list --remove a"), 2);
    assert_int_equal(run_line(fake_firmware(), "mark --list a"), 2);
    assert_int_equal(run_line(fake_firmware(), "reset --yes"), 0);
    assert_int_equal(run_line(fake_firmware(), "since a"), 2);
    shows("mark_list_empty", fake_firmware(), "mark --list", 0);
    static const char *const bad[] = {"",   "1234567890123456", "a b", "-x", "\xc3\xa9", "a\x1b",
                                      "a/b"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *words[] = {"mark", "--", bad[i], NULL};
        assert_int_equal(run_words(fake_firmware(), words), 2);
        assert_null(strchr(written(), '\x1b'));
    }
}

/* --- chunks ------------------------------------------------------------------------------------
 */

static void pauses(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "list --all", "list --all --json", "list --all --sort none", "sites --all",
        "help",       "help list"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_int_equal(run_line(fake_many(), lines[i]), 0);
        assert_true(g_pauses >= s_sink.used / (HEAPTRAIL_CONSOLE_CHUNK_BYTES + 128U));
        assert_true(g_most_bytes < HEAPTRAIL_CONSOLE_CHUNK_BYTES + 128U);
        assert_int_equal(strncmp(&written()[s_sink.used - 1U], "\n", 1), 0);
    }
}

static void without_output(void **state)
{
    (void)state;
    char *argv[] = {"heaptrail", "status", NULL};
    heaptrail_console_t console = {.context = &s_sink};
    assert_int_equal(heaptrail_console_run(NULL, 2, argv), HEAPTRAIL_CONSOLE_USAGE);
    assert_int_equal(heaptrail_console_run(&console, 2, argv), HEAPTRAIL_CONSOLE_USAGE);
    console.write = to_sink; /* no pause */
    s_sink.used = 0;
    fake_use(fake_firmware());
    assert_int_equal(heaptrail_console_run(&console, 2, argv), HEAPTRAIL_CONSOLE_OK);
    assert_int_equal(heaptrail_console_run(&console, 0, NULL), HEAPTRAIL_CONSOLE_OK);
    assert_int_equal(heaptrail_console_run(&console, 9, argv),
                     HEAPTRAIL_CONSOLE_OK); /* NULL ends */
    assert_int_equal(heaptrail_console_run(&console, -1, argv), HEAPTRAIL_CONSOLE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks), /* first: golden files have the numbers of marks */
        cmocka_unit_test(marks_removed),  cmocka_unit_test(reports),
        cmocka_unit_test(addresses),      cmocka_unit_test(helps),
        cmocka_unit_test(recorder),       cmocka_unit_test(colors),
        cmocka_unit_test(widths),         cmocka_unit_test(filters),
        cmocka_unit_test(leaks),          cmocka_unit_test(names_of_sites),
        cmocka_unit_test(names_of_tasks), cmocka_unit_test(switches),
        cmocka_unit_test(checks),         cmocka_unit_test(scrubs),
        cmocka_unit_test(pauses),         cmocka_unit_test(without_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
