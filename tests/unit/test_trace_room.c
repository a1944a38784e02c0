/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* No room at each event in turn, in the ring and at the sink: what is lost is told, to the event
 * and by its cause, and after it the reader knows what lives, to the byte. */
#include "ht_pool.h"
#include "trace_fixture.h"

#define POOL BLOCK(1000)

static trace_fixture_t s_trace;
static ht_heap_id_t s_pool;

/* --- a program, one kind of event after the other ---------------------------------------------
 */

static ht_origin_id_t origin(uint32_t caps)
{
    return fixture_origin(&s_trace, caps);
}

static void add(uint32_t n, size_t size)
{
    fixture_add(&s_trace, n, size);
}

static void add_first(void)
{
    add(1, 100);
}

static void add_second(void)
{
    add(2, 200);
}

static void remove_first(void)
{
    ht_tracker_remove(&s_trace.tracker, BLOCK(1));
}

static void realloc_fails(void)
{
    ht_tracker_put_back(&s_trace.tracker, ht_tracker_hold(&s_trace.tracker, BLOCK(2)));
}

static void realloc_moves(void)
{
    ht_hold_t hold = ht_tracker_hold(&s_trace.tracker, BLOCK(2));
    ht_tracker_drop_held(&s_trace.tracker, hold);
    add(3, 300);
}

static void relabel(void)
{
    (void)ht_tracker_relabel(&s_trace.tracker, BLOCK(3), origin(77));
}

static void request_fails(void)
{
    ht_failure_t failure = {.size = 1000, .origin = origin(3), .caps = 3};
    ht_tracker_fail(&s_trace.tracker, &failure);
}

static void mark(void)
{
    bool traced;
    (void)ht_trace_mark(&s_trace.tracker, "lost or not", &traced);
    assert_true(traced);
}

static void other_task(void)
{
    unit_be(0x2000, "net");
    g_fake.core = 1;
    add(4, 40);
}

static void name_task(void)
{
    ht_tracker_task_named(&s_trace.tracker, 0x2000, "wifi");
}

static void end_task(void)
{
    unit_be(0x1000, "main");
    g_fake.core = 0;
    ht_tracker_task_gone(&s_trace.tracker, 0x2000);
}

static void add_heap(void)
{
    if (s_trace.tracker.heaps.count > 1) { return; }
    ht_tracker_add_heap(&s_trace.tracker, 0x50000000, 1U << 20, 2, "SPIRAM");
}

static void add_pool(void)
{
    bool overlaps;
    s_pool = ht_pool_add(&s_trace.tracker, POOL, 6400, "pool", &overlaps);
}

static void make_pooled(void)
{
    (void)ht_pool_make(&s_trace.tracker, s_pool, POOL, 32, origin(4));
    (void)ht_pool_make(&s_trace.tracker, s_pool, POOL + 64U, 48, origin(4));
}

static void end_pooled(void)
{
    (void)ht_pool_end(&s_trace.tracker, s_pool, POOL);
}

static void free_unknown(void)
{
    ht_tracker_remove(&s_trace.tracker, BLOCK(500));
}

static void reset(void)
{
    ht_tracker_reset(&s_trace.tracker);
    add(6, 60);
}

/* So that it can begin again. */
static void clear(void)
{
    uint32_t ended;
    for (uint32_t n = 1; n < 7; n++) {
        ht_tracker_remove(&s_trace.tracker, BLOCK(n));
    }
    (void)ht_pool_remove(&s_trace.tracker, s_pool, &ended);
}

static void (*const s_program[])(void) = {
    add_first,  add_second,   remove_first, realloc_fails, realloc_moves, relabel,    request_fails,
    mark,       other_task,   name_task,    end_task,      add_heap,      add_pool,   make_pooled,
    end_pooled, free_unknown, add_first,    reset,         add_second,    other_task, clear,
};

/* --- what the reader knows ---------------------------------------------------------------------
 */

static void begin(uint32_t ring_events, bool pauses)
{
    fixture_make(&s_trace);
    unit_be(0x1000, "main");
    fixture_trace(&s_trace, ring_events, pauses);
    fixture_poll(&s_trace);
}

static void expect_block(const ht_record_t *record)
{
    const reader_block_t *block = reader_find(&s_trace.reader, ht_record_block(record));
    assert_non_null(block);
    assert_int_equal(block->size, ht_record_size(record));
    assert_int_equal(block->origin, ht_record_origin(record).index);
    assert_true(s_trace.reader.origins[block->origin].defined);
    if (ht_record_is_pooled(record)) { return; }
    assert_int_equal(block->task, ht_record_task(record).index);
    assert_string_equal(s_trace.reader.tasks[block->task].name,
                        s_trace.tracker.tasks.rows[block->task].name);
}

