/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Recorded files that are cut, spoilt, without an index, or on a full disk. */
#define _GNU_SOURCE /* F_SETPIPE_SZ */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include <zstd.h>

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
typedef struct {
    capture_bytes_t file;
    capture_t expected;
    size_t events;
    size_t most; /* events that one piece has */
} spoilt_t;

static spoilt_t spoilt_begin(void)
{
    spoilt_t spoilt;
    story_config_t config = recording_story;
    config.events = 12000;
    capture_bytes_t wire = recording_wire(&config);
    ht_trace_writer_t *writer = recording_make(&wire, &recording_small, true);
    const uint32_t chunks = ht_trace_writer_status(writer).chunks;
    assert_true(chunks > 5);
    ht_trace_writer_free(writer);
    spoilt.expected = capture_decode(wire.bytes, wire.length, 0);
    spoilt.events = capture_lines(spoilt.expected.events);
    spoilt.most = 2 * spoilt.events / chunks;
    spoilt.file = recording_bytes();
    capture_bytes_free(&wire);
    return spoilt;
}

static void spoil(const spoilt_t *spoilt, size_t at, uint8_t bits)
{
    spoilt->file.bytes[at] ^= bits;
    recording_write(spoilt->file.bytes, spoilt->file.length);
    spoilt->file.bytes[at] ^= bits;
    reading_t reading = recording_read(0, 0);
    assert_true(reading.opened);
    assert_true(capture_lines(reading.events) + spoilt->most > spoilt->events);
    /* The last lines are there: the end was found again, whatever was lost. */
    const char *last = spoilt->expected.events + strlen(spoilt->expected.events) - 60;
    if (at < spoilt->file.length / 2) { assert_non_null(strstr(reading.events, last)); }
    free(reading.events);
}

static void spoilt_end(spoilt_t *spoilt)
{
    capture_bytes_free(&spoilt->file);
    capture_free(&spoilt->expected);
}

static void test_a_wrong_byte_anywhere(void **state)
{
    (void)state;
    spoilt_t spoilt = spoilt_begin();
    for (size_t at = 4; at + 200 < spoilt.file.length; at += 499) {
        spoil(&spoilt, at, 0x10);
    }
    spoilt_end(&spoilt);
}

/* The beginning of a piece says how long its blocks are: a wrong one leads into the next piece. */
static void test_a_wrong_head(void **state)
{
    (void)state;
    spoilt_t spoilt = spoilt_begin();
    const capture_bytes_t *file = &spoilt.file;
    size_t second = ZSTD_findFrameCompressedSize(file->bytes, file->length);
    size_t length = ZSTD_findFrameCompressedSize(file->bytes + second, file->length - second);
    static uint8_t plain[1U << 14];
    size_t plain_length = ZSTD_decompress(plain, sizeof(plain), file->bytes + second, length);
    assert_false(ZSTD_isError(plain_length));
    capture_t piece = capture_decode(plain, plain_length, 0);
    spoilt.most = capture_lines(piece.events); /* with its boot's line, instead of the loss */
    capture_free(&piece);
    for (size_t at = second; at < second + 12; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            spoil(&spoilt, at, (uint8_t)(1U << bit));
        }
    }
    spoilt_end(&spoilt);
}

/* As recording_read(), but out of a pipe, which cannot be read again where a piece is spoilt. */
static size_t lines_through_a_pipe(const uint8_t *bytes, size_t length, ht_trace_error_t *error)
{
    int ends[2];
    *error = (ht_trace_error_t){0};
    assert_int_equal(pipe(ends), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 1 << 18) >= (int)length); /* it holds all of it */
    assert_int_equal(write(ends[1], bytes, length), length);
    close(ends[1]);
    char path[64];
    (void)snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
    ht_trace_reader_t *reader = ht_trace_reader_open(path, error);
    assert_non_null(reader);
    const ht_decoder_sink_t sink = {0};
    ht_trace_result_t result;
    (void)ht_trace_reader_read(reader, &sink, NULL, &result, error);
    assert_int_equal(result.bytes_read, length);
    ht_trace_reader_free(reader);
    close(ends[0]);
    return result.decoder.events;
}

static void test_spoilt_in_a_pipe(void **state)
{
    (void)state;
    spoilt_t spoilt = spoilt_begin();
    ht_trace_error_t error;
    uint8_t *bytes = spoilt.file.bytes;
    size_t length = spoilt.file.length;
    assert_int_equal(lines_through_a_pipe(bytes, length, &error), spoilt.events);
    assert_int_equal(error.code, HT_TRACE_OK);
    for (size_t at = 40; at < length / 2; at += 997) {
        bytes[at] ^= 0x10;
        assert_true(lines_through_a_pipe(bytes, length, &error) + 2 * spoilt.most > spoilt.events);
        assert_int_equal(error.code, HT_TRACE_DAMAGED);
        bytes[at] ^= 0x10;
    }
    spoilt_end(&spoilt);
}

/* So many pieces that are none that their insides are not searched any more; and then good ones. */
static void test_many_pieces_that_are_none(void **state)
{
    (void)state;
    spoilt_t spoilt = spoilt_begin();
    capture_bytes_t file = {0};
    for (unsigned i = 0; i < 600; i++) {
        capture_append(&file, "\x28\xb5\x2f\xfd\xff\xff\xff\xff", 8);
    }
    capture_append(&file, spoilt.file.bytes, spoilt.file.length);
    recording_write(file.bytes, file.length);
    reading_t reading = recording_read(0, 0);
    assert_int_equal(reading.error.code, HT_TRACE_DAMAGED);
    assert_int_equal(reading.error.offset, 0);
    assert_int_equal(capture_lines(reading.events), spoilt.events);
    free(reading.events);
    capture_bytes_free(&file);
    spoilt_end(&spoilt);
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

/* The chunk behind a checkpoint is gone: who begins at the checkpoint knows that, too. */
static void test_a_gap_behind_a_checkpoint(void **state)
{
    (void)state;
    story_config_t config = recording_story;
    config.events = 60000;
    capture_bytes_t wire = recording_wire(&config);
    ht_trace_writer_free(recording_make(&wire, &recording_small, true));
    capture_bytes_free(&wire);
    capture_bytes_t file = recording_bytes();
    size_t at = 0;
    while (file.bytes[at] != 0x57) { /* the first checkpoint */
        at += ZSTD_findFrameCompressedSize(file.bytes + at, file.length - at);
    }
    uint64_t time_us;
    memcpy(&time_us, file.bytes + at + 20, sizeof(time_us));
    size_t behind = at + ZSTD_findFrameCompressedSize(file.bytes + at, file.length - at);
    file.bytes[behind + 20] ^= 0xff;
    recording_write(file.bytes, file.length);
    reading_t reading = recording_read(time_us, 0);
    assert_int_equal(reading.error.code, HT_TRACE_DAMAGED);
    assert_int_equal(reading.error.offset, behind);
    assert_true(reading.result.from_checkpoint);
    assert_true(reading.result.decoder.lost_frames > 0);
    free(reading.events);
    capture_bytes_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_an_index),          cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_a_wrong_byte_anywhere),     cmocka_unit_test(test_a_wrong_head),
        cmocka_unit_test(test_two_files_in_one),          cmocka_unit_test(test_a_full_disk),
        cmocka_unit_test(test_a_gap_behind_a_checkpoint), cmocka_unit_test(test_spoilt_in_a_pipe),
        cmocka_unit_test(test_many_pieces_that_are_none),
    };
    return cmocka_run_group_tests_name("trace_broken", tests, recording_make_path,
                                       recording_remove_path);
}
