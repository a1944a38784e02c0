/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Reading with a thread that decodes ahead: everything comes as without it, in the same order, in
 * the caller's thread. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event_text.h"
#include "ht_format.h"
#include "recording.h"

static bool s_no_threads;

/* The linker sends calls of pthread_create() here. */
int __real_pthread_create(pthread_t *id, const pthread_attr_t *how, void *(*fn)(void *), void *to);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *how, void *(*fn)(void *), void *to);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *how, void *(*fn)(void *), void *to)
{
    return s_no_threads ? EAGAIN : __real_pthread_create(id, how, fn, to);
}

/* --- everything that is told, as text -----------------------------------------------------------
 */

typedef struct {
    FILE *out;
    pthread_t thread;
    unsigned slow;           /* wait at each so many calls; 0: at none */
    unsigned calls;          /* of all kinds */
    unsigned asked, stop_at; /* progress says no at the latter; 0: never */
    bool stopped;
} listener_t;

static FILE *told(void *context)
{
    listener_t *listener = context;
    assert_true(pthread_equal(pthread_self(), listener->thread));
    assert_false(listener->stopped);
    listener->calls++;
    if (listener->slow != 0 && listener->calls % listener->slow == 0) { (void)sched_yield(); }
    return listener->out;
}

static void on_event(void *context, const ht_event_t *event)
{
    event_text(told(context), event);
}

static void on_briefs(void *context, const ht_event_t *head, const ht_brief_t *brief, size_t count)
{
    FILE *out = told(context);
    ht_event_t event = *head;
    fprintf(out, "%zu at once\n", count);
    for (size_t i = 0; i < count; i++) {
        ht_event_of_brief(&event, head, &brief[i]);
        event_text(out, &event);
    }
}

static void on_text(void *context, const uint8_t *bytes, size_t length)
{
    fwrite(bytes, 1, length, told(context)); /* pieces of any size */
}

static void on_damage(void *context, const ht_damage_t *damage)
{
    fprintf(told(context), "damage %d %llu %llu %s\n", (int)damage->kind,
            (unsigned long long)damage->offset, (unsigned long long)damage->bytes, damage->words);
}

static void on_frame(void *context, const uint8_t *wire, size_t length)
{
    FILE *out = told(context);
    fprintf(out, "frame of %zu:", length);
    for (size_t i = 0; i < length; i++) {
        fprintf(out, " %02x", wire[i]);
    }
    fputc('\n', out);
}

static bool on_progress(void *context, uint64_t done, uint64_t total)
{
    listener_t *listener = context;
    fprintf(told(context), "read %llu of %llu\n", (unsigned long long)done,
            (unsigned long long)total);
    listener->asked++;
    listener->stopped = listener->asked == listener->stop_at;
    return !listener->stopped;
}

/* --- two readings -------------------------------------------------------------------------------
 */

static const ht_decoder_sink_t s_all = {.event = on_event,
                                        .briefs = on_briefs,
                                        .text = on_text,
                                        .damage = on_damage,
                                        .frame = on_frame};

/* Read the file. Returns what was told, to be freed. */
static char *read_with(ht_trace_threads_t threads, ht_decoder_sink_t sink, listener_t *listener,
                       ht_trace_result_t *result, ht_trace_error_t *error)
{
    char *text;
    size_t ignored;
    *error = (ht_trace_error_t){0};
    memset(result, 0, sizeof(*result));
    listener->out = open_memstream(&text, &ignored);
    listener->thread = pthread_self();
    sink.context = listener;
    const ht_trace_request_t request = {
        .progress = on_progress, .progress_context = listener, .threads = threads};
    ht_trace_reader_t *reader = ht_trace_reader_open(recording_path, error);
    assert_non_null(reader);
    bool good = ht_trace_reader_read(reader, &sink, &request, result, error);
    assert_int_equal(good, error->code == HT_TRACE_OK);
    ht_trace_reader_free(reader);
    fclose(listener->out);
    return text;
}

/* The file is read in both ways, to the same end. Returns how many bytes were told. */
static size_t expect_same(ht_decoder_sink_t sink, unsigned slow)
{
    listener_t alone = {0}, ahead = {.slow = slow};
    ht_trace_result_t expected, result;
    ht_trace_error_t why, error;
    char *expected_text = read_with(HT_TRACE_THREADS_NONE, sink, &alone, &expected, &why);
    char *text = read_with(HT_TRACE_THREADS_ONE, sink, &ahead, &result, &error);
    assert_string_equal(text, expected_text);
    assert_memory_equal(&result, &expected, sizeof(result));
    assert_int_equal(error.code, why.code);
    assert_int_equal(error.offset, why.offset);
    assert_string_equal(error.text, why.text);
    const size_t length = strlen(text);
    free(expected_text);
    free(text);
    return length;
}

/* A story's file, many pages long; `extra` bytes of the wire in front of it. */
static void make_file(uint64_t events, const capture_bytes_t *extra)
{
    story_config_t config = recording_story;
    config.events = events;
    capture_bytes_t wire = {0}, story = recording_wire(&config);
    if (extra != NULL) { capture_append(&wire, extra->bytes, extra->length); }
    capture_append(&wire, story.bytes, story.length);
    ht_trace_writer_free(recording_make(&wire, &recording_small, true));
    capture_bytes_free(&story);
    capture_bytes_free(&wire);
}

/* --- tests --------------------------------------------------------------------------------------
 */

