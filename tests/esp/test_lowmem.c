/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Low-memory watches on the heap of a chip: who is told, in which task, how often. */
#include <stdlib.h>

#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "heaptrail_lowmem.h"

#define CAPS MALLOC_CAP_SPIRAM
#define MIB (1024U * 1024U)
#define CHUNK 20000U
#define CHUNKS_MAX 600

static struct {
    volatile unsigned calls;
    heaptrail_lowmem_row_t row;
    char task[configMAX_TASK_NAME_LEN];
    uint32_t unwatch;
} s_told;

static void on_low(void *context, const heaptrail_lowmem_row_t *row)
{
    assert_ptr_equal(context, &s_told);
    assert_false(sim_interrupts_masked());
    s_told.row = *row;
    strncpy(s_told.task, pcTaskGetName(NULL), sizeof(s_told.task) - 1);
    free(malloc(100)); /* allowed */
    if (s_told.unwatch != 0) { assert_int_equal(heaptrail_lowmem_unwatch(s_told.unwatch), ESP_OK); }
    s_told.calls++;
}

static const heaptrail_lowmem_t s_watch = {
    .caps = CAPS, .free_below_bytes = 2 * MIB, .fn = on_low, .context = &s_told};

static void *s_chunk[CHUNKS_MAX];
static unsigned s_chunks;

FW static void *fw_chunk(void)
{
    return heap_caps_malloc(CHUNK, CAPS);
}

static void fill_to(size_t free_bytes)
{
    while (heap_caps_get_free_size(CAPS) > free_bytes) {
        s_chunk[s_chunks] = fw_chunk();
        assert_non_null(s_chunk[s_chunks++]);
    }
}

static void empty_to(size_t free_bytes)
{
    while (s_chunks > 0 && heap_caps_get_free_size(CAPS) < free_bytes) {
        heap_caps_free(s_chunk[--s_chunks]);
    }
}

static bool keep_row(void *context, const heaptrail_lowmem_row_t *row)
{
    *(heaptrail_lowmem_row_t *)context = *row;
    return true;
}

static heaptrail_lowmem_row_t last_row(void)
{
    heaptrail_lowmem_row_t row = {0};
    heaptrail_walk_t walk;
    assert_int_equal(heaptrail_for_each_lowmem(keep_row, &row, &walk), ESP_OK);
    assert_int_equal(walk.rows, row.id != 0);
    return row;
}

static void told_once(void *arg)
{
    (void)arg;
    uint32_t id = 0;
    assert_int_equal(heaptrail_lowmem_watch(&s_watch, &id), ESP_OK);
    assert_int_equal(last_row().free_rearm_bytes, 2 * MIB + MIB / 4 + 1);
    fill_to(2 * MIB + CHUNK);
    assert_int_equal(last_row().fired, 0);
    fill_to(2 * MIB - 1);
    vTaskDelay(2);
    assert_int_equal(s_told.calls, 1);
    assert_string_equal(s_told.task, "esp_timer");
    const heaptrail_lowmem_row_t *row = &s_told.row;
    assert_int_equal(row->id, id);
    assert_int_equal(row->cause, HEAPTRAIL_LOWMEM_ALLOCATION);
    assert_int_equal(row->size_bytes, CHUNK);
    assert_string_equal(row->task_name, "main");
    assert_false(row->in_isr);
    assert_in_range(row->free_bytes, 2 * MIB - 2 * CHUNK, 2 * MIB - 1);
    assert_true(esp_is_in(row->origin.frames[0], (const void *)fw_chunk));
    assert_true(row->frozen);
    heaptrail_lowmem_site_t site;
    assert_int_equal(heaptrail_lowmem_site(id, 0, &site), ESP_OK);
    assert_true(esp_is_in(site.origin.frames[0], (const void *)fw_chunk));
    assert_int_equal(site.live_bytes, site.live_blocks * CHUNK);
    /* With stacks, fill_to() was called from two places. */
    assert_in_range(site.live_blocks, ESP_DEPTH == 1 ? s_chunks : s_chunks - 2, s_chunks);
    assert_int_equal(heaptrail_lowmem_site(id, row->site_count, &site), ESP_ERR_NOT_FOUND);
    empty_to(8 * MIB); /* what was then is still told */
    assert_int_equal(heaptrail_lowmem_site(id, 0, &site), ESP_OK);
    assert_in_range(site.live_bytes, 5 * MIB, 6 * MIB);
    assert_non_null(strstr(esp_report(HEAPTRAIL_REPORT_LOWMEM), "less than 2 MiB free"));
}

static void test_told_once_in_a_task(void **state)
{
    (void)state;
    esp_run(told_once);
    esp_check();
}

