/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Every report, byte for byte, against tests/golden/expected: golden.h says how to accept others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "golden.h"

/* --- every report of every world ----------------------------------------------------------------
 */

static const char *const s_kinds[HEAPTRAIL_REPORT_COUNT] = {
    "status",  "sites",  "tasks",  "heaps",   "oldest", "failures", "since", "whois",
    "summary", "errors", "checks", "explain", "list",   "lowmem",   "leaks"};

static void check_world(const char *prefix, const fake_world_t *world, const void *address,
                        const char *suffix)
{
    static const uint16_t widths[] = {40, 80, 100, 200};
    const heaptrail_mark_t mark = {1, 1};
    for (int kind = 0; kind < HEAPTRAIL_REPORT_COUNT; kind++) {
        char name[64];
        heaptrail_report_t ask = {.kind = (heaptrail_report_kind_t)kind, .address = address};
        if (kind == HEAPTRAIL_REPORT_SINCE) { ask.select.since = &mark; }
        bool missing = (kind == HEAPTRAIL_REPORT_WHOIS && world->block_count == 0) ||
                       (kind == HEAPTRAIL_REPORT_EXPLAIN && world->explanation == NULL);
        esp_err_t expected = missing ? ESP_ERR_NOT_FOUND : ESP_OK;
        for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
            ask.width = widths[w];
            (void)snprintf(name, sizeof(name), "%s_%s_%u%s", prefix, s_kinds[kind], widths[w],
                           suffix[0] != '\0' ? "_@" : "");
            check(name, world, ask, expected);
        }
        (void)snprintf(name, sizeof(name), "%s_%s%s", prefix, s_kinds[kind],
                       suffix[0] != '\0' ? "_@" : "");
        check_json(name, world, ask, expected);
    }
}

static void empty_world(void **state)
{
    (void)state;
    check_world("empty", fake_empty(), (const void *)(uintptr_t)0x1234, "");
}

static void firmware_world(void **state)
{
    (void)state;
    check_world("firmware", fake_firmware(), (const void *)(uintptr_t)0x3fc9a10c, "");
}

static void hostile_world(void **state)
{
    (void)state;
    check_world("hostile", fake_hostile(), (const void *)(uintptr_t)0x2f, "");
}

static void extreme_world(void **state)
{
    (void)state;
    check_world("extremes", fake_extremes(), (const void *)(UINTPTR_MAX - 1U), "@");
}

/* --- colours, orders, selections ----------------------------------------------------------------
 */

static void colors(void **state)
{
    (void)state;
    for (int kind = 0; kind < HEAPTRAIL_REPORT_SUMMARY; kind++) {
        const heaptrail_mark_t mark = {1, 1};
        char name[64];
        heaptrail_report_t ask = {.kind = (heaptrail_report_kind_t)kind,
                                  .color = true,
                                  .select.since = &mark,
                                  .address = (const void *)(uintptr_t)0x3fc9a10c};
        (void)snprintf(name, sizeof(name), "color_%s", s_kinds[kind]);
        check(name, fake_firmware(), ask, ESP_OK);
    }
}

/* A coloured report without its escape sequences is the plain one. */
static void colors_change_nothing_else(void **state)
{
    (void)state;
    static sink_t plain;
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_SUMMARY, .width = 80};
    assert_int_equal(report(fake_hostile(), &ask), ESP_OK);
    plain = s_sink;
    ask.color = true;
    assert_int_equal(report(fake_hostile(), &ask), ESP_OK);
    size_t used = 0;
    for (size_t i = 0; i < s_sink.used; i++) {
        if (s_sink.text[i] == 0x1b) {
            while (s_sink.text[i] != 'm') {
                i++;
            }
        } else {
            s_sink.text[used++] = s_sink.text[i];
        }
    }
    assert_int_equal(used, plain.used);
    assert_memory_equal(s_sink.text, plain.text, used);
}

static void orders(void **state)
{
    (void)state;
    static const char *const names[] = {"bytes", "blocks", "growth", "peak", "total"};
    const heaptrail_mark_t mark = {1, 1};
    for (int sort = 0; sort <= HEAPTRAIL_SORT_TOTAL; sort++) {
        char name[64];
        heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_SITES,
                                  .sort = (heaptrail_sort_t)sort,
                                  .max_rows = 3,
                                  .width = 120,
                                  .select.since = &mark};
        (void)snprintf(name, sizeof(name), "sort_%s", names[sort]);
        check(name, fake_firmware(), ask, ESP_OK);
        check_json(name, fake_firmware(), ask, ESP_OK);
        ask.kind = HEAPTRAIL_REPORT_TASKS;
        (void)snprintf(name, sizeof(name), "sort_tasks_%s", names[sort]);
        check(name, fake_firmware(), ask, ESP_OK);
    }
}

