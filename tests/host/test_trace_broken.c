/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Recorded files that are cut, spoilt, without an index, or on a full disk. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "recording.h"

/* --- what is not whole
 * ------------------------------------------------------------------------------ */

static void test_without_an_index(void **state)
{
    (void)state;
    capture_bytes_t wire = recording_wire(&recording_story);
    ht_trace_writer_t *writer = recording_make(&wire, &recording_small, false);
    assert_true(ht_trace_writer_flush(writer) || true); /* its file is closed: only what it wrote */
    ht_trace_writer_free(writer);
    capture_t expected = capture_decode(wire.bytes, wire.length, 0);
    reading_t reading = recording_read(1, 0); /* the request for a time reads everything */
    assert_true(reading.good);
    assert_false(reading.info.indexed);
    size_t length = strlen(reading.events);
    assert_true(length > strlen(expected.events) / 2);
    assert_memory_equal(reading.events, expected.events, length);
    free(reading.events);
    capture_free(&expected);
    capture_bytes_free(&wire);
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    story_config_t config = recording_story;
    config.events = 4000;
    capture_bytes_t wire = recording_wire(&config);
    ht_trace_writer_free(recording_make(&wire, &recording_small, true));
    capture_t expected = capture_decode(wire.bytes, wire.length, 0);
    capture_bytes_t file = recording_bytes();
    for (size_t length = 5; length < file.length; length += 1 + length / 50) {
        recording_write(file.bytes, length);
        reading_t reading = recording_read(0, 0);
        assert_true(reading.opened);
        assert_memory_equal(reading.events, expected.events, strlen(reading.events));
        if (!reading.good) {
            assert_true(reading.error.code == HT_TRACE_DAMAGED ||
                        reading.error.code == HT_TRACE_FOREIGN);
            if (reading.error.code == HT_TRACE_DAMAGED) {
                assert_int_equal(reading.error.offset, length);
            }
        }
        free(reading.events);
    }
    capture_bytes_free(&file);
    capture_free(&expected);
    capture_bytes_free(&wire);
}

/* A wrong byte costs its piece, and no other. */
static void test_a_wrong_byte_anywhere(void **state)
{
    (void)state;
    story_config_t config = recording_story;
    config.events = 12000;
    capture_bytes_t wire = recording_wire(&config);
    ht_trace_writer_t *writer = recording_make(&wire, &recording_small, true);
    const uint32_t chunks = ht_trace_writer_status(writer).chunks;
    assert_true(chunks > 5);
    ht_trace_writer_free(writer);
    capture_t expected = capture_decode(wire.bytes, wire.length, 0);
    const size_t events = capture_lines(expected.events);
    capture_bytes_t file = recording_bytes();
    for (size_t at = 4; at + 200 < file.length; at += 499) {
        file.bytes[at] ^= 0x10;
        recording_write(file.bytes, file.length);
        reading_t reading = recording_read(0, 0);
        assert_true(reading.opened);
        assert_true(capture_lines(reading.events) > events - 3 * events / chunks);
        /* The last lines are there: the end was found again, whatever was lost. */
        const char *last = expected.events + strlen(expected.events) - 60;
        if (at < file.length / 2) { assert_non_null(strstr(reading.events, last)); }
        free(reading.events);
        file.bytes[at] ^= 0x10;
    }
    capture_bytes_free(&file);
    capture_free(&expected);
    capture_bytes_free(&wire);
}

static void test_two_files_in_one(void **state)
{
    (void)state;
    story_config_t config = recording_story;
    config.events = 3000;
    capture_bytes_t wire = recording_wire(&config);
    ht_trace_writer_free(recording_make(&wire, &recording_small, true));
    capture_bytes_t file = recording_bytes();
    size_t length = file.length;
    capture_append(&file, file.bytes, 0);
    uint8_t *twice = malloc(2 * length);
    memcpy(twice, file.bytes, length);
    memcpy(twice + length, file.bytes, length);
    recording_write(twice, 2 * length);
    free(twice);
    reading_t reading = recording_read(0, 0);
    assert_true(reading.good);
    assert_false(reading.info.indexed);
    assert_int_equal(reading.result.decoder.boots, 2);
    assert_int_equal(reading.result.decoder.lost_frames, 0);
    free(reading.events);
    capture_bytes_free(&file);
    capture_bytes_free(&wire);
}

static void test_a_full_disk(void **state)
{
    (void)state;
    capture_bytes_t wire = recording_wire(&recording_story);
    capture_t expected = capture_decode(wire.bytes, wire.length, 0);
    struct rlimit was, small = {40000, 0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    small.rlim_max = was.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    ht_trace_writer_t *writer = recording_make(&wire, &recording_small, true);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    const ht_trace_error_t *error = ht_trace_writer_error(writer);
    assert_int_equal(error->code, HT_TRACE_UNWRITABLE);
    assert_non_null(strstr(error->text, "File too large"));
    assert_int_equal(error->offset, ht_trace_writer_status(writer).file_bytes);
    assert_false(ht_trace_writer_frame(writer, wire.bytes, 10));
    ht_trace_writer_free(writer);
    reading_t reading = recording_read(0, 0);
    assert_true(reading.good); /* cut behind the last whole piece */
    assert_true(capture_lines(reading.events) > 1000);
    assert_memory_equal(reading.events, expected.events, strlen(reading.events));
    free(reading.events);
    capture_free(&expected);
    capture_bytes_free(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_an_index),      cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_a_wrong_byte_anywhere), cmocka_unit_test(test_two_files_in_one),
        cmocka_unit_test(test_a_full_disk),
    };
    return cmocka_run_group_tests_name("trace_broken", tests, recording_make_path,
                                       recording_remove_path);
}
