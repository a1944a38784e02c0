/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* heaptrail_repeat(): what grows with the number of calls, and what only looks so. */
#include "scopes_test.h" /* first: it names the framework */

#include "heaptrail_repeat.h"

#define KEPT_MAX 4096
#define ROWS 4

static void *s_kept[KEPT_MAX];
static uint32_t s_kept_count, s_calls;
static void *s_slot[2];

static void keep(void *block)
{
    assert_non_null(block);
    assert_true(s_kept_count < KEPT_MAX);
    s_kept[s_kept_count++] = block;
}

static void forget(void)
{
    while (s_kept_count != 0) {
        fw_free(s_kept[--s_kept_count]);
    }
    for (int i = 0; i < 2; i++) {
        fw_free(s_slot[i]);
        s_slot[i] = NULL;
    }
    s_calls = 0;
}

/* --- operations ----------------------------------------------------------------------------------
 */

static void op_clean(void *context)
{
    (void)context;
    s_calls++;
    fw_free(fw_leak(100));
}

static void op_leak(void *context)
{
    s_calls++;
    keep(fw_leak(*(const size_t *)context));
}

static void op_leak_two(void *context)
{
    (void)context;
    keep(fw_leak(24));
    keep(fw_leak_more(100));
    keep(fw_leak_more(100));
}

/* A cache that is full after ten calls, and the last value, which is replaced. */
static void op_cache(void *context)
{
    (void)context;
    if (s_calls++ < 10U) { keep(fw_leak_more(50)); }
    fw_free(s_slot[0]);
    s_slot[0] = fw_leak(10);
}

static void op_rarely(void *context)
{
    (void)context;
    if (++s_calls % 8U == 0) { keep(fw_leak(32)); }
}

/* Two in the first eight calls that are looked at, eight in the others. */
static void op_unevenly(void *context)
{
    (void)context;
    if (++s_calls > 8U) { keep(fw_leak(32)); }
}

/* A leak, and a large cache that is made at the seventh call. */
static void op_leak_and_late_cache(void *context)
{
    (void)context;
    keep(fw_leak(24));
    if (++s_calls == 7U) { keep(fw_leak_more(4000)); }
}

static void op_stops_recording(void *context)
{
    (void)context;
    (void)heaptrail_stop();
    (void)heaptrail_start();
}

static void op_leaves_a_scope(void *context)
{
    (void)heaptrail_scope_begin(context);
}

/* --- tests ---------------------------------------------------------------------------------------
 */

static heaptrail_repeat_result_t repeat(heaptrail_repeat_fn_t fn, void *context, uint32_t calls,
                                        heaptrail_repeat_row_t *rows)
{
    const heaptrail_repeat_options_t options = {.calls = calls, .settle_ms = HEAPTRAIL_SETTLE_NONE};
    heaptrail_repeat_result_t result;
    assert_int_equal(heaptrail_repeat(fn, context, &options, rows, ROWS, &result), ESP_OK);
    return result;
}

static void test_clean(void **state)
{
    (void)state;
    heaptrail_repeat_row_t rows[ROWS];
    heaptrail_repeat_result_t result;
    assert_int_equal(heaptrail_repeat(op_clean, NULL, NULL, rows, ROWS, &result), ESP_OK);
    assert_int_equal(s_calls, 2 + 16);
    assert_int_equal(result.calls, 16);
    assert_int_equal(result.verdict, HEAPTRAIL_SCOPE_CLEAN);
    assert_int_equal(result.row_count + result.left_out_sites + result.once_sites, 0);
    forget();
}

