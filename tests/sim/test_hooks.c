// SPDX-License-Identifier: Apache-2.0
/* Idle hooks, and what constructors register. */
#include "sim_test.h"

#include "esp_freertos_hooks.h"
#include "esp_heap_caps.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"

static volatile uint32_t s_calls[2];
static volatile uint32_t s_wrong;
static uint32_t s_at_boot;
static uint32_t s_failures;
static uint64_t s_last_us;

static void note_call(int core)
{
    s_calls[core]++;
    s_last_us = sim_clock_us();
    bool idle = xTaskGetCurrentTaskHandle() == xTaskGetIdleTaskHandleForCore(core);
    s_wrong += !idle || xPortGetCoreID() != core;
}

static bool hook_0(void)
{
    note_call(0);
    return true;
}

static bool hook_1(void)
{
    note_call(1);
    return false;
}

static bool hook_at_boot(void)
{
    s_at_boot++;
    return true;
}

static void on_failure(size_t size, uint32_t caps, const char *function)
{
    (void)size;
    (void)caps;
    (void)function;
    s_failures++;
}

/* Before the heaps' own constructor. */
__attribute__((constructor(101))) static void early(void)
{
    heap_caps_register_failed_alloc_callback(on_failure);
    esp_register_freertos_idle_hook_for_cpu(hook_at_boot, 0);
}

static void start(bool parallel)
{
    sim_config_t config;
    sim_config_default(&config);
    config.parallel = parallel;
    sim_init(&config);
    s_calls[0] = s_calls[1] = s_wrong = s_at_boot = s_failures = 0;
}

static int reset(void **state)
{
    (void)state;
    start(false);
    return 0;
}

static void ten_naps(void *arg)
{
    (void)arg;
    for (int i = 0; i < 10; i++) {
        uint64_t before = sim_clock_us();
        uint32_t calls = s_calls[0];
        vTaskDelay(pdMS_TO_TICKS(1000));
        if (s_calls[0] != calls && !sim_config()->parallel) {
            assert_in_range(s_last_us, before, before + 1000); /* the clock had not jumped yet */
        }
    }
}

static void test_once_each_time(void **state)
{
    (void)state;
    assert_int_equal(esp_register_freertos_idle_hook_for_cpu(hook_0, 0), ESP_OK);
    assert_int_equal(sim_run(ten_naps, NULL), SIM_RUN_RETURNED);
    assert_in_range(s_calls[0], 10, 11);
    assert_int_equal(s_calls[1], 0);
    assert_int_equal(s_wrong, 0);
    uint32_t calls = s_calls[0];
    esp_deregister_freertos_idle_hook(hook_0);
    assert_int_equal(sim_run(ten_naps, NULL), SIM_RUN_RETURNED);
    assert_int_equal(s_calls[0], calls);
}

static void test_each_core_its_own(void **state)
{
    (void)state;
    assert_int_equal(esp_register_freertos_idle_hook_for_cpu(hook_0, 0), ESP_OK);
    assert_int_equal(esp_register_freertos_idle_hook_for_cpu(hook_1, 1), ESP_OK);
    assert_int_equal(esp_register_freertos_idle_hook_for_cpu(hook_1, 2), ESP_ERR_INVALID_ARG);
    assert_int_equal(sim_run(ten_naps, NULL), SIM_RUN_RETURNED);
    assert_in_range(s_calls[0], 10, 11);
    assert_int_equal(s_calls[1], 1); /* "main" is on core 0: core 1 stays idle */
    assert_int_equal(s_wrong, 0);
}

static void test_parallel(void **state)
{
    (void)state;
    start(true);
    assert_int_equal(esp_register_freertos_idle_hook_for_cpu(hook_0, 0), ESP_OK);
    assert_int_equal(esp_register_freertos_idle_hook_for_cpu(hook_1, 1), ESP_OK);
    assert_int_equal(sim_run(ten_naps, NULL), SIM_RUN_RETURNED);
    assert_true(s_calls[0] >= 9);
    assert_int_equal(s_wrong, 0);
}

static void register_here(void *arg)
{
    (void)arg;
    assert_int_equal(esp_register_freertos_idle_hook(hook_0), ESP_OK); /* "main" is on core 0 */
    ten_naps(NULL);
}

static void test_from_a_task(void **state)
{
    (void)state;
    assert_int_equal(sim_run(register_here, NULL), SIM_RUN_RETURNED);
    assert_in_range(s_calls[0], 10, 11);
}

static SemaphoreHandle_t s_semaphore;
static uint32_t s_given;

static bool give(void)
{
    if (s_given < 5) {
        s_given++;
        xSemaphoreGive(s_semaphore);
    }
    return true;
}

static void wait_for_idle(void *arg)
{
    (void)arg;
    s_semaphore = xSemaphoreCreateBinary();
    esp_register_freertos_idle_hook_for_cpu(give, 0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(xSemaphoreTake(s_semaphore, portMAX_DELAY), pdTRUE);
    }
    assert_true(sim_clock_us() < 1000);
}

static void test_a_hook_wakes_a_task(void **state)
{
    (void)state;
    s_given = 0;
    assert_int_equal(sim_run(wait_for_idle, NULL), SIM_RUN_RETURNED);
}

static void test_eight_fit(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(esp_register_freertos_idle_hook_for_cpu(hook_1, 1), ESP_OK);
    }
    assert_int_equal(esp_register_freertos_idle_hook_for_cpu(hook_1, 1), ESP_ERR_NO_MEM);
    esp_deregister_freertos_idle_hook(hook_1);
    assert_int_equal(esp_register_freertos_idle_hook_for_cpu(hook_1, 1), ESP_OK);
}

static void fail_once(void *arg)
{
    (void)arg;
    assert_null(heap_caps_malloc(1u << 24, MALLOC_CAP_INTERNAL));
    vTaskDelay(10);
}

/* The heaps' own start did not undo it, nor does a reset. */
static void test_constructors_count(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        start(false);
        assert_int_equal(sim_run(fail_once, NULL), SIM_RUN_RETURNED);
        assert_int_equal(s_failures, 1);
        assert_true(s_at_boot >= 1);
    }
}

int main(void)
{
    /* The very first run, before any sim_init. */
    if (sim_run(fail_once, NULL) != SIM_RUN_RETURNED || s_failures != 1 || s_at_boot == 0) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_once_each_time, reset),
        cmocka_unit_test_setup(test_each_core_its_own, reset),
        cmocka_unit_test_setup(test_parallel, reset),
        cmocka_unit_test_setup(test_from_a_task, reset),
        cmocka_unit_test_setup(test_a_hook_wakes_a_task, reset),
        cmocka_unit_test_setup(test_eight_fit, reset),
        cmocka_unit_test_setup(test_constructors_count, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
