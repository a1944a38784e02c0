/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Scopes that cannot tell, and what is allowed to stay. */
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "scopes_test.h"

/* --- what cannot be told ------------------------------------------------------------------------
 */

static void expect_doubt(heaptrail_scope_t *scope, const char *why)
{
    heaptrail_scope_result_t result = scopes_end(scope);
    assert_int_equal(result.verdict, HEAPTRAIL_SCOPE_CANNOT_TELL);
    if (strstr(result.why, why) == NULL) { fail_msg("why: %s", result.why); }
}

static void test_stopped(void **state)
{
    (void)state;
    heaptrail_scope_t scope;
    heaptrail_stop();
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    expect_doubt(&scope, "recording is stopped");
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    heaptrail_start();
    expect_doubt(&scope, "recording is stopped");
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    heaptrail_stop();
    expect_doubt(&scope, "recording is stopped");
    heaptrail_start();
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    heaptrail_stop();
    heaptrail_start();
    expect_doubt(&scope, "recording was stopped in the scope");
    scopes_listen();
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        heaptrail_stop();
    }
    assert_non_null(strstr(heard.report, "cannot tell what was left behind: recording"));
    scopes_expect_failure("cannot tell what was left behind: recording is stopped");
}

static void test_reset_in_between(void **state)
{
    (void)state;
    heaptrail_scope_t scope;
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    void *forgotten = fw_leak(10);
    heaptrail_reset();
    expect_doubt(&scope, "was reset");
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    heaptrail_reset();
    void *known = fw_leak(10);
    heaptrail_scope_result_t result = scopes_end(&scope); /* a leak is a leak; there may be more */
    assert_int_equal(result.verdict, HEAPTRAIL_SCOPE_LEAKS);
    assert_non_null(strstr(result.why, "was reset"));
    fw_free(forgotten);
    fw_free(known);
}

static void test_filtered(void **state)
{
    (void)state;
    heaptrail_scope_t scope;
    const heaptrail_filter_t large = {.size_min = 1000};
    assert_int_equal(heaptrail_set_filter(&large), ESP_OK);
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    assert_int_equal(scopes_end(&scope).verdict, HEAPTRAIL_SCOPE_CLEAN); /* kept nothing out */
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    void *hidden = fw_leak(10);
    heaptrail_scope_result_t result = scopes_end(&scope);
    assert_int_equal(result.verdict, HEAPTRAIL_SCOPE_CANNOT_TELL);
    assert_int_equal(result.unrecorded_blocks, 1);
    assert_non_null(strstr(result.why, "filter"));
    fw_free(hidden);
}

static void test_table_full(void **state)
{
    (void)state;
    enum { MORE = 5000 }; /* than CONFIG_HEAPTRAIL_MAX_BLOCKS */
    static void *many[MORE];
    heaptrail_scope_t scope;
    for (int i = 0; i < MORE; i++) {
        many[i] = fw_leak(4);
        assert_non_null(many[i]);
    }
    assert_true(esp_status().loss.table_full != 0);
    scopes_listen();
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    assert_int_equal(scopes_end(&scope).verdict,
                     HEAPTRAIL_SCOPE_CLEAN); /* lost before is not lost here */
    void *lost = NULL;
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        lost = fw_leak(4);
    }
    scopes_expect_failure("cannot tell what was left behind: blocks got no record");
    fw_free(lost);
    for (int i = 0; i < MORE; i++) {
        fw_free(many[i]);
    }
}

static void test_mark_aged_out(void **state)
{
    (void)state;
    heaptrail_scope_t scope;
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    sim_clock_advance_us(UINT64_C(13) * 24 * 3600 * 1000000);
    if (sizeof(void *) == 4) {
        expect_doubt(&scope, "too old");
    } else {
        assert_int_equal(scopes_end(&scope).verdict, HEAPTRAIL_SCOPE_CLEAN);
    }
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    sim_clock_advance_us(UINT64_C(12) * 24 * 3600 * 1000000);
    void *p = fw_leak(10);
    assert_int_equal(scopes_end(&scope).leaked_blocks, 1);
    fw_free(p);
}

static bool s_row[64];

