/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* HEAPTRAIL_ASSERT_NO_LEAKS(): what passes, what fails and by which words; tasks; misuse. */
#include <stdlib.h>

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "scopes_test.h"

/* With stacks each line of a test is a site of its own. */
#if ESP_DEPTH > 1
#define MORE_SITES "2 more sites"
#else
#define MORE_SITES "1 more site"
#endif

static const heaptrail_scope_options_t s_all_tasks = {.all_tasks = true};
static const heaptrail_scope_options_t s_at_once = {.settle_ms = HEAPTRAIL_SETTLE_NONE};

/* --- a block ------------------------------------------------------------------------------------
 */

static void test_block(void **state)
{
    (void)state;
    scopes_listen();
    void *before = fw_leak(10);
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        fw_free(fw_leak(100));
    }
    scopes_expect_pass();
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        fw_free(before); /* fewer than before is no leak */
    }
    scopes_expect_pass();
    void *kept[3] = {NULL};
    uint32_t line = __LINE__ + 1;
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        kept[0] = fw_leak(100);
        kept[1] = fw_leak(60);
        kept[2] = fw_leak_more(30);
    }
    assert_int_equal(heard.line, line);
    assert_non_null(strstr(heard.report, "heaptrail: 3 blocks, 190 B left behind."));
    assert_non_null(strstr(heard.report, "fw_scopes.c:14 fw_leak() kept [malloc]"));
    assert_non_null(strstr(heard.report, "fw_scopes.c:21 fw_leak_more() more [calloc]"));
    scopes_expect_failure("3 blocks, 190 B left behind: tests/esp/fw_scopes.c:14 fw_leak() kept "
                          "[malloc], and " MORE_SITES);
    for (int i = 0; i < 3; i++) {
        fw_free(kept[i]);
    }
}

static int leave_by_return(void **kept)
{
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        *kept = fw_leak(8);
        if (*kept != NULL) { return 7; }
    }
    return 0;
}

static void leave_by_break(void **kept)
{
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        *kept = fw_leak(8);
        if (*kept != NULL) { break; }
        abort();
    }
}

static void leave_by_goto(void **kept)
{
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        *kept = fw_leak(8);
        if (*kept != NULL) { goto out; }
        abort();
    }
out:
    assert_int_equal(heard.failures, 1);
}

/* However a block is left, it is looked at, and does not run twice. */
static void test_block_is_left(void **state)
{
    (void)state;
    void *kept = NULL;
    scopes_listen();
    assert_int_equal(leave_by_return(&kept), 7);
    scopes_expect_failure("1 block, 8 B left behind");
    fw_free(kept);
    leave_by_break(&kept);
    scopes_expect_failure("1 block, 8 B left behind");
    fw_free(kept);
    leave_by_goto(&kept);
    scopes_expect_failure("1 block, 8 B left behind");
    fw_free(kept);
}

static void test_cxx(void **state)
{
    (void)state;
    void *kept = NULL;
    scopes_listen();
    for (int early = 1; early >= 0; early--) {
        assert_int_equal(fw_cxx_leave(&kept, early != 0), early != 0 ? 1 : 2);
        scopes_expect_failure("1 block, 24 B left behind");
        fw_free(kept);
    }
}

static void test_nested(void **state)
{
    (void)state;
    void *inner = NULL;
    void *outer = NULL;
    scopes_listen();
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        outer = fw_leak(20);
        HEAPTRAIL_ASSERT_NO_LEAKS() /* in one function, and no name is shadowed */
        {
            inner = fw_leak(10);
        }
        scopes_expect_failure("1 block, 10 B");
    }
    scopes_expect_failure("2 blocks, 30 B");
    fw_free(inner);
    fw_free(outer);
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        HEAPTRAIL_ASSERT_NO_LEAKS()
        {
            inner = fw_leak(10);
        }
        scopes_expect_failure("1 block, 10 B");
        fw_free(inner);
    }
    scopes_expect_pass();
}

/* A block that grew in the scope belongs to it; one that was there and shrank, too: it is new. */
static void test_grown(void **state)
{
    (void)state;
    scopes_listen();
    heaptrail_scope_t scope;
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    void *p = heap_caps_malloc(10, MALLOC_CAP_8BIT);
    p = heap_caps_realloc(p, 1000, MALLOC_CAP_8BIT);
    heaptrail_scope_result_t result = scopes_end(&scope);
    assert_int_equal(result.leaked_blocks, ESP_WRAPPED);
    assert_int_equal(result.leaked_bytes, ESP_WRAPPED ? 1000 : 0);
    heap_caps_free(p);
}

/* What no macro knows has the address that called. */
static void test_plain_site(void **state)
{
    (void)state;
    scopes_listen();
    void *p = NULL;
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        p = fw_plain_leak(48);
    }
#if ESP_WRAPPED
    assert_non_null(strstr(heard.report, "[heap_caps_malloc, 8BIT|INTERNAL]"));
    scopes_expect_failure("1 block, 48 B left behind: 0x");
