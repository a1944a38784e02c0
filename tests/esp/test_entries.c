/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Every entry point makes exactly one record that says what was asked for, how, from where and by
 * whom, in every context; and the free takes it away.
 */
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "fw_entries.h"

/* Where an entry runs. */
typedef struct {
    const char *task;
    unsigned core;
    bool in_isr;
} where_t;

typedef struct {
    const fw_entry_t *entry;
    void *block;
} made_t;

static void make(void *arg)
{
    made_t *made = arg;
    made->block = made->entry->make();
}

/* The innermost frame is in the function that asked. */
static void expect_frames(const fw_entry_t *entry, const heaptrail_block_row_t *row)
{
    assert_in_range(row->origin.frame_count, 1, ESP_DEPTH);
    uint32_t i = 0;
    while (i < row->origin.frame_count && !esp_is_in(row->origin.frames[i], (void *)entry->make)) {
        i++;
    }
    bool is_right = entry->is_inner ? ESP_DEPTH == 1 || i < row->origin.frame_count : i == 0;
    if (!is_right) {
        fail_msg("%s: caller %#lx is not in the function at %p", entry->name,
                 (unsigned long)row->origin.frames[0], (void *)entry->make);
    }
}

static void expect_origin(const fw_entry_t *entry, const heaptrail_block_row_t *row)
{
    /* Below no entry point a hook cannot tell what was called. */
    bool untold = ESP_HOOKED && entry->is_inner && row->origin.method == HEAPTRAIL_METHOD_UNKNOWN;
    if (!untold) { assert_int_equal(row->origin.method, entry->method); }
    assert_int_equal(row->origin.caps, entry->caps);
    if (entry->has_site) {
        assert_non_null(row->origin.site);
        assert_int_equal(row->origin.site->method, entry->method);
        assert_non_null(strstr(row->origin.site->file, "tests/esp/fw_"));
        assert_true(row->origin.site->line > 10);
        if (entry->variable == NULL) {
            assert_null(row->origin.site->variable);
        } else {
            assert_string_equal(row->origin.site->variable, entry->variable);
        }
    } else {
        assert_null(row->origin.site);
    }
    if (!entry->has_site || ESP_DEPTH > 1) { expect_frames(entry, row); }
}

static void expect_where(const where_t *where, const heaptrail_block_row_t *row)
{
    assert_string_equal(row->task_name, where->task);
    assert_int_equal(row->core, where->core);
    assert_int_equal(row->in_isr, where->in_isr);
}

static void expect_size(const fw_entry_t *entry, const heaptrail_block_row_t *row)
{
    size_t more = row->size_bytes - entry->size;
    if (more > (ESP_HOOKED ? 63U : 0U)) { fail_msg("%s: size %zu", entry->name, row->size_bytes); }
}

static void try_one(const fw_entry_t *entry, const where_t *where)
{
    unsigned before = esp_records();
    made_t made = {entry, NULL};
    if (where->in_isr) {
        sim_isr_fire_now(make, &made);
    } else {
        make(&made);
    }
    if (made.block == NULL) { fail_msg("%s gave nothing", entry->name); }
    heaptrail_block_row_t row = esp_block(made.block);
    assert_int_equal(esp_records(), before + 1);
    expect_size(entry, &row);
    expect_origin(entry, &row);
    expect_where(where, &row);
    entry->release(made.block);
    assert_int_equal(esp_records_of(made.block), 0);
    assert_int_equal(esp_records(), before);
}

static void try_all(const where_t *where)
{
    for (int again = 0; again < 2; again++) { /* twice: a cached site is as good */
        for (size_t i = 0; i < fw_plain_count; i++) {
            if (ESP_WRAPPED || fw_plain[i].has_site) { try_one(&fw_plain[i], where); }
        }
        for (size_t i = 0; i < fw_macros_count; i++) {
            try_one(&fw_macros[i], where);
        }
        for (size_t i = 0; i < fw_cxx_count; i++) {
            try_one(&fw_cxx[i], where);
        }
    }
    esp_check();
}

