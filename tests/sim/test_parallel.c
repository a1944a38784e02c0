// SPDX-License-Identifier: Apache-2.0
/* Two cores really at once, with signals as interrupts: a stress for ASan, UBSan and TSan. */
#include "sim_test.h"

#include "esp_heap_caps.h"
#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"
#include "freertos/semphr.h"
#include <string.h>

#define WORKERS 4
#define ROUNDS 2000

static portMUX_TYPE s_mux = portMUX_INITIALIZER_UNLOCKED;
static uint64_t s_counter; /* under s_mux */
static uint32_t s_interrupts;
static QueueHandle_t s_queue;
static SemaphoreHandle_t s_mutex;
static uint64_t s_under_mutex;
static SemaphoreHandle_t s_done;

static void on_interrupt(void *arg)
{
    (void)arg;
    __atomic_fetch_add(&s_interrupts, 1, __ATOMIC_RELAXED);
    portENTER_CRITICAL_ISR(&s_mux);
    s_counter++;
    portEXIT_CRITICAL_ISR(&s_mux);
    heap_caps_free(heap_caps_malloc(16, MALLOC_CAP_8BIT));
}

static void round_of(uint32_t number)
{
    size_t size = 1 + number * 37u % 500;
    char *p = heap_caps_malloc(size, number & 1 ? MALLOC_CAP_8BIT : MALLOC_CAP_SPIRAM);
    memset(p, 0x5a, size);
    portENTER_CRITICAL(&s_mux);
    s_counter++;
    portEXIT_CRITICAL(&s_mux);
    p = heap_caps_realloc(p, size * 2, MALLOC_CAP_8BIT);
    assert_int_equal(p[size - 1], 0x5a);
    xSemaphoreTake(s_mutex, portMAX_DELAY);
    s_under_mutex++;
    xSemaphoreGive(s_mutex);
    char *other = NULL;
    xQueueSend(s_queue, &p, portMAX_DELAY);
    if (xQueueReceive(s_queue, &other, portMAX_DELAY) == pdPASS) { heap_caps_free(other); }
    if (number % 100 == 0) { vTaskDelay(1); }
}

static void worker(void *arg)
{
    uint32_t base = *(uint32_t *)arg;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        round_of(base + i);
    }
    xSemaphoreGive(s_done);
    vTaskDelete(NULL);
}

static void brief(void *arg)
{
    (void)arg;
    heap_caps_free(heap_caps_malloc(100, MALLOC_CAP_8BIT));
    vTaskDelete(NULL);
}

static void stress(void *arg)
{
    (void)arg;
    static uint32_t bases[WORKERS];
    s_queue = xQueueCreate(8, sizeof(char *));
    s_mutex = xSemaphoreCreateMutex();
    s_done = xSemaphoreCreateCounting(WORKERS, 0);
    for (uint32_t i = 0; i < WORKERS; i++) {
        bases[i] = i * 1000;
        xTaskCreatePinnedToCore(worker, "worker", 2048, &bases[i], 1 + i % 2, NULL,
                                i < 2 ? (BaseType_t)i : tskNO_AFFINITY);
    }
    for (int i = 0; i < 50; i++) {
        xTaskCreate(brief, "brief", 1024, NULL, 1, NULL);
        vTaskDelay(1);
    }
    for (int i = 0; i < WORKERS; i++) {
        assert_int_equal(xSemaphoreTake(s_done, portMAX_DELAY), pdTRUE);
    }
    vQueueDelete(s_queue);
    vSemaphoreDelete(s_mutex);
    vSemaphoreDelete(s_done);
}

static void run_stress(uint32_t period_us, uint32_t preempt)
{
    sim_config_t config;
    sim_config_default(&config);
    config.parallel = true;
    config.isr_period_us = period_us;
    config.preempt_per_mille = preempt;
    sim_init(&config);
    s_counter = s_under_mutex = 0;
    s_interrupts = 0;
    sim_isr_attach(on_interrupt, NULL);
    assert_int_equal(sim_run(stress, NULL), SIM_RUN_RETURNED);
    assert_int_equal(s_counter, WORKERS * ROUNDS + s_interrupts);
    assert_int_equal(s_under_mutex, WORKERS * ROUNDS);
    assert_true(heap_caps_check_integrity_all(true));
    sim_reset();
    multi_heap_info_t info;
    heap_caps_get_info(&info, 0);
    assert_int_equal(info.allocated_blocks, 0);
}

static void test_two_cores(void **state)
{
    (void)state;
    run_stress(0, 0);
}

/* qemu-i386 up to 7.2 has one GDT for all threads: after a signal a thread finds another's
 * thread-local storage. 32-bit runs go without signals. */
static uint32_t period_us(uint32_t us)
{
    return sizeof(void *) == 4 ? 0 : us;
}

static void test_two_cores_with_interrupts(void **state)
{
    (void)state;
    run_stress(period_us(200), 0);
    assert_true(s_interrupts > 0 || sizeof(void *) == 4);
}

static void test_two_cores_with_preemption(void **state)
{
    (void)state;
    run_stress(period_us(500), 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_cores),
        cmocka_unit_test(test_two_cores_with_interrupts),
        cmocka_unit_test(test_two_cores_with_preemption),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
