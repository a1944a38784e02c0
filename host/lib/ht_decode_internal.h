/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_decode_internal.h
 * What the decoder's three parts share. Each knows only the one below it:
 *
 *     wire (ht_decode_wire.c)       bytes -> text, candidates for frames
 *     frame (ht_decode_frame.c)     candidate -> body: stuffing, sum, version, boot, sequence
 *     records (ht_decode_record.c, ht_decode_definition.c)   body -> events
 */
#pragma once

#include "ht_decode.h"
#include "ht_format.h"

/** Bytes of a frame on the wire without its two 00, at most: each byte escaped. */
#define HT_WIRE_MAX (2U * HT_FRAME_MAX)

/**
 * Zeroes behind a body. So the records that come by the million are read without a look at the end:
 * five numbers behind the last byte read zeroes, and that they did is seen afterwards.
 */
#define HT_BODY_SLACK 64U

/** Pairs of a hello, at most: each has two bytes. */
#define HT_HELLO_MAX (HT_FRAME_MAX / 2U)

typedef enum {
    HT_WIRE_START, /**< behind a 00, or at the very beginning */
    HT_WIRE_TEXT,
    HT_WIRE_FRAME, /**< behind the two bytes of a frame's start: collecting */
    HT_WIRE_BROKEN /**< in what was a frame: text is picked out of it line by line */
} ht_wire_mode_t;

struct ht_decoder {
    ht_decoder_sink_t sink; /**< `event`, `text` and `damage` are not NULL */
    ht_decoder_status_t status;

    /* wire */
    ht_wire_mode_t mode;
    bool suspect;     /**< a frame failed: what comes before the next may be a piece of it */
    bool line_clean;  /**< the line that `held` holds began behind a line end, or a 00 */
    bool inner;       /**< the candidate was found inside one that failed */
    bool ending;      /**< the input ended */
    bool damage_open; /**< `damage` is being added up, and is to be told */
    ht_damage_t damage;
    uint64_t offset; /**< of the next byte */
    size_t held_count;
    uint8_t held[1 + HT_WIRE_MAX + 1]; /**< 00, the last `held_count` bytes, room for a 00 */

    /* a frame that text was written into: what came before its first line end */
    size_t broken_count; /**< 0: none */
    size_t broken_text;  /**< where in it the text may begin */
    uint64_t broken_offset;
    uint8_t broken[1 + HT_WIRE_MAX + HT_BODY_SLACK]; /**< 00, those bytes, room behind */

    /* frame */
    bool boot_known;
    bool sequence_known;
    uint32_t boot;
    uint64_t next_sequence;
    size_t body_length; /**< without its CRC */
    uint8_t body[HT_WIRE_MAX + HT_BODY_SLACK];

    /* records */
    const uint8_t *wire; /**< of the frame in `body`: where in it a damage lies */
    size_t wire_length;
    uint64_t wire_offset;
    ht_event_t event;
    size_t brief_count;      /**< not told yet; of the frame in `body` */
    uint64_t brief_since_us; /**< the time of the first one */
    ht_brief_t *brief;       /**< the room that they are in */
    ht_brief_t own_room[HT_BRIEFS_MAX];
    ht_search_t search;
    ht_suspect_t found;
    uint64_t frames[HT_FRAME_MAX];
    ht_hello_pair_t pair[HT_HELLO_MAX];
};

/** What is wrong with a candidate. */
typedef struct {
    bool good;
    ht_damage_kind_t kind;
    size_t at; /**< first byte that makes no sense, counted from the candidate's first */
    const char *words;
} ht_frame_verdict_t;

/** Is it a frame? Then its body is in `body`, and the sum is right. `length` <= HT_WIRE_MAX. */
ht_frame_verdict_t ht_frame_open(ht_decoder_t *decoder, const uint8_t *wire, size_t length);

/**
 * Deliver the frame that ht_frame_open() found good: between two 00, at `wire[-1]` and
 * `wire[length]`; `offset` is that of its first byte in the input.
 */
void ht_frame_deliver(ht_decoder_t *decoder, const uint8_t *wire, size_t length, uint64_t offset);

/** Say that `bytes` bytes from `at` on, counted in the body, make no sense. */
void ht_frame_complain(ht_decoder_t *decoder, size_t at, size_t bytes, const char *words);

/** The records of the body, from `at` on; the event's fields that a frame has are set. */
void ht_records_decode(ht_decoder_t *decoder, size_t at);

/** A record with a length, its content in [at, end). NULL: fine, else what is wrong with it. */
const char *ht_record_decode(ht_decoder_t *decoder, uint8_t tag, size_t at, size_t end);

/** Where the next briefs go. */
static inline ht_brief_t *ht_decoder_room(ht_decoder_t *decoder)
{
    const ht_decoder_sink_t *sink = &decoder->sink;
    return sink->room_for_briefs != NULL ? sink->room_for_briefs(sink->context) : decoder->own_room;
}

/** The briefs that wait go out. */
void ht_decoder_flush(ht_decoder_t *decoder);

/** The event goes out, after what came before it. */
static inline void ht_decoder_emit(ht_decoder_t *decoder, ht_event_kind_t kind)
{
    if (decoder->brief_count != 0) { ht_decoder_flush(decoder); }
    decoder->event.kind = kind;
    decoder->status.events++;
    decoder->sink.event(decoder->sink.context, &decoder->event);
}

void ht_decoder_tell_damage(ht_decoder_t *decoder, const ht_damage_t *damage);
