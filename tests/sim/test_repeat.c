// SPDX-License-Identifier: Apache-2.0
/* Running again, resetting, repeating: the same seed gives the same run. */
#include "sim_test.h"

#include "esp_heap_caps.h"

static int reset(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    sim_init(&config);
    return 0;
}

static void run(void (*fn)(void *))
{
    assert_int_equal(sim_run(fn, NULL), SIM_RUN_RETURNED);
}

static void twice(void *arg)
{
    (void)arg;
    vTaskDelay(10);
}

static void test_run_again(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        run(twice);
    }
    assert_in_range(sim_clock_us(), 29000, 32000);
    sim_reset();
    assert_int_equal(sim_clock_us(), 0);
    run(twice);
}

static void worker(void *arg)
{
    (void)arg;
    for (int i = 0; i < 200; i++) {
        void *p = heap_caps_malloc(1 + sim_random() % 300, MALLOC_CAP_8BIT);
        if (sim_random() % 4 == 0) { vTaskDelay(sim_random() % 3); }
        heap_caps_free(p);
    }
    vTaskDelete(NULL);
}

static void workers(void *arg)
{
    (void)arg;
    for (int i = 0; i < 4; i++) {
        xTaskCreate(worker, "worker", 2048, NULL, 1 + (UBaseType_t)(i & 1), NULL);
    }
    vTaskDelay(2000);
}

static uint64_t trace_of(uint64_t seed)
{
    sim_config_t config;
    sim_config_default(&config);
    config.seed = seed;
    config.preempt_per_mille = 100;
    sim_init(&config);
    assert_int_equal(sim_run(workers, NULL), SIM_RUN_RETURNED);
    assert_true(sim_switches() > 200);
    return sim_trace_hash();
}

static void test_same_seed_same_trace(void **state)
{
    (void)state;
    uint64_t first = trace_of(1);
    assert_true(trace_of(2) != first);
    assert_true(trace_of(1) == first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_run_again, reset),
        cmocka_unit_test_setup(test_same_seed_same_trace, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
