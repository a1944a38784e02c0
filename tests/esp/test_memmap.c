/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The original API: what it records, and each fault that the original had. */
#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "heaptrail_errors.h"
#include "memmap.h"

int fw_memmap(void);
extern void *fw_kept[4];

#define CAPS (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)
#define TOO_MUCH ((size_t)40 << 20)

static uint64_t heap_allocations(void)
{
    uint64_t sum = 0;
    for (int id = 0; id < SIM_REGION_COUNT; id++) {
        sim_region_t region;
        sim_region_get((sim_region_id_t)id, &region);
        sum += region.allocations;
    }
    return sum;
}

static const char *log_of_list(void)
{
    esp_log_catch();
    list_allocations();
    return esp_log();
}

static void firmware(void *arg)
{
    (void)arg;
    esp_log_catch();
    assert_int_equal(fw_memmap(), 4);
    const char *log = esp_log();
    static const char *const wanted[] = {
        "variable text, method heap_caps_realloc",   "size 200 bytes",
        "variable pool, method register_alloc",      "function fw_memmap",
        "size 3000 bytes, in tests/esp/fw_memmap.c", "firmware - MALLOC_CAP_DEFAULT",
        "variable unknown, method heap_caps_calloc",
    };
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (strstr(log, wanted[i]) == NULL) { fail_msg("'%s' is not in\n%s", wanted[i], log); }
    }
    heaptrail_block_row_t row = esp_block(fw_kept[0]);
    assert_int_equal(row.size_bytes, 60);
    assert_string_equal(row.origin.site->variable, "text");
    row = esp_block(fw_kept[1]);
    assert_string_equal(row.origin.site->variable, "counts");
    row = esp_block(fw_kept[3]);
    assert_int_equal(row.origin.method, HEAPTRAIL_METHOD_REGISTERED);
    unregister_allocation(fw_kept[3]);
    assert_int_equal(esp_records_of(fw_kept[3]), 0);
    assert_int_equal(esp_records_of(fw_kept[2]), ESP_WRAPPED);
    esp_check();
}

static void test_firmware_runs(void **state)
{
    (void)state;
    esp_run(firmware);
}

FW static void *make(size_t size)
{
    return traceable_heap_caps_malloc(size, CAPS, "some/file.c", 42, "some_function");
}

/* Exactly the one that `make` makes. */
static void expect_made(const void *p, size_t size, heaptrail_method_t method)
{
    heaptrail_block_row_t row = esp_block(p);
    assert_int_equal(row.size_bytes, size);
    assert_int_equal(row.origin.method, method);
    assert_int_equal(row.origin.caps, CAPS);
    assert_string_equal(row.origin.site->file, "some/file.c");
    assert_int_equal(row.origin.site->line, 42);
    assert_string_equal(row.origin.site->function, "some_function");
}

static void test_failing_realloc_keeps_the_record(void **state)
{
    (void)state;
    debug_track_allocation = true;
    esp_log_catch();
    char *p = make(100);
    memset(p, 7, 100);
    unsigned before = esp_records();
    assert_null(traceable_heap_caps_realloc(p, TOO_MUCH, CAPS, "other.c", 1, "other"));
    expect_made(p, 100, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC);
    assert_int_equal(p[99], 7);
    char *kept = p;
    assert_null(TRACE_REALLOC_VAR(p, TOO_MUCH, CAPS));
    assert_ptr_equal(p, kept);
    expect_made(p, 100, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC);
    assert_int_equal(esp_records(), before);
    free_unregister_allocation((void **)&p);
    assert_int_equal(esp_records(), before - 1);
    esp_check();
}

static void test_realloc_in_place_and_moved(void **state)
{
    (void)state;
    debug_track_allocation = true;
    char *p = make(400);
    unsigned before = esp_records();
    char *same = traceable_heap_caps_realloc(p, 200, CAPS, "some/file.c", 42, "some_function");
    assert_ptr_equal(same, p);
    expect_made(p, 200, HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC);
    char *wall = heap_caps_malloc(16, CAPS);
    char *moved = traceable_heap_caps_realloc(p, 20000, CAPS, "some/file.c", 42, "some_function");
    expect_made(moved, 20000, HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC);
    if (moved != p) { assert_int_equal(esp_records_of(p), 0); }
    heap_caps_free(wall);
    assert_int_equal(esp_records(), before);
    assert_null(traceable_heap_caps_realloc(moved, 0, CAPS, "some/file.c", 42, "some_function"));
    assert_int_equal(esp_records(), before - 1);
    p = make(10);
    assert_null(TRACE_REALLOC_VAR(p, 0, CAPS));
    assert_null(p);
    assert_int_equal(esp_records(), before - 1);
    esp_check();
}