/* What lives: every record of the table, and no block more. */
static void expect_the_table(void)
{
    const ht_tracker_t *tracker = &s_trace.tracker;
    uint32_t live = 0;
    for (uint32_t b = 0; b <= tracker->table.bucket_count; b++) {
        for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
            const ht_record_t *record = &tracker->table.buckets[b].slot[i];
            if (!ht_record_is_live(record)) { continue; }
            expect_block(record);
            live += !ht_record_is_pooled(record);
        }
    }
    assert_int_equal(reader_live(&s_trace.reader).live_blocks, live);
    for (uint32_t id = 1; id <= tracker->heaps.count; id++) {
        if (tracker->heaps.row[id].kind == HT_HEAP_GONE) { continue; }
        assert_string_equal(s_trace.reader.heaps[id].name, tracker->heaps.row[id].name);
    }
}

/* Each number was written or told as lost; and then nothing is unknown any more. */
static void expect_all_told(void)
{
    for (int i = 0; i < 4; i++) {
        fixture_poll(&s_trace);
    }
    const ht_drain_t *drain = &s_trace.drain;
    assert_int_equal(s_trace.reader.lost[1], drain->trace.lost[HT_LOST_FULL]);
    assert_int_equal(s_trace.reader.lost[2], drain->trace.lost[HT_LOST_SLOW]);
    assert_int_equal(drain->events + s_trace.reader.lost[1] + s_trace.reader.lost[2],
                     drain->trace.next);
    assert_true(s_trace.reader.exact);
    expect_the_table();
    fixture_mark(&s_trace, "begun");
    add(7, 70);
    fixture_mark(&s_trace, "after");
    assert_true(s_trace.reader.marks[(s_trace.reader.mark_count - 1U) % READER_MARKS].exact);
}

static void end(void)
{
    s_trace.reader.ends = 0; /* those of pauses */
    fixture_end(&s_trace);
    fixture_drop(&s_trace);
}

/* --- no room -----------------------------------------------------------------------------------
 */

static void set_room(uint32_t room)
{
    for (uint32_t core = 0; core < HT_PORT_CORES; core++) {
        s_trace.drain.trace.ring[core].room = room;
    }
}

/* Steps `from` .. `from + count - 1` find the ring full, or the sink slow; a poll after each
 * `every` steps. */
static void play(uint32_t from, uint32_t count, uint32_t every, uint32_t slow)
{
    uint32_t lost = 0;
    begin(256, false);
    for (uint32_t i = 0; i < ENTRIES(s_program); i++) {
        uint32_t before = s_trace.drain.trace.next;
        bool full = i >= from && i < from + count;
        if (full) {
            set_room(0);
            s_trace.drain.trace.slow = slow;
        }
        s_program[i]();
        if (full) { lost += s_trace.drain.trace.next - before; }
        set_room(256);
        if (i % every == 0) { fixture_poll(&s_trace); }
    }
    assert_int_equal(s_trace.drain.trace.lost[slow != 0 ? HT_LOST_SLOW : HT_LOST_FULL], lost);
    assert_int_equal(s_trace.drain.trace.lost[slow != 0 ? HT_LOST_FULL : HT_LOST_SLOW], 0);
    assert_true(lost >= count - 1U || from + count > ENTRIES(s_program));
    expect_all_told();
    end();
}

static void test_no_room_at_each_event(void **state)
{
    (void)state;
    for (uint32_t from = 0; from < ENTRIES(s_program); from++) {
        for (uint32_t count = 1; count <= 5; count += 2) {
            for (uint32_t every = 1; every <= 100; every *= 10) {
                play(from, count, every, 0);
                play(from, count, every, 1);
            }
        }
    }
}

/* A ring of 16 slots and a sink that takes nothing at its n-th call and the next ones; by turns
 * with a pause at a loss. */
static void test_a_sink_that_is_full_at_each_call(void **state)
{
    (void)state;
    uint64_t lost = 0;
    for (uint32_t n = 0; n < 60; n++) {
        begin(16, n % 2U != 0);
        uint32_t refuse_at = s_trace.calls + n;
        for (uint32_t round = 0; round < 3; round++) {
            for (uint32_t i = 0; i < ENTRIES(s_program); i++) {
                s_program[i]();
                if (s_trace.calls >= refuse_at && refuse_at != 0) {
                    s_trace.refuses = 25;
                    refuse_at = 0;
                }
                (void)ht_drain_poll(&s_trace.drain);
            }
        }
        s_trace.refuses = 0;
        expect_all_told();
        lost += s_trace.reader.lost[1] + s_trace.reader.lost[2];
        end();
    }
    assert_true(lost > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_room_at_each_event),
        cmocka_unit_test(test_a_sink_that_is_full_at_each_call),
    };
    return cmocka_run_group_tests_name("trace room", tests, NULL, NULL);
}
