// SPDX-License-Identifier: Apache-2.0
/* Which heap serves which capabilities, the failed-allocation callback, faults, reset. */
#include "sim_test.h"

#include "esp_heap_caps.h"
#include "esp_memory_utils.h"
#include <string.h>

static int reset(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    sim_init(&config);
    return 0;
}

static sim_region_id_t region_for(size_t size, uint32_t caps)
{
    void *p = heap_caps_malloc(size, caps);
    sim_region_id_t id = sim_region_of(p);
    heap_caps_free(p);
    return id;
}

static void test_caps_choose_region(void **state)
{
    (void)state;
    /* The smaller heap of equal capabilities comes first, as ESP-IDF sorts them. */
    assert_int_equal(region_for(100, MALLOC_CAP_8BIT), SIM_REGION_DRAM2);
    assert_int_equal(region_for(100, MALLOC_CAP_DEFAULT), SIM_REGION_DRAM2);
    assert_int_equal(region_for(30000, MALLOC_CAP_8BIT), SIM_REGION_DRAM);
    assert_int_equal(region_for(100, MALLOC_CAP_SPIRAM), SIM_REGION_PSRAM);
    assert_int_equal(region_for(100, MALLOC_CAP_RTCRAM), SIM_REGION_RTC);
    assert_int_equal(region_for(100, MALLOC_CAP_EXEC), SIM_REGION_IRAM);
    assert_int_equal(region_for(100, MALLOC_CAP_DMA), SIM_REGION_DRAM2);
    assert_int_equal(region_for(100, MALLOC_CAP_RETENTION), SIM_REGION_DRAM2);
    assert_int_equal(region_for(400000, MALLOC_CAP_8BIT), SIM_REGION_PSRAM);
    assert_int_equal(region_for(400000, MALLOC_CAP_INTERNAL), SIM_REGION_COUNT);
    assert_null(heap_caps_malloc(16, MALLOC_CAP_EXEC | MALLOC_CAP_8BIT));
    /* ESP-IDF takes the DMA away and aligns to the cache's line instead. */
    void *external = heap_caps_malloc(10, MALLOC_CAP_SPIRAM | MALLOC_CAP_DMA);
    assert_int_equal(sim_region_of(external), SIM_REGION_PSRAM);
    assert_int_equal((uintptr_t)external % CONFIG_ESP32S3_DATA_CACHE_LINE_SIZE, 0);
    assert_true(heap_caps_get_allocated_size(external) >= CONFIG_ESP32S3_DATA_CACHE_LINE_SIZE);
    assert_int_equal((uintptr_t)heap_caps_malloc(10, MALLOC_CAP_SIMD) % 16, 0);
    assert_null(heap_caps_malloc(0, MALLOC_CAP_8BIT));
}

static void test_priorities_spill_over(void **state)
{
    (void)state;
    /* 32BIT | INTERNAL: D/IRAM at high, then DRAM3 and IRAM at medium, RTC at low priority. */
    bool seen[SIM_REGION_COUNT + 1] = {false};
    int order[SIM_REGION_COUNT];
    int count = 0;
    void *p;
    while ((p = heap_caps_malloc(1024, MALLOC_CAP_32BIT | MALLOC_CAP_INTERNAL)) != NULL) {
        sim_region_id_t id = sim_region_of(p);
        if (!seen[id]) {
            seen[id] = true;
            order[count++] = (int)id;
        }
    }
    const int expected[] = {SIM_REGION_DRAM2, SIM_REGION_DRAM, SIM_REGION_IRAM, SIM_REGION_DRAM3,
                            SIM_REGION_RTC};
    assert_int_equal(count, 5);
    assert_memory_equal(order, expected, sizeof(expected));
    assert_true(heap_caps_check_integrity_all(true));
}

static void test_pointer_kinds(void **state)
{
    (void)state;
    void *dram = heap_caps_malloc(16, MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT);
    void *psram = heap_caps_malloc(16, MALLOC_CAP_SPIRAM);
    void *iram = heap_caps_malloc(16, MALLOC_CAP_EXEC);
    assert_true(esp_ptr_internal(dram) && esp_ptr_byte_accessible(dram));
    assert_true(esp_ptr_external_ram(psram) && !esp_ptr_internal(psram));
    assert_true(esp_ptr_in_iram(iram) && !esp_ptr_byte_accessible(iram));
    static int s_variable;
    assert_false(esp_ptr_internal(state));
    assert_true(esp_ptr_internal(&s_variable) && esp_ptr_in_dram(&s_variable));
    assert_false(esp_ptr_in_drom(&s_variable));
    assert_true(esp_ptr_in_drom("text") || !esp_ptr_internal("text"));
}

static size_t s_failed_size;
static uint32_t s_failed_caps;
static const char *s_failed_name;
static int s_failed_count;

static void on_failed(size_t size, uint32_t caps, const char *name)
{
    s_failed_size = size;
    s_failed_caps = caps;
    s_failed_name = name;
    s_failed_count++;
}

static void expect_failure(size_t size, uint32_t caps, const char *name)
{
    assert_int_equal(s_failed_count, 1);
    assert_int_equal(s_failed_size, size);
    assert_int_equal(s_failed_caps, caps);
    assert_string_equal(s_failed_name, name);
    s_failed_count = 0;
}

