/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_decode.h
 * Bytes of the wire in, events out: SPEC.md 5.1 to 5.4. Takes pieces of any size, believes nothing,
 * finds its way again behind any damage, keeps no more than one frame.
 */
#pragma once

#include "ht_event.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    HT_DAMAGE_CRC,      /**< the sum of a frame is wrong */
    HT_DAMAGE_ESCAPE,   /**< an escape that is none, or a byte that a frame never holds */
    HT_DAMAGE_LENGTH,   /**< too long or too short for a frame */
    HT_DAMAGE_VERSION,  /**< of a newer format */
    HT_DAMAGE_RECORD,   /**< the sum is right, a record is not: its writer is at fault */
    HT_DAMAGE_TRUNCATED /**< the input ended inside a frame */
} ht_damage_kind_t;

typedef struct {
    ht_damage_kind_t kind;
    uint64_t offset;   /**< of the first byte that makes no sense, in the wire's bytes */
    uint64_t bytes;    /**< not decoded */
    const char *words; /**< a sentence, static */
} ht_damage_t;

/** Briefs that come together, at most: they stay in the first cache. */
#define HT_BRIEFS_MAX 256U

/** Any of them may be NULL. Called from ht_decoder_feed() and ht_decoder_end(). */
typedef struct {
    void (*event)(void *context, const ht_event_t *event);
    /** Allocations and frees by the hundred, in their order among all events, in place of an event
     * for each. `head`: an event, of which task, core and kind mean nothing. NULL: they come as
     * events. */
    void (*briefs)(void *context, const ht_event_t *head, const ht_brief_t *brief, size_t count);
    /** Where the next HT_BRIEFS_MAX of them are to be written, for who keeps them: asked before
     * each batch, never NULL; `briefs` gets that very pointer, before anything else is told. NULL:
     * they are the decoder's, and last while `briefs` runs. Means nothing without `briefs`. */
    ht_brief_t *(*room_for_briefs)(void *context);
    void (*text)(void *context, const uint8_t *bytes, size_t length); /**< between frames */
    void (*damage)(void *context, const ht_damage_t *damage);
    void (*frame)(void *context, const uint8_t *wire,
                  size_t length); /**< a valid frame as it came, with
     both its 00, before its events: for who stores frames */
    void *context;
} ht_decoder_sink_t;

/** Counters of a decoder. */
typedef struct {
    uint64_t bytes;
    uint64_t frames;
    uint64_t events;
    uint64_t text_bytes;
    uint64_t damaged_frames; /**< candidates that were none; not those of a newer version */
    uint64_t lost_frames;    /**< gaps in the sequence */
    uint64_t boots;
} ht_decoder_status_t;

typedef struct ht_decoder ht_decoder_t;

/** NULL: no memory. Free it with ht_decoder_free(). */
ht_decoder_t *ht_decoder_new(const ht_decoder_sink_t *sink);
void ht_decoder_free(ht_decoder_t *decoder);

/** The next bytes. O(length). */
void ht_decoder_feed(ht_decoder_t *decoder, const uint8_t *bytes, size_t length);

/** The input ended: what is left is said to be truncated, or is text. */
void ht_decoder_end(ht_decoder_t *decoder);

/** Nothing came for a moment: text that was held back, since it could have been a piece of a broken
 * frame, comes out. For who shows a console; needed by nobody else. */
void ht_decoder_idle(ht_decoder_t *decoder);

/** Begin anew at another place of the same stream: what is half decoded is dropped, the next gap in
 * the sequence is none. `offset`: of the next byte, for events and damages. The boot stays known:
 * a frame of the same one brings no HT_EVENT_BOOT. */
void ht_decoder_seek(ht_decoder_t *decoder, uint64_t offset);

/** After ht_decoder_seek(): the frame that comes next in this boot has this number. One that has a
 * higher one is behind a gap. */
void ht_decoder_expect(ht_decoder_t *decoder, uint64_t sequence);

/** Forget the boot, too: HT_EVENT_BOOT comes before the next event, whatever boot it is of. For who
 * jumps to a checkpoint, in front of which nothing that was known counts. */
void ht_decoder_forget(ht_decoder_t *decoder);

ht_decoder_status_t ht_decoder_status(const ht_decoder_t *decoder);

#ifdef __cplusplus
}
#endif
