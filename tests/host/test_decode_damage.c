/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A small trace with a console's log between its frames, spoilt in every way there is: at every
 * byte, by every bit. What was not touched is decoded, what is missing is said, and text comes out
 * whole.
 */
#define _GNU_SOURCE /* memmem() */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"
#include "ht_format.h"
#include "story.h"

#define FRAMES_MAX 64U

/* Where a frame is on the wire, and the events in it. */
typedef struct {
    size_t begin, end; /* its two 00 */
    char *events;
} frame_t;

static struct {
    bool shared; /* one 00 between two frames */
    capture_bytes_t wire;
    frame_t frame[FRAMES_MAX];
    size_t frames;
    capture_t clean;
} s_trace;

/* --- the trace -----------------------------------------------------------------------------------
 */

static void on_frame(void *context, const uint8_t *wire, size_t length)
{
    (void)context;
    static const char *const lines[] = {"I (1234) wifi: connected\r\n", "", "",
                                        "\x1b[0;33mW (7) heap: fr\xc3\xbch\x1b[0m\n", ""};
    const char *line = lines[s_trace.frames % 5U];
    capture_append(&s_trace.wire, line, strlen(line));
    bool share = s_trace.shared && line[0] == '\0' && s_trace.wire.length != 0;
    assert_true(s_trace.frames < FRAMES_MAX);
    frame_t *frame = &s_trace.frame[s_trace.frames++];
    frame->begin = s_trace.wire.length - share;
    capture_append(&s_trace.wire, wire + share, length - share);
    frame->end = s_trace.wire.length - 1;
    capture_t capture = capture_decode(wire, length, 0);
    frame->events = strdup(strchr(capture.events, '\n') + 1); /* without its boot */
    capture_free(&capture);
}

static void on_event(void *context, const ht_event_t *event)
{
    assert_true(ht_writer_event(context, event));
}

static void make_trace(bool shared)
{
    s_trace.shared = shared;
    const ht_writer_config_t config = {.frame_max = 180, .sink = on_frame};
    const story_config_t story = {
        .seed = 5, .events = 60, .origins = 12, .tasks = 2, .rare = 9, .boot = 0x77};
    ht_writer_t *writer = ht_writer_new(&config);
    story_tell(&story, on_event, writer);
    ht_writer_flush(writer);
    ht_writer_free(writer);
    s_trace.clean = capture_decode(s_trace.wire.bytes, s_trace.wire.length, 0);
    assert_in_range(s_trace.frames, 7, FRAMES_MAX);
    assert_string_equal(s_trace.clean.damages, "");
}

static void free_trace(void)
{
    for (size_t i = 0; i < s_trace.frames; i++) {
        free(s_trace.frame[i].events);
    }
    capture_bytes_free(&s_trace.wire);
    capture_free(&s_trace.clean);
    memset(&s_trace, 0, sizeof(s_trace));
}

/* The frame that the byte is in, FRAMES_MAX: between two, be it a 00. */
static size_t frame_at(size_t at)
{
    for (size_t i = 0; i < s_trace.frames; i++) {
        if (at > s_trace.frame[i].begin && at < s_trace.frame[i].end) { return i; }
    }
    return FRAMES_MAX;
}

/* --- what should come out
 * --------------------------------------------------------------------------- */

/* Lines of events without what the decoder says by itself. */
static char *device_lines(const char *events)
{
    char *lines = malloc(strlen(events) + 1), *to = lines;
    for (const char *at = events; *at != '\0';) {
        size_t length = (size_t)(strchr(at, '\n') - at) + 1;
        char line[8192];
        assert_true(length < sizeof(line));
        memcpy(line, at, length);
        line[length] = '\0';
        if (strstr(line, " boot\n") == NULL && strstr(line, "loss cause=100") == NULL) {
            memcpy(to, at, length);
            to += length;
        }
        at += length;
    }
    *to = '\0';
    return lines;
}

