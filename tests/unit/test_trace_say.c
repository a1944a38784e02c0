/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Records that somebody else makes (what a search for leaks found) go through the ring in pieces:
 * whole or not at all, in their place among the events, and never at the cost of these. */
#include "trace_fixture.h"

#define RING 64U

static trace_fixture_t s_trace;

static int setup(void **state)
{
    (void)state;
    fixture_make(&s_trace);
    reader_init(&s_trace.reader);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unit_free(&s_trace.tracker);
    return 0;
}

static void again(void)
{
    (void)teardown(NULL);
    (void)setup(NULL);
}

static void add(uint32_t n, uint32_t from)
{
    ht_tracker_add(&s_trace.tracker, BLOCK(n), 16 + n, unit_origin(&s_trace.tracker, NULL, from));
}

static bool say(uint32_t tag, uint32_t origin, ht_bytes_t *bytes)
{
    bool traced = false;
    const ht_trace_said_t said = {
        .tag = tag, .origin = origin, .bytes = bytes->bytes, .length = bytes->used};
    bool fits = ht_trace_say(&s_trace.tracker, &said, &traced);
    assert_true(traced);
    return fits;
}

/* Numbers that are all large: several pieces. */
static bool say_search(uint64_t number, uint64_t suspects)
{
    uint8_t buffer[HT_TRACE_SAID_MAX];
    ht_bytes_t bytes = {.bytes = buffer, .room = sizeof(buffer)};
    ht_bytes_varint(&bytes, number);
    ht_bytes_varint(&bytes, suspects);
    for (uint32_t i = 2; i < 34; i++) {
        ht_bytes_varint(&bytes, UINT64_C(1000000000000) + i);
    }
    assert_true(bytes.used > 6U * HT_TRACE_PIECE && bytes.used <= sizeof(buffer));
    return say(HT_TAG_SEARCH, 0, &bytes);
}

static bool say_suspect(uint64_t number, uint64_t rank, uint32_t origin)
{
    uint8_t buffer[HT_TRACE_SAID_MAX];
    ht_bytes_t bytes = {.bytes = buffer, .room = sizeof(buffer)};
    const uint64_t head[] = {number, rank, origin, 3, 1, 5, 500};
    for (uint32_t i = 0; i < 7; i++) {
        ht_bytes_varint(&bytes, head[i]);
    }
    for (uint32_t i = 0; i < 8; i++) {
        ht_bytes_varint(&bytes, i);
    }
    return say(HT_TAG_SUSPECT, origin, &bytes);
}

static void test_a_record_of_many_pieces_comes_whole(void **state)
{
    (void)state;
    fixture_begin(&s_trace, RING);
    add(1, 1);
    assert_true(say_search(7, 1));
    add(2, 2);
    fixture_poll(&s_trace);
    const reader_t *reader = &s_trace.reader;
    assert_int_equal(reader->searches, 1);
    assert_int_equal(reader->search[0], 7);
    for (uint32_t i = 2; i < 34; i++) {
        assert_int_equal(reader->search[i], UINT64_C(1000000000000) + i);
    }
    fixture_mark(&s_trace, "after");
    fixture_end(&s_trace);
}

/* The origin of a suspect is defined before it, even if it was never traced. */
static void test_what_it_refers_to_is_defined(void **state)
{
    (void)state;
    add(1, 1); /* before the trace */
    ht_tracker_remove(&s_trace.tracker, BLOCK(1));
    fixture_begin(&s_trace, RING);
    assert_false(s_trace.reader.origins[1].defined);
    assert_true(say_search(1, 2));
    fixture_poll(&s_trace);
    assert_true(say_suspect(1, 0, 1));
    assert_true(say_suspect(1, 1, 0));
    fixture_poll(&s_trace);
    assert_int_equal(s_trace.reader.suspects, 2);
    assert_true(s_trace.reader.origins[1].defined);
    fixture_end(&s_trace);
}

/* A quarter of the ring is the program's. What finds no room is left out whole, and is no loss of
 * events; the next record is not mixed up with its pieces. */
static void test_no_room(void **state)
{
    (void)state;
    for (uint32_t used = 0; used < RING - 8U; used++) {
        again();
        fixture_begin(&s_trace, RING);
        for (uint32_t n = 0; n < used; n++) {
            add(n, 1);
        }
        const ht_ring_t *ring = &s_trace.drain.trace.ring[g_fake.core];
        uint32_t before = ring->head - ring->tail;
        bool fits = say_search(1, 0);
        uint32_t filled = ring->head - ring->tail;
        uint32_t more = fits ? 0 : 1U + HT_TRACE_PIECE / HT_RAW_BYTES;
        assert_true(filled == before || filled <= RING / 4U * 3U);
        assert_true(fits || filled + more > RING / 4U * 3U);
        for (uint32_t n = 0; n < RING / 4U; n++) { /* the program goes on */
            if (filled + n < RING) { add(100 + n, 1); }
        }
        fixture_poll(&s_trace);
        assert_int_equal(s_trace.reader.searches, fits);
        assert_true(say_search(2, 0));
        fixture_poll(&s_trace);
        assert_int_equal(s_trace.reader.searches, fits + 1U);
        assert_int_equal(s_trace.reader.search[0], 2);
        assert_int_equal(s_trace.reader.search[33], UINT64_C(1000000000033));
        for (uint32_t cause = 1; cause <= 3; cause++) {
            assert_int_equal(s_trace.reader.lost[cause], 0);
        }
        fixture_mark(&s_trace, "now");
        fixture_end(&s_trace);
    }
}

/* The sink stops at each byte in turn: pieces that are read again are the same. */
static void test_a_sink_that_stops(void **state)
{
    (void)state;
    for (uint32_t refuses = 1; refuses < 6; refuses++) {
        again();
        fixture_begin(&s_trace, 256);
        s_trace.takes = 7;
        uint32_t rank = 0, said = say_search(1, 30);
        for (; rank < 30 && said == rank + 1U; rank++) {
            add(rank, 50 + rank);
            s_trace.refuses = refuses;
            (void)ht_drain_poll(&s_trace.drain);
            said += say_suspect(1, rank, 1);
        }
        s_trace.refuses = 0;
        fixture_poll(&s_trace);
        assert_int_equal(s_trace.reader.suspects, said - 1U);
        assert_true(said > 5);
        fixture_end(&s_trace);
    }
}

static void test_without_a_trace(void **state)
{
    (void)state;
    uint8_t bytes[8] = {0};
    const ht_trace_said_t said = {.tag = HT_TAG_SEARCH, .bytes = bytes, .length = sizeof(bytes)};
    bool traced = true;
    assert_false(ht_trace_say(&s_trace.tracker, &said, &traced));
    assert_false(traced);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_record_of_many_pieces_comes_whole),
        TEST(test_what_it_refers_to_is_defined),
        TEST(test_no_room),
        TEST(test_a_sink_that_stops),
        TEST(test_without_a_trace),
    };
    return cmocka_run_group_tests_name("trace say", tests, NULL, NULL);
}
