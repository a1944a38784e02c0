/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The public interface: life, questions, and everything that should not be asked. */
#include <malloc.h>
#include <stdlib.h>

#include "esp_test.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

#define CAPS (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)

/* --- life ----------------------------------------------------------------------------------------
 */

static void *s_first;

/* 101 is the stand-in's own, which makes the heaps, as the start-up code of a chip does. */
__attribute__((constructor(102))) static void first_of_all(void)
{
    s_first = heap_caps_malloc(111, MALLOC_CAP_SPIRAM);
}

static void test_recorded_from_the_first_constructor_on(void **state)
{
    (void)state;
    heaptrail_block_row_t row = esp_block(s_first);
    assert_int_equal(row.size_bytes, 111);
    assert_string_equal(row.task_name, "(start-up)");
    assert_true(row.heap_id != 0); /* the heaps are known, too */
    assert_true(esp_status().running);
    heap_caps_free(s_first);
    assert_int_equal(esp_status().loss.unknown_frees, 0);
    esp_check();
}

static void test_stop_start(void **state)
{
    (void)state;
    void *old = heap_caps_malloc(10, CAPS);
    void *moved = heap_caps_malloc(10, CAPS);
    assert_int_equal(heaptrail_stop(), ESP_OK);
    assert_false(esp_status().running);
    void *hidden = heap_caps_malloc(20, CAPS);
    assert_int_equal(esp_records_of(hidden), 0);
    assert_int_equal(esp_records_of(old), 1);
    heap_caps_free(old); /* followed to its end */
    assert_int_equal(esp_records_of(old), 0);
    moved =
        heap_caps_realloc(moved, 5000, CAPS); /* its record ends, the new block is not recorded */
    assert_int_equal(esp_records_of(moved), 0);
    assert_int_equal(heaptrail_start(), ESP_OK);
    hidden = heap_caps_realloc(hidden, 6000, CAPS);
    assert_int_equal(esp_block(hidden).size_bytes, 6000);
    uint32_t unknown = esp_status().loss.unknown_frees;
    heap_caps_free(moved);
    assert_int_equal(esp_status().loss.unknown_frees, unknown + 1);
    heap_caps_free(hidden);
    esp_check();
}

static void test_reset(void **state)
{
    (void)state;
    void *p = heap_caps_malloc(10, CAPS);
    assert_int_equal(heaptrail_reset(), ESP_OK);
    heaptrail_status_t status = esp_status();
    assert_int_equal(status.live_blocks + status.total_blocks + status.failures, 0);
    assert_int_equal(esp_records(), 0);
    heap_caps_free(p);
    assert_int_equal(esp_status().loss.unknown_frees, 1);
    p = heap_caps_malloc(10, CAPS);
    assert_int_equal(esp_records(), 1);
    assert_int_equal(heaptrail_stop(), ESP_OK);
    assert_int_equal(heaptrail_reset(), ESP_OK);
    assert_false(esp_status().running); /* stays stopped */
    heap_caps_free(p);
    esp_check();
}

static void expect_filter(const heaptrail_filter_t *filter, size_t size, uint32_t caps, bool passes)
{
    assert_int_equal(heaptrail_set_filter(filter), ESP_OK);
    void *p = heap_caps_malloc(size, caps);
    assert_int_equal(esp_records_of(p), passes);
    assert_int_equal(heaptrail_set_filter(NULL), ESP_OK);
    heap_caps_free(p);
}

static void test_filter(void **state)
{
    (void)state;
    const heaptrail_filter_t sizes = {.size_min = 100, .size_max = 200};
    const heaptrail_filter_t caps = {.caps = MALLOC_CAP_SPIRAM};
    const heaptrail_filter_t task = {.task_id = 200};
    expect_filter(&sizes, 99, CAPS, false);
    expect_filter(&sizes, 100, CAPS, true);
    expect_filter(&sizes, 200, CAPS, true);
    expect_filter(&sizes, 201, CAPS, false);
    expect_filter(&caps, 10, CAPS, false);
    expect_filter(&caps, 10, MALLOC_CAP_SPIRAM | MALLOC_CAP_8BIT, true);
    expect_filter(&task, 10, CAPS, false);
    assert_int_equal(esp_status().loss.filtered, 4);
    assert_non_null(strstr(esp_report(HEAPTRAIL_REPORT_STATUS), "filter"));
    esp_log_catch();
    const heaptrail_filter_t wrong = {.size_min = 5, .size_max = 4};
    assert_int_equal(heaptrail_set_filter(&wrong), ESP_ERR_INVALID_ARG);
    assert_non_null(strstr(esp_log(), "size_min"));
    esp_check();
}