#else
    scopes_expect_pass(); /* nobody sees it; docs/testing.md says so */
#endif
    heap_caps_free(p);
}

/* --- tasks --------------------------------------------------------------------------------------
 */

static void *s_kept;

static void leak_in_task(void *arg)
{
    (void)arg;
    s_kept = fw_leak(33);
}

static void other_task(void *arg)
{
    (void)arg;
    scopes_listen();
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        esp_in_task("worker", 0, leak_in_task, NULL);
    }
    scopes_expect_pass(); /* another task's, and its own stack went */
    fw_free(s_kept);
    HEAPTRAIL_ASSERT_NO_LEAKS_WITH(&s_all_tasks)
    {
        esp_in_task("worker", 0, leak_in_task, NULL);
    }
    scopes_expect_failure("1 block, 33 B left behind");
    fw_free(s_kept);
}

static void test_other_task(void **state)
{
    (void)state;
    esp_run(other_task);
}

static void end_at_once(void *arg)
{
    (void)arg;
    vTaskDelete(NULL);
}

/* The stack of a task that deletes itself is freed by the idle task, later. */
static void settle(void *arg)
{
    (void)arg;
    scopes_listen();
    heaptrail_scope_t scope;
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    assert_int_equal(xTaskCreate(end_at_once, "short", 4096, NULL, 6, NULL), pdPASS);
    heaptrail_scope_result_t result = scopes_end(&scope);
    assert_int_equal(result.verdict, ESP_WRAPPED ? HEAPTRAIL_SCOPE_LEAKS : HEAPTRAIL_SCOPE_CLEAN);
    vTaskDelay(5);
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        assert_int_equal(xTaskCreate(end_at_once, "short", 4096, NULL, 6, NULL), pdPASS);
    }
    scopes_expect_pass();
    TickType_t began = xTaskGetTickCount();
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        s_kept = fw_leak(5);
    }
    scopes_expect_failure("1 block, 5 B");
    assert_in_range(xTaskGetTickCount() - began, pdMS_TO_TICKS(100), pdMS_TO_TICKS(140));
    began = xTaskGetTickCount();
    HEAPTRAIL_ASSERT_NO_LEAKS_WITH(&s_at_once)
    {
        s_kept = fw_leak(5);
    }
    scopes_expect_failure("1 block, 5 B");
    assert_in_range(xTaskGetTickCount() - began, 0, 2);
}

static void test_settle(void **state)
{
    (void)state;
    esp_run(settle);
}

static heaptrail_scope_t s_shared;

static void end_other_scope(void *arg)
{
    (void)arg;
    heaptrail_scope_result_t result;
    assert_int_equal(heaptrail_scope_end(&s_shared, NULL, &result), ESP_ERR_INVALID_STATE);
    assert_int_equal(result.verdict, HEAPTRAIL_SCOPE_MISUSED);
    assert_non_null(strstr(result.why, "another task"));
}

static void shared(void *arg)
{
    (void)arg;
    assert_int_equal(heaptrail_scope_begin(&s_shared), ESP_OK);
    esp_in_task("thief", 0, end_other_scope, NULL);
    assert_int_equal(scopes_end(&s_shared).verdict, HEAPTRAIL_SCOPE_CLEAN); /* no harm done */
}

static void test_ended_by_another_task(void **state)
{
    (void)state;
    esp_run(shared);
}

static void in_interrupt(void *arg)
{
    heaptrail_scope_t scope;
    heaptrail_scope_result_t result;
    heaptrail_allowed_region_t region;
    const heaptrail_allowance_t any = {.function = "f"};
    bool *good = arg;
    *good = heaptrail_scope_begin(&scope) == ESP_ERR_INVALID_STATE &&
            heaptrail_scope_end(&scope, NULL, &result) == ESP_ERR_INVALID_STATE &&
            result.verdict == HEAPTRAIL_SCOPE_MISUSED &&
            heaptrail_allow_leak(&any) == ESP_ERR_INVALID_STATE &&
            heaptrail_allow_region_begin(&region) == ESP_ERR_INVALID_STATE &&
            heaptrail_allow_region_end(&region) == ESP_ERR_INVALID_STATE;
}

static void interrupt(void *arg)
{
    bool good = false;
    (void)arg;
    sim_isr_fire_now(in_interrupt, &good);
    assert_true(good);
}

static void test_in_interrupt(void **state)
{
    (void)state;
    esp_run(interrupt);
}

/* --- misuse -------------------------------------------------------------------------------------
 */