static void oscillate(void *arg)
{
    (void)arg;
    uint32_t id;
    assert_int_equal(heaptrail_lowmem_watch(&s_watch, &id), ESP_OK);
    for (int i = 0; i < 200; i++) {
        fill_to(2 * MIB - 1);
        vTaskDelay(1);
        empty_to(2 * MIB + 5 * CHUNK);
        vTaskDelay(1);
    }
    assert_int_equal(s_told.calls, 1);
    assert_false(last_row().armed);
    empty_to(4 * MIB);
    assert_int_equal(heaptrail_sample(), ESP_OK); /* armed again at the latest here */
    assert_true(last_row().armed);
    fill_to(2 * MIB - 1);
    vTaskDelay(2);
    assert_int_equal(s_told.calls, 2);
    assert_int_equal(last_row().fired, 2);
}

static void test_no_storm(void **state)
{
    (void)state;
    esp_run(oscillate);
    esp_check();
}

static volatile bool s_isr_done;

static void eat_in_isr(void *arg)
{
    (void)arg;
    fill_to(2 * MIB - 1);
    s_isr_done = true;
}

static void from_isr(void *arg)
{
    (void)arg;
    assert_int_equal(heaptrail_lowmem_watch(&s_watch, NULL), ESP_OK);
    fill_to(3 * MIB);
    sim_isr_fire_now(eat_in_isr, NULL);
    while (!s_isr_done) {
        vTaskDelay(1);
    }
    vTaskDelay(2);
    assert_int_equal(s_told.calls, 1);
    assert_true(s_told.row.in_isr);
    assert_true(s_told.row.frozen); /* by the task that was told */
    assert_true(s_told.row.site_count > 0);
}

static void test_in_an_interrupt(void **state)
{
    (void)state;
    esp_run(from_isr);
    esp_check();
}

static void remove_itself(void *arg)
{
    (void)arg;
    uint32_t ids[3];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(heaptrail_lowmem_watch(&s_watch, &ids[i]), ESP_OK);
    }
    esp_log_catch();
    assert_int_equal(heaptrail_lowmem_watch(&s_watch, NULL), ESP_ERR_NO_MEM);
    assert_non_null(strstr(esp_log(), "CONFIG_HEAPTRAIL_LOWMEM_WATCHES"));
    assert_int_equal(heaptrail_lowmem_unwatch(ids[0]), ESP_OK);
    assert_int_equal(heaptrail_lowmem_unwatch(ids[0]), ESP_ERR_NOT_FOUND);
    assert_int_equal(heaptrail_lowmem_unwatch(ids[1]), ESP_OK);
    s_told.unwatch = ids[2];
    fill_to(MIB);
    vTaskDelay(2);
    assert_int_equal(s_told.calls, 1); /* the removed ones say nothing */
    assert_int_equal(last_row().id, 0);
    empty_to(8 * MIB);
    fill_to(MIB);
    vTaskDelay(2);
    assert_int_equal(s_told.calls, 1);
}

static void test_removal(void **state)
{
    (void)state;
    esp_run(remove_itself);
    esp_check();
}

/* Free memory in many pieces: only a measurement tells. */
static void fragment(void *arg)
{
    (void)arg;
    const heaptrail_lowmem_t watch = {
        .caps = CAPS, .largest_below_bytes = 64 * 1024, .fn = on_low, .context = &s_told};
    fill_to(2 * CHUNK);
    while (fw_chunk() != NULL) {} /* the rest stays taken */
    for (unsigned i = 1; i < s_chunks; i++) {
        heap_caps_free(s_chunk[i - 1]); /* all but the last: one large piece */
    }
    assert_int_equal(heaptrail_lowmem_watch(&watch, NULL), ESP_OK);
    s_chunks = 0;
    while ((s_chunk[s_chunks] = fw_chunk()) != NULL) {
        s_chunks++;
    }
    for (unsigned i = 0; i < s_chunks; i += 2) {
        heap_caps_free(s_chunk[i]);
    }
    vTaskDelay(2);
    unsigned before = s_told.calls; /* the failure of the last chunk was measured */
    assert_int_equal(before, 1);
    assert_int_equal(s_told.row.cause, HEAPTRAIL_LOWMEM_FAILURE);
    assert_int_equal(s_told.row.size_bytes, CHUNK);
    assert_true(s_told.row.by_largest);
    assert_true(esp_is_in(s_told.row.origin.frames[0], (const void *)fw_chunk));
    assert_int_equal(heaptrail_sample(), ESP_OK);
    vTaskDelay(2);
    assert_int_equal(s_told.calls, before); /* still low: no second time */
}

static void test_largest_block(void **state)
{
    (void)state;
    esp_run(fragment);
    esp_check();
}

