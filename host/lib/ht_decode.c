/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* A decoder's life, and who listens to it. */
#include <stdlib.h>

#include "ht_decode_internal.h"

static void no_event(void *context, const ht_event_t *event)
{
    (void)context;
    (void)event;
}

static void no_bytes(void *context, const uint8_t *bytes, size_t length)
{
    (void)context;
    (void)bytes;
    (void)length;
}

static void no_damage(void *context, const ht_damage_t *damage)
{
    (void)context;
    (void)damage;
}

static void tell_events(const ht_decoder_sink_t *sink, const ht_event_t *head,
                        const ht_brief_t *brief, size_t count)
{
    ht_event_t event = *head;
    for (size_t i = 0; i < count; i++) {
        ht_event_of_brief(&event, head, &brief[i]);
        sink->event(sink->context, &event);
    }
}

void ht_decoder_flush(ht_decoder_t *decoder)
{
    const size_t count = decoder->brief_count;
    const ht_decoder_sink_t *sink = &decoder->sink;
    if (count == 0) { return; }
    ht_event_t head = decoder->event;
    head.time_us = decoder->brief_since_us;
    decoder->brief_count = 0;
    decoder->status.events += count;
    if (sink->briefs != NULL) {
        sink->briefs(sink->context, &head, decoder->brief, count);
    } else {
        tell_events(sink, &head, decoder->brief, count);
    }
}

ht_decoder_t *ht_decoder_new(const ht_decoder_sink_t *sink)
{
    ht_decoder_t *decoder = calloc(1, sizeof(*decoder));
    if (decoder == NULL) { return NULL; }
    decoder->sink = *sink;
    if (sink->event == NULL) { decoder->sink.event = no_event; }
    if (sink->text == NULL) { decoder->sink.text = no_bytes; }
    if (sink->damage == NULL) { decoder->sink.damage = no_damage; }
    if (sink->briefs == NULL) { decoder->sink.room_for_briefs = NULL; }
    return decoder;
}

void ht_decoder_free(ht_decoder_t *decoder)
{
    free(decoder);
}

ht_decoder_status_t ht_decoder_status(const ht_decoder_t *decoder)
{
    return decoder->status;
}

void ht_decoder_seek(ht_decoder_t *decoder, uint64_t offset)
{
    decoder->mode = HT_WIRE_START;
    decoder->suspect = false;
    decoder->damage_open = false;
    decoder->held_count = 0;
    decoder->broken_count = 0;
    decoder->offset = offset;
    decoder->sequence_known = false;
}

void ht_decoder_expect(ht_decoder_t *decoder, uint64_t sequence)
{
    decoder->sequence_known = true;
    decoder->next_sequence = sequence;
}

void ht_decoder_forget(ht_decoder_t *decoder)
{
    decoder->boot_known = false;
}
