// SPDX-License-Identifier: Apache-2.0
/* --wrap of the five functions, as heaptrail links them: each allocation of firmware code is seen
 * exactly once, and malloc of firmware code is the simulated heap's. */
#include "sim_test.h"

#include "esp_heap_caps.h"
#include "esp_memory_utils.h"
#include "wrap_firmware.h"

void *__real_heap_caps_malloc_base(size_t size, uint32_t caps);
void *__real_heap_caps_realloc_base(void *p, size_t size, uint32_t caps);
void *__real_heap_caps_aligned_alloc_base(size_t alignment, size_t size, uint32_t caps);
void __real_heap_caps_free(void *p);

static int s_allocations;
static int s_reallocations;
static int s_frees;

void *__wrap_heap_caps_malloc_base(size_t size, uint32_t caps);
void *__wrap_heap_caps_calloc_base(size_t n, size_t size, uint32_t caps);
void *__wrap_heap_caps_realloc_base(void *p, size_t size, uint32_t caps);
void *__wrap_heap_caps_aligned_alloc_base(size_t alignment, size_t size, uint32_t caps);
void __wrap_heap_caps_free(void *p);

void *__real_heap_caps_calloc_base(size_t n, size_t size, uint32_t caps);

void *__wrap_heap_caps_malloc_base(size_t size, uint32_t caps)
{
    s_allocations++;
    return __real_heap_caps_malloc_base(size, caps);
}

void *__wrap_heap_caps_calloc_base(size_t n, size_t size, uint32_t caps)
{
    s_allocations++;
    return __real_heap_caps_calloc_base(n, size, caps);
}

void *__wrap_heap_caps_realloc_base(void *p, size_t size, uint32_t caps)
{
    s_reallocations++;
    return __real_heap_caps_realloc_base(p, size, caps);
}

void *__wrap_heap_caps_aligned_alloc_base(size_t alignment, size_t size, uint32_t caps)
{
    s_allocations++;
    return __real_heap_caps_aligned_alloc_base(alignment, size, caps);
}

void __wrap_heap_caps_free(void *p)
{
    s_frees++;
    __real_heap_caps_free(p);
}

static int reset(void **state)
{
    (void)state;
    sim_reset();
    s_allocations = s_reallocations = s_frees = 0;
    return 0;
}

static void expect_counts(int allocations, int reallocations, int frees)
{
    assert_int_equal(s_allocations, allocations);
    assert_int_equal(s_reallocations, reallocations);
    assert_int_equal(s_frees, frees);
    s_allocations = s_reallocations = s_frees = 0;
}

static void test_each_seen_once(void **state)
{
    (void)state;
    heap_caps_free(heap_caps_malloc(10, MALLOC_CAP_8BIT));
    expect_counts(1, 0, 1);
    heap_caps_free(heap_caps_calloc(10, 2, MALLOC_CAP_8BIT));
    expect_counts(1, 0, 1);
    heap_caps_free(heap_caps_aligned_alloc(64, 10, MALLOC_CAP_8BIT));
    expect_counts(1, 0, 1);
    void *p = heap_caps_realloc(NULL, 10, MALLOC_CAP_8BIT);
    p = heap_caps_realloc(p, 5000, MALLOC_CAP_SPIRAM);
    heap_caps_realloc(p, 0, MALLOC_CAP_8BIT); /* frees inside its own object: unseen, as on chips */
    expect_counts(0, 3, 0);
}

static void test_firmware_malloc(void **state)
{
    (void)state;
    void *blocks[FIRMWARE_BLOCKS];
    int count = firmware_allocate(blocks);
    for (int i = 0; i < count; i++) {
        assert_true(esp_ptr_internal(blocks[i]));
    }
    assert_int_equal(s_allocations + s_reallocations, count + 1);
    firmware_free(blocks, count);
    assert_int_equal(s_frees, count);
}

static void test_host_malloc_is_apart(void **state)
{
    (void)state;
    void *volatile p = malloc(10);
    assert_int_equal(sim_region_of(p), SIM_REGION_COUNT);
    free(p);
    expect_counts(0, 0, 0);
}

static void nothing(void *arg)
{
    (void)arg;
}

static void forever(void *arg)
{
    (void)arg;
    vTaskDelete(NULL);
}

static void make_task(void *arg)
{
    (void)arg;
    s_allocations = s_frees = 0;
    assert_int_equal(xTaskCreate(forever, "task", 2048, NULL, 5, NULL), pdPASS);
    vTaskDelay(2); /* the idle task cleans up */
    expect_counts(2, 0, 2);
}

static void test_tasks_allocate_from_the_heap(void **state)
{
    (void)state;
    assert_int_equal(sim_run(nothing, NULL), SIM_RUN_RETURNED);
    expect_counts(6, 0, 2); /* two idle tasks and main: stack and TCB each; main is gone */
    assert_int_equal(sim_run(make_task, NULL), SIM_RUN_RETURNED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_each_seen_once, reset),
        cmocka_unit_test_setup(test_firmware_malloc, reset),
        cmocka_unit_test_setup(test_host_malloc_is_apart, reset),
        cmocka_unit_test_setup(test_tasks_allocate_from_the_heap, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
