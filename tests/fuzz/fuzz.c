/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ht_keeper.h"
#include "ht_model.h"

void fuzz_must(bool holds, const char *words)
{
    if (holds) { return; }
    fprintf(stderr, "fuzz: %s\n", words);
    abort();
}

typedef struct {
    uint64_t hash;
    ht_model_t *model;
    ht_keeper_t *keeper;
} listener_t;

static void mix(listener_t *listener, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < length; i++) {
        listener->hash = (listener->hash ^ at[i]) * UINT64_C(0x100000001B3); /* FNV-1a */
    }
}

static void mix_number(listener_t *listener, uint64_t number)
{
    mix(listener, &number, sizeof(number));
}

static void on_event(void *context, const ht_event_t *event)
{
    listener_t *listener = context;
    mix_number(listener, event->kind);
    mix_number(listener, event->time_us);
    mix_number(listener, event->offset);
    mix_number(listener, event->task);
    if (event->kind == HT_EVENT_ALLOC) {
        mix_number(listener, event->alloc.address);
        mix_number(listener, event->alloc.size);
    }
    ht_model_event(listener->model, event);
    ht_keeper_event(listener->keeper, event);
}

static void on_text(void *context, const uint8_t *bytes, size_t length)
{
    mix(context, bytes, length);
}

static void on_damage(void *context, const ht_damage_t *damage)
{
    mix_number(context, damage->kind);
    mix_number(context, damage->offset);
    mix_number(context, damage->bytes);
    fuzz_must(damage->words != NULL, "a damage without words");
}

static void on_frame(void *context, const uint8_t *wire, size_t length)
{
    mix(context, wire, length);
    fuzz_must(length > 2 && wire[0] == 0 && wire[length - 1] == 0, "a frame without its ends");
}

static void ignore_frame(void *context, const uint8_t *wire, size_t length)
{
    (void)context;
    (void)wire;
    (void)length;
}

/* What the keeper writes down is made of good frames. */
static void check_keeper(ht_keeper_t *keeper)
{
    const ht_writer_config_t config = {.sink = ignore_frame};
    ht_writer_t *writer = ht_writer_new(&config);
    fuzz_must(writer != NULL && ht_keeper_write(keeper, writer), "no checkpoint");
    ht_writer_free(writer);
}

static void feed(ht_decoder_t *decoder, const uint8_t *bytes, size_t length, size_t piece)
{
    for (size_t at = 0, count; at < length; at += count) {
        count = piece == 0 || piece > length - at ? length - at : piece;
        uint8_t *copy = malloc(count); /* so that a read beyond it is seen */
        fuzz_must(copy != NULL, "no memory");
        memcpy(copy, bytes + at, count);
        ht_decoder_feed(decoder, copy, count);
        free(copy);
    }
    ht_decoder_end(decoder);
}

fuzz_outcome_t fuzz_decode(const uint8_t *bytes, size_t length, size_t piece)
{
    listener_t listener = {.model = ht_model_new(NULL), .keeper = ht_keeper_new()};
    const ht_decoder_sink_t sink = {.event = on_event,
                                    .text = on_text,
                                    .damage = on_damage,
                                    .frame = on_frame,
                                    .context = &listener};
    ht_decoder_t *decoder = ht_decoder_new(&sink);
    fuzz_must(decoder != NULL && listener.model != NULL && listener.keeper != NULL, "no memory");
    feed(decoder, bytes, length, piece);
    const char *wrong = ht_model_check(listener.model);
    fuzz_must(wrong == NULL, wrong);
    check_keeper(listener.keeper);
    const fuzz_outcome_t outcome = {listener.hash, ht_decoder_status(decoder)};
    ht_decoder_free(decoder);
    ht_keeper_free(listener.keeper);
    ht_model_free(listener.model);
    return outcome;
}