static MemoryTraceInfo info_of(void *p, size_t size)
{
    return (MemoryTraceInfo){.file = (char *)(uintptr_t) "reg.c",
                             .line = 7,
                             .function = (char *)(uintptr_t) "reg",
                             .size = size,
                             .caps = CAPS,
                             .address = p,
                             .var_name = (char *)(uintptr_t) "variable"};
}

static void test_register_twice(void **state)
{
    (void)state;
    debug_track_allocation = true;
    static char pool[32];
    unsigned before = esp_records();
    register_allocation(info_of(pool, 32));
    register_allocation(info_of(pool, 32));
    assert_int_equal(esp_records(), before + 1);
    assert_int_equal(esp_block(pool).size_bytes, 32);
    unregister_allocation(pool);
    assert_int_equal(esp_records(), before);
    unregister_allocation(pool);
    unregister_allocation((void *)&state);
    assert_int_equal(esp_records(), before);
    char *p = make(50); /* known already: gets the name, stays one */
    register_allocation(info_of(p, 50));
    assert_int_equal(esp_records(), before + 1);
    assert_string_equal(esp_block(p).origin.site->variable, "variable");
    free_unregister_allocation((void **)&p);
    assert_int_equal(esp_records(), before);
    MemoryTraceInfo failed = info_of(pool, 32);
    failed.failure = 1;
    register_allocation(failed);
    assert_int_equal(esp_records(), before);
    esp_check();
}

static void test_null_everywhere(void **state)
{
    (void)state;
    debug_track_allocation = true;
    esp_log_catch();
    unsigned before = esp_records();
    void *p = traceable_heap_caps_malloc(10, CAPS, NULL, -1, NULL);
    void *q = traceable_heap_caps_calloc(1, 10, CAPS, NULL, 0, NULL);
    q = traceable_heap_caps_realloc(q, 20, CAPS, NULL, 0, NULL);
    assert_int_equal(esp_records(), before + 2);
    assert_null(traceable_heap_caps_malloc(TOO_MUCH, CAPS, NULL, -1, NULL));
    void *r = traceable_heap_caps_malloc_at(NULL, 10, CAPS);
    assert_null(traceable_heap_caps_malloc_at(NULL, TOO_MUCH, CAPS));
    MemoryTraceInfo nothing;
    memset(&nothing, 0, sizeof(nothing));
    register_allocation(nothing);
    nothing.address = &nothing;
    register_allocation(nothing);
    assert_non_null(strstr(log_of_list(), "function unknown"));
    (void)esp_report(HEAPTRAIL_REPORT_SITES);
    (void)esp_report(HEAPTRAIL_REPORT_FAILURES);
    (void)esp_report(HEAPTRAIL_REPORT_OLDEST);
    unregister_allocation(&nothing);
    unregister_allocation(NULL);
    log_memory_allocation((MemoryTraceInfo){0});
    print_memory_info(NULL);
    free_unregister_allocation(NULL);
    void *none = NULL;
    free_unregister_allocation(&none);
    free_unregister_allocation(&p);
    free_unregister_allocation(&q);
    free_unregister_allocation(&r);
    assert_int_equal(snapshot_allocations(NULL, 0), before);
    assert_int_equal(snapshot_allocations(NULL, 99), before);
    esp_check();
}

static void test_calloc_overflow(void **state)
{
    (void)state;
    debug_track_allocation = true;
    esp_log_catch();
    unsigned before = esp_records();
    assert_null(
        traceable_heap_caps_calloc(SIZE_MAX / 2, 4, CAPS, "some/file.c", 42, "some_function"));
    assert_null(TRACE_CALLOC(SIZE_MAX, SIZE_MAX, CAPS));
    assert_null(traceable_heap_caps_calloc((SIZE_MAX >> 4) + 1, 16, CAPS, "some/file.c", 42, "f"));
    assert_non_null(strstr(esp_log(), "for heap_caps_calloc in some_function at some/file.c:42"));
    assert_int_equal(esp_records(), before);
    esp_check();
}

#if ESP_WRAPPED
static void test_second_free_of_a_copy(void **state)
{
    (void)state;
    debug_track_allocation = true;
    assert_int_equal(heaptrail_start(), ESP_OK); /* it runs already: changes nothing */
    assert_int_equal(heaptrail_set_filter(NULL), ESP_OK);
    esp_log_catch();
    char *p = make(64);
    char *copy = p;
    free_unregister_allocation((void **)&p);
    assert_null(p);
    assert_string_equal(esp_log(), "");
    free_unregister_allocation((void **)&copy);
    assert_null(copy);
#if ESP_CHECKED /* then free() itself tells, and more */
    heaptrail_check_status_t found;
    assert_int_equal(heaptrail_check_status(&found), ESP_OK);
    assert_int_equal(found.errors[HEAPTRAIL_ERROR_DOUBLE_FREE], 1);
#else
    assert_non_null(strstr(esp_log(), "not a live block"));
#endif
    assert_true(heap_caps_check_integrity_all(true));
    esp_check();
}

