/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Allocations that fail: the ring, the firmware's callback, and failing at every point of a
 * program. */
#include <malloc.h>
#include <stdlib.h>

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "fw_fails.h"
#include "heaptrail_site.h"

#define CAPS (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)

/* --- the firmware's own callback -----------------------------------------------------------------
 */

typedef struct {
    unsigned count;
    size_t size;
    uint32_t caps;
} heard_t;

static heard_t s_early;
static heard_t s_late;

static void hear(heard_t *heard, size_t size, uint32_t caps)
{
    heard->count++;
    heard->size = size;
    heard->caps = caps;
}

static void early(size_t size, uint32_t caps, const char *function)
{
    assert_non_null(function);
    hear(&s_early, size, caps);
}

static void late(size_t size, uint32_t caps, const char *function)
{
    (void)function;
    void *p = heap_caps_malloc(8, CAPS); /* a callback may allocate */
    assert_int_equal(esp_records_of(p), esp_status().running);
    heap_caps_free(p);
    hear(&s_late, size, caps);
}

__attribute__((constructor(101))) static void register_before_everything(void)
{
    (void)heap_caps_register_failed_alloc_callback(early);
}

static void test_callbacks(void **state)
{
    (void)state;
    assert_null(heap_caps_malloc(fw_too_much, CAPS));
    assert_int_equal(s_early.count, 1);
    assert_int_equal(s_early.size, fw_too_much);
    assert_int_equal(s_early.caps, CAPS);
    assert_int_equal(heap_caps_register_failed_alloc_callback(NULL), ESP_ERR_INVALID_ARG);
    assert_null(heap_caps_malloc(fw_too_much, CAPS));
    assert_int_equal(s_early.count, 2);
    assert_int_equal(heap_caps_register_failed_alloc_callback(late),
                     ESP_OK); /* replaces, as ESP-IDF's */
    assert_null(heap_caps_calloc(2, fw_too_much, MALLOC_CAP_SPIRAM));
    assert_int_equal(s_early.count, 2);
    assert_int_equal(s_late.count, 1);
    assert_int_equal(s_late.size, 2 * fw_too_much);
    assert_int_equal(s_late.caps, MALLOC_CAP_SPIRAM);
    assert_int_equal(esp_status().failures, 3);
    assert_int_equal(heaptrail_stop(), ESP_OK);
    assert_null(heap_caps_malloc(fw_too_much, CAPS)); /* stopped: not recorded, but handed on */
    assert_int_equal(s_late.count, 2);
    assert_int_equal(esp_status().failures, 3);
}

/* --- what a failure says -------------------------------------------------------------------------
 */

static void expect_failure(const fw_fail_t *fail, const char *task)
{
    heaptrail_failure_row_t row = esp_last_failure();
    if (row.origin.method != fail->method || row.size_bytes != fw_too_much ||
        row.caps != fail->caps || row.alignment != fail->alignment) {
        fail_msg("%s: method %s, size %zu, caps %#x, alignment %zu", fail->name,
                 heaptrail_method_name(row.origin.method), row.size_bytes, (unsigned)row.caps,
                 row.alignment);
    }
    assert_string_equal(row.task_name, task);
    assert_false(row.in_isr);
    assert_true(row.measured);
    assert_int_equal(row.free_bytes, heap_caps_get_free_size(fail->caps));
    assert_int_equal(row.largest_free_bytes, heap_caps_get_largest_free_block(fail->caps));
    if (fail->has_site) {
        assert_string_equal(row.origin.site->function, "by_macro");
    } else {
        assert_true(esp_is_in(row.origin.frames[0], (void *)fail->ask));
    }
}

static void each_in(const char *task)
{
    fw_old = heap_caps_malloc(50, CAPS);
    for (size_t i = 0; i < fw_fails_count; i++) {
        sim_clock_advance_us(1100000); /* heaps are measured only so often a second */
        uint32_t before = esp_status().failures;
        unsigned records = esp_records();
        assert_null(fw_fails[i].ask());
        expect_failure(&fw_fails[i], task);
        assert_int_equal(esp_status().failures, before + 1); /* one failure is one */
        assert_int_equal(esp_records(), records);
        assert_int_equal(esp_block(fw_old).size_bytes, 50);
        esp_check();
    }
    assert_non_null(strstr(esp_report(HEAPTRAIL_REPORT_FAILURES), "realloc"));
}

static void in_main(void *arg)
{
    (void)arg;
    each_in("main");
}

static void test_each_at_start_up(void **state)
{
    (void)state;
    each_in("(start-up)");
}

