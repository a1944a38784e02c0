/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_frame.h
 * One frame of a trace, as it is on the wire (SPEC.md, 5.1 and 5.2), made in one pass: each byte of
 * the body goes into the sum, is masked, escaped and stored.
 *
 *   wire   [ 00 | head, stuffed | records, stuffed ...   | room for the sum | 00 ]
 */
#pragma once

#include "../format/ht_format.h"
#include "ht_types.h"

/** Bytes on the wire that a frame must have room for: the longest record, each byte escaped. */
#define HT_FRAME_WIRE_MIN 1024U

/** Bytes of a record, at most. */
#define HT_FRAME_RECORD_MAX 480U

typedef struct {
    uint8_t *wire;
    uint32_t room; /**< bytes at `wire` */
    uint32_t used; /**< 0: the frame is not begun */
    uint32_t body; /**< bytes of the body so far */
    uint32_t crc;
    uint32_t sequence; /**< of the next frame that is begun */
    uint16_t boot;
    uint8_t flags;
} ht_frame_t;

/** A record, or a piece of one, before it goes into a frame. What does not fit is not stored, but
 * counted. */
typedef struct {
    uint8_t *bytes;
    uint32_t room;
    uint32_t used;
} ht_bytes_t;

void ht_bytes_put(ht_bytes_t *bytes, uint32_t byte);
void ht_bytes_varint(ht_bytes_t *bytes, uint64_t value);
void ht_bytes_zigzag(ht_bytes_t *bytes, int64_t value);
void ht_bytes_raw(ht_bytes_t *bytes, const void *from, size_t length);

/** A text: NULL is an empty one; cut to `max` bytes. */
void ht_bytes_text(ht_bytes_t *bytes, const char *text, size_t max);

/** Begin the frame, if it is not begun. */
void ht_frame_begin(ht_frame_t *frame, uint64_t time_us);

/** Begin a frame whose body is at hand, head and all. */
void ht_frame_begin_raw(ht_frame_t *frame);

/** Add bytes of the body. False: they do not fit, nothing happened. The frame is begun. */
bool ht_frame_add(ht_frame_t *frame, const uint8_t *bytes, uint32_t length);

/** Add the sum and the end: `used` bytes at `wire` are to be sent. The frame is begun. */
void ht_frame_end(ht_frame_t *frame);

/** They were sent, or shall not be. */
void ht_frame_clear(ht_frame_t *frame);

/** CRC-32 of IEEE 802.3, as zlib's crc32() goes on with it; begin with 0. */
uint32_t ht_crc32(uint32_t crc, const void *bytes, size_t length);
