/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The model against a naive oracle, on random events: frees of unknown blocks, realloc() that
 * fails, blocks that change their origin, pools, marks, windows, losses with snapshots. After every
 * event the model is asked whether it adds up, now and then it is compared in every number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ht_format.h"
#include "ht_model.h"

enum { ORIGINS = 9, TASKS = 4, HEAPS = 3, BLOCKS_MAX = 300, POOL_HEAP = 3, FLOWS_MAX = 1000 };

#define HEAP_BYTES UINT64_C(0x100000)

typedef struct {
    uint64_t address, size, time;
    unsigned origin, task, heap;
    bool pool;
} block_t;

typedef struct {
    uint64_t live_blocks, live_bytes, total_blocks, total_bytes, freed, temporary, vanished;
    uint64_t carried;
} cell_t;

typedef struct {
    ht_model_t *model;
    uint64_t random, now;
    block_t block[BLOCKS_MAX];
    unsigned blocks;
    cell_t cell[ORIGINS][TASKS][HEAPS + 1];
    uint64_t last[TASKS]; /* address of a task's latest allocation */
    uint64_t peak, peak_of[ORIGINS], heap_peak[HEAPS + 1], heap_peak_of[HEAPS + 1][ORIGINS];
    uint64_t origin_peak[ORIGINS], lifetimes[ORIGINS][HT_LIFETIMES];
    uint64_t unknown_frees, made;
    bool deaf; /* the model does not hear what happens */
    uint32_t snapshots, marks;
    ht_flow_row_t told[FLOWS_MAX]; /* what the changes alone say */
} world_t;

static uint64_t next_random(world_t *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random;
}

static unsigned below(world_t *w, unsigned limit)
{
    return (unsigned)(next_random(w) >> 33) % limit;
}

/* --- what the model tells of each block ---------------------------------------------------------
 */

static void raise_told(ht_flow_row_t *flow, uint64_t size)
{
    flow->live_blocks++;
    flow->live_bytes += size;
}

static void lower_told(ht_flow_row_t *flow, uint64_t size)
{
    flow->live_blocks--;
    flow->live_bytes -= size;
}

static void on_change(void *context, const ht_model_t *model, const ht_change_t *change)
{
    world_t *w = context;
    ht_flow_row_t *flow = &w->told[change->flow];
    (void)model;
    assert_in_range(change->flow, 0, FLOWS_MAX - 1);
    switch (change->kind) {
    case HT_CHANGE_MADE:
        flow->total_blocks++;
        flow->total_bytes += change->size;
        raise_told(flow, change->size);
        break;
    case HT_CHANGE_CARRIED:
        flow->carried_blocks++;
        raise_told(flow, change->size);
        break;
    case HT_CHANGE_PUT_BACK:
        raise_told(flow, change->size);
        break;
    case HT_CHANGE_VANISHED:
        flow->vanished_blocks++;
        lower_told(flow, change->size);
        break;
    case HT_CHANGE_FREED:
        lower_told(flow, change->size);
        break;
    case HT_CHANGE_RELABELED:
        lower_told(&w->told[change->was], change->size);
        raise_told(flow, change->size);
        break;
    case HT_CHANGE_WINDOW:
        for (unsigned i = 0; i < FLOWS_MAX; i++) {
            w->told[i].total_blocks = w->told[i].total_bytes = w->told[i].vanished_blocks = 0;
            w->told[i].carried_blocks = w->told[i].live_blocks;
        }
        break;
    case HT_CHANGE_ANEW:
        memset(w->told, 0, sizeof(w->told));
        break;
    }
}

/* Only of a block that changed its origin the totals move, too: told apart by the user. */
static void compare_told(const world_t *w)
{
    ht_model_view_t view = ht_model_view(w->model);
    uint64_t made = 0, told = 0;
    for (uint32_t i = 0; i < view.flows; i++) {
        const ht_flow_row_t *a = &view.flow[i], *b = &w->told[i];
        assert_int_equal(a->live_blocks, b->live_blocks);
        assert_int_equal(a->live_bytes, b->live_bytes);
        assert_int_equal(a->vanished_blocks, b->vanished_blocks);
        made += a->total_blocks + a->carried_blocks;
        told += b->total_blocks + b->carried_blocks;
    }
    assert_int_equal(made, told);
}