static void test_off_is_plain_but_the_caller_is_right(void **state)
{
    (void)state;
    debug_track_allocation = false;
    char *p = make(64);
    heaptrail_block_row_t row = esp_block(p);
    assert_null(row.origin.site);
    assert_true(esp_is_in(row.origin.frames[0], (void *)make));
    esp_log_catch();
    list_allocations();
    assert_string_equal(esp_log(), "");
    free_unregister_allocation((void **)&p);
    assert_int_equal(esp_records_of((void *)row.address), 0);
}

/* More run-time sites than there is room for: then the caller's address must do. */
static void test_many_runtime_sites(void **state)
{
    (void)state;
    debug_track_allocation = true;
    static char files[200][8];
    unsigned sites = 0;
    unsigned callers = 0;
    for (unsigned i = 0; i < 200; i++) {
        snprintf(files[i], sizeof(files[i]), "%u.c", i);
        void *p = traceable_heap_caps_malloc(8, CAPS, files[i], (int)i, "f");
        sites += esp_block(p).origin.site != NULL;
        heap_caps_free(p);
    }
    for (unsigned i = 0; i < 20; i++) {
        void *p = make(8);
        heaptrail_block_row_t row = esp_block(p);
        if (row.origin.site == NULL) {
            assert_true(esp_is_in(row.origin.frames[0], (void *)make));
            callers++;
        }
        heap_caps_free(p);
    }
    assert_in_range(sites, 100, 128);
    assert_in_range(callers, 0, 20);
    esp_check();
}
#else
static void test_off_is_plain(void **state)
{
    (void)state;
    debug_track_allocation = false;
    char *p = make(64);
    assert_int_equal(esp_records_of(p), 0);
    free_unregister_allocation((void **)&p);
    assert_int_equal(esp_status().total_blocks, 0);
}
#endif

/* --- cost ----------------------------------------------------------------------------------------
 */

static void test_nothing_is_allocated_to_track(void **state)
{
    (void)state;
    debug_track_allocation = true;
    uint64_t before = heap_allocations();
    void *p[100];
    for (int i = 0; i < 100; i++) {
        p[i] = make(16);
    }
    register_allocation(info_of(&before, 8));
    unregister_allocation(&before);
    MemoryTraceInfo array[100];
    (void)snapshot_allocations(array, 100);
    (void)log_of_list();
    assert_int_equal(heap_allocations(), before + 100);
    for (int i = 0; i < 100; i++) {
        free_unregister_allocation(&p[i]);
    }
    assert_int_equal(heap_allocations(), before + 100);
}

/* In PSRAM: elsewhere ESP-IDF itself asks one heap after the other. */
static void *make_in_psram(void)
{
    return traceable_heap_caps_malloc(16, MALLOC_CAP_SPIRAM, "some/file.c", 43, "some_function");
}

static uint64_t steps_of_a_pair(void)
{
    uint64_t before = sim_isr_opportunities();
    void *p = make_in_psram();
    free_unregister_allocation(&p);
    return sim_isr_opportunities() - before;
}

/* Opportunities for an interrupt are the ends of critical sections: as many for 10 blocks as for
 * 1500. */
static void test_cost_does_not_grow(void **state)
{
    (void)state;
    debug_track_allocation = true;
    (void)steps_of_a_pair();
    uint64_t first = steps_of_a_pair();
    for (int i = 0; i < 1500; i++) {
        assert_non_null(make_in_psram());
    }
    assert_int_equal(steps_of_a_pair(), first);
    assert_in_range(first, 2, 60);
}

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test(test_firmware_runs),
    cmocka_unit_test(test_failing_realloc_keeps_the_record),
    cmocka_unit_test(test_realloc_in_place_and_moved),
    cmocka_unit_test(test_register_twice),
    cmocka_unit_test(test_null_everywhere),
    cmocka_unit_test(test_calloc_overflow),
#if ESP_WRAPPED
    cmocka_unit_test(test_second_free_of_a_copy),
    cmocka_unit_test(test_off_is_plain_but_the_caller_is_right),
    cmocka_unit_test(test_many_runtime_sites),
#else
    cmocka_unit_test(test_off_is_plain),
#endif
    cmocka_unit_test(test_nothing_is_allocated_to_track),
    cmocka_unit_test(test_cost_does_not_grow),
};

ESP_TEST_MAIN(s_tests)