/* Each of these tasks lives on, so none gives its row to another. */
static void sit(void *arg)
{
    fw_free(fw_leak(1));
    *(bool *)arg = heaptrail_task_id() != 0;
    vTaskSuspend(NULL);
}

static void scope_without_a_row(void *arg)
{
    heaptrail_scope_t scope;
    heaptrail_scope_result_t result;
    const heaptrail_scope_options_t all = {.all_tasks = true};
    (void)arg;
    assert_int_equal(heaptrail_task_id(), 0);
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    expect_doubt(&scope, "CONFIG_HEAPTRAIL_MAX_TASKS");
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    void *p = fw_leak(10);
    assert_int_equal(heaptrail_scope_end(&scope, &all, &result), ESP_OK);
    assert_int_equal(result.leaked_bytes, 10); /* of all tasks it can tell */
    fw_free(p);
}

static void fill_tasks(void *arg)
{
    (void)arg;
    for (int i = 0; i < 64; i++) {
        assert_int_equal(xTaskCreate(sit, "sitter", 2048, &s_row[i], 6, NULL), pdPASS);
        vTaskDelay(1);
    }
    assert_true(s_row[0]);
    assert_false(s_row[63]);
    esp_in_task("last", 0, scope_without_a_row, NULL);
}

static void test_no_task_row(void **state)
{
    (void)state;
    esp_run(fill_tasks);
}

/* --- what is allowed ----------------------------------------------------------------------------
 */

static heaptrail_scope_result_t leave_two(void **kept)
{
    heaptrail_scope_t scope;
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    kept[0] = fw_leak(40);
    kept[1] = fw_leak_more(2);
    return scopes_end(&scope);
}

/* With this allowance, of fw_leak()'s and fw_leak_more()'s blocks so many are leaks. */
static void expect_leaks(const heaptrail_allowance_t *allowance, uint32_t leaks)
{
    void *kept[2];
    heaptrail_allow_none();
    assert_int_equal(heaptrail_allow_leak(allowance), ESP_OK);
    heaptrail_scope_result_t result = leave_two(kept);
    assert_int_equal(result.leaked_blocks, leaks);
    assert_int_equal(result.allowed_blocks, 2 - leaks);
    assert_int_equal(result.verdict, leaks ? HEAPTRAIL_SCOPE_LEAKS : HEAPTRAIL_SCOPE_CLEAN);
    fw_free(kept[0]);
    fw_free(kept[1]);
}

static void test_allowed_sites(void **state)
{
    (void)state;
    expect_leaks(&(heaptrail_allowance_t){.file = "fw_scopes.c"}, 0);
    expect_leaks(&(heaptrail_allowance_t){.file = "esp/fw_scopes.c"}, 0);
    expect_leaks(&(heaptrail_allowance_t){.file = "/fw_scopes.c"}, 0);
    expect_leaks(&(heaptrail_allowance_t){.file = "w_scopes.c"}, 2); /* not from a folder on */
    expect_leaks(&(heaptrail_allowance_t){.file = "/a/b/c/d/tests/esp/fw_scopes.c"}, 2);
    expect_leaks(&(heaptrail_allowance_t){.file = "fw_scopes.c", .line = 14}, 1);
    expect_leaks(&(heaptrail_allowance_t){.file = "fw_scopes.c", .line = 15}, 2);
    expect_leaks(&(heaptrail_allowance_t){.function = "fw_leak"}, 1);
    expect_leaks(&(heaptrail_allowance_t){.variable = "more"}, 1);
    expect_leaks(&(heaptrail_allowance_t){.function = "fw_leak", .variable = "more"}, 2);
    expect_leaks(&(heaptrail_allowance_t){.task = "(start-up)"}, 0);
    expect_leaks(&(heaptrail_allowance_t){.task = "main"}, 2);
}