static void feed(world_t *w, ht_event_t event)
{
    if (w->deaf) { return; }
    event.time_us = w->now;
    event.boot = 7;
    ht_model_event(w->model, &event);
    const char *wrong = ht_model_check(w->model);
    if (wrong != NULL) {
        fail_msg("event of kind %d at %llu: %s", event.kind, (unsigned long long)w->now, wrong);
    }
    compare_told(w);
}

/* --- the oracle ---------------------------------------------------------------------------------
 */

static cell_t *cell_of(world_t *w, const block_t *b)
{
    return &w->cell[b->origin][b->task][b->heap];
}

static uint64_t origin_bytes(const world_t *w, unsigned origin, int heap)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < w->blocks; i++) {
        const block_t *b = &w->block[i];
        bool there = heap < 0 ? true : heap == HEAPS + 1 ? !b->pool : b->heap == (unsigned)heap;
        bytes += b->origin == origin && there ? b->size : 0;
    }
    return bytes;
}

static void note_peaks(world_t *w)
{
    uint64_t total = 0, in_heap[HEAPS + 1] = {0};
    for (unsigned i = 0; i < w->blocks; i++) {
        total += w->block[i].pool ? 0 : w->block[i].size;
        in_heap[w->block[i].heap] += w->block[i].size;
    }
    for (unsigned o = 0; o < ORIGINS; o++) {
        uint64_t bytes = origin_bytes(w, o, -1);
        w->origin_peak[o] = bytes > w->origin_peak[o] ? bytes : w->origin_peak[o];
        if (total > w->peak) { w->peak_of[o] = origin_bytes(w, o, HEAPS + 1); }
        for (int h = 0; h <= HEAPS; h++) {
            if (in_heap[h] > w->heap_peak[h]) { w->heap_peak_of[h][o] = origin_bytes(w, o, h); }
        }
    }
    w->peak = total > w->peak ? total : w->peak;
    for (int h = 0; h <= HEAPS; h++) {
        w->heap_peak[h] = in_heap[h] > w->heap_peak[h] ? in_heap[h] : w->heap_peak[h];
    }
}

static int find(const world_t *w, uint64_t address, bool pool)
{
    for (unsigned i = 0; i < w->blocks; i++) {
        if (w->block[i].address == address && w->block[i].pool == pool) { return (int)i; }
    }
    return -1;
}

static void enter(world_t *w, block_t b)
{
    cell_t *cell = cell_of(w, &b);
    cell->live_blocks++;
    cell->live_bytes += b.size;
    w->block[w->blocks++] = b;
    note_peaks(w);
}

static void leave(world_t *w, int at)
{
    cell_t *cell = cell_of(w, &w->block[at]);
    cell->live_blocks--;
    cell->live_bytes -= w->block[at].size;
    w->block[at] = w->block[--w->blocks];
}

static void note_life(world_t *w, const block_t *b)
{
    uint64_t lived = w->now - b->time;
    unsigned bucket = 0;
    while (lived >> bucket != 0) {
        bucket++;
    }
    w->lifetimes[b->origin][bucket]++;
}

/* --- what happens -------------------------------------------------------------------------------
 */

static void make(world_t *w)
{
    block_t b = {.size = below(w, 400), .time = w->now, .origin = below(w, ORIGINS)};
    b.task = below(w, TASKS);
    b.heap = below(w, HEAPS); /* 0: in no heap that is known */
    b.address = (b.heap + 1U) * HEAP_BYTES + 16U * below(w, 200);
    b.pool = below(w, 8) == 0;
    b.heap = b.pool ? POOL_HEAP : b.heap;
    if (w->blocks == BLOCKS_MAX || find(w, b.address, b.pool) >= 0) { return; }
    w->made++;
    cell_of(w, &b)->total_blocks++;
    cell_of(w, &b)->total_bytes += b.size;
    enter(w, b);
    if (b.pool) {
        feed(w, (ht_event_t){.kind = HT_EVENT_POOL_BLOCK,
                             .task = b.task,
                             .pool = {false, b.address, b.size, b.origin, POOL_HEAP}});
        return;
    }
    w->last[b.task] = b.address;
    feed(w, (ht_event_t){.kind = HT_EVENT_ALLOC,
                         .task = b.task,
                         .alloc = {b.address, b.size, b.origin, false}});
}

