/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A ring of pages between two threads. One writes what it decoded into a page, as messages one
 * behind the other; a page that is full goes to the other one, which tells what is in it and gives
 * it back. So they meet once in some thousands of events, and wait only when one is a whole ring
 * ahead. A question ends its page: who is asked may want to see, or to stop.
 */
#include "ht_trace_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "ht_event_copy.h"
#include "ht_format.h"

/* A page is handed on when it has so many bytes: a part of what the second cache holds. */
#define PAGE_FULL_BYTES (64U << 10)
/* Room behind that for any message. An event is of one frame: pairs of a hello, each with two bytes
 * in it, have most. Memory that is not written to costs nothing. */
#define MESSAGE_MAX_BYTES                                                                          \
    (1024U + 4U * HT_FRAME_MAX + HT_FRAME_MAX / 2U * (sizeof(ht_hello_pair_t) + 3U * 8U))
#define PAGES 6U

typedef enum { TELL_EVENT, TELL_BRIEFS, TELL_TEXT, TELL_DAMAGE, TELL_FRAME, TELL_PROGRESS } tell_t;

/* In front of each message. */
typedef struct {
    uint32_t kind;  /* tell_t */
    uint32_t bytes; /* of its content, a multiple of 8 */
    uint64_t count; /* briefs; bytes of text or of a frame; bytes read */
} message_t;

/* What becomes of the reading if the answer is no. */
typedef struct {
    uint64_t total; /* bytes to read */
    ht_trace_outcome_t outcome;
} question_t;

_Static_assert(sizeof(message_t) + sizeof(ht_event_t) <= 1024U, "as MESSAGE_MAX_BYTES has it");
_Static_assert(sizeof(message_t) + sizeof(question_t) <= MESSAGE_MAX_BYTES, "a message");
_Static_assert(HT_BRIEFS_MAX * sizeof(ht_brief_t) <= 4U * HT_FRAME_MAX, "as MESSAGE_MAX_BYTES has");
_Static_assert(sizeof(message_t) % 8U == 0 && sizeof(ht_event_t) % 8U == 0, "what follows has 8");

typedef struct {
    size_t used;
    uint64_t bytes[(PAGE_FULL_BYTES + MESSAGE_MAX_BYTES) / sizeof(uint64_t) + 1];
} page_t;

typedef struct {
    ht_trace_work_t work;
    void *work_context;
    const ht_decoder_sink_t *sink;
    const ht_trace_request_t *request;
    ht_trace_outcome_t outcome; /* of what was written */
    ht_trace_outcome_t stopped; /* of what was told when progress said no */
    atomic_bool stop;           /* it did */

    page_t *page;         /* PAGES of them */
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t is_full, is_free;
    size_t filled, emptied; /* pages, since the beginning */
    bool done;
} ahead_t;

/* --- the thread that decodes --------------------------------------------------------------------
 */

static page_t *page_of(const ahead_t *ahead, size_t number)
{
    return &ahead->page[number % PAGES];
}

/* Only this thread changes `filled`. */
static void hand_on(ahead_t *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->filled++;
    pthread_cond_signal(&ahead->is_full);
    while (ahead->filled - ahead->emptied == PAGES) {
        pthread_cond_wait(&ahead->is_free, &ahead->lock);
    }
    pthread_mutex_unlock(&ahead->lock);
    page_of(ahead, ahead->filled)->used = 0;
}

/* The place for the next message. */
static message_t *place(ahead_t *ahead)
{
    if (page_of(ahead, ahead->filled)->used >= PAGE_FULL_BYTES) { hand_on(ahead); }
    page_t *page = page_of(ahead, ahead->filled);
    return (message_t *)((char *)page->bytes + page->used);
}

/* A message. Returns its content, which is to be written. */
static void *room_for(ahead_t *ahead, tell_t kind, uint64_t count, size_t bytes)
{
    message_t *message = place(ahead);
    bytes = (bytes + 7U) & ~(size_t)7U;
    *message = (message_t){.kind = kind, .bytes = (uint32_t)bytes, .count = count};
    page_of(ahead, ahead->filled)->used += sizeof(*message) + bytes;
    return message + 1;
}