/* Of all frames but this one. */
static char *lines_without(size_t missing)
{
    char *lines;
    size_t ignored;
    FILE *out = open_memstream(&lines, &ignored);
    for (size_t i = 0; i < s_trace.frames; i++) {
        if (i != missing) { fputs(s_trace.frame[i].events, out); }
    }
    fclose(out);
    return lines;
}

static bool has_text(const capture_t *capture, const char *text)
{
    return memmem(capture->text.bytes, capture->text.length, text, strlen(text)) != NULL;
}

static void expect_texts(const capture_t *capture)
{
    assert_true(has_text(capture, "I (1234) wifi: connected\r\n"));
    assert_true(has_text(capture, "\x1b[0;33mW (7) heap: fr\xc3\xbch\x1b[0m\n"));
}

/* That frame is missing, and everything else there. */
static void expect_without(const capture_t *capture, size_t missing)
{
    char *expected = lines_without(missing), *found = device_lines(capture->events);
    assert_string_equal(found, expected);
    free(expected);
    free(found);
    bool between = missing != FRAMES_MAX && missing != 0 && missing + 1 != s_trace.frames;
    assert_int_equal(capture->status.lost_frames, between);
    assert_int_equal(strstr(capture->events, "loss cause=100 count=1 ") != NULL, between);
    assert_int_equal(capture->status.boots, 1);
}

/* In pieces of any size the same comes out, in the same order. */
static void expect_same_in_pieces(const uint8_t *bytes, size_t length, const capture_t *whole,
                                  size_t piece)
{
    capture_t capture = capture_decode(bytes, length, piece);
    assert_string_equal(capture.all, whole->all);
    assert_int_equal(capture.frames.length, whole->frames.length);
    assert_memory_equal(capture.frames.bytes, whole->frames.bytes, whole->frames.length);
    capture_free(&capture);
}

/* --- tests
 * --------------------------------------------------------------------------------------------- */

static void test_pieces_of_every_size(void **state)
{
    (void)state;
    char *lines = lines_without(FRAMES_MAX), *found = device_lines(s_trace.clean.events);
    assert_string_equal(found, lines);
    free(lines);
    free(found);
    for (size_t piece = 1; piece <= s_trace.wire.length; piece += 1 + piece / 8) {
        expect_same_in_pieces(s_trace.wire.bytes, s_trace.wire.length, &s_trace.clean, piece);
    }
}

static void test_cut_at_every_byte(void **state)
{
    (void)state;
    for (size_t length = 0; length < s_trace.wire.length; length++) {
        capture_t capture = capture_decode(s_trace.wire.bytes, length, 0);
        assert_memory_equal(capture.events, s_trace.clean.events, strlen(capture.events));
        size_t text = capture.text.length;
        assert_true(text <= s_trace.clean.text.length);
        assert_memory_equal(capture.text.bytes, s_trace.clean.text.bytes, text);
        size_t frame = frame_at(length);
        /* Without its last 00 it is a frame already. */
        bool inside = frame != FRAMES_MAX && length > s_trace.frame[frame].begin + 1;
        assert_int_equal(capture.status.damaged_frames, inside);
        if (inside) { assert_non_null(strstr(capture.damages, "the input ends inside a frame")); }
        if (length % 8U == 0) {
            expect_same_in_pieces(s_trace.wire.bytes, length, &capture, 1 + length / 8U % 5U);
        }
        capture_free(&capture);
    }
}

/* What is before the beginning is gone; from the next frame on everything is there. */
static void test_begin_at_every_byte(void **state)
{
    (void)state;
    for (size_t begin = 1; begin < s_trace.wire.length; begin++) {
        capture_t capture =
            capture_decode(s_trace.wire.bytes + begin, s_trace.wire.length - begin, 0);
        size_t first = 0;
        while (first < s_trace.frames && s_trace.frame[first].begin + 1 < begin) {
            first++;
        }
        assert_int_equal(capture.status.lost_frames, 0);
        assert_int_equal(capture.status.frames, s_trace.frames - first);
        capture_free(&capture);
    }
}