static void test_budgets(void **state)
{
    (void)state;
    void *kept[2];
    expect_leaks(&(heaptrail_allowance_t){.file = "fw_scopes.c", .max_blocks = 2}, 0);
    expect_leaks(&(heaptrail_allowance_t){.file = "fw_scopes.c", .max_blocks = 1}, 2);
    expect_leaks(&(heaptrail_allowance_t){.file = "fw_scopes.c", .max_bytes = 42}, 0);
    expect_leaks(&(heaptrail_allowance_t){.file = "fw_scopes.c", .max_bytes = 41}, 2);
    /* The first that matches takes it; what that has too much of, no other allows. */
    heaptrail_allow_none();
    const heaptrail_allowance_t first = {.function = "fw_leak", .max_bytes = 10};
    const heaptrail_allowance_t second = {.file = "fw_scopes.c"};
    assert_int_equal(heaptrail_allow_leak(&first), ESP_OK);
    assert_int_equal(heaptrail_allow_leak(&second), ESP_OK);
    heaptrail_scope_result_t result = leave_two(kept);
    assert_int_equal(result.leaked_bytes, 40);
    assert_int_equal(result.allowed_bytes, 2);
    assert_int_equal(result.exceeded, 1);
    fw_free(kept[0]);
    fw_free(kept[1]);
    scopes_listen();
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        kept[0] = fw_leak(40);
        kept[1] = fw_leak_more(2);
    }
    assert_non_null(strstr(heard.report, "Allowed: 1 block, 2 B."));
    assert_non_null(strstr(heard.report, "More than the 10 B allowed, function fw_leak: all"));
    assert_non_null(strstr(heard.report, "only blocks"));
    assert_null(strstr(heard.report, "fw_leak_more"));
    scopes_expect_failure(
        "1 block, 40 B left behind: tests/esp/fw_scopes.c:14 fw_leak() kept [malloc]");
    fw_free(kept[0]);
    fw_free(kept[1]);
}

static void leave_plain(void **kept)
{
    *kept = fw_plain_leak(10);
}

static void test_allowed_caller(void **state)
{
    (void)state;
    void *kept = NULL;
    heaptrail_scope_t scope;
    uintptr_t code = (uintptr_t)fw_plain_leak;
    const heaptrail_allowance_t other = {.caller = 16, .caller_end = 4096};
    const heaptrail_allowance_t itself = {.caller = code, .caller_end = code + FW_BYTES};
    assert_int_equal(heaptrail_allow_leak(&other), ESP_OK);
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    leave_plain(&kept);
    assert_int_equal(scopes_end(&scope).leaked_blocks, ESP_WRAPPED);
    assert_int_equal(heaptrail_allow_leak(&itself), ESP_OK);
    heaptrail_scope_t again;
    heap_caps_free(kept);
    assert_int_equal(heaptrail_scope_begin(&again), ESP_OK);
    leave_plain(&kept);
    heaptrail_scope_result_t result = scopes_end(&again);
    assert_int_equal(result.leaked_blocks, 0);
    assert_int_equal(result.allowed_blocks, ESP_WRAPPED);
    heap_caps_free(kept);
}

static void test_wrong_allowances(void **state)
{
    (void)state;
    static const struct {
        heaptrail_allowance_t allowance;
        const char *says;
    } wrong[] = {
        {{.max_blocks = 3}, "nothing that names"},
        {{.line = 3, .function = "f"}, "line without file"},
        {{.caller = 8}, "caller_end not behind"},
        {{.caller = 8, .caller_end = 8}, "caller_end not behind"},
        {{.caller_end = 8}, "caller_end without"},
        {{.file = ""}, "empty"},
        {{.task = ""}, "empty"},
    };
    const heaptrail_allowance_t good = {.function = "f"};
    esp_log_catch();
    assert_int_equal(heaptrail_allow_leak(NULL), ESP_ERR_INVALID_ARG);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        esp_log_forget();
        assert_int_equal(heaptrail_allow_leak(&wrong[i].allowance), ESP_ERR_INVALID_ARG);
        assert_non_null(strstr(esp_log(), wrong[i].says));
    }
    for (int i = 0; i < HEAPTRAIL_ALLOWANCES_MAX; i++) {
        assert_int_equal(heaptrail_allow_leak(&good), ESP_OK);
    }
    assert_int_equal(heaptrail_allow_leak(&good), ESP_ERR_NO_MEM);
    heaptrail_allow_none();
    assert_int_equal(heaptrail_allow_leak(&good), ESP_OK);
}

