/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Flows of a model: more than its cache has cells, and more than a cell can name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ht_format.h"
#include "ht_model.h"

enum { HEAPS = 3, ROUNDS = 3 };

typedef struct {
    uint32_t origins, tasks;
} grid_t;

/* More than a cell can name; and tasks of one origin that share cells, in one heap and in two. */
static const grid_t s_many = {2000, 12}, s_tall = {1, 9000};

_Static_assert(2000 * 12 * HEAPS > UINT16_MAX, "more than a cell can name");

#define HEAP_BYTES UINT64_C(0x10000000)

static void define_heaps(ht_model_t *model)
{
    for (uint32_t i = 0; i < HEAPS; i++) {
        ht_event_t event = {.kind = HT_EVENT_HEAP};
        event.heap.index = i;
        event.heap.start = (i + 1U) * HEAP_BYTES;
        event.heap.bytes = HEAP_BYTES;
        ht_model_event(model, &event);
    }
}

/* Each flow has a size of its own. */
static uint64_t size_of(uint32_t flow)
{
    return 1U + flow;
}

static void make(ht_model_t *model, const grid_t *grid, uint32_t flow, uint32_t round)
{
    const uint32_t heap = flow % HEAPS, task = flow / HEAPS % grid->tasks;
    const uint32_t origin = flow / HEAPS / grid->tasks;
    const uint64_t address = (heap + 1U) * HEAP_BYTES + (flow * ROUNDS + round) * UINT64_C(16);
    const ht_event_t event = {.kind = HT_EVENT_ALLOC,
                              .time_us = round,
                              .task = 1U + task,
                              .alloc = {address, size_of(flow), 1U + origin, false}};
    ht_model_event(model, &event);
}

/* Neighbours come one after the other, and those that are far apart. */
static void each_has_its_own(const grid_t *grid)
{
    const uint32_t flows = grid->origins * grid->tasks * HEAPS;
    ht_model_t *model = ht_model_new(NULL);
    define_heaps(model);
    for (uint32_t i = 0; i < flows; i++) {
        make(model, grid, i, 0);
        make(model, grid, flows - 1U - i, 1);
        make(model, grid, (uint32_t)(i * UINT64_C(7919) % flows), 2); /* a prime, no factor of it */
    }
    const ht_model_view_t view = ht_model_view(model);
    assert_int_equal(view.flows, flows);
    for (uint32_t i = 0; i < view.flows; i++) {
        const ht_flow_row_t *row = &view.flow[i];
        const uint32_t origin = view.origin[row->origin].index - 1U;
        const uint32_t task = view.task[row->task].index - 1U;
        const uint32_t heap = view.heap[row->heap].index;
        assert_int_equal(row->live_blocks, ROUNDS);
        assert_int_equal(row->live_bytes,
                         ROUNDS * size_of((origin * grid->tasks + task) * HEAPS + heap));
    }
    assert_null(ht_model_check(model));
    ht_model_free(model);
}

static void test_many_origins(void **state)
{
    (void)state;
    each_has_its_own(&s_many);
}

static void test_many_tasks(void **state)
{
    (void)state;
    each_has_its_own(&s_tall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_many_origins),
                                       cmocka_unit_test(test_many_tasks)};
    return cmocka_run_group_tests_name("flows", tests, NULL, NULL);
}
