/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The public face of the explanations: asked for, and kept from the moment of a failure. */
#include "unit.h"

#include "heaptrail_errors.h"
#include "ht_default.h"
#include "ht_explained.h"

/* The default tracker of api/, without the rest of it. */
ht_state_t heaptrail_state;

void ht_default_boot(void)
{
}

void ht_port_find_heaps(struct ht_tracker *tracker)
{
    (void)tracker;
}

static ht_tracker_t *const s_tracker = &ht_default_tracker;
static const heaptrail_site_t s_sites[4];

#define LOW 0x10000U
#define LOW_BYTES 0x10000U
#define LOW_CAPS 2U

static const struct fake_heap_block s_walk[] = {
    {LOW, 0x100, false},
    {LOW + 0x100, 0x100, true},
    {LOW + 0x200, 0x100, true},
    {LOW + 0x300, 0x100, false},
};

static int make(void **state)
{
    (void)state;
    fake_port_reset();
    g_fake.tick = 1000;
    g_fake.heap_walk = s_walk;
    g_fake.heap_walk_count = ENTRIES(s_walk);
    g_fake.measurable = true;
    g_fake.sample_free = 0x200;
    g_fake.sample_largest = 0x80;
    unit_make(s_tracker, &unit_sizes);
    assert_true(ht_tracker_add_heap(s_tracker, LOW, LOW_BYTES, LOW_CAPS, "low"));
    return 0;
}

static int drop(void **state)
{
    (void)state;
    g_fake.on_unlock = NULL;
    unit_check(s_tracker);
    unit_free(s_tracker);
    return 0;
}

static void add(uintptr_t address, size_t size, uint32_t site)
{
    ht_tracker_add(s_tracker, address, size, unit_origin(s_tracker, &s_sites[site], 0));
}

static ht_failure_t fail_with(size_t size)
{
    ht_failure_t failure = {.size = size,
                            .caps = LOW_CAPS,
                            .measured = true,
                            .free_bytes = 0x400,
                            .largest_free_bytes = 0x100};
    ht_tracker_fail(s_tracker, &failure);
    failure.number = s_tracker->failures.count;
    return failure;
}

static void test_asked_for(void **state)
{
    (void)state;
    heaptrail_explanation_t row;
    assert_int_equal(heaptrail_explain_request(1, 0, NULL), ESP_ERR_INVALID_ARG);
    unit_be(0x5000, "owner");
    add(LOW + 0x100, 0x100, 1);
    assert_int_equal(heaptrail_explain_request(0x180, LOW_CAPS, &row), ESP_OK);
    assert_int_equal(row.failure_number, 0);
    assert_int_equal(row.size_bytes, 0x180);
    assert_int_equal(row.caps, LOW_CAPS);
    assert_int_equal(row.verdict, HEAPTRAIL_VERDICT_FRAGMENTED);
    assert_int_equal(row.fragmentation_permille, 750);
    assert_int_equal(row.heaps, 1);
    assert_int_equal(row.heap_bytes, LOW_BYTES);
    assert_int_equal(row.live_bytes, 0x100);
    assert_ptr_equal(row.site[0].origin.site, &s_sites[1]);
    assert_int_equal(row.site[0].blocks, 1);
    assert_int_equal(row.site[1].blocks, 0);
    assert_null(row.site[1].origin.site);
    assert_string_equal(row.task[0].name, "owner");
    assert_int_equal(row.task[0].bytes, 0x100);
    assert_int_equal(row.task[1].blocks, 0);
    assert_int_equal(row.pin_blocks, 2);
    assert_int_equal(row.pin[0].address, LOW + 0x100);
    assert_ptr_equal(row.pin[0].origin.site, &s_sites[1]);
    assert_int_equal(row.pin[1].origin.id, 0);
    assert_int_equal(row.pin[2].address, 0);
    assert_true(ht_query_since_begin(s_tracker, NULL, NULL));
    assert_int_equal(heaptrail_explain_request(1, 0, &row), ESP_ERR_INVALID_STATE);
    ht_query_since_end(s_tracker);
    g_fake.in_isr = true;
    assert_int_equal(heaptrail_explain_request(1, 0, &row), ESP_ERR_INVALID_STATE);
    assert_int_equal(heaptrail_last_explanation(&row), ESP_ERR_INVALID_STATE);
}

static ht_failure_t s_second_failure;

static void fail_inside(void)
{
    g_fake.on_unlock = NULL;
    ht_explain_failure(s_tracker, &s_second_failure); /* another core, an interrupt */
    g_fake.on_unlock = fail_inside;
}

static void test_kept_from_the_failure(void **state)
{
    (void)state;
    heaptrail_explanation_t row;
    assert_int_equal(heaptrail_last_explanation(NULL), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_last_explanation(&row), ESP_ERR_NOT_FOUND);
    fail_with(1);
    add(LOW, 50, 3);
    ht_failure_t failure = fail_with(0x300);
    s_second_failure = fail_with(0x310);
    g_fake.on_unlock = fail_inside; /* one at a time */
    ht_explain_failure(s_tracker, &failure);
    g_fake.on_unlock = NULL;
    ht_tracker_remove(s_tracker, LOW); /* what is shown is from then */
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(heaptrail_last_explanation(&row), ESP_OK);
        assert_int_equal(row.failure_number, 2);
        assert_int_equal(row.size_bytes, 0x300);
        assert_int_equal(row.verdict, HEAPTRAIL_VERDICT_FRAGMENTED);
        assert_int_equal(row.live_bytes, 50);
        assert_ptr_equal(row.site[0].origin.site, &s_sites[3]);
        failure = fail_with(0x320);
        ht_explain_failure(s_tracker, &failure); /* within the same second: not again */
    }
    g_fake.tick += 1000;
    assert_true(ht_query_since_begin(s_tracker, NULL, NULL)); /* a query is under way */
    ht_explain_failure(s_tracker, &failure);
    ht_query_since_end(s_tracker);
    assert_int_equal(heaptrail_last_explanation(&row), ESP_OK);
    assert_int_equal(row.failure_number, 2);
    for (uint32_t number = 10; number < 13; number++, g_fake.tick += 1000) {
        failure.number = number;
        ht_explain_failure(s_tracker, &failure);
        assert_int_equal(heaptrail_last_explanation(&row), ESP_OK);
        assert_int_equal(row.failure_number, number);
        assert_int_equal(row.size_bytes, 0x320);
        assert_int_equal(row.live_bytes, 0);
    }
    ht_tracker_reset(s_tracker);
    assert_int_equal(heaptrail_last_explanation(&row), ESP_ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept_from_the_failure, make, drop), /* the first one */
        cmocka_unit_test_setup_teardown(test_asked_for, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