static void end_pool(world_t *w, int at)
{
    block_t b = w->block[at];
    note_life(w, &b);
    cell_of(w, &b)->freed++;
    leave(w, at);
    feed(w, (ht_event_t){.kind = HT_EVENT_POOL_BLOCK,
                         .task = b.task,
                         .pool = {true, b.address, 0, 0, POOL_HEAP}});
}

static void end(world_t *w)
{
    if (w->blocks == 0) { return; }
    int at = (int)below(w, w->blocks);
    block_t b = w->block[at];
    if (b.pool) {
        end_pool(w, at);
        return;
    }
    /* Half of them by who made them. */
    unsigned task = below(w, 2) == 0 ? b.task : below(w, TASKS);
    bool by_realloc = below(w, 4) == 0, fails = by_realloc && below(w, 2) == 0;
    bool temporary = w->last[task] == b.address && !by_realloc;
    w->last[task] = w->last[task] == b.address ? 0 : w->last[task];
    ht_event_t event = {.kind = HT_EVENT_FREE, .task = task, .free = {b.address, by_realloc}};
    if (!fails) {
        note_life(w, &b);
        cell_of(w, &b)->freed++;
        cell_of(w, &b)->temporary += temporary ? 1U : 0U;
        leave(w, at);
        feed(w, event);
        return;
    }
    feed(w, event);
    w->now += below(w, 5);
    feed(w, (ht_event_t){.kind = HT_EVENT_PUT_BACK,
                         .task = task,
                         .block = {.address = b.address,
                                   .size = b.size,
                                   .origin = b.origin,
                                   .task = b.task,
                                   .heap = b.heap,
                                   .age_us = w->now - b.time}});
}

static void end_unknown(world_t *w)
{
    uint64_t address = 0x8000000 + below(w, 64) * 16U;
    w->unknown_frees++;
    feed(w, (ht_event_t){.kind = HT_EVENT_FREE, .free = {address, false}});
}

static void relabel(world_t *w)
{
    if (w->blocks == 0) { return; }
    block_t *b = &w->block[below(w, w->blocks)];
    unsigned origin = below(w, ORIGINS);
    /* Right after it was made, as the device does it: so the peaks are of the new origin, too. */
    if (b->pool || b->time != w->now || cell_of(w, b)->total_blocks == 0) { return; }
    cell_t *from = cell_of(w, b);
    from->live_blocks--, from->live_bytes -= b->size;
    from->total_blocks--, from->total_bytes -= b->size;
    b->origin = origin;
    cell_t *to = cell_of(w, b);
    to->live_blocks++, to->live_bytes += b->size;
    to->total_blocks++, to->total_bytes += b->size;
    feed(w, (ht_event_t){.kind = HT_EVENT_RELABEL, .relabel = {b->address, origin}});
    note_peaks(w);
}

static ht_counters_t counters(const world_t *w)
{
    ht_counters_t c = {.total_blocks = w->made};
    for (unsigned i = 0; i < w->blocks; i++) {
        c.live_blocks += w->block[i].pool ? 0 : 1;
        c.live_bytes += w->block[i].pool ? 0 : w->block[i].size;
    }
    return c;
}

static void mark(world_t *w)
{
    w->marks++;
    feed(w, (ht_event_t){.kind = HT_EVENT_MARK, .mark = {w->marks, {"m", 1}, counters(w)}});
}

/* --- comparing ----------------------------------------------------------------------------------
 */

static void sum_flows(const ht_model_view_t *view, cell_t out[ORIGINS][TASKS][HEAPS + 1])
{
    memset(out, 0, sizeof(cell_t) * ORIGINS * TASKS * (HEAPS + 1));
    for (uint32_t i = 0; i < view->flows; i++) {
        const ht_flow_row_t *f = &view->flow[i];
        unsigned heap = f->heap == 0 ? 0 : view->heap[f->heap].index;
        cell_t *c = &out[view->origin[f->origin].index][view->task[f->task].index][heap];
        c->live_blocks += f->live_blocks;
        c->live_bytes += f->live_bytes;
        c->total_blocks += f->total_blocks;
        c->total_bytes += f->total_bytes;
        c->freed += ht_model_freed(f);
        c->temporary += f->temporary_blocks;
        c->vanished += f->vanished_blocks;
        c->carried += f->carried_blocks;
    }
}