static void test_each_in_a_task(void **state)
{
    (void)state;
    esp_run(in_main);
}

static void fail_in_isr(void *arg)
{
    (void)arg;
    assert_null(heap_caps_malloc(fw_too_much, CAPS));
}

static void test_in_an_isr(void **state)
{
    (void)state;
    sim_isr_fire_now(fail_in_isr, NULL);
    heaptrail_failure_row_t row = esp_last_failure();
    assert_true(row.in_isr);
    assert_false(row.measured);
    assert_int_equal(row.size_bytes, fw_too_much);
    assert_string_equal(row.task_name, "(ISR core 0)");
}

static void test_psram_for_malloc(void **state)
{
    (void)state;
    heap_caps_malloc_extmem_enable(1000);
    void *small = malloc(100);
    void *large = malloc(5000);
    assert_int_equal(sim_region_of(large), SIM_REGION_PSRAM);
    assert_int_equal(esp_block(large).origin.caps, MALLOC_CAP_DEFAULT | MALLOC_CAP_SPIRAM);
    assert_int_equal(esp_block(small).origin.caps, MALLOC_CAP_DEFAULT | MALLOC_CAP_INTERNAL);
    assert_int_equal(esp_block(large).origin.method, HEAPTRAIL_METHOD_MALLOC);
    unsigned before = esp_records();
    volatile size_t much = fw_too_much;
    assert_null(malloc(much));
    assert_int_equal(esp_last_failure().caps, MALLOC_CAP_DEFAULT);
    void *volatile old = large; /* GCC does not believe that a failed realloc() leaves the block */
    assert_null(realloc(old, much));
    assert_int_equal(esp_last_failure().origin.method, HEAPTRAIL_METHOD_REALLOC);
    assert_int_equal(esp_status().failures, 2); /* two tries each, one failure */
    assert_int_equal(esp_records(), before);
    large = realloc(old, 9000);
    assert_int_equal(esp_block(large).size_bytes, 9000);
    free(large);
    free(small);
    esp_check();
}

/* --- the ring ------------------------------------------------------------------------------------
 */

typedef struct {
    uint32_t first, next, rows;
} numbers_t;

static bool number(void *context, const heaptrail_failure_row_t *row)
{
    numbers_t *numbers = context;
    if (numbers->rows++ == 0) { numbers->first = numbers->next = row->number; }
    assert_int_equal(row->number, numbers->next++);
    assert_int_equal(row->size_bytes, fw_too_much + row->number);
    return true;
}

static void test_ring(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= 40; n++) {
        assert_null(heap_caps_malloc(fw_too_much + n, CAPS));
    }
    numbers_t numbers = {0};
    heaptrail_walk_t walk;
    assert_int_equal(heaptrail_for_each_failure(NULL, number, &numbers, &walk), ESP_OK);
    assert_int_equal(walk.rows, 16);
    assert_int_equal(numbers.first, 25);
    assert_false(walk.disturbed);
    heaptrail_status_t status = esp_status();
    assert_int_equal(status.failures, 40);
    assert_int_equal(status.loss.failures_overwritten, 24);
    assert_non_null(strstr(esp_report(HEAPTRAIL_REPORT_FAILURES), "24"));
    heaptrail_mark_t mark = heaptrail_mark();
    heaptrail_select_t since = {.since = &mark};
    numbers = (numbers_t){0};
    assert_null(heap_caps_malloc(fw_too_much + 41, CAPS));
    assert_int_equal(heaptrail_for_each_failure(&since, number, &numbers, &walk), ESP_OK);
    assert_int_equal(walk.rows, 1);
    assert_int_equal(heaptrail_reset(), ESP_OK);
    assert_int_equal(heaptrail_for_each_failure(NULL, number, &numbers, &walk), ESP_OK);
    assert_int_equal(walk.rows, 0);
    esp_check();
}

static void test_measures_are_rationed(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= 12; n++) {
        assert_null(heap_caps_malloc(fw_too_much, CAPS));
        assert_int_equal(esp_last_failure().measured, n <= 8);
    }
    sim_clock_advance_us(1100000);
    assert_null(heap_caps_malloc(fw_too_much, CAPS));
    assert_true(esp_last_failure().measured);
}

