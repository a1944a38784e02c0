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
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "event_text.h"
#include "ht_format.h"
#include "ht_trace_ahead.h"
#include "recording.h"

/* The linker sends calls of pthread_create() and calloc() here. */
static bool s_no_threads, s_no_memory;
static bool s_masked_rightly;

int __real_pthread_create(pthread_t *id, const pthread_attr_t *how, void *(*fn)(void *), void *to);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *how, void *(*fn)(void *), void *to);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *how, void *(*fn)(void *), void *to)
{
    sigset_t masked;
    pthread_sigmask(SIG_BLOCK, NULL, &masked);
    s_masked_rightly = sigismember(&masked, SIGINT) && sigismember(&masked, SIGWINCH) &&
                       !sigismember(&masked, SIGSEGV) && !sigismember(&masked, SIGBUS);
    return s_no_threads ? EAGAIN : __real_pthread_create(id, how, fn, to);
}

void *__real_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes)
{
    return s_no_memory && count > 1 && bytes > 60000 ? NULL : __real_calloc(count, bytes);
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
    ht_brief_t *room; /* of its own, for briefs */
    unsigned rooms;
    const char *wrong; /* callbacks must return, and so must not fail */
} listener_t;

static FILE *told(void *context)
{
    listener_t *listener = context;
    if (!pthread_equal(pthread_self(), listener->thread)) { listener->wrong = "another thread"; }
    if (listener->stopped) { listener->wrong = "told after it was stopped"; }
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
    listener_t *listener = context;
    ht_event_t event = *head;
    if (listener->room != NULL && brief != listener->room) { listener->wrong = "another room"; }
    fprintf(out, "%zu at once\n", count);
    for (size_t i = 0; i < count; i++) {
        ht_event_of_brief(&event, head, &brief[i]);
        event_text(out, &event);
    }
}

