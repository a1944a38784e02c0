/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "capture.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "event_text.h"

void capture_append(capture_bytes_t *to, const void *bytes, size_t length)
{
    if (length == 0) { return; }
    if (to->length + length > to->room) {
        to->room = 2 * (to->length + length);
        to->bytes = realloc(to->bytes, to->room);
        if (to->bytes == NULL) { abort(); }
    }
    memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
}

void capture_bytes_free(capture_bytes_t *bytes)
{
    free(bytes->bytes);
    *bytes = (capture_bytes_t){0};
}

void capture_frame(void *context, const uint8_t *wire, size_t length)
{
    capture_append(context, wire, length);
}

/* Streams into memory while a decoder speaks. */
typedef struct {
    FILE *events, *damages, *all;
    capture_t *capture;
} streams_t;

static void on_event(void *context, const ht_event_t *event)
{
    streams_t *streams = context;
    event_text(streams->events, event);
    event_text(streams->all, event);
}

static void on_text(void *context, const uint8_t *bytes, size_t length)
{
    streams_t *streams = context;
    capture_append(&streams->capture->text, bytes, length);
    fwrite(bytes, 1, length, streams->all);
}

static void on_damage(void *context, const ht_damage_t *damage)
{
    streams_t *streams = context;
    for (unsigned i = 0; i < 2; i++) {
        fprintf(i == 0 ? streams->damages : streams->all,
                "damage %d at %" PRIu64 ", %" PRIu64 " bytes: %s\n", (int)damage->kind,
                damage->offset, damage->bytes, damage->words);
    }
}

static void on_frame(void *context, const uint8_t *wire, size_t length)
{
    streams_t *streams = context;
    capture_append(&streams->capture->frames, wire, length);
}

capture_t capture_decode(const uint8_t *bytes, size_t length, size_t piece)
{
    capture_t capture = {0};
    size_t ignored = 0;
    streams_t streams = {
        .events = open_memstream(&capture.events, &ignored),
        .damages = open_memstream(&capture.damages, &ignored),
        .all = open_memstream(&capture.all, &ignored),
        .capture = &capture,
    };
    const ht_decoder_sink_t sink = {.event = on_event,
                                    .text = on_text,
                                    .damage = on_damage,
                                    .frame = on_frame,
                                    .context = &streams};
    ht_decoder_t *decoder = ht_decoder_new(&sink);
    if (decoder == NULL) { abort(); }
    for (size_t at = 0, count; at < length; at += count) {
        count = piece == 0 || piece > length - at ? length - at : piece;
        /* In memory of its own, so that a sanitizer sees a read beyond it. */
        uint8_t *copy = malloc(count);
        memcpy(copy, bytes + at, count);
        ht_decoder_feed(decoder, copy, count);
        free(copy);
    }
    ht_decoder_end(decoder);
    capture.status = ht_decoder_status(decoder);
    ht_decoder_free(decoder);
    fclose(streams.events);
    fclose(streams.damages);
    fclose(streams.all);
    return capture;
}

void capture_free(capture_t *capture)
{
    free(capture->events);
    free(capture->damages);
    free(capture->all);
    capture_bytes_free(&capture->text);
    capture_bytes_free(&capture->frames);
}

size_t capture_lines(const char *text)
{
    size_t lines = 0;
    for (; *text != '\0'; text++) {
        lines += *text == '\n';
    }
    return lines;
}