/* What measures lies in flash: with its cache off the failure is noted, and that is all. */
static void test_with_the_flash_cache_off(void **state)
{
    (void)state;
    sim_set_flash_cache(false);
    void *block = heap_caps_malloc(fw_too_much, CAPS);
    sim_set_flash_cache(true);
    assert_null(block);
    heaptrail_failure_row_t row = esp_last_failure();
    assert_false(row.measured);
    assert_int_equal(row.size_bytes, fw_too_much);
    assert_null(heap_caps_malloc(fw_too_much, CAPS));
    assert_true(esp_last_failure().measured);
}

/* --- a program whose n-th allocation fails -------------------------------------------------------
 */

#define KEPT 24
static void *s_kept[KEPT];
static size_t s_size[KEPT];
static unsigned s_count;

static void keep(void *p, size_t size)
{
    if (p != NULL) {
        s_kept[s_count] = p;
        s_size[s_count++] = size;
    }
}

static void grow(unsigned i, size_t size, bool libc)
{
    if (i >= s_count) { return; }
    void *p = libc ? realloc(s_kept[i], size) : heap_caps_realloc(s_kept[i], size, CAPS);
    if (p != NULL) {
        s_kept[i] = p;
        s_size[i] = size;
    }
}

static void let_go(unsigned i)
{
    if (i >= s_count) { return; }
    free(s_kept[i]);
    s_kept[i] = s_kept[--s_count];
    s_size[i] = s_size[s_count];
}

static void scenario(void)
{
    void *p = NULL;
    keep(malloc(20), 20);
    keep(calloc(3, 10), 30);
    keep(heap_caps_malloc(100, CAPS), 100);
    grow(0, 300, true);
    keep(heap_caps_calloc(4, 25, MALLOC_CAP_SPIRAM), 100);
    keep(strdup("some text"), 10);
    grow(1, 10, false);
    keep(heap_caps_aligned_alloc(64, 70, CAPS), 70);
    if (posix_memalign(&p, 32, 64) == 0) { keep(p, 64); }
    let_go(2);
    keep(heap_caps_malloc_prefer(90, 2, MALLOC_CAP_SPIRAM, CAPS), 90);
    keep(heap_caps_calloc_prefer(2, 45, 2, MALLOC_CAP_SPIRAM, CAPS), 90);
    keep(HEAPTRAIL_MALLOC(33), 33);
    keep(HEAPTRAIL_HEAP_CAPS_CALLOC(3, 33, CAPS), 99);
    grow(3, 5000, false);
    keep(heaptrail_heap_caps_realloc(NULL, NULL, 44, CAPS), 44);
    keep(strndup("some text", 4), 5);
    let_go(0);
    keep(heap_caps_aligned_calloc(32, 2, 32, MALLOC_CAP_8BIT), 64);
    grow(4, 8, true);
}

static void expect_kept(unsigned others)
{
    for (unsigned i = 0; i < s_count; i++) {
        assert_int_equal(esp_block(s_kept[i]).size_bytes, s_size[i]);
    }
    assert_int_equal(esp_records(), others + s_count);
    esp_check();
}

static void play(const sim_fault_t *fault, unsigned others)
{
    sim_fault_set(fault);
    scenario();
    sim_fault_clear();
    expect_kept(others);
    while (s_count != 0) {
        let_go(0);
    }
    expect_kept(others);
}

static void test_nth_allocation_fails(void **state)
{
    (void)state;
    unsigned others = esp_records();
    sim_fault_t none = {0};
    sim_fault_set(&none);
    scenario();
    uint64_t attempts = sim_fault_attempts();
    sim_fault_clear();
    expect_kept(others);
    while (s_count != 0) {
        let_go(0);
    }
    assert_in_range(attempts, 15, 60);
    for (uint64_t n = 1; n <= attempts + 2; n++) {
        sim_fault_t nth = {.nth = n};
        play(&nth, others);
        sim_fault_t every = {.every = n};
        play(&every, others);
    }
    for (int i = 0; i < 100; i++) {
        sim_fault_t chance = {.per_mille = (uint32_t)(i * 10)};
        play(&chance, others);
    }
    assert_int_equal(esp_status().loss.unknown_frees, 0);
    assert_true(heap_caps_check_integrity_all(true));
}

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test(test_callbacks),
    cmocka_unit_test(test_each_at_start_up),
    cmocka_unit_test(test_each_in_a_task),
    cmocka_unit_test(test_in_an_isr),
    cmocka_unit_test(test_psram_for_malloc),
    cmocka_unit_test(test_ring),
    cmocka_unit_test(test_measures_are_rationed),
    cmocka_unit_test(test_with_the_flash_cache_off),
    cmocka_unit_test(test_nth_allocation_fails),
};

ESP_TEST_MAIN(s_tests)