static void test_misuse(void **state)
{
    (void)state;
    heaptrail_scope_t a;
    heaptrail_scope_t b;
    heaptrail_scope_t never = {.id = 0};
    heaptrail_scope_result_t result;
    const heaptrail_scope_options_t too_long = {.settle_ms = 60001};
    assert_int_equal(heaptrail_scope_begin(NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_scope_begin(&a), ESP_OK);
    assert_int_equal(heaptrail_scope_end(NULL, NULL, &result), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_scope_end(&a, NULL, NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_scope_end(&a, &too_long, &result), ESP_ERR_INVALID_ARG);
    assert_non_null(strstr(result.why, "minute"));
    assert_int_equal(heaptrail_scope_begin(&b), ESP_OK);

    assert_int_equal(heaptrail_scope_end(&a, NULL, &result), ESP_ERR_INVALID_STATE);
    assert_int_equal(result.verdict, HEAPTRAIL_SCOPE_MISUSED);
    assert_non_null(strstr(result.why, "out of order"));
    assert_non_null(strstr(scopes_end(&b).why, "not open"));
    assert_non_null(strstr(scopes_end(&a).why, "not open")); /* twice */
    assert_non_null(strstr(scopes_end(&never).why, "not begun"));

    scopes_listen();
    HEAPTRAIL_NO_LEAKS_BEGIN(&a);
    HEAPTRAIL_NO_LEAKS_END(&a);
    scopes_expect_pass();
    HEAPTRAIL_NO_LEAKS_END(&a);
    scopes_expect_failure("scope misused: the scope is not open");
    assert_false(heaptrail_test_end(NULL, NULL, &scopes_hearing, __FILE__, __LINE__));
    scopes_expect_failure("scope misused: no scope");
    assert_int_equal(heaptrail_scope_report(NULL, NULL, &result, scopes_hearing.write, &heard),
                     ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_scope_report(&a, NULL, NULL, scopes_hearing.write, &heard),
                     ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_scope_report(&a, NULL, &result, NULL, NULL), ESP_ERR_INVALID_ARG);
}

/* Failed tests leave scopes open for ever: the oldest give way, and the newest work. */
static void test_too_many_open(void **state)
{
    (void)state;
    heaptrail_scope_t scopes[HEAPTRAIL_SCOPES_MAX + 1];
    for (int i = 0; i <= HEAPTRAIL_SCOPES_MAX; i++) {
        assert_int_equal(heaptrail_scope_begin(&scopes[i]), ESP_OK);
    }
    for (int i = HEAPTRAIL_SCOPES_MAX; i > 0; i--) {
        assert_int_equal(scopes_end(&scopes[i]).verdict, HEAPTRAIL_SCOPE_CLEAN);
    }
    assert_non_null(strstr(scopes_end(&scopes[0]).why, "given up"));
    assert_int_equal(heaptrail_scope_begin(&scopes[0]), ESP_OK);
    assert_int_equal(scopes_end(&scopes[0]).verdict, HEAPTRAIL_SCOPE_CLEAN);
}

/* --- set-up and tear-down -----------------------------------------------------------------------
 */

static bool tear_down(bool failed)
{
    return heaptrail_test_tear_down_with(&scopes_hearing, failed, __FILE__, __LINE__);
}

static void test_set_up_and_tear_down(void **state)
{
    (void)state;
    heaptrail_scope_t left;
    scopes_listen();
    assert_false(tear_down(false));
    scopes_expect_failure("scope misused: the scope was not begun");
    heaptrail_test_set_up();
    assert_true(tear_down(false));
    heaptrail_test_set_up();
    void *p = fw_leak(7);
    assert_false(tear_down(false));
    scopes_expect_failure("1 block, 7 B left behind");
    heaptrail_test_set_up();
    assert_int_equal(heaptrail_scope_begin(&left), ESP_OK); /* a test jumps out of this one */
    fw_free(p);
    assert_true(tear_down(false));
    heaptrail_test_set_up();
    p = fw_leak(7);
    assert_true(tear_down(true)); /* it failed: what it left is no news */
    scopes_expect_pass();
    heaptrail_test_set_up();
    heaptrail_test_set_up(); /* the tear-down never came */
    assert_true(tear_down(false));
    fw_free(p);
}

static void test_options(void **state)
{
    (void)state;
    const heaptrail_scope_options_t one_row = {.max_rows = 1, .all_tasks = true};
    void *kept[2];
    scopes_listen();
    heaptrail_test_set_options(&one_row);
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        kept[0] = fw_leak(7);
        kept[1] = fw_leak_more(8);
    }
    assert_non_null(strstr(heard.report, "1 of 2 sites shown"));
    scopes_expect_failure("2 blocks, 15 B left behind");
    heaptrail_test_set_options(NULL);
    fw_free(kept[0]);
    fw_free(kept[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block),
        cmocka_unit_test(test_block_is_left),
        cmocka_unit_test(test_cxx),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_grown),
        cmocka_unit_test(test_plain_site),
        cmocka_unit_test(test_other_task),
        cmocka_unit_test(test_settle),
        cmocka_unit_test(test_ended_by_another_task),
        cmocka_unit_test(test_in_interrupt),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_too_many_open),
        cmocka_unit_test(test_set_up_and_tear_down),
        cmocka_unit_test(test_options),
    };
    return esp_test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
