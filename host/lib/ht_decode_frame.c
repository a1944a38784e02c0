/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* SPEC.md 5.1 and 5.2: stuffing, sum, and the header of a frame. */
#include <string.h>

#include <zlib.h>

#include "ht_bytes16.h"
#include "ht_decode_internal.h"
#include "ht_reader.h"

#define NONE SIZE_MAX

/* Behind the fixed bytes: sequence and time have one byte each at least. */
#define BODY_MIN (HT_FRAME_FIXED_BYTES + 2U + HT_FRAME_CRC_BYTES)

/* How many stand before an escape, or a byte that no frame holds; 16: all. (00 is none of them: it
 * ended the frame.) */
static inline unsigned plain_bytes(ht_bytes16_t b)
{
    static const uint8_t special[] = {HT_WIRE_ESCAPE, 0x09, 0x0A, 0x0D, 0x11, 0x13};
    ht_bytes16_t hit = {};
#pragma GCC unroll 6
    for (size_t i = 0; i < sizeof(special); i++) {
        hit |= (ht_bytes16_t)(b == ht_bytes16_each(special[i]));
    }
    return (unsigned)__builtin_ctz(ht_bytes16_mask(hit) | 1U << sizeof(b));
}

/* The byte that an escape stands for goes to `out`. False: it is none. */
static inline bool unescape(const uint8_t *in, const uint8_t *end, uint8_t *out)
{
    if (in[0] != HT_WIRE_ESCAPE || end - in < 2) { return false; }
    uint8_t real = in[1] ^ HT_WIRE_ESCAPED;
    *out = real ^ HT_WIRE_MASK;
    return HT_WIRE_IS_SPECIAL(real);
}

/* Undo the stuffing into `out`, which has room for `length` bytes. Returns the bytes of the body,
 * or NONE, and *wrong is the index of the byte that no frame holds. */
static size_t unstuff(const uint8_t *in, size_t length, uint8_t *out, size_t *wrong)
{
    const uint8_t *const begin = in, *const end = in + length;
    const uint8_t *const out_begin = out;
    while (in < end) {
        if (end - in >= (ptrdiff_t)sizeof(ht_bytes16_t)) {
            ht_bytes16_t block = ht_bytes16_load(in);
            const unsigned plain = plain_bytes(block);
            block ^= ht_bytes16_each(HT_WIRE_MASK);
            memcpy(out, &block, sizeof(block)); /* what is behind the plain ones is overwritten */
            in += plain, out += plain;
            if (plain == sizeof(block)) { continue; }
        } else if (!HT_WIRE_IS_SPECIAL(*in)) {
            *out++ = *in++ ^ HT_WIRE_MASK;
            continue;
        }
        if (!unescape(in, end, out)) {
            *wrong = (size_t)(in - begin);
            return NONE;
        }
        in += 2, out++;
    }
    return (size_t)(out - out_begin);
}

static uint32_t little_endian_32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

ht_frame_verdict_t ht_frame_open(ht_decoder_t *decoder, const uint8_t *wire, size_t length)
{
    size_t wrong = 0;
    size_t count = unstuff(wire, length, decoder->body, &wrong);
    if (count == NONE) {
        return (ht_frame_verdict_t){
            .kind = HT_DAMAGE_ESCAPE, .at = wrong, .words = "an escape that is none"};
    }
    if (count < BODY_MIN || count > HT_FRAME_MAX) {
        return (ht_frame_verdict_t){.kind = HT_DAMAGE_LENGTH,
                                    .at = length,
                                    .words = count < BODY_MIN ? "too short for a frame"
                                                              : "longer than a frame can be"};
    }
    count -= HT_FRAME_CRC_BYTES;
    uint8_t *sum = decoder->body + count;
    if (decoder->body[0] != HT_FRAME_MAGIC_0 || decoder->body[1] != HT_FRAME_MAGIC_1 ||
        crc32(0, decoder->body, (uInt)count) != little_endian_32(sum)) {
        return (ht_frame_verdict_t){.kind = HT_DAMAGE_CRC, .words = "the sum of a frame is wrong"};
    }
    memset(sum, 0, HT_BODY_SLACK);
    decoder->body_length = count;
    return (ht_frame_verdict_t){.good = true};
}