static void test_flip_every_bit(void **state)
{
    (void)state;
    capture_bytes_t copy = {0};
    capture_append(&copy, s_trace.wire.bytes, s_trace.wire.length);
    for (size_t at = 0; at < copy.length; at++) {
        size_t frame = frame_at(at);
        for (unsigned bit = 0; bit < 8; bit++) {
            if (s_trace.shared && frame != FRAMES_MAX && bit != at % 8U) { continue; }
            copy.bytes[at] ^= (uint8_t)(1U << bit);
            capture_t capture = capture_decode(copy.bytes, copy.length, 0);
            expect_without(&capture, frame);
            if (frame != FRAMES_MAX) {
                assert_int_equal(capture.status.damaged_frames, 1);
                expect_texts(&capture);
            }
            if (bit == at % 8U) {
                expect_same_in_pieces(copy.bytes, copy.length, &capture, 1 + at % 64U);
            }
            capture_free(&capture);
            copy.bytes[at] ^= (uint8_t)(1U << bit);
        }
    }
    capture_bytes_free(&copy);
}

/* Bytes taken out at `at`, and others put there. */
static capture_t decode_edited(size_t at, size_t remove, const char *insert)
{
    capture_bytes_t edited = {0};
    capture_append(&edited, s_trace.wire.bytes, at);
    capture_append(&edited, insert, strlen(insert));
    capture_append(&edited, s_trace.wire.bytes + at + remove, s_trace.wire.length - at - remove);
    capture_t capture = capture_decode(edited.bytes, edited.length, 0);
    if (at % 4U == 0) {
        expect_same_in_pieces(edited.bytes, edited.length, &capture, 1 + at / 4U % 9U);
    }
    capture_bytes_free(&edited);
    return capture;
}

static void test_drop_every_byte(void **state)
{
    (void)state;
    for (size_t at = 0; at < s_trace.wire.length; at++) {
        capture_t capture = decode_edited(at, 1, "");
        expect_without(&capture, frame_at(at));
        capture_free(&capture);
    }
}

static void test_drop_each_frame(void **state)
{
    (void)state;
    for (size_t i = 0; i < s_trace.frames; i++) {
        const frame_t *frame = &s_trace.frame[i];
        capture_t capture = decode_edited(frame->begin + 1, frame->end - frame->begin - 1, "");
        expect_without(&capture, i);
        assert_string_equal(capture.damages, "");
        expect_texts(&capture);
        capture_free(&capture);
    }
}

/* A log line that another core writes in the middle of everything: both come through. */
static void test_text_at_every_byte(void **state)
{
    (void)state;
    static const char line[] = "E (99) dma: overrun \xe2\x9a\xa0\r\n";
    for (size_t at = 0; at <= s_trace.wire.length; at++) {
        capture_t capture = decode_edited(at, 0, line);
        expect_without(&capture, FRAMES_MAX);
        assert_true(has_text(&capture, line));
        if (frame_at(at) != FRAMES_MAX) { expect_texts(&capture); }
        capture_free(&capture);
    }
}

/* A reset in the middle of anything; the ROM speaks; the next boot begins. */
static void test_another_boot_at_every_byte(void **state)
{
    (void)state;
    static const char rom[] = "ESP-ROM:esp32s3-20210327\r\nrst:0x1 (POWERON)\r\n";
    capture_bytes_t second = {0};
    const ht_writer_config_t config = {
        .boot = 0x88, .frame_max = 220, .sink = capture_frame, .context = &second};
    const story_config_t story = {
        .seed = 6, .events = 20, .origins = 4, .tasks = 1, .rare = 9, .boot = 0x88};
    ht_writer_t *writer = ht_writer_new(&config);
    story_tell(&story, on_event, writer);
    ht_writer_flush(writer);
    ht_writer_free(writer);
    capture_t alone = capture_decode(second.bytes, second.length, 0);
    for (size_t length = 1; length < s_trace.wire.length; length += 2 + length % 3U) {
        capture_bytes_t spliced = {0};
        capture_append(&spliced, s_trace.wire.bytes, length);
        capture_append(&spliced, rom, strlen(rom));
        capture_append(&spliced, second.bytes, second.length);
        capture_t capture = capture_decode(spliced.bytes, spliced.length, 0);
        size_t tail = strlen(alone.events);
        assert_true(strlen(capture.events) >= tail);
        assert_string_equal(capture.events + strlen(capture.events) - tail, alone.events);
        assert_true(has_text(&capture, rom));
        assert_int_equal(capture.status.lost_frames, 0);
        capture_free(&capture);
        capture_bytes_free(&spliced);
    }
    capture_free(&alone);
    capture_bytes_free(&second);
}

