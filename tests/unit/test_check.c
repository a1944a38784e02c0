/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The validator must be able to fail: damage each table in turn, and see it say so. */
#include <string.h>

#include "unit.h"

static ht_tracker_t s_tracker;
static const heaptrail_site_t s_sites[8];

static int make(void **state)
{
    (void)state;
    fake_port_reset();
    unit_make(&s_tracker, &unit_sizes);
    static const uintptr_t frames[] = {1, 2, 3};
    assert_true(ht_tracker_add_heap(&s_tracker, 0x1000, 0x400, 1, "h"));
    for (uint32_t i = 0; i < 60; i++) {
        unit_be(0x2000 + 0x100 * (i % 5U), "t");
        const ht_origin_key_t key = {.site = &s_sites[i % 8U], .frames = frames, .depth = i % 4U};
        ht_tracker_add(&s_tracker, 0x1000 + 32U * i, 10 + i,
                       ht_origin_intern(&s_tracker.origins, &s_tracker.lock, &key));
    }
    unit_check(&s_tracker);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    unit_free(&s_tracker);
    return 0;
}

static ht_record_t *record(void)
{
    return ht_table_find(&s_tracker.table, 0x1000 + 32 * 7);
}

static void expect(const char *what)
{
    const char *wrong = ht_check(&s_tracker);
    assert_non_null(wrong);
    assert_string_equal(wrong, what);
}

static void set_who(uint32_t origin, uint32_t task, uint32_t heap)
{
    record()->who =
        ht_record_who((ht_origin_id_t){origin}, (ht_task_id_t){task}, (ht_heap_id_t){heap}, 0);
}

static void test_size_of_a_record(void **state)
{
    (void)state;
    record()->what += ht_record_what(1, 0);
    expect("origin: live bytes");
}

static void test_heap_of_a_record(void **state)
{
    (void)state;
    const uint32_t origin = ht_record_origin(record()).index;
    const uint32_t task = ht_record_task(record()).index;
    set_who(origin, task, 0);
    expect("record: heap is not that of its address");
    set_who(origin, task, 9);
    expect("record: heap out of range");
}

static void test_owners_of_a_record(void **state)
{
    (void)state;
    const ht_word_t good = record()->who;
    set_who(s_tracker.origins.count + 1U, HT_TASK_FIRST, 0);
    expect("record: origin out of range");
    set_who(1, s_tracker.tasks.row_count, 0);
    expect("record: task out of range");
    record()->who = good;
    unit_check(&s_tracker);
    uint32_t origin = ht_record_origin(record()).index;
    uint32_t task = ht_record_task(record()).index;
    uint32_t heap = ht_record_heap(record()).index;
    set_who(origin, task == HT_TASK_FIRST ? task + 1U : HT_TASK_FIRST, heap);
    expect("task: live blocks");
    set_who(origin == 1 ? 2 : 1, task, heap);
    expect("origin: live blocks");
}

static void test_stamp_of_a_record(void **state)
{
    (void)state;
    record()->tick = s_tracker.last.tick + 1U;
    expect("record: stamp later than the newest");
}

static void test_record_that_is_not_where_one_looks(void **state)
{
    (void)state;
    ht_record_t *from = record();
    uint32_t hash = ht_table_hash(from->address);
    for (uint32_t b = 0; b < s_tracker.table.bucket_count; b++) {
        ht_record_t *to = NULL;
        if (b != ht_table_first(&s_tracker.table, hash) &&
            b != ht_table_second(&s_tracker.table, hash)) {
            to = ht_bucket_take(&s_tracker.table.buckets[b]);
        }
        if (to != NULL) {
            *to = *from;
            from->address = HT_ADDRESS_EMPTY;
            break;
        }
    }
    expect("record: in a bucket where nobody looks");
}

static void test_record_that_is_there_twice(void **state)
{
    (void)state;
    ht_record_t copy = *record();
    *ht_table_insert(&s_tracker.table, copy.address) = copy;
    expect("record: address is there twice");
}

static void test_counts_of_the_table(void **state)
{
    (void)state;
    s_tracker.table.count++;
    expect("table: count");
    s_tracker.table.count--;
    s_tracker.table.stash_count++;
    expect("table: stash count");
    s_tracker.table.stash_count--;
    s_tracker.table.limit = 59;
    expect("table: over its limit");
}

static void test_record_that_vanished(void **state)
{
    (void)state;
    record()->address = HT_ADDRESS_EMPTY;
    expect("table: count");
}

