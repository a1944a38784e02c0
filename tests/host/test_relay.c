/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What a decoder tells is the same, and in the same order, event by event, in batches, and in
 * batches by way of another thread. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "event_text.h"
#include "ht_relay.h"
#include "recording.h"

static bool s_no_thread;

/* The linker sends the relay's call here (--wrap). */
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*fn)(void *),
                          void *context);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*fn)(void *),
                          void *context);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*fn)(void *),
                          void *context)
{
    return s_no_thread ? 1 : __real_pthread_create(thread, attributes, fn, context);
}

/* --- who listens --------------------------------------------------------------------------------
 */

typedef struct {
    FILE *log;
    pthread_t decoder;
    unsigned batches, elsewhere; /* batches: of those, from another thread */
    unsigned slow_us;            /* each batch takes that long */
} listener_t;

static void on_event(void *context, const ht_event_t *event)
{
    listener_t *listener = context;
    assert_true(pthread_equal(pthread_self(), listener->decoder));
    event_text(listener->log, event);
}

static void on_briefs(void *context, const ht_event_t *head, const ht_brief_t *brief, size_t count)
{
    listener_t *listener = context;
    ht_event_t event = *head;
    assert_in_range(count, 1, HT_BRIEFS_MAX);
    for (size_t i = 0; i < count; i++) {
        ht_event_of_brief(&event, head, &brief[i]);
        event_text(listener->log, &event);
    }
    listener->batches++;
    listener->elsewhere += pthread_equal(pthread_self(), listener->decoder) ? 0U : 1U;
    if (listener->slow_us != 0) { usleep(listener->slow_us); }
}

static void on_text(void *context, const uint8_t *bytes, size_t length)
{
    fwrite(bytes, 1, length, ((listener_t *)context)->log);
}

static void on_damage(void *context, const ht_damage_t *damage)
{
    fprintf(((listener_t *)context)->log, "damage: %s\n", damage->words);
}

static void on_frame(void *context, const uint8_t *wire, size_t length)
{
    (void)wire;
    fprintf(((listener_t *)context)->log, "frame of %zu bytes\n", length);
}

/* --- what it hears ------------------------------------------------------------------------------
 */

typedef struct {
    bool briefs, relay, frames;
    unsigned slow_us, pause_us; /* of who listens, and between two pieces */
} way_t;

/* The log, to be freed. */
static char *listen(const capture_bytes_t *wire, const way_t *way, listener_t *listener)
{
    char *log = NULL;
    size_t length = 0;
    *listener = (listener_t){
        .log = open_memstream(&log, &length), .decoder = pthread_self(), .slow_us = way->slow_us};
    const ht_decoder_sink_t sink = {.event = on_event,
                                    .briefs = way->briefs ? on_briefs : NULL,
                                    .text = on_text,
                                    .damage = on_damage,
                                    .frame = way->frames ? on_frame : NULL,
                                    .context = listener};
    ht_relay_t *relay = way->relay ? ht_relay_new(&sink) : NULL;
    ht_decoder_t *decoder = ht_decoder_new(relay != NULL ? ht_relay_sink(relay) : &sink);
    for (size_t at = 0, count; at < wire->length; at += count) {
        count = wire->length - at < 10000U ? wire->length - at : 10000U;
        ht_decoder_feed(decoder, wire->bytes + at, count);
        if (way->pause_us != 0) { usleep(way->pause_us); }
    }
    ht_decoder_end(decoder);
    ht_decoder_free(decoder);
    ht_relay_free(relay);
    fclose(listener->log);
    return log;
}

/* Long runs of allocations and frees, every other kind of event, some text, some damage. */
static capture_bytes_t make_wire(void)
{
    story_config_t story = recording_story;
    story.events = 60000;
    story.rare = 6000;
    capture_bytes_t wire = recording_wire(&story), noisy = {0};
    for (size_t at = 0, count; at < wire.length; at += count) {
        count = wire.length - at < 70000U ? wire.length - at : 70000U;
        capture_append(&noisy, wire.bytes + at, count);
        noisy.bytes[noisy.length - 1U] ^= 4U;
    }
    capture_append(&noisy, "the end\n", 8);
    capture_bytes_free(&wire);
    return noisy;
}

static void compare(const way_t *way, bool elsewhere)
{
    listener_t plain, listener;
    const way_t by_event = {.frames = way->frames};
    capture_bytes_t wire = make_wire();
    char *expected = listen(&wire, &by_event, &plain);
    char *got = listen(&wire, way, &listener);
    assert_true(capture_lines(expected) > 55000U);
    assert_int_equal(plain.batches, 0);
    assert_true(listener.batches > 100U);
    assert_true(strcmp(got, expected) == 0); /* millions of characters: not to be printed */
    assert_true(elsewhere ? listener.elsewhere > 50U : listener.elsewhere == 0);
    free(expected);
    free(got);
    capture_bytes_free(&wire);
}

static void test_batches(void **state)
{
    (void)state;
    compare(&(way_t){.briefs = true}, false);
    compare(&(way_t){.briefs = true, .frames = true}, false);
}

static void test_another_thread(void **state)
{
    (void)state;
    compare(&(way_t){.briefs = true, .relay = true}, true);
}

static void test_who_listens_is_slow(void **state)
{
    (void)state;
    compare(&(way_t){.briefs = true, .relay = true, .slow_us = 500}, true);
}

static void test_who_decodes_is_slow(void **state)
{
    (void)state;
    compare(&(way_t){.briefs = true, .relay = true, .pause_us = 3000}, true);
}

/* A batch is never old when something else comes: no turn for the thread. */
static void test_each_frame_settles(void **state)
{
    (void)state;
    compare(&(way_t){.briefs = true, .relay = true, .frames = true}, false);
}

static void test_there_is_no_thread(void **state)
{
    (void)state;
    s_no_thread = true;
    compare(&(way_t){.briefs = true, .relay = true}, false);
    s_no_thread = false;
}

static void test_settled_means_told(void **state)
{
    (void)state;
    listener_t listener = {.log = fopen("/dev/null", "w"), .slow_us = 200};
    const ht_decoder_sink_t sink = {.briefs = on_briefs, .context = &listener};
    ht_relay_t *relay = ht_relay_new(&sink);
    const ht_decoder_sink_t *in = ht_relay_sink(relay);
    const ht_event_t head = {.time_us = 5};
    const ht_brief_t brief = {.kind = HT_EVENT_FREE, .address = 16};
    assert_null(in->event);
    assert_null(in->text);
    for (unsigned i = 1; i <= 300; i++) {
        in->briefs(in->context, &head, &brief, 1);
        if (i % 30U == 0) {
            ht_relay_settle(relay);
            assert_int_equal(listener.batches, i);
        }
    }
    ht_relay_free(relay);
    ht_relay_free(NULL);
    fclose(listener.log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_another_thread),
        cmocka_unit_test(test_who_listens_is_slow),
        cmocka_unit_test(test_who_decodes_is_slow),
        cmocka_unit_test(test_each_frame_settles),
        cmocka_unit_test(test_there_is_no_thread),
        cmocka_unit_test(test_settled_means_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