static const where_t s_startup = {"(start-up)", 0, false};
static const where_t s_main = {"main", 0, false};
static const where_t s_worker = {"worker on 1", 1, false};
static const where_t s_isr = {"(ISR core 0)", 0, true};

static void test_before_the_scheduler(void **state)
{
    (void)state;
    try_all(&s_startup);
    assert_int_equal(esp_status().loss.unknown_frees, 0);
}

static void in_main(void *arg)
{
    (void)arg;
    try_all(&s_main);
}

static void test_in_a_task(void **state)
{
    (void)state;
    esp_run(in_main);
}

static void in_worker(void *arg)
{
    try_all(arg);
}

static void run_worker(void *arg)
{
    (void)arg;
    esp_in_task("worker on 1", 1, in_worker, (void *)(uintptr_t)&s_worker);
}

static void test_on_core_1(void **state)
{
    (void)state;
    esp_run(run_worker);
}

static void in_isr(void *arg)
{
    (void)arg;
    try_all(&s_isr);
}

static void test_in_an_isr(void **state)
{
    (void)state;
    esp_run(in_isr);
}

static void suspended(void *arg)
{
    (void)arg;
    vTaskSuspendAll();
    try_all(&s_main);
    xTaskResumeAll();
}

static void test_scheduler_suspended(void **state)
{
    (void)state;
    esp_run(suspended);
}

#if ESP_WRAPPED
/* What the ISR allocates while the task is inside malloc() is the ISR's. */
static void *s_from_isr[64];
static unsigned s_isr_count;

FW static void isr_allocates(void *arg)
{
    (void)arg;
    if (s_isr_count < 64) { s_from_isr[s_isr_count++] = heap_caps_malloc(17, MALLOC_CAP_8BIT); }
}

static void interrupted_once(const fw_entry_t *entry, uint64_t at)
{
    s_isr_count = 0;
    sim_isr_fire_at(at);
    void *block = entry->make();
    sim_isr_fire_at(0);
    heaptrail_block_row_t row = esp_block(block);
    expect_size(entry, &row);
    expect_origin(entry, &row);
    expect_where(&s_main, &row);
    for (unsigned i = 0; i < s_isr_count; i++) {
        row = esp_block(s_from_isr[i]);
        assert_int_equal(row.size_bytes, 17);
        assert_true(row.in_isr);
        assert_int_equal(row.origin.method, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC);
        assert_null(row.origin.site);
        assert_true(esp_is_in(row.origin.frames[0], (void *)isr_allocates));
        heap_caps_free(s_from_isr[i]);
    }
    entry->release(block);
    esp_check();
}

static void interrupted(void *arg)
{
    (void)arg;
    sim_isr_attach(isr_allocates, NULL);
    for (size_t i = 0; i < fw_plain_count; i++) {
        for (uint64_t at = 1; at < 20; at++) {
            interrupted_once(&fw_plain[i], at);
        }
    }
    for (size_t i = 0; i < fw_macros_count; i++) {
        for (uint64_t at = 1; at < 20; at++) {
            interrupted_once(&fw_macros[i], at);
        }
    }
    sim_isr_detach_all();
}

static void test_interrupted_anywhere(void **state)
{
    (void)state;
    esp_run(interrupted);
}

#else
extern void *(*const fw_unseen[])(void);

static void test_plain_calls_are_not_seen(void **state)
{
    (void)state;
    assert_int_equal(esp_records(), 0);
    for (int i = 0; i < 3; i++) {
        void *p = fw_unseen[i]();
        assert_non_null(p);
        assert_int_equal(esp_records_of(p), 0);
        heap_caps_free(p);
    }
    assert_int_equal(esp_status().total_blocks, 0);
}
#endif

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test(test_before_the_scheduler),
    cmocka_unit_test(test_in_a_task),
    cmocka_unit_test(test_on_core_1),
    cmocka_unit_test(test_in_an_isr),
    cmocka_unit_test(test_scheduler_suspended),
#if ESP_WRAPPED
    cmocka_unit_test(test_interrupted_anywhere),
#else
    cmocka_unit_test(test_plain_calls_are_not_seen),
#endif
};

ESP_TEST_MAIN(s_tests)
