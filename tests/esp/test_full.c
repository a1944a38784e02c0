/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* heaptrail_init(), and tables that are full: counted, shown, and the old records stay. */
#include <stdlib.h>

#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

#define CAPS (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)

static uint64_t s_memory[4096];

static void expect_invalid(heaptrail_config_t config, const char *field)
{
    esp_log_catch();
    assert_int_equal(heaptrail_init(&config), ESP_ERR_INVALID_ARG);
    if (strstr(esp_log(), field) == NULL) { fail_msg("'%s' is not in '%s'", field, esp_log()); }
}

static void test_init_names_the_field(void **state)
{
    (void)state;
    assert_false(esp_status().running); /* without CONFIG_HEAPTRAIL_START_AT_BOOT */
    expect_invalid((heaptrail_config_t){.max_blocks = UINT32_MAX}, "max_blocks");
    expect_invalid((heaptrail_config_t){.max_sites = UINT32_MAX}, "max_sites");
    expect_invalid((heaptrail_config_t){.max_tasks = UINT32_MAX}, "max_tasks");
    expect_invalid((heaptrail_config_t){.max_failures = UINT32_MAX}, "max_failures");
    expect_invalid((heaptrail_config_t){.frame_words = UINT32_MAX}, "frame_words");
    expect_invalid((heaptrail_config_t){.stack_depth = 33}, "stack_depth");
    expect_invalid((heaptrail_config_t){.memory_bytes = 100}, "memory");
    expect_invalid((heaptrail_config_t){.memory = (char *)s_memory + 4, .memory_bytes = 4096},
                   "memory");
    assert_int_equal(heaptrail_memory_bytes(&(heaptrail_config_t){.stack_depth = 33}), 0);
    heaptrail_config_t config = {.memory = s_memory, .memory_bytes = 64};
    esp_log_catch();
    assert_int_equal(heaptrail_init(&config), ESP_ERR_INVALID_SIZE);
    char digits[24];
    snprintf(digits, sizeof(digits), "%zu", heaptrail_memory_bytes(&config));
    assert_non_null(strstr(esp_log(), digits));
    config = (heaptrail_config_t){0};
    assert_int_equal(heaptrail_init(&config), ESP_OK); /* Kconfig's own sizes fit in its memory */
    assert_true(esp_status().running);
    free(heap_caps_malloc(1, CAPS));
    assert_int_equal(heaptrail_init(&config), ESP_ERR_INVALID_STATE);
    esp_check();
}

static void init_small(void)
{
    heaptrail_config_t config = {.max_blocks = 14,
                                 .max_sites = 5,
                                 .max_tasks = 2,
                                 .max_failures = 3,
                                 .frame_words = 12,
                                 .stack_depth = 4,
                                 .memory = s_memory};
    config.memory_bytes = heaptrail_memory_bytes(&config);
    assert_in_range(config.memory_bytes, 1, sizeof(s_memory) - 8);
    uint64_t *behind = (uint64_t *)((char *)s_memory + config.memory_bytes);
    *behind = 0x5a5a5a5a5a5a5a5aU;
    assert_int_equal(heaptrail_init(&config), ESP_OK);
    assert_int_equal(*behind, 0x5a5a5a5a5a5a5a5aU);
    esp_check();
}

FW static void *one(void)
{
    return heap_caps_malloc(16, CAPS);
}

static void test_table_full(void **state)
{
    (void)state;
    init_small();
    uint32_t room = esp_status().max_blocks;
    assert_in_range(room, 14, 16);
    void *kept[16];
    void *dropped[5];
    for (uint32_t i = 0; i < room; i++) {
        kept[i] = one();
    }
    for (int i = 0; i < 5; i++) {
        dropped[i] = one();
    }
    for (uint32_t i = 0; i < room; i++) {
        assert_int_equal(esp_block(kept[i]).size_bytes, 16);
    }
    for (int i = 0; i < 5; i++) {
        assert_int_equal(esp_records_of(dropped[i]), 0);
    }
    heaptrail_status_t status = esp_status();
    assert_int_equal(status.loss.table_full + status.loss.table_crowded, 5);
    assert_int_equal(status.total_blocks, room + 5); /* totals stay exact */
    assert_int_equal(status.live_blocks, room);
    assert_non_null(strstr(esp_report(HEAPTRAIL_REPORT_STATUS), "5"));
    assert_non_null(strstr(esp_report(HEAPTRAIL_REPORT_SITES), "5"));
    for (int i = 0; i < 5; i++) {
        heap_caps_free(dropped[i]);
    }
    assert_int_equal(esp_status().loss.unknown_frees, 5);
    heap_caps_free(kept[3]);
    kept[3] = one(); /* room again */
    assert_int_equal(esp_block(kept[3]).size_bytes, 16);
    void *moved = heap_caps_realloc(kept[4], 3000, CAPS); /* full, and yet followed */
    assert_int_equal(esp_block(moved).size_bytes, 3000);
    assert_null(heap_caps_realloc(moved, (size_t)40 << 20, CAPS));
    assert_int_equal(esp_block(moved).size_bytes, 3000);
    esp_check();
}

static void test_origins_and_frames_full(void **state)
{
    (void)state;
    init_small();
    for (uint32_t bit = 0; bit < 10; bit++) { /* each capability mask is an origin of its own */
        void *p =
            heap_caps_malloc(8, bit < 2 ? CAPS
                                        : CAPS | (bit & 1 ? MALLOC_CAP_DMA : MALLOC_CAP_DEFAULT) |
                                              (bit & 4 ? MALLOC_CAP_32BIT : 0) |
                                              (bit & 8 ? MALLOC_CAP_RETENTION : 0));
        assert_int_equal(esp_block(p).size_bytes, 8);
    }
    heaptrail_status_t status = esp_status();
    assert_true(status.loss.origins_full + status.loss.frames_full >= 3);
    assert_true(status.origins <= status.max_origins);
    assert_int_equal(status.live_blocks, 10);
    assert_non_null(strstr(esp_report(HEAPTRAIL_REPORT_SITES), "nknown"));
    esp_check();
}

static void *s_made[4];

static void make_one(void *arg)
{
    s_made[(uintptr_t)arg] = heap_caps_malloc(30, CAPS);
}

static void many_tasks(void *arg)
{
    (void)arg;
    for (uintptr_t i = 0; i < 4; i++) {
        esp_in_task("worker", 1, make_one, (void *)i);
    }
    heaptrail_status_t status = esp_status();
    assert_true(status.loss.tasks_full >= 1);
    assert_int_equal(status.tasks, 2);
    assert_string_equal(esp_block(s_made[0]).task_name, "worker");
    assert_string_equal(esp_block(s_made[3]).task_name, "(other tasks)");
    assert_non_null(strstr(esp_report(HEAPTRAIL_REPORT_TASKS), "other tasks"));
    esp_check();
}

static void test_tasks_full(void **state)
{
    (void)state;
    init_small();
    esp_run(many_tasks);
}

static void test_failures_full(void **state)
{
    (void)state;
    init_small();
    for (int i = 0; i < 10; i++) {
        assert_null(heap_caps_malloc((size_t)40 << 20, CAPS));
    }
    assert_int_equal(esp_status().loss.failures_overwritten, 7);
    assert_int_equal(esp_last_failure().number, 10);
    esp_check();
}

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test(test_init_names_the_field),    cmocka_unit_test(test_table_full),
    cmocka_unit_test(test_origins_and_frames_full), cmocka_unit_test(test_tasks_full),
    cmocka_unit_test(test_failures_full),
};

ESP_TEST_MAIN(s_tests)
