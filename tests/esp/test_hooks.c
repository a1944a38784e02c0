/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* CONFIG_HEAPTRAIL_HOOKS: the heap tells by its two hooks. ESP_HOOKED 2: the functions that
 * firmware calls are wrapped besides, which makes realloc() exact; 1: nothing is wrapped. */
#include <stdlib.h>

#include "esp_test.h"
#include "heaptrail_errors.h"

#define CAPS (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)

#define EXACT (ESP_HOOKED == 2)

static FW void *ask(size_t size)
{
    return malloc(size);
}

static FW void give_back(void *p)
{
    free(p);
}

static void test_a_block_lives_once(void **state)
{
    (void)state;
    void *p = ask(40);
    heaptrail_block_row_t row = esp_block(p);
    assert_true(row.size_bytes >= 40 && row.size_bytes < 48); /* as the heap rounds it */
    assert_int_equal(row.origin.method, EXACT ? HEAPTRAIL_METHOD_MALLOC : HEAPTRAIL_METHOD_UNKNOWN);
    if (EXACT) { assert_true(esp_is_in(row.origin.frames[0], (void *)ask)); }
    assert_string_equal(row.task_name, "(start-up)");
    give_back(p);
    assert_int_equal(esp_records_of(p), 0);
    p = heap_caps_calloc(3, 5, MALLOC_CAP_SPIRAM); /* IDF's tracing misses this one */
    assert_true(esp_block(p).size_bytes >= 15);
    heap_caps_free(p);
    assert_int_equal(esp_records_of(p), 0);
    assert_int_equal(esp_status().loss.unknown_frees, 0);
    esp_check();
}

static void test_realloc_in_place(void **state)
{
    (void)state;
    void *p = heap_caps_malloc(400, CAPS);
    uint64_t before = esp_status().total_blocks;
    void *q = heap_caps_realloc(p, 100, CAPS);
    assert_ptr_equal(q, p);
    assert_int_equal(esp_block(p).size_bytes, 100);
    assert_int_equal(esp_status().total_blocks, before + 1); /* ends and begins, as with wraps */
    heap_caps_free(p);
    assert_int_equal(esp_records_of(p), 0);
    assert_int_equal(esp_status().loss.unknown_frees, 0);
    esp_check();
}

static void test_realloc_moved_within_its_heap(void **state)
{
    (void)state;
    void *p = heap_caps_malloc(64, CAPS);
    void *behind = heap_caps_malloc(64, CAPS);
    unsigned records = esp_records();
    void *q = heap_caps_realloc(p, 4000, CAPS);
    assert_ptr_not_equal(q, p);
    assert_int_equal(esp_block(q).size_bytes, 4000);
    assert_int_equal(esp_records_of(p), EXACT ? 0 : 1); /* the limit that Kconfig tells */
    assert_int_equal(esp_records(), records + (EXACT ? 0 : 1));
    void *again = heap_caps_malloc(64, CAPS); /* the address is used again: one record, the new */
    assert_ptr_equal(again, p);
    assert_int_equal(esp_block(again).size_bytes, 64);
    heap_caps_free(again);
    heap_caps_free(q);
    heap_caps_free(behind);
    assert_int_equal(esp_records_of(p), 0);
    assert_int_equal(esp_status().loss.unknown_frees, 0);
    esp_check();
}

static void test_realloc_moved_to_another_heap(void **state)
{
    (void)state;
    void *p = heap_caps_malloc(64, CAPS);
    void *q = heap_caps_realloc(p, 64, MALLOC_CAP_SPIRAM);
    assert_int_equal(esp_block(q).size_bytes, 64);
    assert_int_equal(esp_records_of(p), 0);
    void *r = heap_caps_realloc_prefer(q, 100, 2, CAPS, MALLOC_CAP_SPIRAM);
    assert_int_equal(esp_block(r).size_bytes, 100);
    assert_int_equal(esp_records_of(q), r == q);
    assert_null(heap_caps_realloc(r, 0, CAPS));
    assert_int_equal(esp_records_of(r), 0);
    assert_int_equal(esp_status().loss.unknown_frees, 0);
    esp_check();
}

static void test_realloc_that_fails(void **state)
{
    (void)state;
    void *p = ask(64);
    heaptrail_block_row_t before = esp_block(p);
    assert_null(heap_caps_realloc(p, 1U << 28, CAPS));
    heaptrail_block_row_t after = esp_block(p);
    assert_int_equal(after.size_bytes, before.size_bytes);
    assert_int_equal(after.sequence, before.sequence);
    assert_int_equal(esp_status().failures, 1);
    give_back(p);
    assert_int_equal(esp_status().loss.unknown_frees, 0);
    esp_check();
}

static void test_stopped(void **state)
{
    (void)state;
    void *old = ask(10);
    assert_int_equal(heaptrail_stop(), ESP_OK);
    void *hidden = ask(20);
    assert_int_equal(esp_records_of(hidden), 0);
    give_back(old);
    assert_int_equal(esp_records_of(old), 0);
    assert_int_equal(heaptrail_start(), ESP_OK);
    give_back(hidden);
    assert_int_equal(esp_status().loss.unknown_frees, 1);
    esp_check();
}

/* Freed, and given to somebody else, before the free hook runs: the race that Kconfig tells. The
 * tables stay sound, and the loss is counted. */
static void test_the_race_is_counted(void **state)
{
    (void)state;
    void *p = ask(32);
    esp_heap_trace_alloc_hook(p, 32, CAPS); /* the other core's */
    assert_int_equal(esp_records_of(p), 1);
    esp_heap_trace_free_hook(p); /* ours, late */
    assert_int_equal(esp_records_of(p), 0);
    give_back(p); /* the other core's */
    assert_int_equal(esp_status().loss.unknown_frees, 1);
    esp_check();
}

static void test_no_memory_errors_here(void **state)
{
    (void)state;
    heaptrail_checks_t checks = {.redzones = true, .redzone_tail_bytes = 8};
    assert_int_equal(heaptrail_set_checks(&checks), ESP_ERR_NOT_SUPPORTED);
    void *p = ask(10);
    give_back(p);
    esp_check();
}

/* Random calls, all three kinds of realloc among them; where it is exact, to the last block. */
static void test_random(void **state)
{
    (void)state;
    void *block[64] = {0};
    unsigned seed = 20260704, held = 0;
    for (unsigned i = 0; i < 20000; i++) {
        seed = seed * 1664525U + 1013904223U;
        void **p = &block[(seed >> 8) % 64];
        size_t size = 1 + (seed >> 16) % 700;
        if (seed >> 30 == 0) {
            give_back(*p);
            *p = NULL;
        } else {
            void *made = realloc(*p, size);
            if (made != NULL) { *p = made; }
        }
    }
    for (unsigned i = 0; i < 64; i++) {
        held += block[i] != NULL;
        if (block[i] != NULL) { assert_int_equal(esp_records_of(block[i]), 1); }
    }
    if (EXACT) { assert_int_equal(esp_records(), held); }
    assert_int_equal(esp_status().loss.unknown_frees, 0);
    esp_check();
}

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test(test_a_block_lives_once),
    cmocka_unit_test(test_realloc_in_place),
    cmocka_unit_test(test_realloc_moved_within_its_heap),
    cmocka_unit_test(test_realloc_moved_to_another_heap),
    cmocka_unit_test(test_realloc_that_fails),
    cmocka_unit_test(test_stopped),
    cmocka_unit_test(test_the_race_is_counted),
    cmocka_unit_test(test_no_memory_errors_here),
    cmocka_unit_test(test_random),
};

ESP_TEST_MAIN(s_tests)