/* --- regions ------------------------------------------------------------------------------------
 */

static void test_allowed_region(void **state)
{
    (void)state;
    scopes_listen();
    void *a = NULL;
    void *b = NULL;
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        HEAPTRAIL_ALLOW_LEAKS()
        {
            a = fw_leak(10);
            (void)fw_cache();
        }
    }
    scopes_expect_pass();
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        (void)fw_cache(); /* the second time it allocates nothing */
        HEAPTRAIL_ALLOW_LEAKS()
        {
            fw_free(a);
            a = fw_leak(10);
        }
        b = fw_leak(20);
    }
    assert_non_null(strstr(heard.report, "Allowed: 1 block, 10 B."));
    scopes_expect_failure("1 block, 20 B left behind");
    fw_free(a);
    fw_free(b);
}

/* In a loop, each leaving something: one entry, because nothing lies between. */
static void test_regions_in_a_loop(void **state)
{
    (void)state;
    enum { ROUNDS = 3 * HEAPTRAIL_ALLOWED_REGIONS_MAX };
    void *kept[ROUNDS];
    heaptrail_scope_t scope;
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    for (int i = 0; i < ROUNDS; i++) {
        fw_free(fw_leak(1));
        HEAPTRAIL_ALLOW_LEAKS()
        {
            kept[i] = fw_leak(10);
        }
    }
    heaptrail_scope_result_t result = scopes_end(&scope);
    assert_int_equal(result.verdict, HEAPTRAIL_SCOPE_CLEAN);
    assert_int_equal(result.allowed_blocks, ROUNDS);
    for (int i = 0; i < ROUNDS; i++) {
        fw_free(kept[i]);
    }
}

/* Apart from each other there is room for so many; one more fails, and is not silently allowed. */
static void test_too_many_regions(void **state)
{
    (void)state;
    enum { ROUNDS = HEAPTRAIL_ALLOWED_REGIONS_MAX + 1 };
    void *kept[2 * ROUNDS];
    heaptrail_allowed_region_t region;
    heaptrail_scope_t scope;
    esp_log_catch();
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    for (int i = 0; i < ROUNDS; i++) {
        kept[2 * i] = fw_leak(1); /* lies between */
        assert_int_equal(heaptrail_allow_region_begin(&region), ESP_OK);
        kept[2 * i + 1] = fw_leak(10);
        assert_int_equal(heaptrail_allow_region_end(&region),
                         i + 1 < ROUNDS ? ESP_OK : ESP_ERR_NO_MEM);
    }
    assert_non_null(strstr(esp_log(), "too many allowed regions"));
    heaptrail_scope_result_t result = scopes_end(&scope);
    assert_int_equal(result.leaked_blocks, ROUNDS + 1);
    assert_int_equal(result.allowed_blocks, ROUNDS - 1);
    assert_int_equal(heaptrail_allow_region_begin(NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_allow_region_end(NULL), ESP_ERR_INVALID_ARG);
    for (int i = 0; i < 2 * ROUNDS; i++) {
        fw_free(kept[i]);
    }
    /* The next scope begins with none. */
    assert_int_equal(heaptrail_scope_begin(&scope), ESP_OK);
    kept[1] = fw_leak(1); /* lies between */
    HEAPTRAIL_ALLOW_LEAKS()
    {
        kept[0] = fw_leak(10);
    }
    fw_free(kept[1]);
    assert_int_equal(scopes_end(&scope).verdict, HEAPTRAIL_SCOPE_CLEAN);
    fw_free(kept[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stopped),          cmocka_unit_test(test_reset_in_between),
        cmocka_unit_test(test_filtered),         cmocka_unit_test(test_table_full),
        cmocka_unit_test(test_mark_aged_out),    cmocka_unit_test(test_no_task_row),
        cmocka_unit_test(test_allowed_sites),    cmocka_unit_test(test_budgets),
        cmocka_unit_test(test_allowed_caller),   cmocka_unit_test(test_wrong_allowances),
        cmocka_unit_test(test_allowed_region),   cmocka_unit_test(test_regions_in_a_loop),
        cmocka_unit_test(test_too_many_regions),
    };
    return esp_test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