/* The same run twice is two runs. */
static void test_a_sequence_that_goes_back(void **state)
{
    (void)state;
    capture_bytes_t twice = {0};
    capture_append(&twice, s_trace.wire.bytes, s_trace.wire.length);
    capture_append(&twice, s_trace.wire.bytes, s_trace.wire.length);
    capture_t capture = capture_decode(twice.bytes, twice.length, 0);
    assert_int_equal(capture.status.boots, 2);
    assert_int_equal(capture.status.lost_frames, 0);
    capture_free(&capture);
    capture_bytes_free(&twice);
}

/* Text behind a broken frame is held back until it is known what it is; when nothing comes, it is a
 * prompt. */
static void on_text(void *context, const uint8_t *bytes, size_t length)
{
    capture_append(context, bytes, length);
}

static void test_a_prompt_behind_a_broken_frame(void **state)
{
    (void)state;
    capture_bytes_t text = {0};
    const ht_decoder_sink_t sink = {.text = on_text, .context = &text};
    ht_decoder_t *decoder = ht_decoder_new(&sink);
    ht_decoder_feed(decoder, s_trace.wire.bytes, s_trace.frame[0].end - 5);
    ht_decoder_feed(decoder, (const uint8_t *)"panic!\r\nesp> ", 13);
    size_t before = text.length;
    ht_decoder_idle(decoder);
    assert_int_equal(text.length, before + 5);
    assert_memory_equal(text.bytes + before, "esp> ", 5);
    ht_decoder_feed(decoder, (const uint8_t *)"heap\r\n", 6);
    assert_memory_equal(text.bytes + before + 5, "heap\r\n", 6);
    ht_decoder_free(decoder);
    capture_bytes_free(&text);
}

static int one_each(void **state)
{
    (void)state;
    make_trace(false);
    return 0;
}

static int shared(void **state)
{
    (void)state;
    make_trace(true);
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    free_trace();
    return 0;
}

/* The first byte that makes no sense: an escape of nothing, of what needs none, and the last byte.
 */
static void test_where_an_escape_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *at;
    } cases[] = {
        {"\x00\xed\xf1\x61\x62\xdb\x00", 7, " at 5,"},
        {"\x00\xed\xf1\xdb\x61\x62\x00", 7, " at 3,"},
        {"\x00\xed\xf1"
         "0123456789abcdef"
         "\xdb\x00",
         21, " at 19,"},
        {"\x00\xed\xf1"
         "0123456789\xdb\x61"
         "abcdef\x00",
         22, " at 13,"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        capture_t capture = capture_decode((const uint8_t *)cases[i].bytes, cases[i].length, 0);
        assert_non_null(strstr(capture.damages, cases[i].at));
        assert_non_null(strstr(capture.damages, "an escape that is none"));
        capture_free(&capture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_of_every_size),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_begin_at_every_byte),
        cmocka_unit_test(test_flip_every_bit),
        cmocka_unit_test(test_drop_every_byte),
        cmocka_unit_test(test_drop_each_frame),
        cmocka_unit_test(test_text_at_every_byte),
        cmocka_unit_test(test_another_boot_at_every_byte),
        cmocka_unit_test(test_a_sequence_that_goes_back),
        cmocka_unit_test(test_a_prompt_behind_a_broken_frame),
        cmocka_unit_test(test_where_an_escape_is_wrong),
    };
    int failed = cmocka_run_group_tests_name("decode_damage", tests, one_each, take_down);
    return failed + cmocka_run_group_tests_name("decode_damage_shared", tests, shared, take_down);
}
