/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Blocks are recorded and forgotten, once each. */
#include <stdlib.h>
#include <string.h>

#include "esp_heap_caps.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail.h"
#include "heaptrail_report.h"
#include "heaptrail_site.h"
#include "tests.h"
#include "unity.h"

#define TOO_MUCH ((size_t)1 << 30)

/* Kept from the optimiser: it may leave out a malloc() whose block nobody uses. */
static void *volatile s_block;

static int is_recorded(const void *block)
{
    heaptrail_block_row_t row;
    size_t offset = 0;
    return heaptrail_whois(block, &row, &offset) == ESP_OK && offset == 0;
}

static void test_malloc_and_free(void)
{
    s_block = malloc(100);
    TEST_ASSERT_TRUE(s_block != NULL);
    TEST_ASSERT_TRUE(is_recorded(s_block));
    heaptrail_status_t before, after;
    TEST_ASSERT_EQUAL_INT(ESP_OK, heaptrail_status(&before));
    free(s_block);
    TEST_ASSERT_EQUAL_INT(ESP_OK, heaptrail_status(&after));
    TEST_ASSERT_EQUAL_INT(before.live_blocks - 1, after.live_blocks);
}

static void test_each_allocator(void)
{
    void *block[] = {malloc(10),
                     calloc(2, 5),
                     realloc(NULL, 10),
                     strdup("123456789"),
                     heap_caps_malloc(10, MALLOC_CAP_DEFAULT),
                     heap_caps_calloc(2, 5, MALLOC_CAP_DEFAULT),
                     heap_caps_aligned_alloc(32, 32, MALLOC_CAP_DEFAULT)};
    for (size_t i = 0; i < sizeof(block) / sizeof(block[0]); i++) {
        s_block = block[i];
        TEST_ASSERT_TRUE(is_recorded(s_block));
        heap_caps_free(s_block);
    }
}

static void test_realloc_keeps_one_record(void)
{
    heaptrail_status_t before, after;
    TEST_ASSERT_EQUAL_INT(ESP_OK, heaptrail_status(&before));
    s_block = malloc(20);
    for (size_t size = 40; size < 4000; size *= 2) {
        s_block = realloc(s_block, size);
        TEST_ASSERT_TRUE(is_recorded(s_block));
    }
    free(s_block);
    TEST_ASSERT_EQUAL_INT(ESP_OK, heaptrail_status(&after));
    TEST_ASSERT_EQUAL_INT(before.live_blocks, after.live_blocks);
}

static bool find_site(void *context, const heaptrail_site_row_t *row)
{
    const heaptrail_site_t *site = row->origin.site;
    if (site != NULL && site->variable != NULL && strcmp(site->variable, "here") == 0) {
        *(uint32_t *)context = row->live_blocks;
    }
    return true;
}

static void test_a_macro_names_its_site(void)
{
    char *here;
    uint32_t live = 0;
    HEAPTRAIL_MALLOC_TO(here, 33);
    s_block = here;
    TEST_ASSERT_EQUAL_INT(ESP_OK, heaptrail_for_each_site(NULL, find_site, &live, NULL));
    HEAPTRAIL_FREE(s_block);
    TEST_ASSERT_EQUAL_INT(1, live);
}

static volatile int s_done;

static void worker(void *arg)
{
    (void)arg;
    for (int i = 0; i < 200; i++) {
        free(malloc(16U + (unsigned)i % 64U));
    }
    s_done++;
    vTaskDelete(NULL);
}

static void test_tasks_at_once(void)
{
    s_done = 0;
    for (int i = 0; i < 3; i++) {
        TEST_ASSERT_TRUE(xTaskCreate(worker, "worker", 4096, NULL, 5, NULL) == pdPASS);
    }
    for (int i = 0; i < 500 && s_done < 3; i++) {
        vTaskDelay(10);
    }
    TEST_ASSERT_EQUAL_INT(3, s_done);
}

static void test_a_failure_is_told(void)
{
    heaptrail_status_t before, after;
    TEST_ASSERT_EQUAL_INT(ESP_OK, heaptrail_status(&before));
    s_block = heap_caps_malloc(TOO_MUCH, MALLOC_CAP_INTERNAL);
    if (s_block != NULL) { /* the linux target has room for everything */
        free(s_block);
        return;
    }
    TEST_ASSERT_EQUAL_INT(ESP_OK, heaptrail_status(&after));
    TEST_ASSERT_EQUAL_INT(before.failures + 1, after.failures);
}

void run_tracking_tests(void)
{
    RUN_TEST(test_malloc_and_free);
    RUN_TEST(test_each_allocator);
    RUN_TEST(test_realloc_keeps_one_record);
    RUN_TEST(test_a_macro_names_its_site);
    RUN_TEST(test_tasks_at_once);
    RUN_TEST(test_a_failure_is_told);
}
