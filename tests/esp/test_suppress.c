/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Suspects that are passed over: by name, by code, by a function; and what cannot be put on the
 * list. */
#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "fw_scopes.h"
#include "heaptrail_leaks.h"

static volatile uintptr_t s_hidden;

/* Nothing points to what these made any more. */
FW static void lose(void)
{
    s_hidden = ~(uintptr_t)fw_leak(40);
    s_hidden = ~(uintptr_t)fw_leak_more(50);
    s_hidden = ~(uintptr_t)fw_plain_leak(60);
}

/* Not on the stack, which would hold old pointers. */
static heaptrail_suspect_summary_t s_summary, s_last;

static void find(void)
{
    static const heaptrail_scan_options_t now = {.age_min_us = 1};
    static const heaptrail_suspect_options_t options = {.evidence = HEAPTRAIL_EVIDENCE_UNREACHABLE,
                                                        .scan = &now};
    vTaskDelay(2);
    esp_clear_stack();
    assert_int_equal(heaptrail_suspects_find(&options, &s_summary), ESP_OK);
    heaptrail_suspects_forget();
    assert_int_equal(heaptrail_suspects_last(&s_last), ESP_OK);
    assert_memory_equal(&s_last.sites, &s_summary.sites, sizeof(s_last.sites));
}

static void expect(uint32_t certain, uint32_t suppressed)
{
    find();
    assert_int_equal(s_summary.sites[HEAPTRAIL_SURE_CERTAIN], certain);
    assert_int_equal(s_summary.suppressed_sites, suppressed);
    assert_int_equal(s_summary.scan.blocks[HEAPTRAIL_LOST], 3); /* what the scan says stays */
}

static bool has_no_names(void *context, const heaptrail_origin_t *origin)
{
    uint32_t *asked = context;
    (*asked)++;
    return origin->site == NULL;
}

/* The return address of a suspect that has no names, or 0. */
static uintptr_t s_return;

static bool keep_return(void *context, const heaptrail_origin_t *origin)
{
    (void)context;
    if (origin->site == NULL && origin->frame_count != 0) { s_return = origin->frames[0]; }
    return false;
}

/* The end is not a part of it; and what begins with a slash is the whole name of a file. */
static void in_edges(void *arg)
{
    (void)arg;
    static heaptrail_suppression_t look = {.fn = keep_return};
    static heaptrail_suppression_t before, at;
    static heaptrail_suppression_t slash = {.file = "/fw_scopes.c"};
    lose();
    assert_int_equal(heaptrail_suppress_leaks(&look), ESP_OK);
    expect(3, 0);
    assert_true(s_return != 0);
    before = (heaptrail_suppression_t){.caller = s_return - 8U, .caller_end = s_return};
    assert_int_equal(heaptrail_suppress_leaks(&before), ESP_OK);
    expect(3, 0);
    at = (heaptrail_suppression_t){.caller = s_return, .caller_end = s_return + 1U};
    assert_int_equal(heaptrail_suppress_leaks(&at), ESP_OK);
    expect(2, 1);
    assert_int_equal(heaptrail_suppress_leaks(&slash), ESP_OK);
    expect(0, 3);
    heaptrail_suppress_none();
}

static void in_list(void *arg)
{
    (void)arg;
    static heaptrail_suppression_t by_function = {.function = "fw_leak_more"};
    static heaptrail_suppression_t by_place = {.file = "fw_scopes.c", .line = 14};
    static heaptrail_suppression_t elsewhere = {.file = "scopes.c", .line = 14};
    static heaptrail_suppression_t by_code;
    assert_int_equal(heaptrail_suspects_last(&s_last), ESP_ERR_NOT_FOUND);
    lose();
    expect(3, 0);
    assert_int_equal(heaptrail_suppress_leaks(&elsewhere), ESP_OK);
    expect(3, 0);
    assert_int_equal(heaptrail_suppress_leaks(&by_function), ESP_OK);
    expect(2, 1);
    assert_int_equal(heaptrail_suppress_leaks(&by_function), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_suppress_leaks(&by_place), ESP_OK);
    expect(1, 2);
    by_code = (heaptrail_suppression_t){.caller = (uintptr_t)fw_plain_leak,
                                        .caller_end = (uintptr_t)fw_plain_leak + 1024U};
    assert_int_equal(heaptrail_suppress_leaks(&by_code), ESP_OK);
    expect(0, 3);
    heaptrail_suppress_none();
    expect(3, 0);
}

/* A function is asked of suspects only, and after the names. */
static void in_function(void *arg)
{
    (void)arg;
    static uint32_t asked;
    static heaptrail_suppression_t named = {
        .function = "fw_leak_more", .fn = has_no_names, .context = &asked};
    static heaptrail_suppression_t any = {.fn = has_no_names, .context = &asked};
    lose();
    assert_int_equal(heaptrail_suppress_leaks(&named), ESP_OK);
    expect(3, 0);
    assert_int_equal(asked, 1);
    assert_int_equal(heaptrail_suppress_leaks(&any), ESP_OK);
    expect(2, 1);
    assert_int_equal(asked, 1 + 3 + 1);
}

static void in_bad(void *arg)
{
    (void)arg;
    static heaptrail_suppression_t bad[] = {
        {.line = 3},       {.context = bad}, {.file = ""},     {.caller = 8, .caller_end = 8},
        {.caller_end = 8}, {.function = ""}, {.variable = ""},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(heaptrail_suppress_leaks(&bad[i]), ESP_ERR_INVALID_ARG);
    }
    assert_int_equal(heaptrail_suppress_leaks(NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_suspects_last(NULL), ESP_ERR_INVALID_ARG);
}

#define RUN(name)                                                                                  \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        esp_run(in_##name);                                                                        \
    }

RUN(edges)
RUN(list)
RUN(function)
RUN(bad)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_function),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_edges),
    };
    return esp_test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