typedef struct {
    unsigned rows;
    size_t bytes;
} sum_t;

static bool add(void *context, const heaptrail_block_row_t *row)
{
    sum_t *sum = context;
    sum->rows++;
    sum->bytes += row->size_bytes;
    return true;
}

static size_t selected(heaptrail_select_t select)
{
    sum_t sum = {0};
    heaptrail_walk_t walk;
    assert_int_equal(heaptrail_for_each_block(&select, add, &sum, &walk), ESP_OK);
    assert_int_equal(walk.rows, sum.rows);
    assert_false(walk.disturbed);
    return sum.bytes;
}

static void test_mark_and_select(void **state)
{
    (void)state;
    heaptrail_mark_t mark = heaptrail_mark();
    void *p = heap_caps_malloc(1000, CAPS);
    sim_clock_advance_us(5000000);
    void *q = heap_caps_malloc(300, MALLOC_CAP_SPIRAM);
    heaptrail_mark_t later = heaptrail_mark();
    void *r = heap_caps_malloc(70, CAPS);
    heaptrail_block_row_t row = esp_block(p);
    assert_int_equal(selected((heaptrail_select_t){.since = &mark}), 1370);
    assert_int_equal(selected((heaptrail_select_t){.since = &later}), 70);
    assert_int_equal(selected((heaptrail_select_t){.since = &mark, .size_min = 300}), 1300);
    assert_int_equal(selected((heaptrail_select_t){.since = &mark, .age_min_us = 4000000}), 1000);
    assert_int_equal(selected((heaptrail_select_t){.since = &mark, .caps = MALLOC_CAP_SPIRAM}),
                     300);
    assert_int_equal(selected((heaptrail_select_t){.since = &mark, .site_id = row.origin.id}),
                     1000);
    assert_int_equal(selected((heaptrail_select_t){.since = &mark, .heap_id = row.heap_id}), 1070);
    assert_int_equal(selected((heaptrail_select_t){.since = &mark, .task_id = row.task_id}), 1370);
    assert_int_equal(selected((heaptrail_select_t){.task_id = 4000000000U}), 0);
    assert_true(row.age_us >= 4900000 && row.age_us < 5100000);
    free(p);
    free(q);
    free(r);
}

/* --- questions -----------------------------------------------------------------------------------
 */

static void test_whois(void **state)
{
    (void)state;
    heaptrail_block_row_t row;
    size_t offset;
    char *p = heap_caps_malloc(100, CAPS);
    assert_int_equal(heaptrail_whois(p + 99, &row, &offset), ESP_OK);
    assert_int_equal(offset, 99);
    assert_int_equal(row.address, (uintptr_t)p);
    assert_int_equal(heaptrail_whois(p + 100, &row, NULL), ESP_ERR_NOT_FOUND);
    assert_int_equal(heaptrail_whois(&row, &row, &offset), ESP_ERR_NOT_FOUND);
    assert_int_equal(heaptrail_whois(NULL, &row, &offset), ESP_ERR_NOT_FOUND);
    assert_int_equal(heaptrail_whois((void *)1, &row, &offset), ESP_ERR_NOT_FOUND);
    assert_int_equal(heaptrail_whois((void *)UINTPTR_MAX, &row, &offset), ESP_ERR_NOT_FOUND);
    assert_int_equal(heaptrail_whois(p, NULL, &offset), ESP_ERR_INVALID_ARG);
    heap_caps_free(p);
    assert_int_equal(heaptrail_whois((void *)row.address, &row, &offset), ESP_ERR_NOT_FOUND);
}

static void nothing(void *context, const char *text, size_t length)
{
    (void)context;
    (void)text;
    (void)length;
}