static void compare_peaks(const world_t *w, const ht_model_view_t *view)
{
    uint64_t held[ORIGINS] = {0}, in_heap[HEAPS + 1][ORIGINS] = {0};
    for (uint32_t i = 0; i < view->flows; i++) {
        const ht_flow_row_t *f = &view->flow[i];
        unsigned o = view->origin[f->origin].index;
        held[o] += f->pool ? 0 : ht_model_at_peak(view, f).live_bytes;
        in_heap[f->heap == 0 ? 0 : view->heap[f->heap].index][o] +=
            ht_model_at_heap_peak(view, f).live_bytes;
    }
    assert_int_equal(view->peak_bytes, w->peak);
    assert_memory_equal(held, w->peak_of, sizeof(held));
    for (uint32_t i = 0; i < view->heaps; i++) {
        unsigned h = i == 0 ? 0 : view->heap[i].index;
        assert_int_equal(view->heap[i].peak_bytes, w->heap_peak[h]);
        assert_memory_equal(in_heap[h], w->heap_peak_of[h], sizeof(in_heap[h]));
    }
}

typedef struct {
    const world_t *w;
    unsigned seen;
} walk_t;

static bool see_block(void *context, const ht_live_row_t *row)
{
    walk_t *walk = context;
    int at = find(walk->w, row->address, row->pool);
    assert_true(at >= 0);
    assert_int_equal(walk->w->block[at].size, row->size);
    walk->seen++;
    return true;
}

static void compare_live(const world_t *w)
{
    walk_t walk = {w, 0};
    ht_model_each_block(w->model, see_block, &walk);
    assert_int_equal(walk.seen, w->blocks);
}

static void compare(const world_t *w)
{
    static cell_t got[ORIGINS][TASKS][HEAPS + 1];
    ht_model_view_t view = ht_model_view(w->model);
    sum_flows(&view, got);
    assert_memory_equal(got, w->cell, sizeof(got));
    assert_int_equal(view.unknown_frees, w->unknown_frees);
    assert_int_equal(view.mismatches, 0);
    for (uint32_t i = 0; i < view.origins; i++) {
        unsigned o = view.origin[i].index;
        assert_int_equal(view.origin[i].peak_bytes, w->origin_peak[o]);
        for (unsigned b = 0; b < HT_LIFETIMES; b++) {
            assert_int_equal(view.origin[i].lifetimes[b], w->lifetimes[o][b]);
        }
    }
    compare_peaks(w, &view);
    compare_live(w);
}

/* --- the runs -----------------------------------------------------------------------------------
 */

static void begin(world_t *w, uint64_t seed)
{
    memset(w, 0, sizeof(*w));
    w->random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1U;
    w->now = 1000;
    w->model = ht_model_new(&(ht_model_options_t){.change = on_change, .change_context = w});
    assert_non_null(w->model);
    feed(w, (ht_event_t){.kind = HT_EVENT_BOOT});
    for (unsigned h = 1; h < HEAPS; h++) {
        feed(w, (ht_event_t){.kind = HT_EVENT_HEAP,
                             .heap = {h, 4, false, (h + 1U) * HEAP_BYTES, HEAP_BYTES, {"h", 1}}});
    }
    feed(w, (ht_event_t){.kind = HT_EVENT_HEAP,
                         .heap = {POOL_HEAP, 4, true, HEAP_BYTES, HEAP_BYTES, {"p", 1}}});
}

static void something(world_t *w)
{
    unsigned what = below(w, 100);
    w->now += below(w, 3) == 0 ? below(w, 100) : 0;
    if (what < 50) {
        make(w);
    } else if (what < 88) {
        end(w);
    } else if (what < 90) {
        end_unknown(w);
    } else if (what < 96) {
        relabel(w);
    } else {
        mark(w);
    }
}

/* Totals begin anew, what lives is carried. */
static void window(world_t *w)
{
    ht_model_begin_window(w->model, w->now);
    memset(w->cell, 0, sizeof(w->cell));
    memset(w->lifetimes, 0, sizeof(w->lifetimes));
    memset(w->heap_peak, 0, sizeof(w->heap_peak));
    memset(w->origin_peak, 0, sizeof(w->origin_peak));
    memset(w->peak_of, 0, sizeof(w->peak_of));
    memset(w->heap_peak_of, 0, sizeof(w->heap_peak_of));
    w->peak = 0;
    w->unknown_frees = 0;
    for (unsigned i = 0; i < w->blocks; i++) {
        cell_t *cell = cell_of(w, &w->block[i]);
        cell->live_blocks++, cell->carried++;
        cell->live_bytes += w->block[i].size;
    }
    note_peaks(w);
    assert_null(ht_model_check(w->model));
}