static void selections(void **state)
{
    (void)state;
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_SITES,
                              .select = {.task_id = 5,
                                         .heap_id = 1,
                                         .site_id = 2,
                                         .caps = 4,
                                         .size_min = 100,
                                         .age_min_us = 60000000}};
    check("select_sites", fake_firmware(), ask, ESP_OK);
    ask.select.task_id = 99; /* no such task */
    ask.kind = HEAPTRAIL_REPORT_OLDEST;
    check("select_oldest", fake_firmware(), ask, ESP_OK);
}

/* Live blocks in each order, and numbers to choose by. */
static void lists(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        heaptrail_sort_t sort;
    } orders[] = {{"list_bytes", HEAPTRAIL_SORT_BYTES},
                  {"list_age", HEAPTRAIL_SORT_AGE},
                  {"list_address", HEAPTRAIL_SORT_ADDRESS},
                  {"list_none", HEAPTRAIL_SORT_NONE}};
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_LIST,
                                  .sort = orders[i].sort,
                                  .max_rows = 2,
                                  .ids = true,
                                  .select = {.size_min = 80}};
        check(orders[i].name, fake_firmware(), ask, ESP_OK);
        check_json(orders[i].name, fake_firmware(), ask, ESP_OK);
    }
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_SITES, .ids = true};
    check("ids_sites", fake_firmware(), ask, ESP_OK);
    ask.kind = HEAPTRAIL_REPORT_TASKS;
    check("ids_tasks", fake_firmware(), ask, ESP_OK);
    ask.kind = HEAPTRAIL_REPORT_LIST;
    ask.width = 40;
    check("ids_list_40_@", fake_extremes(), ask, ESP_OK);
}

/* All of many, in one pass, without an order. */
static void lists_without_order(void **state)
{
    (void)state;
    heaptrail_report_t ask = {
        .kind = HEAPTRAIL_REPORT_LIST, .sort = HEAPTRAIL_SORT_NONE, .max_rows = UINT32_MAX};
    check("many_list_none", fake_many(), ask, ESP_OK);
    ask.max_rows = 7;
    check("many_list_none_7", fake_many(), ask, ESP_OK);
}

/* Orders that a report does not have. */
static void wrong_orders(void **state)
{
    (void)state;
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_SITES};
    for (int sort = HEAPTRAIL_SORT_AGE; sort <= HEAPTRAIL_SORT_NONE + 1; sort++) {
        ask.sort = (heaptrail_sort_t)sort;
        assert_int_equal(report(fake_firmware(), &ask), ESP_ERR_INVALID_ARG);
    }
    ask.kind = HEAPTRAIL_REPORT_LIST;
    for (int sort = HEAPTRAIL_SORT_BLOCKS; sort <= HEAPTRAIL_SORT_TOTAL; sort++) {
        ask.sort = (heaptrail_sort_t)sort;
        assert_int_equal(report(fake_firmware(), &ask), ESP_ERR_INVALID_ARG);
    }
    ask.sort = (heaptrail_sort_t)(HEAPTRAIL_SORT_NONE + 1);
    assert_int_equal(report(fake_firmware(), &ask), ESP_ERR_INVALID_ARG);
}

static void symbols(void **state)
{
    (void)state;
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_SITES};
    heaptrail_set_symbols(symbol, NULL);
    check("symbols_sites", fake_firmware(), ask, ESP_OK);
    check_json("symbols_sites", fake_firmware(), ask, ESP_OK);
    ask.kind = HEAPTRAIL_REPORT_FAILURES;
    check("symbols_failures", fake_firmware(), ask, ESP_OK);
    heaptrail_set_symbols(NULL, NULL);
}

/* --- foreign addresses ---------------------------------------------------------------------------
 */