static void test_failed_callback(void **state)
{
    (void)state;
    const uint32_t internal = MALLOC_CAP_INTERNAL;
    s_failed_count = 0;
    assert_int_equal(heap_caps_register_failed_alloc_callback(NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heap_caps_register_failed_alloc_callback(on_failed), ESP_OK);
    assert_null(heap_caps_malloc(1 << 20, internal));
    expect_failure(1 << 20, internal, "heap_caps_malloc");
    assert_null(heap_caps_calloc(4, 1 << 20, internal));
    expect_failure(4 << 20, internal, "heap_caps_calloc");
    assert_null(heap_caps_realloc(NULL, 1 << 20, internal));
    expect_failure(1 << 20, internal, "heap_caps_realloc");
    assert_null(heap_caps_aligned_alloc(64, 1 << 20, internal));
    expect_failure(1 << 20, internal, "heap_caps_aligned_alloc");
    assert_null(sim_malloc(1 << 20));
    expect_failure(1 << 20, MALLOC_CAP_DEFAULT | MALLOC_CAP_INTERNAL, "heap_caps_malloc");
    assert_null(heap_caps_malloc(0, internal));
    assert_int_equal(s_failed_count, 0);
    /* Not called when a later preference succeeds. */
    void *p = heap_caps_malloc_prefer(1 << 20, 2, internal, MALLOC_CAP_SPIRAM);
    assert_true(esp_ptr_external_ram(p));
    assert_int_equal(s_failed_count, 0);
    heap_caps_malloc_extmem_enable(64);
    assert_true(esp_ptr_external_ram(sim_malloc(65)));
    assert_true(esp_ptr_internal(sim_malloc(64)));
    assert_null(sim_malloc(9 << 20));
    expect_failure(9 << 20, MALLOC_CAP_DEFAULT, "heap_caps_malloc_default");
}

static void test_reallocation(void **state)
{
    (void)state;
    char *p = heap_caps_malloc(100, MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT);
    strcpy(p, "content");
    char *q = heap_caps_realloc(p, 200, MALLOC_CAP_SPIRAM);
    assert_true(esp_ptr_external_ram(q));
    assert_string_equal(q, "content");
    assert_null(heap_caps_realloc(q, 16 << 20, MALLOC_CAP_SPIRAM));
    assert_string_equal(q, "content");
    assert_null(heap_caps_realloc(q, 0, MALLOC_CAP_SPIRAM));
    multi_heap_info_t info;
    heap_caps_get_info(&info, 0);
    assert_int_equal(info.allocated_blocks, 0);
}

static void test_sizes_and_walk(void **state)
{
    (void)state;
    void *p = heap_caps_malloc(100, MALLOC_CAP_SPIRAM);
    assert_in_range(heap_caps_get_allocated_size(p), 100, 128);
    assert_int_equal(heap_caps_get_containing_block_size((char *)p + 50),
                     heap_caps_get_allocated_size(p));
    size_t largest = heap_caps_get_largest_free_block(MALLOC_CAP_SPIRAM);
    void *big = heap_caps_malloc(largest, MALLOC_CAP_SPIRAM);
    assert_non_null(big);
    void *aligned = heap_caps_aligned_calloc(256, 3, 33, MALLOC_CAP_8BIT);
    assert_int_equal((uintptr_t)aligned % 256, 0);
    assert_null(heap_caps_calloc(SIZE_MAX / 2, 3, MALLOC_CAP_8BIT));
    void *cached = heap_caps_malloc(10, MALLOC_CAP_RTCRAM | MALLOC_CAP_CACHE_ALIGNED);
    assert_int_equal(sim_region_of(cached), SIM_REGION_RTC);
}

static void test_faults(void **state)
{
    (void)state;
    sim_fault_set(&(sim_fault_t){.nth = 3});
    for (int i = 1; i <= 5; i++) {
        void *p = sim_malloc(10);
        assert_int_equal(p == NULL, i == 3);
    }
    assert_int_equal(sim_fault_attempts(), 5);
    assert_int_equal(sim_fault_failed(), 1);
    sim_fault_set(&(sim_fault_t){.every = 2, .caps = MALLOC_CAP_SPIRAM});
    assert_non_null(sim_malloc(10));
    assert_non_null(heap_caps_malloc(10, MALLOC_CAP_SPIRAM));
    assert_null(heap_caps_malloc(10, MALLOC_CAP_SPIRAM));
    char *p = heap_caps_malloc(10, MALLOC_CAP_SPIRAM);
    assert_null(heap_caps_realloc(p, 5000, MALLOC_CAP_SPIRAM));
    sim_fault_clear();
    assert_non_null(heap_caps_realloc(p, 5000, MALLOC_CAP_SPIRAM));
}

static void test_reset_and_small_regions(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    char *first = sim_malloc(100);
    memset(first, 0xaa, 100);
    sim_reset();
    char *again = sim_malloc(100);
    assert_ptr_equal(first, again);
    assert_int_equal(again[50], 0);
    config.region_bytes[SIM_REGION_PSRAM] = SIM_REGION_NONE;
    config.region_bytes[SIM_REGION_DRAM] = 8192;
    sim_init(&config);
    assert_int_equal(heap_caps_get_total_size(MALLOC_CAP_SPIRAM), 0);
    assert_null(heap_caps_malloc(10, MALLOC_CAP_SPIRAM));
    sim_region_t region;
    sim_region_get(SIM_REGION_DRAM, &region);
    assert_int_equal(region.bytes, 8192);
    sim_malloc(10);
    sim_region_get(SIM_REGION_DRAM2, &region);
    assert_int_equal(region.allocations, 0);
    sim_region_get(SIM_REGION_DRAM, &region);
    assert_int_equal(region.allocations, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_caps_choose_region, reset),
        cmocka_unit_test_setup(test_priorities_spill_over, reset),
        cmocka_unit_test_setup(test_pointer_kinds, reset),
        cmocka_unit_test_setup(test_failed_callback, reset),
        cmocka_unit_test_setup(test_reallocation, reset),
        cmocka_unit_test_setup(test_sizes_and_walk, reset),
        cmocka_unit_test_setup(test_faults, reset),
        cmocka_unit_test_setup(test_reset_and_small_regions, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