/* Where a byte of the body stands on the wire. */
static uint64_t wire_offset(const ht_decoder_t *decoder, size_t at)
{
    size_t i = 0;
    for (; at > 0 && i < decoder->wire_length; at--) {
        i += decoder->wire[i] == HT_WIRE_ESCAPE ? 2 : 1;
    }
    return decoder->wire_offset + i;
}

void ht_frame_complain(ht_decoder_t *decoder, size_t at, size_t bytes, const char *words)
{
    const ht_damage_t damage = {
        .kind = HT_DAMAGE_RECORD,
        .offset = wire_offset(decoder, at),
        .bytes = bytes,
        .words = words,
    };
    ht_decoder_flush(decoder);
    ht_decoder_tell_damage(decoder, &damage);
}

static void another_version(ht_decoder_t *decoder)
{
    const ht_damage_t damage = {
        .kind = HT_DAMAGE_VERSION,
        .offset = decoder->wire_offset + 2,
        .bytes = decoder->wire_length,
        .words = decoder->body[2] > HT_FRAME_VERSION
                     ? "a newer version of the format than this program knows"
                     : "a version of the format that does not exist",
    };
    ht_decoder_tell_damage(decoder, &damage);
}

/* Is it another run than that of the frame before? A sequence that goes back is one whose number
 * happens to be the same, or a stream that was read twice. */
static bool is_another_run(const ht_decoder_t *decoder, uint32_t boot, uint64_t sequence)
{
    if (!decoder->boot_known || decoder->boot != boot) { return true; }
    return decoder->sequence_known && sequence < decoder->next_sequence;
}

/* Frames that are missing before this one. None are before the first one that is seen, nor before
 * what a flight recorder kept: it says itself what it lost. */
static uint64_t missing(const ht_decoder_t *decoder, bool another_run, uint64_t sequence)
{
    bool joined = !decoder->sequence_known || (another_run && decoder->event.before_reset);
    if (joined) { return 0; }
    return another_run ? sequence : sequence - decoder->next_sequence;
}

static void follow_sequence(ht_decoder_t *decoder, uint64_t sequence)
{
    bool another = is_another_run(decoder, decoder->event.boot, sequence);
    uint64_t lost = missing(decoder, another, sequence);
    decoder->boot = decoder->event.boot;
    decoder->boot_known = true;
    decoder->sequence_known = true;
    decoder->next_sequence = sequence + 1;
    if (another) {
        decoder->status.boots++;
        ht_decoder_emit(decoder, HT_EVENT_BOOT);
    }
    if (lost == 0) { return; }
    decoder->status.lost_frames += lost;
    decoder->event.loss.cause = HT_EVENT_LOSS_FRAMES;
    decoder->event.loss.core = 2;
    decoder->event.loss.count = lost;
    ht_decoder_emit(decoder, HT_EVENT_LOSS);
}

void ht_frame_deliver(ht_decoder_t *decoder, const uint8_t *wire, size_t length, uint64_t offset)
{
    const uint8_t *body = decoder->body;
    decoder->wire = wire;
    decoder->wire_length = length;
    decoder->wire_offset = offset;
    decoder->status.frames++;
    if (decoder->sink.frame != NULL) {
        decoder->sink.frame(decoder->sink.context, wire - 1, length + 2);
    }
    if (body[2] != HT_FRAME_VERSION) {
        another_version(decoder);
        return;
    }
    ht_reader_t reader = {body + HT_FRAME_FIXED_BYTES, body + decoder->body_length, false};
    uint64_t sequence = ht_reader_varint(&reader);
    uint64_t time = ht_reader_varint(&reader);
    size_t at = (size_t)(reader.at - body);
    if (reader.failed) {
        ht_frame_complain(decoder, HT_FRAME_FIXED_BYTES, decoder->body_length,
                          "the head of a frame is none");
        return;
    }
    decoder->event = (ht_event_t){
        .before_reset = (body[3] & HT_FRAME_BEFORE_RESET) != 0,
        .pointer_bytes = (body[3] & HT_FRAME_POINTER_64) != 0 ? 8 : 4,
        .boot = (uint32_t)body[4] | (uint32_t)body[5] << 8,
        .time_us = time,
        .offset = offset,
    };
    follow_sequence(decoder, sequence);
    ht_records_decode(decoder, at);
}