static void foreign_addresses(void **state)
{
    (void)state;
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_WHOIS,
                              .address = (const void *)(uintptr_t)0x3fc9a0f8};
    check("whois_between", fake_firmware(), ask, ESP_ERR_NOT_FOUND);
    check_json("whois_between", fake_firmware(), ask, ESP_ERR_NOT_FOUND);
    ask.address = (const void *)(uintptr_t)0x20000000;
    check("whois_nowhere", fake_firmware(), ask, ESP_ERR_NOT_FOUND);
    ask.address = NULL;
    check("whois_null", fake_firmware(), ask, ESP_ERR_NOT_FOUND);
    ask.address = (const void *)(uintptr_t)0x3fc9a100;
    check("whois_first_byte", fake_firmware(), ask, ESP_OK);
}

/* --- many rows
 * ------------------------------------------------------------------------------------- */

/* Each row once, in order, however many batches that takes. */
static void all_rows_once(void **state)
{
    (void)state;
    static char seen[256];
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_SITES, .max_rows = UINT32_MAX};
    assert_int_equal(report(fake_many(), &ask), ESP_OK);
    s_sink.text[s_sink.used] = '\0';
    memset(seen, 0, sizeof(seen));
    unsigned rows = 0;
    unsigned last_bytes = 1000;
    for (char *at = strchr(s_sink.text, '\n') + 1; (at = strchr(at, '\n')) != NULL; at++) {
        unsigned bytes = 0;
        const char *place = strstr(at, "many.c:");
        if (place == NULL) { break; }
        assert_int_equal(sscanf(at + 1, " %u B", &bytes), 1);
        assert_true(bytes <= last_bytes);
        last_bytes = bytes;
        unsigned line = (unsigned)atoi(place + 7);
        assert_int_equal(seen[line], 0);
        seen[line] = 1;
        rows++;
    }
    assert_int_equal(rows, 107);
}

static void many_rows(void **state)
{
    (void)state;
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_OLDEST, .max_rows = 45};
    check("many_oldest", fake_many(), ask, ESP_OK);
    check_json("many_oldest", fake_many(), ask, ESP_OK);
    ask.max_rows = 1;
    check("many_oldest_1", fake_many(), ask, ESP_OK);
    ask.max_rows = 0;
    ask.kind = HEAPTRAIL_REPORT_SITES;
    check("many_sites", fake_many(), ask, ESP_OK);
    check_json("many_sites", fake_many(), ask, ESP_OK);
}

/* --- what changes meanwhile --------------------------------------------------------------------
 */

static void vanished_rows(void **state)
{
    (void)state;
    fake_world_t world = *fake_firmware();
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_OLDEST};
    world.gone_after = 1;
    check("vanished", &world, ask, ESP_OK);
    ask.max_rows = 3;
    check_json("vanished", &world, ask, ESP_OK);
}

static void busy_at_once(void **state)
{
    (void)state;
    fake_world_t world = *fake_firmware();
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_SITES};
    world.busy = true;
    check("no_answer", &world, ask, ESP_ERR_INVALID_STATE);
    check_json("no_answer", &world, ask, ESP_ERR_INVALID_STATE);
    ask.kind = HEAPTRAIL_REPORT_SUMMARY;
    check("no_answer_summary", &world, ask, ESP_ERR_INVALID_STATE);
    check_json("no_answer_summary", &world, ask, ESP_ERR_INVALID_STATE);
}

static void busy_later(void **state)
{
    (void)state;
    fake_world_t world = *fake_firmware();
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_SITES};
    for (uint32_t queries = 1; queries < 8; queries++) {
        world.busy_after = queries;
        esp_err_t err = report(&world, &ask);
        assert_true(err == ESP_OK || err == ESP_ERR_INVALID_STATE);
        check_text(&ask);
    }
    world.busy_after = 2;
    check("busy", &world, ask, ESP_ERR_INVALID_STATE);
    ask.max_rows = 3;
    check_json("busy", &world, ask, ESP_ERR_INVALID_STATE);
}

/* --- heaps --------------------------------------------------------------------------------------
 */

/* The one that is short may be the last. */
static void a_summary_has_all_heaps(void **state)
{
    (void)state;
    static heaptrail_heap_row_t heaps[25];
    fake_world_t world = *fake_firmware();
    for (uint32_t i = 0; i < 25; i++) {
        heaps[i] = world.heaps[0];
        heaps[i].id = i + 1;
        (void)snprintf(heaps[i].name, sizeof(heaps[i].name), "HEAP %u", (unsigned)i);
    }
    world.heaps = heaps;
    world.heap_count = 25;
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_SUMMARY, .max_rows = 3};
    for (int json = 0; json < 2; json++) {
        ask.json = json != 0;
        assert_int_equal(report(&world, &ask), ESP_OK);
        s_sink.text[s_sink.used] = '\0';
        assert_non_null(strstr(s_sink.text, "HEAP 0"));
        assert_non_null(strstr(s_sink.text, "HEAP 24"));
    }
    assert_null(strstr(s_sink.text, "heaps shown"));
}