static void test_leak(void **state)
{
    (void)state;
    heaptrail_repeat_row_t rows[ROWS];
    heaptrail_repeat_result_t result = repeat(op_leak_two, NULL, 20, rows);
    assert_int_equal(result.verdict, HEAPTRAIL_SCOPE_LEAKS);
    assert_int_equal(result.bytes, 2240);
#if ESP_DEPTH == 1
    assert_int_equal(result.row_count, 2);
    assert_int_equal(rows[0].blocks, 20);
    assert_int_equal(rows[0].first_blocks, 20);
    assert_int_equal(rows[0].bytes, 2000);
    assert_string_equal(rows[0].origin.site->function, "fw_leak_more");
    assert_int_equal(rows[1].blocks, 10);
    assert_int_equal(rows[1].first_bytes, 240);
    assert_true(rows[0].steady && rows[1].steady);
#else
    assert_int_equal(result.row_count, 3); /* each line of op_leak_two() has a stack */
#endif
    forget();
}

/* Once, and a cache that fills: nothing grows. With calls enough for the cache to fill before the
 * second half. */
static void test_cache(void **state)
{
    (void)state;
    heaptrail_repeat_row_t rows[ROWS];
    heaptrail_repeat_result_t result = repeat(op_cache, NULL, 40, rows);
    assert_int_equal(result.verdict, HEAPTRAIL_SCOPE_CLEAN);
    assert_int_equal(result.once_sites, 2);
    forget();
}

static void test_rarely(void **state)
{
    (void)state;
    heaptrail_repeat_row_t rows[ROWS];
    heaptrail_repeat_result_t result = repeat(op_rarely, NULL, 16, rows);
    assert_int_equal(result.row_count, 1);
    assert_false(rows[0].steady);
    forget();
    result = repeat(op_rarely, NULL, 64, rows);
    assert_int_equal(result.row_count, 1);
    assert_int_equal(rows[0].blocks, 4);
    assert_true(rows[0].steady);
    forget();
}

static void test_unevenly(void **state)
{
    (void)state;
    heaptrail_repeat_row_t rows[ROWS];
    heaptrail_repeat_result_t result = repeat(op_unevenly, NULL, 16, rows);
    assert_int_equal(result.row_count, 1);
    assert_int_equal(rows[0].first_blocks, 2);
    assert_int_equal(rows[0].blocks, 8);
    assert_false(rows[0].steady);
    forget();
}

/* The rows are full: the smallest is left out, and counted. */
static void test_no_room(void **state)
{
    (void)state;
    const heaptrail_repeat_options_t options = {.calls = 8, .settle_ms = HEAPTRAIL_SETTLE_NONE};
    heaptrail_repeat_row_t rows[1];
    heaptrail_repeat_result_t result;
    assert_int_equal(heaptrail_repeat(op_leak_two, NULL, &options, rows, 1, &result), ESP_OK);
    assert_int_equal(result.row_count, 1);
    assert_int_equal(result.left_out_sites, ESP_DEPTH == 1 ? 1 : 2);
    assert_int_equal(result.once_sites, 0);
    assert_string_equal(rows[0].origin.site->function, "fw_leak_more");
    forget();
}

/* What has room does not grow, and what has none may: that is no pass. */
static void test_no_room_for_what_grows(void **state)
{
    (void)state;
    const heaptrail_repeat_options_t options = {.calls = 8, .settle_ms = HEAPTRAIL_SETTLE_NONE};
    heaptrail_repeat_row_t rows[2];
    heaptrail_repeat_result_t result;
    assert_int_equal(heaptrail_repeat(op_leak_and_late_cache, NULL, &options, rows, 1, &result),
                     ESP_OK);
    assert_int_equal(result.row_count, 0);
    assert_int_equal(result.left_out_sites, 1);
    assert_int_equal(result.verdict, HEAPTRAIL_SCOPE_CANNOT_TELL);
    assert_non_null(strstr(result.why, "room"));
    forget();
    assert_int_equal(heaptrail_repeat(op_leak_and_late_cache, NULL, &options, rows, 2, &result),
                     ESP_OK);
    assert_int_equal(result.verdict, HEAPTRAIL_SCOPE_LEAKS);
    assert_int_equal(result.once_sites, 1);
    forget();
}

