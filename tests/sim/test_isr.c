// SPDX-License-Identifier: Apache-2.0
/* Simulated interrupts: where they fire, and where never. */
#include "sim_test.h"

#include "esp_heap_caps.h"
#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"

static portMUX_TYPE s_mux = portMUX_INITIALIZER_UNLOCKED;
static volatile bool s_critical;
static volatile int s_count;
static void *s_block;

static int reset(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    sim_init(&config);
    s_count = 0;
    s_block = NULL;
    return 0;
}

static void on_interrupt(void *arg)
{
    (void)arg;
    assert_true(xPortInIsrContext());
    assert_false(s_critical);
    assert_false(sim_interrupts_masked());
    s_count++;
    heap_caps_free(s_block);
    s_block = heap_caps_malloc(24, MALLOC_CAP_8BIT);
    portENTER_CRITICAL_ISR(&s_mux);
    portEXIT_CRITICAL_ISR(&s_mux);
}

static void sections(void)
{
    portENTER_CRITICAL(&s_mux);
    s_critical = true;
    portENTER_CRITICAL_SAFE(&s_mux); /* nests */
    portEXIT_CRITICAL_SAFE(&s_mux);
    heap_caps_free(heap_caps_malloc(40, MALLOC_CAP_8BIT));
    s_critical = false;
    portEXIT_CRITICAL(&s_mux);
    UBaseType_t mask = portSET_INTERRUPT_MASK_FROM_ISR();
    s_critical = true;
    assert_true(sim_interrupts_masked());
    portENTER_CRITICAL(&s_mux);
    portEXIT_CRITICAL(&s_mux);
    s_critical = false;
    portCLEAR_INTERRUPT_MASK_FROM_ISR(mask);
}

static void busy(void *arg)
{
    (void)arg;
    for (int i = 0; i < 1000; i++) {
        sections();
        heap_caps_free(heap_caps_malloc(100, MALLOC_CAP_8BIT));
    }
}

static void test_never_in_a_section(void **state)
{
    (void)state;
    sim_config_t config = *sim_config();
    config.isr_per_mille = 300;
    sim_init(&config);
    assert_true(sim_isr_attach(on_interrupt, NULL));
    assert_int_equal(sim_run(busy, NULL), SIM_RUN_RETURNED);
    assert_in_range(s_count, 500, 4000);
    assert_int_equal(sim_isr_fired(), s_count);
    assert_true(heap_caps_check_integrity_all(true));
}

static void test_before_the_scheduler_and_at_every_opportunity(void **state)
{
    (void)state;
    uint64_t before = sim_isr_opportunities();
    sections();
    uint64_t per_round = sim_isr_opportunities() - before;
    assert_int_equal(per_round, 4);
    sim_isr_attach(on_interrupt, NULL);
    for (uint64_t n = 1; n <= per_round; n++) {
        int count = s_count;
        sim_isr_fire_at(n);
        sections();
        assert_int_equal(s_count, count + 1);
    }
}

static void test_fire_now_waits_for_the_end(void **state)
{
    (void)state;
    sim_isr_fire_now(on_interrupt, NULL);
    assert_int_equal(s_count, 1);
    portENTER_CRITICAL(&s_mux);
    s_critical = true;
    sim_isr_fire_now(on_interrupt, NULL);
    assert_int_equal(s_count, 1);
    s_critical = false;
    portEXIT_CRITICAL(&s_mux);
    assert_int_equal(s_count, 2);
}

static TaskHandle_t s_waiter;

static void wake(void *arg)
{
    (void)arg;
    BaseType_t woken = pdFALSE;
    vTaskNotifyGiveFromISR(s_waiter, &woken);
    portYIELD_FROM_ISR(woken);
}

static volatile int s_woken;

static void waiter(void *arg)
{
    (void)arg;
    for (;;) {
        ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
        s_woken++;
    }
}

static void notify_from_isr(void *arg)
{
    (void)arg;
    xTaskCreate(waiter, "waiter", 2048, NULL, 10, &s_waiter);
    s_woken = 0;
    for (int i = 0; i < 10; i++) {
        sim_isr_fire_now(wake, NULL);
        assert_int_equal(s_woken, i + 1); /* it ran at once: its priority is higher */
    }
}

static void test_isr_wakes_task(void **state)
{
    (void)state;
    assert_int_equal(sim_run(notify_from_isr, NULL), SIM_RUN_RETURNED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_never_in_a_section, reset),
        cmocka_unit_test_setup(test_before_the_scheduler_and_at_every_opportunity, reset),
        cmocka_unit_test_setup(test_fire_now_waits_for_the_end, reset),
        cmocka_unit_test_setup(test_isr_wakes_task, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