static void random_events(void **state)
{
    (void)state;
    static world_t w;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        begin(&w, seed);
        for (unsigned i = 0; i < 4000; i++) {
            if (i == 2500) {
                w.now++;
                window(&w);
                w.now++;
            }
            something(&w);
            if (i % 50 == 0) { compare(&w); }
        }
        compare(&w);
        ht_model_free(w.model);
    }
}

static void snapshot(world_t *w)
{
    w->snapshots++;
    feed(w, (ht_event_t){.kind = HT_EVENT_SNAPSHOT, .snapshot = {w->snapshots, w->blocks, false}});
    for (unsigned i = 0; i < w->blocks; i++) {
        const block_t *b = &w->block[i];
        feed(w, (ht_event_t){.kind = HT_EVENT_SNAPSHOT_BLOCK,
                             .block = {.address = b->address,
                                       .size = b->size,
                                       .age_us = w->now - b->time,
                                       .origin = b->origin,
                                       .task = b->task,
                                       .heap = b->heap,
                                       .pool = b->pool}});
    }
    feed(w,
         (ht_event_t){.kind = HT_EVENT_SNAPSHOT_END, .snapshot = {w->snapshots, w->blocks, true}});
}

/* After events were lost, a snapshot tells what lives: all of it, and nothing else. */
static void losses(void **state)
{
    (void)state;
    static world_t w;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        begin(&w, seed);
        for (unsigned i = 0; i < 40; i++) {
            for (unsigned k = 0; k < 40; k++) {
                something(&w);
            }
            w.deaf = true;
            for (unsigned k = below(&w, 60); k > 0; k--) {
                something(&w);
            }
            w.deaf = false;
            w.now++;
            feed(&w, (ht_event_t){.kind = HT_EVENT_LOSS, .loss = {HT_LOSS_RING_FULL, 2, 1}});
            snapshot(&w);
            compare_live(&w);
            mark(&w);
            assert_int_equal(ht_model_view(w.model).mismatches, 0);
        }
        ht_model_free(w.model);
    }
}

/* A model that lost nothing and still has other blocks than the device says so. */
static void mismatch_is_said(void **state)
{
    (void)state;
    static world_t w;
    begin(&w, 3);
    for (unsigned k = 0; k < 200; k++) {
        something(&w);
    }
    ht_counters_t c = counters(&w);
    c.live_bytes++;
    feed(&w, (ht_event_t){.kind = HT_EVENT_MARK, .mark = {99, {"m", 1}, c}});
    ht_model_view_t view = ht_model_view(w.model);
    assert_int_equal(view.mismatches, 1);
    assert_true(view.mark[view.mark_rows - 1U].differs);
    feed(&w, (ht_event_t){.kind = HT_EVENT_LOSS, .loss = {HT_LOSS_RING_FULL, 0, 1}});
    feed(&w, (ht_event_t){.kind = HT_EVENT_MARK, .mark = {100, {"m", 1}, c}});
    assert_int_equal(ht_model_view(w.model).mismatches, 1);
    ht_model_free(w.model);
}

/* A task that is first seen in a free gets a row then, which may move all rows. */
static void first_seen_in_a_free(void **state)
{
    (void)state;
    ht_model_t *model = ht_model_new(NULL);
    for (uint32_t i = 1; i <= 500; i++) {
        ht_event_t made = {.kind = HT_EVENT_ALLOC, .time_us = i, .alloc = {i * 16U, 8, 1, false}};
        ht_event_t freed = {.kind = HT_EVENT_FREE, .time_us = i, .task = i};
        freed.free.address = i * 16U;
        ht_model_event(model, &made);
        ht_model_event(model, &freed);
        assert_null(ht_model_check(model));
    }
    ht_model_view_t view = ht_model_view(model);
    assert_int_equal(view.tasks, 502);
    assert_int_equal(view.freed_blocks, 500);
    assert_int_equal(view.temporary_blocks, 0);
    ht_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_events),
        cmocka_unit_test(losses),
        cmocka_unit_test(mismatch_is_said),
        cmocka_unit_test(first_seen_in_a_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