static void write_event(void *context, const ht_event_t *event)
{
    ht_event_t *copy =
        room_for(context, TELL_EVENT, 0, sizeof(*event) + ht_event_more_bytes(event));
    ht_event_copy(copy, copy + 1, event);
}

/* Briefs are decoded to where they are read: behind a message and a head. */
static ht_brief_t *room_for_briefs(void *context)
{
    ht_event_t *head = (ht_event_t *)(place(context) + 1);
    return (ht_brief_t *)(head + 1);
}

static void write_briefs(void *context, const ht_event_t *head, const ht_brief_t *brief,
                         size_t count)
{
    ht_event_t *copy =
        room_for(context, TELL_BRIEFS, count, sizeof(*head) + count * sizeof(*brief));
    *copy = *head; /* and behind it is `brief`, where room_for_briefs() said */
}

static void write_text(void *context, const uint8_t *bytes, size_t length)
{
    while (length > 0) { /* of any length */
        const size_t count = length < HT_FRAME_MAX ? length : HT_FRAME_MAX;
        memcpy(room_for(context, TELL_TEXT, count, count), bytes, count);
        bytes += count;
        length -= count;
    }
}

static void write_damage(void *context, const ht_damage_t *damage)
{
    memcpy(room_for(context, TELL_DAMAGE, 0, sizeof(*damage)), damage, sizeof(*damage));
}

static void write_frame(void *context, const uint8_t *wire, size_t length)
{
    memcpy(room_for(context, TELL_FRAME, length, length), wire, length);
}

static bool write_progress(void *context, uint64_t done, uint64_t total)
{
    ahead_t *ahead = context;
    question_t *question = room_for(ahead, TELL_PROGRESS, done, sizeof(*question));
    *question = (question_t){total, ahead->outcome};
    hand_on(ahead);
    return !atomic_load_explicit(&ahead->stop, memory_order_relaxed);
}

