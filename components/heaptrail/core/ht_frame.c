/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_frame.h"

#include <string.h>

/* On the wire behind the records: the sum, each byte escaped, and the end. */
#define END_BYTES (2U * HT_FRAME_CRC_BYTES + 1U)

/* --- pieces -------------------------------------------------------------------------------------
 */

void ht_bytes_put(ht_bytes_t *bytes, uint32_t byte)
{
    if (bytes->used < bytes->room) { bytes->bytes[bytes->used] = (uint8_t)byte; }
    bytes->used++;
}

void ht_bytes_varint(ht_bytes_t *bytes, uint64_t value)
{
    while (value > 0x7FU) {
        ht_bytes_put(bytes, (uint32_t)(value & 0x7FU) | 0x80U);
        value >>= 7;
    }
    ht_bytes_put(bytes, (uint32_t)value);
}

void ht_bytes_zigzag(ht_bytes_t *bytes, int64_t value)
{
    uint64_t twice = (uint64_t)value << 1;
    ht_bytes_varint(bytes, value < 0 ? ~twice : twice);
}

void ht_bytes_raw(ht_bytes_t *bytes, const void *from, size_t length)
{
    const uint8_t *byte = from;
    for (size_t i = 0; i < length; i++) {
        ht_bytes_put(bytes, byte[i]);
    }
}

void ht_bytes_text(ht_bytes_t *bytes, const char *text, size_t max)
{
    size_t length = 0;
    while (text != NULL && length < max && text[length] != '\0') {
        length++;
    }
    ht_bytes_varint(bytes, length);
    ht_bytes_raw(bytes, text, length);
}

/* --- the sum ------------------------------------------------------------------------------------
 */

/* Half a byte at a time: 64 bytes of table. The polynomial is 0xEDB88320, reflected. */
uint32_t ht_crc32(uint32_t crc, const void *bytes, size_t length)
{
    static const uint32_t half[16] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC,
                                      0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
                                      0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
                                      0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
    const uint8_t *byte = bytes;
    crc = ~crc;
    for (size_t i = 0; i < length; i++) {
        crc ^= byte[i];
        crc = crc >> 4 ^ half[crc & 15U];
        crc = crc >> 4 ^ half[crc & 15U];
    }
    return ~crc;
}

/* --- the frame ----------------------------------------------------------------------------------
 */

static inline void stuff(ht_frame_t *frame, uint32_t byte)
{
    byte ^= HT_WIRE_MASK;
    if (HT_WIRE_IS_SPECIAL(byte)) {
        frame->wire[frame->used++] = HT_WIRE_ESCAPE;
        byte ^= HT_WIRE_ESCAPED;
    }
    frame->wire[frame->used++] = (uint8_t)byte;
}

static void append(ht_frame_t *frame, const uint8_t *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        stuff(frame, bytes[i]);
    }
    frame->crc = ht_crc32(frame->crc, bytes, length);
    frame->body += length;
}

void ht_frame_begin_raw(ht_frame_t *frame)
{
    frame->wire[0] = HT_WIRE_END;
    frame->used = 1;
    frame->body = 0;
    frame->crc = 0;
}

void ht_frame_begin(ht_frame_t *frame, uint64_t time_us)
{
    if (frame->used != 0) { return; }
    uint8_t head[HT_FRAME_FIXED_BYTES + 20];
    ht_bytes_t bytes = {.bytes = head, .room = sizeof(head)};
    const uint8_t fixed[HT_FRAME_FIXED_BYTES] = {
        HT_FRAME_MAGIC_0, HT_FRAME_MAGIC_1,       HT_FRAME_VERSION,
        frame->flags,     (uint8_t)(frame->boot), (uint8_t)(frame->boot >> 8)};
    ht_bytes_raw(&bytes, fixed, sizeof(fixed));
    ht_bytes_varint(&bytes, frame->sequence++);
    ht_bytes_varint(&bytes, time_us);
    ht_frame_begin_raw(frame);
    append(frame, head, bytes.used);
}

bool ht_frame_add(ht_frame_t *frame, const uint8_t *bytes, uint32_t length)
{
    uint32_t wire = frame->used + length + END_BYTES;
    for (uint32_t i = 0; i < length; i++) {
        uint32_t byte = bytes[i] ^ HT_WIRE_MASK;
        wire += HT_WIRE_IS_SPECIAL(byte);
    }
    if (wire > frame->room) { return false; }
    append(frame, bytes, length);
    return true;
}

void ht_frame_end(ht_frame_t *frame)
{
    uint32_t crc = frame->crc;
    for (uint32_t i = 0; i < HT_FRAME_CRC_BYTES; i++) {
        stuff(frame, crc & 0xFFU);
        crc >>= 8;
    }
    frame->wire[frame->used++] = HT_WIRE_END;
}

void ht_frame_clear(ht_frame_t *frame)
{
    frame->used = 0;
}