static void test_bad_arguments(void **state)
{
    (void)state;
    assert_int_equal(heaptrail_for_each_block(NULL, NULL, NULL, NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_for_each_site(NULL, NULL, NULL, NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_for_each_task(NULL, NULL, NULL, NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_for_each_heap(NULL, NULL, NULL, NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_for_each_failure(NULL, NULL, NULL, NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_status(NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_init(NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_memory_bytes(NULL), 0);
    heaptrail_report_t report = {.kind = HEAPTRAIL_REPORT_STATUS};
    assert_int_equal(heaptrail_report(NULL, nothing, NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_report(&report, NULL, NULL), ESP_ERR_INVALID_ARG);
    report.kind = HEAPTRAIL_REPORT_COUNT;
    assert_int_equal(heaptrail_report(&report, nothing, NULL), ESP_ERR_INVALID_ARG);
    report.kind = HEAPTRAIL_REPORT_SINCE;
    assert_int_equal(heaptrail_report(&report, nothing, NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_print((heaptrail_report_kind_t)-1), ESP_ERR_INVALID_ARG);
    assert_string_equal(heaptrail_method_name((heaptrail_method_t)-1), "unknown");
    assert_string_equal(heaptrail_method_name(HEAPTRAIL_METHOD_COUNT), "unknown");
    assert_int_equal(heaptrail_caps_name(MALLOC_CAP_8BIT, NULL, 0), 4);
    char text[4] = "xyz";
    assert_int_equal(heaptrail_caps_name(MALLOC_CAP_INTERNAL, text, sizeof(text)), 8);
    assert_string_equal(text, "INT");
    heaptrail_set_log(NULL, NULL);
    heaptrail_set_symbols(NULL, NULL);
}

static bool no_block(void *c, const heaptrail_block_row_t *r)
{
    (void)c;
    (void)r;
    return false;
}
static bool no_site(void *c, const heaptrail_site_row_t *r)
{
    (void)c;
    (void)r;
    return false;
}
static bool no_task(void *c, const heaptrail_task_row_t *r)
{
    (void)c;
    (void)r;
    return false;
}
static bool no_heap(void *c, const heaptrail_heap_row_t *r)
{
    (void)c;
    (void)r;
    return false;
}
static bool no_failure(void *c, const heaptrail_failure_row_t *r)
{
    (void)c;
    (void)r;
    return false;
}

static void all_in_isr(void *arg)
{
    (void)arg;
    heaptrail_block_row_t row;
    assert_int_equal(heaptrail_for_each_block(NULL, no_block, NULL, NULL), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_for_each_site(NULL, no_site, NULL, NULL), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_for_each_task(NULL, no_task, NULL, NULL), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_for_each_heap(NULL, no_heap, NULL, NULL), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_for_each_failure(NULL, no_failure, NULL, NULL),
                     ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_whois(&row, &row, NULL), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_reset(), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_sample(), ESP_ERR_INVALID_STATE);
    heaptrail_report_t report = {.kind = HEAPTRAIL_REPORT_SUMMARY};
    (void)heaptrail_report(&report, nothing, NULL);
    const heaptrail_filter_t wrong = {.size_min = 5, .size_max = 4};
    assert_int_equal(heaptrail_set_filter(&wrong),
                     ESP_ERR_INVALID_ARG); /* logged, but not by the callback */
    heaptrail_config_t config = {.stack_depth = 99};
    assert_int_equal(heaptrail_init(&config), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_set_filter(NULL), ESP_OK);
    assert_int_equal(heaptrail_stop(), ESP_OK);
    assert_int_equal(heaptrail_start(), ESP_OK);
    (void)heaptrail_mark();
    (void)heaptrail_tick_hz();
    (void)heaptrail_method_name(HEAPTRAIL_METHOD_NEW);
}

static void isr_from_main(void *arg)
{
    (void)arg;
    esp_log_catch();
    sim_isr_fire_now(all_in_isr, NULL);
    assert_string_equal(esp_log(), "");
}

static void test_all_in_an_isr(void **state)
{
    (void)state;
    esp_run(isr_from_main);
    esp_check();
}

/* --- callbacks that allocate, free and ask
 * -------------------------------------------------------- */

static void churn(void)
{
    assert_false(sim_interrupts_masked());
    void *p = malloc(77);
    p = realloc(p, 777);
    free(p);
}

static bool on_block(void *c, const heaptrail_block_row_t *r)
{
    (void)c;
    (void)r;
    churn();
    (void)heaptrail_status((heaptrail_status_t *)c);
    return true;
}

static bool on_site(void *c, const heaptrail_site_row_t *r)
{
    (void)c;
    (void)r;
    churn();
    assert_int_equal(heaptrail_for_each_site(NULL, no_site, NULL, NULL), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_for_each_block(NULL, no_block, NULL, NULL), ESP_OK);
    return true;
}

static bool on_task(void *c, const heaptrail_task_row_t *r)
{
    (void)c;
    (void)r;
    churn();
    return true;
}
static bool on_heap(void *c, const heaptrail_heap_row_t *r)
{
    (void)c;
    (void)r;
    churn();
    return true;
}
static bool on_failure(void *c, const heaptrail_failure_row_t *r)
{
    (void)c;
    (void)r;
    churn();
    return true;
}

static void on_text(void *context, const char *text, size_t length)
{
    (void)text;
    *(size_t *)context += length;
    churn();
}

static void on_log(void *context, heaptrail_log_level_t level, const char *text)
{
    (void)level;
    (void)text;
    ++*(unsigned *)context;
    churn();
}

static void ask_and_churn(void *arg)
{
    (void)arg;
    heaptrail_status_t status;
    assert_null(heap_caps_malloc((size_t)40 << 20, CAPS));
    assert_int_equal(heaptrail_for_each_block(NULL, on_block, &status, NULL), ESP_OK);
    assert_int_equal(heaptrail_for_each_site(NULL, on_site, NULL, NULL), ESP_OK);
    assert_int_equal(heaptrail_for_each_task(NULL, on_task, NULL, NULL), ESP_OK);
    assert_int_equal(heaptrail_for_each_heap(NULL, on_heap, NULL, NULL), ESP_OK);
    assert_int_equal(heaptrail_for_each_failure(NULL, on_failure, NULL, NULL), ESP_OK);
    for (int kind = 0; kind < HEAPTRAIL_REPORT_WHOIS; kind++) {
        for (int json = 0; json < 2; json++) {
            static const heaptrail_mark_t beginning;
            heaptrail_report_t report = {.kind = (heaptrail_report_kind_t)kind,
                                         .json = json != 0,
                                         .select = {.since = &beginning}};
            size_t length = 0;
            assert_int_equal(heaptrail_report(&report, on_text, &length), ESP_OK);
            assert_true(length > 20);
        }
    }
    unsigned lines = 0;
    heaptrail_set_log(on_log, &lines);
    const heaptrail_filter_t wrong = {.size_min = 5, .size_max = 4};
    assert_int_equal(heaptrail_set_filter(&wrong), ESP_ERR_INVALID_ARG);
    assert_int_equal(lines, 1);
    esp_check();
}

static void test_callbacks_may_allocate(void **state)
{
    (void)state;
    esp_run(ask_and_churn);
}

/* --- heaps and tasks -----------------------------------------------------------------------------
 */

typedef struct {
    intptr_t start;
    size_t free_bytes, largest;
} truth_t;

static bool look(walker_heap_into_t heap, walker_block_info_t block, void *context)
{
    truth_t *truth = context;
    if (heap.start == truth->start && !block.used) {
        truth->free_bytes += block.size;
        truth->largest = block.size > truth->largest ? block.size : truth->largest;
    }
    return heap.start == truth->start;
}

static bool check_heap(void *context, const heaptrail_heap_row_t *row)
{
    sim_region_id_t id = sim_region_of((void *)(row->start + 64));
    if (row->id == 0) { return true; }
    assert_int_not_equal(id, SIM_REGION_COUNT);
    assert_true(row->sampled);
    assert_true(row->largest_free_bytes <= row->free_bytes);
    assert_true(row->min_free_bytes <= row->free_bytes);
    assert_true(row->live_bytes <= row->size_bytes);
    truth_t truth = {.start = (intptr_t)row->start};
    heap_caps_walk_all(look, &truth);
    assert_int_equal(row->free_bytes, truth.free_bytes);
    assert_int_equal(row->largest_free_bytes, truth.largest);
    if (id == SIM_REGION_PSRAM) { assert_string_equal(row->name, "PSRAM"); }
    if (id == SIM_REGION_IRAM) { assert_string_equal(row->name, "IRAM"); }
    *(unsigned *)context |= 1U << id;
    return true;
}

static void sampled_when_idle(void *arg)
{
    (void)arg;
    void *holes[10];
    for (int i = 0; i < 10; i++) {
        holes[i] = heap_caps_malloc(1000, MALLOC_CAP_SPIRAM);
    }
    for (int i = 0; i < 10; i += 2) {
        heap_caps_free(holes[i]);
    }
    for (int i = 0; i < 12; i++) {
        vTaskDelay(pdMS_TO_TICKS(1000));
    } /* more than the interval of samples */
    unsigned seen = 0;
    assert_int_equal(heaptrail_for_each_heap(NULL, check_heap, &seen, NULL), ESP_OK);
    assert_int_equal(seen, (1U << SIM_REGION_COUNT) - 1);
}

static void test_heaps_are_sampled(void **state)
{
    (void)state;
    assert_int_equal(heaptrail_sample(), ESP_OK);
    unsigned seen = 0;
    assert_int_equal(heaptrail_for_each_heap(NULL, check_heap, &seen, NULL), ESP_OK);
    assert_int_equal(seen, (1U << SIM_REGION_COUNT) - 1);
    assert_int_equal(esp_status().heaps, SIM_REGION_COUNT);
    esp_run(sampled_when_idle);
}

static void *s_left[3];

static void leave_one(void *arg)
{
    s_left[(uintptr_t)arg] = heap_caps_malloc(10 + (uintptr_t)arg, CAPS);
}

static StaticTask_t s_tcb;
static StackType_t s_stack[8192];

static void static_task(void *arg)
{
    leave_one(arg);
    vTaskDelete(NULL);
}

static void run_tasks(void *arg)
{
    (void)arg;
    heaptrail_task_row_t row;
    uint32_t ids[3];
    for (uintptr_t i = 0; i < 3; i++) { /* the same static TCB three times: three tasks */
        char name[16];
        snprintf(name, sizeof(name), "static %u", (unsigned)i);
        assert_non_null(xTaskCreateStaticPinnedToCore(static_task, name, sizeof(s_stack), (void *)i,
                                                      2, s_stack, &s_tcb, 0));
        vTaskDelay(5);
        heaptrail_block_row_t block = esp_block(s_left[i]);
        assert_string_equal(block.task_name, name);
        assert_true(esp_task(name, &row));
        assert_true(row.deleted);
        assert_int_equal(row.handle, 0);
        assert_int_equal(row.live_bytes, 10 + i);
        ids[i] = row.id;
    }
    assert_true(ids[0] != ids[1] && ids[1] != ids[2]);
    for (int i = 0; i < 3; i++) {
        heap_caps_free(s_left[i]);
    }
    for (uintptr_t i = 0; i < 3; i++) { /* a TCB of the heap, likely the same address again */
        char name[24];
        snprintf(name, sizeof(name), "a very long name %u", (unsigned)i);
        esp_in_task(name, 1, leave_one, (void *)i);
        assert_string_equal(esp_block(s_left[i]).task_name, "a very long nam");
        assert_true(esp_task("a very long nam", &row));
        assert_true(row.deleted);
        assert_int_equal(row.live_blocks, 1);
    }
    esp_check();
}

static void test_deleted_tasks(void **state)
{
    (void)state;
    esp_run(run_tasks);
}

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test(test_recorded_from_the_first_constructor_on),
    cmocka_unit_test(test_stop_start),
    cmocka_unit_test(test_reset),
    cmocka_unit_test(test_filter),
    cmocka_unit_test(test_mark_and_select),
    cmocka_unit_test(test_whois),
    cmocka_unit_test(test_bad_arguments),
    cmocka_unit_test(test_all_in_an_isr),
    cmocka_unit_test(test_callbacks_may_allocate),
    cmocka_unit_test(test_heaps_are_sampled),
    cmocka_unit_test(test_deleted_tasks),
};

ESP_TEST_MAIN(s_tests)