static void test_cannot_tell(void **state)
{
    (void)state;
    heaptrail_repeat_row_t rows[ROWS];
    heaptrail_repeat_result_t result = repeat(op_stops_recording, NULL, 4, rows);
    assert_int_equal(result.verdict, HEAPTRAIL_SCOPE_CANNOT_TELL);
    assert_non_null(result.why);
}

static void test_bad_arguments(void **state)
{
    (void)state;
    heaptrail_repeat_row_t rows[ROWS];
    heaptrail_repeat_result_t result;
    const heaptrail_repeat_options_t bad[] = {
        {.calls = 2}, {.calls = 5}, {.calls = 1000002}, {.warm_up = 1000001}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(heaptrail_repeat(op_clean, NULL, &bad[i], rows, ROWS, &result),
                         ESP_ERR_INVALID_ARG);
        assert_int_equal(result.verdict, HEAPTRAIL_SCOPE_MISUSED);
    }
    assert_int_equal(heaptrail_repeat(NULL, NULL, NULL, rows, ROWS, &result), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_repeat(op_clean, NULL, NULL, NULL, ROWS, &result),
                     ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_repeat(op_clean, NULL, NULL, rows, 0, &result), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_repeat(op_clean, NULL, NULL, rows, ROWS, NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(s_calls, 0);
    heaptrail_scope_t left;
    assert_int_equal(heaptrail_repeat(op_leaves_a_scope, &left, NULL, rows, ROWS, &result),
                     ESP_ERR_INVALID_STATE);
    assert_non_null(strstr(result.why, "still open"));
    assert_int_equal(heaptrail_repeat_report(NULL, rows, false, scopes_hearing.write, &heard),
                     ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_repeat_report(&result, rows, false, NULL, NULL),
                     ESP_ERR_INVALID_ARG);
}

static void test_report(void **state)
{
    (void)state;
    heaptrail_repeat_row_t rows[ROWS];
    size_t bytes = 24;
    heaptrail_repeat_result_t result = repeat(op_leak, &bytes, 8, rows);
    scopes_listen();
    assert_int_equal(heaptrail_repeat_report(&result, rows, false, scopes_hearing.write, &heard),
                     ESP_OK);
    const char *text = "heaptrail: 8 calls, 1 site grows with each call, by 24 B a call.\n"
                       "  per call    blocks    before  site\n"
                       "      24 B         4         4  tests/esp/fw_scopes.c:14 fw_leak() kept "
                       "[malloc]\n";
    if (strncmp(heard.report, text, strlen(text)) != 0) { fail_msg("heard: %s", heard.report); }
    scopes_listen();
    assert_int_equal(heaptrail_repeat_report(&result, rows, true, scopes_hearing.write, &heard),
                     ESP_OK);
    assert_non_null(strstr(heard.report, "\"verdict\":\"grows\""));
    assert_non_null(strstr(heard.report, "\"blocks\":4,\"bytes\":96,\"steady\":true"));
    scopes_listen();
    forget();
}

static void test_macro(void **state)
{
    (void)state;
    size_t bytes = 24;
    scopes_listen();
    HEAPTRAIL_ASSERT_NO_GROWTH(op_clean, NULL);
    scopes_expect_pass();
    HEAPTRAIL_ASSERT_NO_GROWTH(op_leak, &bytes);
    scopes_expect_failure("1 site grows with each call, by 24 B a call: tests/esp/fw_scopes.c:14 "
                          "fw_leak() kept [malloc]");
    const heaptrail_repeat_options_t bad = {.calls = 1};
    HEAPTRAIL_ASSERT_NO_GROWTH_WITH(op_clean, NULL, &bad);
    scopes_expect_failure("nothing was measured: an argument is out of range");
    forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_leak),
        cmocka_unit_test(test_cache),
        cmocka_unit_test(test_rarely),
        cmocka_unit_test(test_unevenly),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_cannot_tell),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_report),
        cmocka_unit_test(test_macro),
        cmocka_unit_test(test_no_room_for_what_grows),
    };
    return esp_test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
