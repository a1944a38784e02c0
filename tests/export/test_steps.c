/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Steps are what became of blocks in the end: a block has the origin that it was found to have, a
 * realloc() that failed took nothing. As long as they wait; after that, it goes and comes again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ht_format.h"
#include "ht_steps.h"

enum { STEPS_MAX = 40000, BLOCK = 0x1000, OTHER = 0x2000, FIRST = 1, SECOND = 2, TASK = 1 };

typedef struct {
    ht_step_t step[STEPS_MAX];
    size_t count;
} taken_t;

static taken_t s_taken;
static ht_steps_t s_steps;
static ht_model_t *s_model;
static uint64_t s_now;

static void take(void *writer, const ht_step_t *step)
{
    taken_t *taken = writer;
    assert_in_range(taken->count, 0, STEPS_MAX - 1);
    taken->step[taken->count++] = *step;
}

static const ht_export_stream_t s_stream = {NULL, take, NULL, NULL};

static void change(void *context, const ht_model_t *model, const ht_change_t *what)
{
    (void)model;
    ht_steps_change(context, what);
}

static void feed(ht_event_t event)
{
    event.time_us = s_now += 10;
    event.task = TASK;
    ht_model_event(s_model, &event);
}

static int begin(void **state)
{
    (void)state;
    s_taken.count = 0;
    s_now = 0;
    ht_steps_begin(&s_steps, &s_stream, &s_taken, false);
    s_model = ht_model_new(&(ht_model_options_t){.change = change, .change_context = &s_steps});
    assert_non_null(s_model);
    for (uint32_t i = FIRST; i <= SECOND; i++) {
        const uint64_t frame = 0x42000000U + i;
        feed((ht_event_t){.kind = HT_EVENT_ORIGIN, .origin = {i, 1, 0, 0, 1, &frame}});
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    ht_model_free(s_model);
    return 0;
}

static void make(uint64_t address, uint64_t size)
{
    feed((ht_event_t){.kind = HT_EVENT_ALLOC, .alloc = {address, size, FIRST, false}});
}

static void release(uint64_t address, bool by_realloc)
{
    feed((ht_event_t){.kind = HT_EVENT_FREE, .free = {address, by_realloc}});
}

static void relabel(uint64_t address)
{
    feed((ht_event_t){.kind = HT_EVENT_RELABEL, .relabel = {address, SECOND}});
}

static void put_back(uint64_t address)
{
    feed((ht_event_t){.kind = HT_EVENT_PUT_BACK,
                      .block = {.address = address, .size = 100, .origin = FIRST, .task = TASK}});
}

static uint32_t origin_of(const ht_step_t *step)
{
    const ht_model_view_t view = ht_model_view(s_model);
    return view.origin[view.flow[step->flow].origin].index;
}

static void expect(size_t number, ht_step_kind_t kind, uint64_t address, uint32_t origin)
{
    assert_in_range(number, 0, s_taken.count - 1);
    assert_int_equal(s_taken.step[number].kind, kind);
    assert_int_equal(s_taken.step[number].address, address);
    assert_int_equal(origin_of(&s_taken.step[number]), origin);
}

static void test_relabeled(void **state)
{
    (void)state;
    make(BLOCK, 100);
    make(OTHER, 50);
    relabel(BLOCK);
    release(BLOCK, false);
    ht_steps_flush(&s_steps);
    assert_int_equal(s_taken.count, 3);
    expect(0, HT_STEP_MADE, BLOCK, SECOND);
    expect(1, HT_STEP_MADE, OTHER, FIRST);
    expect(2, HT_STEP_FREED, BLOCK, SECOND);
    assert_int_equal(s_taken.step[2].time_us - s_taken.step[2].made_us, 30);
}

static void test_realloc_that_failed(void **state)
{
    (void)state;
    make(BLOCK, 100);
    release(BLOCK, true);
    make(OTHER, 50);
    put_back(BLOCK);
    ht_steps_flush(&s_steps);
    assert_int_equal(s_taken.count, 2);
    expect(0, HT_STEP_MADE, BLOCK, FIRST);
    expect(1, HT_STEP_MADE, OTHER, FIRST);
}

/* So many other steps that nothing of before waits any more. */
static void pass_time(void)
{
    for (unsigned i = 0; i < HT_STEPS_WAITING; i++) {
        make(OTHER, 8);
        release(OTHER, false);
    }
}

static void test_too_late(void **state)
{
    (void)state;
    make(BLOCK, 100);
    pass_time();
    relabel(BLOCK);
    ht_steps_flush(&s_steps);
    expect(0, HT_STEP_MADE, BLOCK, FIRST);
    expect(s_taken.count - 2, HT_STEP_VANISHED, BLOCK, FIRST);
    expect(s_taken.count - 1, HT_STEP_CARRIED, BLOCK, SECOND);
    assert_int_equal(s_taken.count, 3 + 2 * HT_STEPS_WAITING);
}

/* Blocks of pools lie in others, and are not told. */
static void test_pools(void **state)
{
    (void)state;
    feed((ht_event_t){.kind = HT_EVENT_HEAP, .heap = {3, 0, true, BLOCK, 0x100, {"pool", 4}}});
    make(BLOCK, 0x100);
    feed((ht_event_t){.kind = HT_EVENT_POOL_BLOCK, .pool = {false, BLOCK, 16, SECOND, 3}});
    feed((ht_event_t){.kind = HT_EVENT_POOL_BLOCK, .pool = {true, BLOCK, 16, SECOND, 3}});
    ht_steps_flush(&s_steps);
    assert_int_equal(s_taken.count, 1);
    expect(0, HT_STEP_MADE, BLOCK, FIRST);
}

static void test_in_order(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3 * HT_STEPS_WAITING; i++) {
        make(0x100000U + 16U * i, 8);
    }
    ht_steps_flush(&s_steps);
    assert_int_equal(s_taken.count, 3 * HT_STEPS_WAITING);
    for (unsigned i = 0; i < s_taken.count; i++) {
        assert_int_equal(s_taken.step[i].address, 0x100000U + 16U * i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_relabeled, begin, end),
        cmocka_unit_test_setup_teardown(test_realloc_that_failed, begin, end),
        cmocka_unit_test_setup_teardown(test_too_late, begin, end),
        cmocka_unit_test_setup_teardown(test_pools, begin, end),
        cmocka_unit_test_setup_teardown(test_in_order, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