static void test_counters(void **state)
{
    (void)state;
    ht_origin_t *origin = &s_tracker.origins.origins[1];
    ht_task_t *task = &s_tracker.tasks.rows[HT_TASK_FIRST];
    ht_heap_t *heap = &s_tracker.heaps.row[1];
#define DAMAGE(lvalue, value, what)                                                                \
    do {                                                                                           \
        const ht_tracker_t kept = s_tracker;                                                       \
        const ht_origin_t kept_origin = *origin;                                                   \
        const ht_task_t kept_task = *task;                                                         \
        (lvalue) = (value);                                                                        \
        expect(what);                                                                              \
        s_tracker = kept;                                                                          \
        *origin = kept_origin;                                                                     \
        *task = kept_task;                                                                         \
        unit_check(&s_tracker);                                                                    \
    } while (0)
    DAMAGE(origin->total_blocks, 999, "origin: live blocks");
    DAMAGE(origin->freed_beyond, 1, "origin: live blocks");
    DAMAGE(origin->dropped_blocks, 1, "origin: live blocks");
    DAMAGE(origin->live_bytes, 1, "origin: live bytes");
    DAMAGE(origin->peak_bytes, 1, "origin: peak below live");
    DAMAGE(origin->total_bytes.all, 1, "origin: total below live");
    DAMAGE(task->total_blocks, 999, "task: live blocks");
    DAMAGE(task->live_bytes, 1, "task: live bytes");
    DAMAGE(task->peak_bytes, 1, "task: peak below live");
    DAMAGE(heap->freed_blocks, 3, "heap: live blocks");
    DAMAGE(heap->live_bytes, 3, "heap: live bytes");
    DAMAGE(heap->peak_bytes, 3, "heap: peak below live");
    DAMAGE(s_tracker.heaps.row[0].live_bytes, 0, "heap: live bytes");
    DAMAGE(s_tracker.tally.who, ~(ht_word_t)0, "tally: more than a task and a heap");
    DAMAGE(s_tracker.tally.task, NULL, "tally: task");
    DAMAGE(s_tracker.tally.heap, NULL, "tally: heap");
    DAMAGE(s_tracker.origins.frames_used, 0xffff, "origins: frames used");
    DAMAGE(s_tracker.origins.frames_used, 0, "origin: frames out of the depot");
}

static void test_key_of_an_origin(void **state)
{
    (void)state;
    ht_origin_t *origin = &s_tracker.origins.origins[4];
    const ht_origin_t good = *origin;
    origin->hash++;
    expect("origin: hash");
    *origin = good;
    origin->site = NULL;
    expect("origin: hash");
    *origin = good;
    origin->depth = HT_STACK_DEPTH_MAX + 1;
    expect("origin: depth");
    *origin = good;
    origin->frame_first = UINT32_MAX - 1U; /* far outside of the depot: not to be read */
    expect("origin: frames out of the depot");
    *origin = good;
    s_tracker.origins.frames[good.frame_first] ^= 4;
    expect("origin: hash");
}

static void test_index_of_origins(void **state)
{
    (void)state;
    uint32_t at = 0;
    /* One with a gap behind it: then no other origin is looked for through this entry. */
    while (s_tracker.origins.index[at] == 0 ||
           s_tracker.origins.index[(at + 1U) & s_tracker.origins.index_mask] != 0) {
        at++;
    }
    const ht_origin_slot_t good = s_tracker.origins.index[at];
    s_tracker.origins.index[at] = (ht_origin_slot_t)(s_tracker.origins.count + 1U);
    expect("origins: index leads nowhere");
    s_tracker.origins.index[at] = 0;
    expect("origin: it is not in the index");
    s_tracker.origins.index[at] = good == 1 ? 2 : 1;
    assert_non_null(ht_check(&s_tracker));
}

static void test_index_and_keys_of_tasks(void **state)
{
    (void)state;
    uint32_t at = 0;
    while (s_tracker.tasks.index[at] == 0) {
        at++;
    }
    const uint16_t good = s_tracker.tasks.index[at];
    s_tracker.tasks.index[at] = 200;
    expect("tasks: index leads nowhere");
    s_tracker.tasks.index[at] = HT_TASK_ISR_0;
    expect("tasks: index leads nowhere");
    s_tracker.tasks.index[at] = 0;
    assert_non_null(ht_check(&s_tracker));
    s_tracker.tasks.index[at] = good;
    unit_check(&s_tracker);
    s_tracker.tasks.rows[good].used = HT_TASK_GONE;
    expect("tasks: as many alive as in the index");
    s_tracker.tasks.rows[good].used = HT_TASK_ALIVE;
    s_tracker.tasks.rows[good].key += 0x123450;
    expect("task: its key does not lead to it");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)
    const struct CMUnitTest tests[] = {
        T(test_size_of_a_record),
        T(test_heap_of_a_record),
        T(test_owners_of_a_record),
        T(test_stamp_of_a_record),
        T(test_record_that_is_not_where_one_looks),
        T(test_record_that_is_there_twice),
        T(test_counts_of_the_table),
        T(test_record_that_vanished),
        T(test_counters),
        T(test_key_of_an_origin),
        T(test_index_of_origins),
        T(test_index_and_keys_of_tasks),
    };
    return cmocka_run_group_tests(tests, unit_setup, NULL);
}