/* The work; its callbacks write messages, for each kind that the sink has a function for. */
static void *thread(void *context)
{
    ahead_t *ahead = context;
    const ht_decoder_sink_t *to = ahead->sink;
    const ht_decoder_sink_t sink = {.event = to->event != NULL ? write_event : NULL,
                                    .briefs = to->briefs != NULL ? write_briefs : NULL,
                                    .room_for_briefs = to->briefs != NULL ? room_for_briefs : NULL,
                                    .text = to->text != NULL ? write_text : NULL,
                                    .damage = to->damage != NULL ? write_damage : NULL,
                                    .frame = to->frame != NULL ? write_frame : NULL,
                                    .context = ahead};
    ht_trace_request_t request = *ahead->request;
    if (request.progress != NULL) { request.progress = write_progress; }
    request.progress_context = ahead;
    ahead->work(ahead->work_context, &sink, &request, &ahead->outcome);
    pthread_mutex_lock(&ahead->lock);
    ahead->filled++;
    ahead->done = true;
    pthread_cond_signal(&ahead->is_full);
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

/* --- the thread that takes the events -----------------------------------------------------------
 */

static void tell_event(ahead_t *ahead, const message_t *message)
{
    const ht_event_t *event = (const void *)(message + 1);
    ahead->sink->event(ahead->sink->context, event);
}

static void tell_briefs(ahead_t *ahead, const message_t *message)
{
    const ht_event_t *head = (const void *)(message + 1);
    const ht_brief_t *brief = (const void *)(head + 1);
    const ht_decoder_sink_t *sink = ahead->sink;
    if (sink->room_for_briefs != NULL) {
        brief =
            memcpy(sink->room_for_briefs(sink->context), brief, message->count * sizeof(*brief));
    }
    sink->briefs(sink->context, head, brief, message->count);
}

static void tell_text(ahead_t *ahead, const message_t *message)
{
    ahead->sink->text(ahead->sink->context, (const void *)(message + 1), message->count);
}

static void tell_damage(ahead_t *ahead, const message_t *message)
{
    ahead->sink->damage(ahead->sink->context, (const void *)(message + 1));
}

static void tell_frame(ahead_t *ahead, const message_t *message)
{
    ahead->sink->frame(ahead->sink->context, (const void *)(message + 1), message->count);
}

static void ask_progress(ahead_t *ahead, const message_t *message)
{
    const ht_trace_request_t *request = ahead->request;
    const question_t *question = (const void *)(message + 1);
    if (request->progress(request->progress_context, message->count, question->total)) { return; }
    ahead->stopped = question->outcome;
    ahead->stopped.result.stopped = true;
    atomic_store_explicit(&ahead->stop, true, memory_order_relaxed);
}

static void tell_page(ahead_t *ahead, const page_t *page)
{
    static void (*const tell[])(ahead_t *, const message_t *) = {
        [TELL_EVENT] = tell_event,   [TELL_BRIEFS] = tell_briefs, [TELL_TEXT] = tell_text,
        [TELL_DAMAGE] = tell_damage, [TELL_FRAME] = tell_frame,   [TELL_PROGRESS] = ask_progress,
    };
    const char *at = (const char *)page->bytes, *const end = at + page->used;
    while (at < end && !atomic_load_explicit(&ahead->stop, memory_order_relaxed)) {
        const message_t *message = (const void *)at;
        tell[message->kind](ahead, message);
        at += sizeof(*message) + message->bytes;
    }
}

/* The next page; NULL: there is none any more. Only this thread changes `emptied`. */
static const page_t *wait_for_page(ahead_t *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    while (ahead->filled == ahead->emptied && !ahead->done) {
        pthread_cond_wait(&ahead->is_full, &ahead->lock);
    }
    const bool is_there = ahead->filled != ahead->emptied;
    pthread_mutex_unlock(&ahead->lock);
    return is_there ? page_of(ahead, ahead->emptied) : NULL;
}

static void give_back(ahead_t *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->emptied++;
    pthread_cond_signal(&ahead->is_free);
    pthread_mutex_unlock(&ahead->lock);
}

/* Signals stay with the caller's thread, but for those that tell of a fault in this one. */
static bool begin_thread(pthread_t *id, ahead_t *ahead)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    sigset_t masked, before;
    sigfillset(&masked);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        sigdelset(&masked, faults[i]);
    }
    pthread_sigmask(SIG_SETMASK, &masked, &before);
    const bool good = pthread_create(id, NULL, thread, ahead) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return good;
}

static void release(ahead_t *ahead)
{
    pthread_cond_destroy(&ahead->is_free);
    pthread_cond_destroy(&ahead->is_full);
    pthread_mutex_destroy(&ahead->lock);
    free(ahead->page);
}

bool ht_trace_ahead(ht_trace_work_t work, void *context, const ht_decoder_sink_t *sink,
                    const ht_trace_request_t *request, ht_trace_outcome_t *outcome)
{
    ahead_t ahead = {.work = work,
                     .work_context = context,
                     .sink = sink,
                     .request = request,
                     .page = calloc(PAGES, sizeof(page_t)),
                     .lock = PTHREAD_MUTEX_INITIALIZER,
                     .is_full = PTHREAD_COND_INITIALIZER,
                     .is_free = PTHREAD_COND_INITIALIZER};
    pthread_t id;
    if (ahead.page == NULL) { return false; }
    if (!begin_thread(&id, &ahead)) {
        release(&ahead);
        return false;
    }
    for (const page_t *page; (page = wait_for_page(&ahead)) != NULL;) {
        tell_page(&ahead, page);
        give_back(&ahead);
    }
    pthread_join(id, NULL);
    *outcome = atomic_load(&ahead.stop) ? ahead.stopped : ahead.outcome;
    release(&ahead);
    return true;
}