static uint32_t samples_for(heaptrail_report_kind_t kind, bool sampled, uint64_t age_us)
{
    static const heaptrail_mark_t mark = {1, 1};
    fake_world_t world = *fake_firmware();
    heaptrail_heap_row_t heaps[2] = {world.heaps[0], world.heaps[0]};
    heaps[0].sampled = false;
    heaps[1].sampled = sampled;
    heaps[1].sample_age_us = age_us;
    world.heaps = heaps;
    world.heap_count = 2;
    heaptrail_report_t ask = {.kind = kind, .select.since = &mark};
    (void)report(&world, &ask);
    return fake_samples();
}

static void heaps_are_measured_first(void **state)
{
    (void)state;
    for (int i = 0; i < HEAPTRAIL_REPORT_COUNT; i++) {
        heaptrail_report_kind_t kind = (heaptrail_report_kind_t)i;
        bool says = kind == HEAPTRAIL_REPORT_HEAPS || kind == HEAPTRAIL_REPORT_SUMMARY;
        assert_int_equal(samples_for(kind, false, 0), says ? 1 : 0);
        assert_int_equal(samples_for(kind, true, 1000001), says ? 1 : 0);
        assert_int_equal(samples_for(kind, true, 1000000), 0);
    }
}

/* --- leaks ---------------------------------------------------------------------------------------
 */

/* Without a scan the rest is told, and why there is none. */
static void scans_that_fail(void **state)
{
    (void)state;
    static const esp_err_t errors[] = {ESP_ERR_NOT_SUPPORTED, ESP_ERR_NO_MEM, ESP_ERR_NOT_FOUND};
    static const char *const said[] = {"this platform", "no memory", "as asked"};
    fake_world_t world = *fake_firmware();
    fake_leaks_t leaks = *world.leaks;
    heaptrail_suspect_summary_t summary = *leaks.summary;
    world.leaks = &leaks;
    leaks.summary = &summary;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_LEAKS};
        summary.scanned = errors[i];
        memset(s_sink.text, 0, sizeof(s_sink.text));
        assert_int_equal(report(&world, &ask), ESP_OK);
        assert_non_null(strstr(s_sink.text, said[i]));
        assert_non_null(strstr(s_sink.text, "likely"));
        assert_null(strstr(s_sink.text, "Lost"));
        ask.json = true;
        assert_int_equal(report(&world, &ask), ESP_OK);
        assert_non_null(strstr(s_sink.text, "\"scanned\":false,\"reachable_blocks\":null"));
    }
    assert_false(fake_keeps_suspects());
}

static void suspects_that_cannot_be_found(void **state)
{
    (void)state;
    static const esp_err_t errors[] = {ESP_ERR_NO_MEM, ESP_ERR_INVALID_STATE};
    static const char *const said[] = {"no memory", "another scan"};
    fake_world_t world = *fake_firmware();
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_LEAKS};
        world.find_error = errors[i];
        memset(s_sink.text, 0, sizeof(s_sink.text));
        assert_int_equal(report(&world, &ask), errors[i]);
        assert_non_null(strstr(s_sink.text, said[i]));
        assert_null(strstr(s_sink.text, "Leaks"));
        ask.json = true;
        assert_int_equal(report(&world, &ask), errors[i]);
        assert_non_null(strstr(s_sink.text, "\"complete\":false"));
    }
    world.find_error = ESP_OK;
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_LEAKS};
    assert_int_equal(report(&world, &ask), ESP_OK);
    assert_false(fake_keeps_suspects());
}