static void two_cores_eat(void *arg)
{
    void **chunk = arg;
    for (int i = 0; i < 60; i++) {
        chunk[i] = heap_caps_malloc(50000, CAPS);
        vTaskDelay(1);
    }
    while (chunk[59] == NULL) {}
    vTaskDelete(NULL);
}

static void both_cores(void *arg)
{
    (void)arg;
    static void *chunk[2][60];
    heaptrail_lowmem_t watch = s_watch;
    watch.free_below_bytes = 4 * MIB;
    assert_int_equal(heaptrail_lowmem_watch(&watch, NULL), ESP_OK);
    for (int core = 0; core < 2; core++) {
        assert_int_equal(xTaskCreatePinnedToCore(two_cores_eat, core == 0 ? "one" : "two", 4096,
                                                 chunk[core], 2, NULL, core),
                         pdPASS);
    }
    for (int i = 0; i < 500 && (chunk[0][59] == NULL || chunk[1][59] == NULL); i++) {
        vTaskDelay(1);
    }
    vTaskDelay(2);
    assert_int_equal(s_told.calls, 1);
    assert_in_range(s_told.row.free_bytes, 4 * MIB - 100000, 4 * MIB - 1);
}

static void test_on_both_cores(void **state)
{
    (void)state;
    sim_config_t config;
    sim_config_default(&config);
    config.preempt_per_mille = 100;
    sim_init(&config);
    esp_run(both_cores);
    esp_check();
}

static void test_wrong_arguments(void **state)
{
    (void)state;
    heaptrail_lowmem_row_t row;
    heaptrail_lowmem_site_t site;
    esp_log_catch();
    assert_int_equal(heaptrail_lowmem_watch(NULL, NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_for_each_lowmem(NULL, &row, NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_lowmem_site(1, 0, NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_lowmem_site(0, 0, &site), ESP_ERR_NOT_FOUND);
    assert_int_equal(heaptrail_lowmem_site(99, 0, &site), ESP_ERR_NOT_FOUND);
    assert_int_equal(heaptrail_lowmem_unwatch(0), ESP_ERR_NOT_FOUND);
    assert_int_equal(heaptrail_lowmem_unwatch(99), ESP_ERR_NOT_FOUND);
    assert_int_equal(heaptrail_lowmem_poll(), ESP_OK);
    static const struct {
        heaptrail_lowmem_t watch;
        esp_err_t err;
        const char *log;
    } wrong[] = {
        {{.caps = CAPS}, ESP_ERR_INVALID_ARG, "free_below_bytes"},
        {{.free_below_bytes = 100, .free_rearm_bytes = 100}, ESP_ERR_INVALID_ARG, "free_rearm"},
        {{.largest_below_bytes = 9, .largest_rearm_bytes = 8},
         ESP_ERR_INVALID_ARG,
         "largest_rearm"},
        {{.free_below_bytes = SIZE_MAX}, ESP_ERR_INVALID_ARG, "free_rearm"},
        {{.caps = CAPS, .free_below_bytes = 9 * MIB}, ESP_ERR_INVALID_ARG, "more than these heaps"},
        {{.caps = 1U << 30, .free_below_bytes = 1}, ESP_ERR_NOT_FOUND, ""},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        esp_log_forget();
        assert_int_equal(heaptrail_lowmem_watch(&wrong[i].watch, NULL), wrong[i].err);
        assert_non_null(strstr(esp_log(), wrong[i].log));
    }
    assert_int_equal(last_row().id, 0);
    assert_non_null(strstr(esp_report(HEAPTRAIL_REPORT_LOWMEM), "no watch"));
}

static void in_isr(void *arg)
{
    (void)arg;
    heaptrail_lowmem_row_t row;
    assert_int_equal(heaptrail_lowmem_watch(&s_watch, NULL), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_lowmem_unwatch(1), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_lowmem_poll(), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_for_each_lowmem(keep_row, &row, NULL), ESP_ERR_INVALID_STATE);
    s_isr_done = true;
}

static void wrong_context(void *arg)
{
    (void)arg;
    sim_isr_fire_now(in_isr, NULL);
    assert_true(s_isr_done);
}

static void test_wrong_context(void **state)
{
    (void)state;
    esp_run(wrong_context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told_once_in_a_task), cmocka_unit_test(test_no_storm),
        cmocka_unit_test(test_in_an_interrupt),     cmocka_unit_test(test_removal),
        cmocka_unit_test(test_largest_block),       cmocka_unit_test(test_on_both_cores),
        cmocka_unit_test(test_wrong_arguments),     cmocka_unit_test(test_wrong_context),
    };
    return esp_test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
