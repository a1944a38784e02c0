/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Other sizes of redzones, set while another task is anywhere inside malloc(). */
#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail_errors.h"

#define CAPS (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)
#define BYTES 100U

static TaskHandle_t s_setter;
static volatile unsigned s_sets;
static esp_err_t s_last;
static bool s_fill_new;

static esp_err_t set_sizes(uint8_t front, uint8_t tail)
{
    const heaptrail_checks_t checks = {.redzones = true,
                                       .redzone_front_bytes = front,
                                       .redzone_tail_bytes = tail,
                                       .fill_new = s_fill_new,
                                       .heap_headers = s_fill_new};
    return heaptrail_set_checks(&checks);
}

/* Of a higher priority than whoever allocates. */
static void setter(void *arg)
{
    (void)arg;
    for (;;) {
        (void)ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
        s_last = s_sets % 2U == 0 ? set_sizes(64, 64) : set_sizes(8, 8);
        s_sets++;
    }
}

static void wake_setter(void *arg)
{
    BaseType_t yield = pdFALSE;
    (void)arg;
    vTaskNotifyGiveFromISR(s_setter, &yield);
    portYIELD_FROM_ISR(yield);
}

static void expect_sound(const void *block)
{
    heaptrail_verified_t seen;
    assert_int_equal(heaptrail_verify_heap(0, &seen), ESP_OK);
    assert_int_equal(seen.errors, 0);
    assert_int_equal(esp_records_of(block), 1);
    assert_true(heap_caps_check_integrity_all(false));
}

/* The n-th moment of one malloc(), n from 1 on, until there is none. */
static void set_in_every_moment(void)
{
    unsigned strike = 1;
    unsigned before;
    assert_true(sim_isr_attach(wake_setter, NULL));
    do {
        before = s_sets;
        sim_isr_fire_at(strike++);
        unsigned char *block = heap_caps_malloc(BYTES, CAPS);
        bool came = s_sets != before;
        sim_isr_fire_at(UINT32_MAX);
        assert_non_null(block);
        memset(block, 0xff, BYTES);
        expect_sound(block);
        heap_caps_free(block);
        if (!came) { break; }
    } while (strike < 100);
    sim_isr_detach_all();
    assert_in_range(strike, 5, 99);
    assert_int_equal(s_last, ESP_ERR_INVALID_STATE); /* the sizes stay */
}

static void set_while_allocating(void *arg)
{
    (void)arg;
    assert_int_equal(xTaskCreatePinnedToCore(setter, "setter", 8192, NULL, 5, &s_setter, 0),
                     pdPASS);
    vTaskDelay(2);
    assert_int_equal(set_sizes(8, 8), ESP_OK);
    heap_caps_free(heap_caps_malloc(BYTES, CAPS)); /* its origin is known from here on */
    set_in_every_moment();
    esp_check();
}

/* Redzones and nothing else: the short way. */
static void test_set_in_the_short_way(void **state)
{
    (void)state;
    esp_run(set_while_allocating);
}

static void test_set_in_the_long_way(void **state)
{
    (void)state;
    s_fill_new = true;
    esp_run(set_while_allocating);
}

/* Redzones are turned on, off and on while others allocate: each block is of one kind. */
static volatile bool s_done;
static unsigned s_errors;

static void toggle(void *arg)
{
    (void)arg;
    for (int i = 0; i < 300; i++) {
        heaptrail_checks_t checks = {.heap_headers = true};
        assert_int_equal(heaptrail_set_checks(&checks), ESP_OK);
        vTaskDelay(1);
        assert_int_equal(set_sizes(16, 24), ESP_OK);
        vTaskDelay(1);
    }
    s_done = true;
    vTaskDelete(NULL);
}

static void allocate_all_along(void *arg)
{
    (void)arg;
    void *kept[32] = {NULL};
    assert_int_equal(xTaskCreatePinnedToCore(toggle, "toggle", 8192, NULL, 2, NULL, 1), pdPASS);
    for (unsigned i = 0; !s_done; i++) {
        void **block = &kept[i % 32U];
        heap_caps_free(*block);
        *block = heap_caps_malloc(1U + i % 77U, CAPS);
        memset(*block, 0, 1U + i % 77U);
        if (i % 8U == 0) { vTaskDelay(1); }
    }
    heaptrail_verified_t seen;
    assert_int_equal(heaptrail_verify_heap(0, &seen), ESP_OK);
    s_errors = seen.errors;
    for (unsigned i = 0; i < 32; i++) {
        heap_caps_free(kept[i]);
    }
    assert_true(heap_caps_check_integrity_all(false));
    esp_check();
}

static void test_on_and_off(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    config.preempt_per_mille = 200;
    sim_init(&config);
    esp_run(allocate_all_along);
    assert_int_equal(s_errors, 0);
}

/* What was off is set freely; what was on once stays as long as it was. */
static void test_rules(void **state)
{
    (void)state;
    heaptrail_checks_t got;
    const heaptrail_checks_t off = {.heap_headers = true, .redzone_tail_bytes = 64};
    assert_int_equal(heaptrail_set_checks(&off), ESP_OK);
    assert_int_equal(set_sizes(0, 12), ESP_OK);
    esp_log_catch();
    assert_int_equal(set_sizes(0, 13), ESP_ERR_INVALID_STATE);
    assert_non_null(strstr(esp_log(), "other sizes"));
    assert_int_equal(heaptrail_get_checks(&got), ESP_OK);
    assert_true(got.redzones);
    assert_int_equal(got.redzone_tail_bytes, 12);
    assert_int_equal(heaptrail_set_checks(&off), ESP_OK); /* off: no size counts */
    assert_int_equal(heaptrail_get_checks(&got), ESP_OK);
    assert_false(got.redzones);
    assert_int_equal(set_sizes(16, 12), ESP_ERR_INVALID_STATE);
    assert_int_equal(set_sizes(0, 12), ESP_OK);
}

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test(test_set_in_the_short_way),
    cmocka_unit_test(test_set_in_the_long_way),
    cmocka_unit_test(test_on_and_off),
    cmocka_unit_test(test_rules),
};

ESP_TEST_MAIN(s_tests)