/* What is looked for. Of a task, what it left. */
static void what_is_looked_for(void **state)
{
    (void)state;
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_LEAKS};
    assert_int_equal(report(fake_firmware(), &ask), ESP_OK);
    assert_int_equal(fake_looked_for().evidence, 0);
    ask.evidence = HEAPTRAIL_EVIDENCE_GROWTH;
    ask.select.site_id = 3;
    assert_int_equal(report(fake_firmware(), &ask), ESP_OK);
    assert_int_equal(fake_looked_for().evidence, HEAPTRAIL_EVIDENCE_GROWTH);
    assert_int_equal(fake_looked_for().site_id, 3);
    ask.select.task_id = 7;
    assert_int_equal(report(fake_firmware(), &ask), ESP_OK);
    assert_int_equal(fake_looked_for().evidence, HEAPTRAIL_EVIDENCE_TASK_GONE);
    assert_int_equal(fake_looked_for().task_id, 7);
}

/* --- wrong questions ----------------------------------------------------------------------------
 */

static void wrong_questions(void **state)
{
    (void)state;
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_COUNT};
    assert_int_equal(report(fake_firmware(), &ask), ESP_ERR_INVALID_ARG);
    ask.kind = (heaptrail_report_kind_t)-1;
    assert_int_equal(report(fake_firmware(), &ask), ESP_ERR_INVALID_ARG);
    ask.kind = HEAPTRAIL_REPORT_SINCE;
    assert_int_equal(report(fake_firmware(), &ask), ESP_ERR_INVALID_ARG);
    ask.kind = HEAPTRAIL_REPORT_SITES;
    ask.sort = (heaptrail_sort_t)5;
    assert_int_equal(report(fake_firmware(), &ask), ESP_ERR_INVALID_ARG);
    assert_int_equal(report(fake_firmware(), NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_report(&ask, NULL, NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(s_sink.used, 0);
}

/* heaptrail_print() says what heaptrail_report() says. */
static void print_to_stdout(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length = 0;
    FILE *real = stdout;
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_SITES};
    assert_int_equal(report(fake_firmware(), &ask), ESP_OK);
    stdout = open_memstream(&text, &length);
    esp_err_t err = heaptrail_print(HEAPTRAIL_REPORT_SITES);
    (void)fclose(stdout);
    stdout = real;
    assert_int_equal(err, ESP_OK);
    assert_int_equal(length, s_sink.used);
    assert_memory_equal(text, s_sink.text, length);
    free(text);
    assert_int_equal(heaptrail_print(HEAPTRAIL_REPORT_COUNT), ESP_ERR_INVALID_ARG);
}

/* Any width, also absurd ones. */
static void widths(void **state)
{
    (void)state;
    const heaptrail_mark_t mark = {1, 1};
    const fake_world_t *const worlds[] = {fake_firmware(), fake_hostile(), fake_extremes(),
                                          fake_many()};
    for (uint32_t width = 40; width < 300; width++) {
        for (size_t w = 0; w < 4; w++) {
            for (int kind = 0; kind < HEAPTRAIL_REPORT_COUNT; kind++) {
                heaptrail_report_t ask = {.kind = (heaptrail_report_kind_t)kind,
                                          .width = (uint16_t)width,
                                          .select.since = &mark};
                (void)report(worlds[w], &ask);
                check_text(&ask);
            }
        }
    }
    heaptrail_report_t ask = {.kind = HEAPTRAIL_REPORT_SUMMARY, .width = 1};
    assert_int_equal(report(fake_hostile(), &ask), ESP_OK);
    ask.width = UINT16_MAX;
    assert_int_equal(report(fake_hostile(), &ask), ESP_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_world),
        cmocka_unit_test(firmware_world),
        cmocka_unit_test(hostile_world),
        cmocka_unit_test(extreme_world),
        cmocka_unit_test(colors),
        cmocka_unit_test(colors_change_nothing_else),
        cmocka_unit_test(orders),
        cmocka_unit_test(selections),
        cmocka_unit_test(lists),
        cmocka_unit_test(lists_without_order),
        cmocka_unit_test(wrong_orders),
        cmocka_unit_test(symbols),
        cmocka_unit_test(foreign_addresses),
        cmocka_unit_test(all_rows_once),
        cmocka_unit_test(many_rows),
        cmocka_unit_test(vanished_rows),
        cmocka_unit_test(busy_at_once),
        cmocka_unit_test(busy_later),
        cmocka_unit_test(scans_that_fail),
        cmocka_unit_test(suspects_that_cannot_be_found),
        cmocka_unit_test(what_is_looked_for),
        cmocka_unit_test(wrong_questions),
        cmocka_unit_test(print_to_stdout),
        cmocka_unit_test(widths),
        cmocka_unit_test(a_summary_has_all_heaps),
        cmocka_unit_test(heaps_are_measured_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
