/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The other thread gets the turn when there is much to do, and keeps it until nothing is left: so
 * who waits is woken for half a ring and not for each batch. While it has no turn the decoder's
 * thread may tell what little there is, and does so before everything that is no brief.
 */
#include "ht_relay.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { RING = 16, MUCH = RING / 2 };

typedef struct {
    ht_event_t head;
    size_t count;
    ht_brief_t brief[HT_BRIEFS_MAX];
} batch_t;

struct ht_relay {
    ht_decoder_sink_t sink; /* the user's */
    ht_decoder_sink_t own;
    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /* of the rest, while the thread runs */
    pthread_cond_t work;  /* the thread waits for its turn */
    pthread_cond_t room;  /* the decoder waits for half a ring, or for the end of the turn */
    bool turn;            /* the thread has it */
    bool over;
    uint64_t filled, told; /* batches, ever; those between are in the ring */
    batch_t ring[RING];
};

static void tell(const ht_relay_t *relay, uint64_t number)
{
    const batch_t *batch = &relay->ring[number % RING];
    relay->sink.briefs(relay->sink.context, &batch->head, batch->brief, batch->count);
}

/* --- the thread ---------------------------------------------------------------------------------
 */

/* With the lock, which is free while somebody listens. */
static void take_turn(ht_relay_t *relay)
{
    while (relay->told != relay->filled) {
        const uint64_t number = relay->told;
        pthread_mutex_unlock(&relay->lock);
        tell(relay, number);
        pthread_mutex_lock(&relay->lock);
        relay->told++;
        if (relay->filled - relay->told == MUCH) { pthread_cond_signal(&relay->room); }
    }
    relay->turn = false;
    pthread_cond_signal(&relay->room);
}

static void *run(void *context)
{
    ht_relay_t *relay = context;
    pthread_mutex_lock(&relay->lock);
    for (;;) {
        while (!relay->turn && !relay->over) {
            pthread_cond_wait(&relay->work, &relay->lock);
        }
        if (!relay->turn) { break; }
        take_turn(relay);
    }
    pthread_mutex_unlock(&relay->lock);
    return NULL;
}

/* --- the decoder's thread -----------------------------------------------------------------------
 */

/* The thread has no turn, or there is none. */
static void tell_rest(ht_relay_t *relay)
{
    for (; relay->told != relay->filled; relay->told++) {
        tell(relay, relay->told);
    }
}

void ht_relay_settle(ht_relay_t *relay)
{
    pthread_mutex_lock(&relay->lock);
    while (relay->turn) {
        pthread_cond_wait(&relay->room, &relay->lock);
    }
    pthread_mutex_unlock(&relay->lock);
    tell_rest(relay);
}

/* Room for one more batch. */
static batch_t *next_batch(ht_relay_t *relay)
{
    pthread_mutex_lock(&relay->lock);
    while (relay->filled - relay->told == RING) {
        pthread_cond_wait(&relay->room, &relay->lock);
    }
    pthread_mutex_unlock(&relay->lock);
    return &relay->ring[relay->filled % RING];
}

/* It is filled. */
static void hand_over(ht_relay_t *relay)
{
    pthread_mutex_lock(&relay->lock);
    relay->filled++;
    const bool much = !relay->turn && relay->filled - relay->told >= MUCH;
    if (much && !relay->running) {
        relay->running = pthread_create(&relay->thread, NULL, run, relay) == 0;
    }
    if (much && relay->running) {
        relay->turn = true;
        pthread_cond_signal(&relay->work);
    }
    pthread_mutex_unlock(&relay->lock);
    if (much && !relay->running) { tell_rest(relay); }
}

static void on_briefs(void *context, const ht_event_t *head, const ht_brief_t *brief, size_t count)
{
    ht_relay_t *relay = context;
    batch_t *batch = next_batch(relay);
    batch->head = *head;
    batch->count = count;
    memcpy(batch->brief, brief, count * sizeof(*brief));
    hand_over(relay);
}

static void on_event(void *context, const ht_event_t *event)
{
    ht_relay_t *relay = context;
    ht_relay_settle(relay);
    relay->sink.event(relay->sink.context, event);
}

static void on_text(void *context, const uint8_t *bytes, size_t length)
{
    ht_relay_t *relay = context;
    ht_relay_settle(relay);
    relay->sink.text(relay->sink.context, bytes, length);
}

static void on_damage(void *context, const ht_damage_t *damage)
{
    ht_relay_t *relay = context;
    ht_relay_settle(relay);
    relay->sink.damage(relay->sink.context, damage);
}

static void on_frame(void *context, const uint8_t *wire, size_t length)
{
    ht_relay_t *relay = context;
    ht_relay_settle(relay);
    relay->sink.frame(relay->sink.context, wire, length);
}

/* --- life ---------------------------------------------------------------------------------------
 */

ht_relay_t *ht_relay_new(const ht_decoder_sink_t *sink)
{
    ht_relay_t *relay = malloc(sizeof(*relay));
    if (relay == NULL) { return NULL; }
    memset(relay, 0, offsetof(ht_relay_t, ring));
    relay->sink = *sink;
    relay->own = (ht_decoder_sink_t){.event = sink->event != NULL ? on_event : NULL,
                                     .briefs = on_briefs,
                                     .text = sink->text != NULL ? on_text : NULL,
                                     .damage = sink->damage != NULL ? on_damage : NULL,
                                     .frame = sink->frame != NULL ? on_frame : NULL,
                                     .context = relay};
    (void)pthread_mutex_init(&relay->lock, NULL);
    (void)pthread_cond_init(&relay->work, NULL);
    (void)pthread_cond_init(&relay->room, NULL);
    return relay;
}

const ht_decoder_sink_t *ht_relay_sink(const ht_relay_t *relay)
{
    return &relay->own;
}

void ht_relay_free(ht_relay_t *relay)
{
    if (relay == NULL) { return; }
    ht_relay_settle(relay);
    if (relay->running) {
        pthread_mutex_lock(&relay->lock);
        relay->over = true;
        pthread_cond_signal(&relay->work);
        pthread_mutex_unlock(&relay->lock);
        (void)pthread_join(relay->thread, NULL);
    }
    pthread_cond_destroy(&relay->room);
    pthread_cond_destroy(&relay->work);
    pthread_mutex_destroy(&relay->lock);
    free(relay);
}