static void test_everything_in_order(void **state)
{
    (void)state;
    make_file(30000, NULL);
    for (unsigned slow = 0; slow < 4; slow++) {
        assert_true(expect_same(s_all, slow) > 2500000);
    }
}

/* What nobody wants to know is not told; allocations come one by one where there is no `briefs`. */
static void test_parts_of_it(void **state)
{
    (void)state;
    make_file(20000, NULL);
    ht_decoder_sink_t sink = s_all;
    sink.briefs = NULL;
    expect_same(sink, 0);
    sink.frame = NULL;
    expect_same(sink, 3);
    expect_same((ht_decoder_sink_t){.briefs = on_briefs}, 0);
    expect_same((ht_decoder_sink_t){.text = on_text}, 0);
    expect_same((ht_decoder_sink_t){.damage = on_damage}, 0);
    expect_same((ht_decoder_sink_t){.event = NULL}, 0);
}

/* The event that needs most room: a hello of as many pairs as a frame has bytes for, all of them
 * objects; and texts that fill a frame. */
static void to_wire(const ht_event_t *event, capture_bytes_t *wire)
{
    const ht_writer_config_t config = {.sink = capture_frame, .context = wire};
    ht_writer_t *writer = ht_writer_new(&config);
    const ht_event_t boot = {.kind = HT_EVENT_BOOT, .boot = 0x1234, .pointer_bytes = 8};
    assert_true(ht_writer_event(writer, &boot));
    assert_true(ht_writer_event(writer, event));
    ht_writer_flush(writer);
    ht_writer_free(writer);
}

static void test_large_events(void **state)
{
    (void)state;
    enum { PAIRS = 550, FRAMES = 1900, LETTERS = 3900 };
    static ht_hello_pair_t pair[PAIRS];
    static uint64_t frame[FRAMES];
    static char letters[LETTERS];
    for (size_t i = 0; i < PAIRS; i++) {
        pair[i] = (ht_hello_pair_t){.key = HT_HELLO_OBJECT, .object = {.start = 1, .end = i & 63U}};
    }
    pair[0].object.build_id = (ht_text_t){"\x01\x02\x03", 3};
    pair[0].object.path = (ht_text_t){"/lib/libc.so.6", 14};
    for (size_t i = 0; i < FRAMES; i++) {
        frame[i] = i & 1U;
    }
    memset(letters, 'x', sizeof(letters));
    const ht_event_t hello = {.kind = HT_EVENT_HELLO, .hello = {pair, PAIRS}};
    const ht_event_t origin = {.kind = HT_EVENT_ORIGIN,
                               .origin = {.index = 1, .depth = FRAMES, .frames = frame}};
    const ht_event_t mark = {.kind = HT_EVENT_MARK, .mark = {.name = {letters, LETTERS}}};
    const ht_event_t *const events[] = {&hello, &origin, &mark};
    capture_bytes_t wire = {0};
    for (size_t i = 0; i < 100; i++) { /* another one overwrites what one came from */
        to_wire(events[i % 3], &wire);
    }
    recording_write(wire.bytes, wire.length);
    assert_true(expect_same(s_all, 0) > 100U * 3000U);
    capture_bytes_free(&wire);
}

/* A console's text, more than a page at once. */
static void test_text_and_damage(void **state)
{
    (void)state;
    capture_bytes_t wire = recording_wire(&recording_story);
    const size_t length = wire.length;
    for (unsigned i = 0; i < 20000; i++) {
        capture_append(&wire, "I (1234) wifi: a line of the log\r\n", 34);
    }
    for (size_t at = 100; at < length; at += 3001) {
        wire.bytes[at] ^= 0x10;
    }
    recording_write(wire.bytes, wire.length);
    assert_true(expect_same(s_all, 2) > 20000U * 34U);
    capture_bytes_free(&wire);
}

/* A recorded file that is cut, or has bits of noise in it. */
static void test_spoilt_files(void **state)
{
    (void)state;
    make_file(20000, NULL);
    capture_bytes_t file = recording_bytes();
    for (size_t at = 20; at < file.length; at += file.length / 37) {
        file.bytes[at] ^= 0x04;
        recording_write(file.bytes, file.length);
        expect_same(s_all, 0);
        file.bytes[at] ^= 0x04;
        recording_write(file.bytes, at);
        expect_same(s_all, 0);
    }
    capture_bytes_free(&file);
}

/* After progress said no, nothing is told any more, wherever the other thread is. */
static void test_progress_says_no(void **state)
{
    (void)state;
    make_file(300000, NULL);
    for (unsigned stop_at = 1; stop_at < 5; stop_at++) {
        listener_t listener = {.stop_at = stop_at};
        ht_trace_result_t result;
        ht_trace_error_t error;
        char *text = read_with(HT_TRACE_THREADS_ONE, s_all, &listener, &result, &error);
        assert_true(result.stopped);
        assert_int_equal(error.code, HT_TRACE_OK);
        assert_int_equal(listener.asked, stop_at);
        free(text);
    }
}

static void test_no_thread_to_be_had(void **state)
{
    (void)state;
    make_file(20000, NULL);
    s_no_threads = true;
    expect_same(s_all, 0);
    s_no_threads = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_in_order), cmocka_unit_test(test_parts_of_it),
        cmocka_unit_test(test_large_events),        cmocka_unit_test(test_text_and_damage),
        cmocka_unit_test(test_spoilt_files),        cmocka_unit_test(test_progress_says_no),
        cmocka_unit_test(test_no_thread_to_be_had),
    };
    return cmocka_run_group_tests_name("trace_ahead", tests, recording_make_path,
                                       recording_remove_path);
}
