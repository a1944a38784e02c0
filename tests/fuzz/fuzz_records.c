/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Any bytes, as the bodies of frames: each is given a head and a sum, so that every input gets to
 * the records. Input: flags, boot, step of the sequence, 16 bits of length, then so many bytes;
 * again.
 */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "fuzz.h"
#include "ht_format.h"

typedef struct {
    uint8_t *at;
    size_t length;
} wire_t;

static void put_frame(wire_t *wire, const uint8_t *body, size_t length)
{
    wire->at = realloc(wire->at, wire->length + 2 * length + 2);
    fuzz_must(wire->at != NULL, "no memory");
    wire->at[wire->length++] = HT_WIRE_END;
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = body[i] ^ HT_WIRE_MASK;
        if (HT_WIRE_IS_SPECIAL(byte)) {
            wire->at[wire->length++] = HT_WIRE_ESCAPE;
            byte ^= HT_WIRE_ESCAPED;
        }
        wire->at[wire->length++] = byte;
    }
    wire->at[wire->length++] = HT_WIRE_END;
}

/* One frame out of the input. Returns how much it took. */
static size_t make_frame(wire_t *wire, const uint8_t *in, size_t length, uint8_t *sequence)
{
    if (length < 5) { return length; }
    size_t count = (size_t)in[3] | (size_t)(in[4] & 15U) << 8;
    if (count > length - 5) { count = length - 5; }
    if (count > HT_FRAME_MAX - 12) { count = HT_FRAME_MAX - 12; }
    uint8_t body[HT_FRAME_MAX] = {
        HT_FRAME_MAGIC_0, HT_FRAME_MAGIC_1, HT_FRAME_VERSION, in[0], in[1], 0};
    *sequence = (uint8_t)(*sequence + in[2]) & 0x7FU;
    body[6] = *sequence;
    body[7] = in[2] & 0x7FU;
    memcpy(body + 8, in + 5, count);
    uint32_t sum = (uint32_t)crc32(0, body, (uInt)(8 + count));
    for (unsigned i = 0; i < 4; i++) {
        body[8 + count + i] = (uint8_t)(sum >> 8 * i);
    }
    put_frame(wire, body, 12 + count);
    return 5 + count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    wire_t wire = {0};
    uint8_t sequence = 0;
    for (size_t at = 0; at < length;) {
        at += make_frame(&wire, bytes + at, length - at, &sequence);
    }
    fuzz_outcome_t outcome = fuzz_decode(wire.at, wire.length, 0);
    fuzz_must(outcome.status.damaged_frames == 0, "a good frame is said to be damaged");
    free(wire.at);
    return 0;
}
