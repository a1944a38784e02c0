/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A small firmware that asks for everything, whatever the options are. extremes.py builds it once
 * per end of each numeric option. So nothing here knows a size: with room for one block, the rest
 * is counted; with redzones of 64 bytes the totals are the same.
 */
#include <stdlib.h>

#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail_errors.h"
#include "heaptrail_site.h"

#define CAPS (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)
#define HELD 40U

static FW void *ask(size_t size)
{
    return malloc(size);
}

static FW void give_back(void *p)
{
    free(p);
}

static FW void overflow(char *p, size_t size)
{
    *(volatile char *)(p + size) = 'x';
}

/* --- counters are exact, whatever room there is --------------------------------------------------
 */

static void test_totals(void **state)
{
    (void)state;
    heaptrail_status_t before = esp_status();
    void *held[HELD];
    for (unsigned i = 0; i < HELD; i++) {
        held[i] = i % 2 != 0 ? ask(i + 1U) : heap_caps_calloc(1, i + 1U, CAPS);
        assert_non_null(held[i]);
    }
    heaptrail_status_t now = esp_status();
    assert_int_equal(now.total_blocks - before.total_blocks, HELD);
    uint64_t unrecorded = now.loss.table_full + now.loss.table_crowded;
    unrecorded -= before.loss.table_full + before.loss.table_crowded;
    assert_int_equal(now.live_blocks - before.live_blocks + unrecorded, HELD);
    esp_check();
    for (unsigned i = 0; i < HELD; i++) {
        give_back(held[i]);
    }
    assert_int_equal(esp_status().live_blocks, before.live_blocks);
    esp_check();
}

static void test_random(void **state)
{
    (void)state;
    void *block[64] = {0};
    unsigned seed = 4;
    for (unsigned i = 0; i < 5000; i++) {
        seed = seed * 1664525U + 1013904223U;
        void **p = &block[(seed >> 8) % 64];
        if (seed >> 30 == 0) {
            give_back(*p);
            *p = NULL;
        } else {
            void *made = realloc(*p, 1U + (seed >> 16) % 900U);
            if (made != NULL) { *p = made; }
        }
    }
    esp_check();
    for (unsigned i = 0; i < 64; i++) {
        give_back(block[i]);
    }
    esp_check();
}

/* --- tasks, failures, errors, reports ------------------------------------------------------------
 */

static void allocate_in_task(void *arg)
{
    (void)arg;
    HEAPTRAIL_FREE(HEAPTRAIL_MALLOC(100));
    give_back(ask(30));
}

static void in_main(void *arg)
{
    (void)arg;
    for (int core = 0; core < 2; core++) {
        esp_in_task("worker", core, allocate_in_task, NULL);
    }
    assert_null(heap_caps_malloc(1U << 28, CAPS));
    assert_int_equal(esp_status().failures, 1);
    vTaskDelay(200); /* the scrubber and the sampling, where they are on */
    assert_int_equal(heaptrail_sample(), ESP_OK);
}

static void test_tasks_and_failures(void **state)
{
    (void)state;
    esp_run(in_main);
    esp_check();
}

static uint32_t errors(void)
{
    heaptrail_check_status_t status;
    assert_int_equal(heaptrail_check_status(&status), ESP_OK);
    return status.reported;
}

/* A byte too many: found if there is a redzone and a record; in no case the end. */
static void test_overflow(void **state)
{
    (void)state;
    heaptrail_checks_t checks;
    assert_int_equal(heaptrail_get_checks(&checks), ESP_OK);
    char *p = ask(23);
    overflow(p, 23);
    bool watched = checks.redzones && checks.redzone_tail_bytes > 0 && esp_records_of(p) == 1;
    give_back(p);
    assert_int_equal(errors(), watched ? 1 : 0);
    heaptrail_scrub(0, NULL);
    esp_check();
}

static void test_reports(void **state)
{
    (void)state;
    void *p = ask(77);
    for (int kind = 0; kind < HEAPTRAIL_REPORT_COUNT; kind++) {
        bool asks_more = kind == HEAPTRAIL_REPORT_SINCE || kind == HEAPTRAIL_REPORT_WHOIS ||
                         kind == HEAPTRAIL_REPORT_EXPLAIN ||
                         kind == HEAPTRAIL_REPORT_LEAKS; /* needs a task */
        if (!asks_more) { assert_non_null(esp_report((heaptrail_report_kind_t)kind)); }
    }
    assert_true(strlen(esp_report(HEAPTRAIL_REPORT_STATUS)) > 100);
    give_back(p);
    assert_int_equal(heaptrail_reset(), ESP_OK);
    esp_check();
}

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test(test_totals),   cmocka_unit_test(test_random),
    cmocka_unit_test(test_overflow), cmocka_unit_test(test_tasks_and_failures),
    cmocka_unit_test(test_reports),
};

ESP_TEST_MAIN(s_tests)