static ht_brief_t *room_for_briefs(void *context)
{
    listener_t *listener = context;
    listener->rooms++;
    return listener->room;
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

/* A reading, and what was told in it. */
typedef struct {
    listener_t listener;
    uint64_t from_us, until_us;
    char *text;
    ht_trace_result_t result;
    ht_trace_error_t error;
} reading_of_t;

static void read_it(ht_trace_ahead_t ahead, ht_decoder_sink_t sink, reading_of_t *reading)
{
    size_t ignored;
    sigset_t before, after;
    listener_t *listener = &reading->listener;
    listener->out = open_memstream(&reading->text, &ignored);
    listener->thread = pthread_self();
    sink.context = listener;
    const ht_trace_request_t request = {.from_us = reading->from_us,
                                        .until_us = reading->until_us,
                                        .progress = on_progress,
                                        .progress_context = listener,
                                        .ahead = ahead};
    ht_trace_reader_t *reader = ht_trace_reader_open(recording_path, &reading->error);
    assert_non_null(reader);
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    bool good = ht_trace_reader_read(reader, &sink, &request, &reading->result, &reading->error);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    ht_trace_reader_free(reader);
    fclose(listener->out);
    assert_int_equal(good, reading->error.code == HT_TRACE_OK);
    assert_int_equal(sigismember(&before, SIGINT), sigismember(&after, SIGINT));
    assert_null(listener->wrong);
}

/* The file is read in both ways, to the same end. Returns how many bytes were told. */
static size_t expect_same_from(ht_decoder_sink_t sink, const reading_of_t *how)
{
    reading_of_t alone = *how, ahead = *how;
    alone.listener.slow = 0;
    read_it(HT_TRACE_AHEAD_NEVER, sink, &alone);
    read_it(HT_TRACE_AHEAD_ALWAYS, sink, &ahead);
    assert_string_equal(ahead.text, alone.text);
    assert_int_equal(ahead.result.bytes_read, alone.result.bytes_read);
    assert_int_equal(ahead.result.from_checkpoint, alone.result.from_checkpoint);
    assert_int_equal(ahead.result.stopped, alone.result.stopped);
    assert_memory_equal(&ahead.result.decoder, &alone.result.decoder,
                        sizeof(ahead.result.decoder)); /* numbers of 64 bits */
    assert_int_equal(ahead.error.code, alone.error.code);
    assert_int_equal(ahead.error.offset, alone.error.offset);
    assert_string_equal(ahead.error.text, alone.error.text);
    assert_int_equal(ahead.listener.rooms, alone.listener.rooms);
    const size_t length = strlen(ahead.text);
    free(alone.text);
    free(ahead.text);
    return length;
}

static size_t expect_same(ht_decoder_sink_t sink, unsigned slow)
{
    const reading_of_t how = {.listener = {.slow = slow}};
    return expect_same_from(sink, &how);
}

/* A story's file, many pages long. */
static void make_file(uint64_t events)
{
    story_config_t config = recording_story;
    config.events = events;
    capture_bytes_t wire = recording_wire(&config);
    ht_trace_writer_free(recording_make(&wire, &recording_small, true));
    capture_bytes_free(&wire);
}

/* --- tests --------------------------------------------------------------------------------------
 */

static void test_everything_in_order(void **state)
{
    (void)state;
    make_file(30000);
    for (unsigned slow = 0; slow < 4; slow++) {
        assert_true(expect_same(s_all, slow) > 2500000);
        assert_true(s_masked_rightly);
    }
}

/* What nobody wants to know is not told; allocations come one by one where there is no `briefs`. */
static void test_parts_of_it(void **state)
{
    (void)state;
    make_file(20000);
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

/* Events that fill a frame. A hello of two bytes for each pair, as many as there can be, needs most
 * room: 180 KB. */
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
    enum { NUMBERS = 2020, PAIRS = 550, FRAMES = 1900, LETTERS = 3900 };
    static ht_hello_pair_t number[NUMBERS], pair[PAIRS];
    static uint64_t frame[FRAMES];
    static char letters[LETTERS];
    for (size_t i = 0; i < NUMBERS; i++) {
        number[i] = (ht_hello_pair_t){.key = HT_HELLO_PID, .number = i & 63U};
    }
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
    const ht_event_t numbers = {.kind = HT_EVENT_HELLO, .hello = {number, NUMBERS}};
    const ht_event_t origin = {.kind = HT_EVENT_ORIGIN,
                               .origin = {.index = 1, .depth = FRAMES, .frames = frame}};
    const ht_event_t mark = {.kind = HT_EVENT_MARK, .mark = {.name = {letters, LETTERS}}};
    const ht_event_t *const events[] = {&hello, &origin, &numbers, &mark};
    capture_bytes_t wire = {0};
    for (size_t i = 0; i < 100; i++) { /* another one overwrites what one came from */
        to_wire(events[i % 4], &wire);
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
    make_file(20000);
    capture_bytes_t file = recording_bytes();
    for (size_t at = 20; at < file.length; at += file.length / 17) {
        file.bytes[at] ^= 0x04;
        recording_write(file.bytes, file.length);
        expect_same(s_all, 0);
        file.bytes[at] ^= 0x04;
        recording_write(file.bytes, at);
        expect_same(s_all, 0);
    }
    capture_bytes_free(&file);
}

/* After progress said no, nothing is told any more, wherever the other thread is, and the outcome
 * is that of then: also where what comes behind is damaged, or nothing was told yet. */
static void test_progress_says_no(void **state)
{
    (void)state;
    story_config_t config = recording_story;
    config.events = 120000;
    const capture_bytes_t wire = recording_wire(&config);
    ht_trace_writer_free(recording_make(&wire, &recording_small, true));
    const capture_bytes_t file = recording_bytes();
    const struct {
        const uint8_t *bytes;
        size_t length;
    } inputs[] = {{file.bytes, file.length},
                  {file.bytes, file.length * 9 / 10},
                  {wire.bytes, wire.length}}; /* which is stopped inside a frame */
    for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
        recording_write(inputs[i].bytes, inputs[i].length);
        for (unsigned stop_at = 1; stop_at < 7; stop_at += 2) {
            const reading_of_t how = {.listener = {.stop_at = stop_at}};
            expect_same_from(s_all, &how);
            expect_same_from((ht_decoder_sink_t){.event = NULL}, &how);
        }
    }
    free(file.bytes);
    free(wire.bytes);
}

/* The thread is told soon, although it has nothing else to tell. */
static void ask(void *context, const ht_decoder_sink_t *sink, const ht_trace_request_t *request,
                ht_trace_outcome_t *outcome)
{
    unsigned *asked = context;
    (void)sink;
    while (*asked < 100000 && request->progress(request->progress_context, *asked, 0)) {
        ++*asked;
        outcome->result.bytes_read = *asked;
    }
}

static void test_the_answer_arrives(void **state)
{
    (void)state;
    unsigned asked = 0;
    listener_t listener = {.thread = pthread_self(), .stop_at = 30, .out = fopen("/dev/null", "w")};
    ht_trace_outcome_t outcome = {0};
    const ht_decoder_sink_t sink = {0};
    const ht_trace_request_t request = {.progress = on_progress, .progress_context = &listener};
    assert_true(ht_trace_ahead(ask, &asked, &sink, &request, &outcome));
    fclose(listener.out);
    assert_in_range(asked, 29, 45);
    assert_true(outcome.result.stopped);
    assert_int_equal(outcome.result.bytes_read, 29);
    assert_int_equal(listener.asked, 30);
}

static void test_windows(void **state)
{
    (void)state;
    make_file(30000);
    for (uint64_t i = 0; i < 5; i++) {
        const reading_of_t how = {.from_us = i * 20000, .until_us = i * 22000};
        expect_same_from(s_all, &how);
    }
}

/* Briefs go where their owner says. */
static void test_room_of_the_callers(void **state)
{
    (void)state;
    static ht_brief_t s_room[HT_BRIEFS_MAX];
    make_file(20000);
    ht_decoder_sink_t sink = s_all;
    sink.room_for_briefs = room_for_briefs;
    reading_of_t reading = {.listener = {.room = s_room}};
    expect_same_from(sink, &reading);
    read_it(HT_TRACE_AHEAD_ALWAYS, sink, &reading);
    assert_true(reading.listener.rooms > 50);
    free(reading.text);
    sink.briefs = NULL; /* then they come as events */
    expect_same(sink, 0);
}

static void test_no_thread_to_be_had(void **state)
{
    (void)state;
    make_file(20000);
    s_no_threads = true;
    expect_same(s_all, 0);
    s_no_threads = false;
    s_no_memory = true;
    expect_same(s_all, 0);
    s_no_memory = false;
}

/* Of a pipe nothing is read ahead: what came is told before more comes. */
static void test_a_pipe(void **state)
{
    (void)state;
    int ends[2];
    char path[64];
    s_masked_rightly = false;
    capture_bytes_t wire = recording_wire(&recording_story);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], wire.bytes, 30000), 30000);
    close(ends[1]);
    (void)snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
    ht_trace_error_t error = {0};
    ht_trace_reader_t *reader = ht_trace_reader_open(path, &error);
    const ht_trace_request_t request = {.ahead = HT_TRACE_AHEAD_ALWAYS};
    const ht_decoder_sink_t sink = {0};
    ht_trace_result_t result;
    assert_true(ht_trace_reader_read(reader, &sink, &request, &result, &error));
    assert_true(result.decoder.frames > 0);
    assert_false(s_masked_rightly); /* pthread_create() was not called */
    ht_trace_reader_free(reader);
    close(ends[0]);
    capture_bytes_free(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_in_order),
        cmocka_unit_test(test_parts_of_it),
        cmocka_unit_test(test_large_events),
        cmocka_unit_test(test_text_and_damage),
        cmocka_unit_test(test_spoilt_files),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_progress_says_no),
        cmocka_unit_test(test_the_answer_arrives),
        cmocka_unit_test(test_room_of_the_callers),
        cmocka_unit_test(test_no_thread_to_be_had),
        cmocka_unit_test(test_a_pipe),
    };
    return cmocka_run_group_tests_name("trace_ahead", tests, recording_make_path,
                                       recording_remove_path);
}
