/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_recorder.h"

#include <string.h>

#define ENTRY_BYTES 4U
#define FLAGS_AT 3U /* in the body of a frame */
#define PIECE_BYTES 32U

static uint32_t sum_of(const ht_recorder_head_t *head)
{
    return ht_crc32(0, head, offsetof(ht_recorder_head_t, sum));
}

void ht_recorder_init(ht_recorder_t *recorder, void *memory, size_t bytes, uint32_t boot,
                      uint32_t turn)
{
    ht_recorder_head_t *head = memory;
    *recorder = (ht_recorder_t){.head = head, .ring = (uint8_t *)memory + sizeof(*head)};
    *head = (ht_recorder_head_t){.magic = HT_RECORDER_MAGIC,
                                 .version = HT_RECORDER_VERSION,
                                 .image = ht_port_image(),
                                 .bytes = (uint32_t)(bytes - sizeof(*head)),
                                 .boot = boot,
                                 .turn = turn};
    head->sum = sum_of(head);
}

bool ht_recorder_open(ht_recorder_t *recorder, void *memory, size_t bytes)
{
    ht_recorder_head_t *head = memory;
    *recorder = (ht_recorder_t){.head = head, .ring = (uint8_t *)memory + sizeof(*head)};
    return head->magic == HT_RECORDER_MAGIC && head->version == HT_RECORDER_VERSION &&
           head->sum == sum_of(head) && head->bytes == bytes - sizeof(*head) &&
           head->image == ht_port_image() && head->end - head->first <= head->bytes;
}

static uint8_t *at(const ht_recorder_t *recorder, uint32_t position)
{
    return &recorder->ring[position % recorder->head->bytes];
}

static uint32_t read_word(const ht_recorder_t *recorder, uint32_t position)
{
    uint32_t word = 0;
    for (uint32_t i = 0; i < ENTRY_BYTES; i++) {
        word |= (uint32_t)*at(recorder, position + i) << 8U * i;
    }
    return word;
}

/* The bytes of the frame whose entry is here; 0: none. */
static uint32_t length_at(const ht_recorder_t *recorder, uint32_t position)
{
    uint32_t left = recorder->head->end - position;
    if (left <= ENTRY_BYTES) { return 0; }
    uint32_t word = read_word(recorder, position);
    uint32_t length = word & 0xFFFFU;
    bool whole = (word >> 16 ^ length) == 0xFFFFU && length != 0 && length <= left - ENTRY_BYTES;
    return whole ? length : 0;
}

/* Positions count on for ever; 2^32 of them is no multiple of the ring's bytes: begin again before
 * they wrap. */
static void rewind_if_far(ht_recorder_head_t *head)
{
    if (head->first < UINT32_MAX / 2U) { return; }
    uint32_t laps = head->first / head->bytes * head->bytes;
    uint32_t end = head->end - laps;
    head->end = head->first; /* empty, if a reset comes just here */
    head->first -= laps;
    head->end = end;
}

static void make_room(const ht_recorder_t *recorder, uint32_t bytes)
{
    ht_recorder_head_t *head = recorder->head;
    while (head->end - head->first + bytes > head->bytes) {
        uint32_t oldest = length_at(recorder, head->first);
        __atomic_store_n(&head->first, oldest != 0 ? head->first + ENTRY_BYTES + oldest : head->end,
                         __ATOMIC_RELEASE);
    }
}

size_t ht_recorder_write(void *context, const void *frame, size_t length)
{
    const ht_recorder_t *recorder = context;
    ht_recorder_head_t *head = recorder->head;
    const uint8_t *byte = frame;
    uint32_t bytes = (uint32_t)length;
    rewind_if_far(head);
    make_room(recorder, bytes + ENTRY_BYTES);
    uint32_t word = bytes | (~bytes << 16);
    for (uint32_t i = 0; i < ENTRY_BYTES; i++) {
        *at(recorder, head->end + i) = (uint8_t)(word >> 8U * i);
    }
    for (uint32_t i = 0; i < bytes; i++) {
        *at(recorder, head->end + ENTRY_BYTES + i) = byte[i];
    }
    __atomic_store_n(&head->end, head->end + ENTRY_BYTES + bytes, __ATOMIC_RELEASE);
    return length;
}

/* The body of the frame behind an entry. 0: it is none, or its sum is wrong. */
static uint32_t read_body(const ht_recorder_t *recorder, uint32_t position, uint32_t length,
                          uint8_t *body, uint32_t room)
{
    uint32_t used = 0;
    for (uint32_t i = 1; i + 1U < length && used < room; i++) {
        uint32_t byte = *at(recorder, position + i);
        if (byte == HT_WIRE_ESCAPE) { byte = *at(recorder, position + ++i) ^ HT_WIRE_ESCAPED; }
        body[used++] = (uint8_t)(byte ^ HT_WIRE_MASK);
    }
    if (used <= HT_FRAME_FIXED_BYTES + HT_FRAME_CRC_BYTES) { return 0; }
    uint32_t sum = 0;
    for (uint32_t i = 0; i < HT_FRAME_CRC_BYTES; i++) {
        sum |= (uint32_t)body[used - HT_FRAME_CRC_BYTES + i] << 8U * i;
    }
    used -= HT_FRAME_CRC_BYTES;
    return ht_crc32(0, body, used) == sum ? used : 0;
}

/* Stuff a body that lies at the end of the frame's own memory: what is written never gets ahead of
 * what is read, because the whole fits. */
static bool add_from_end(ht_frame_t *frame, uint32_t used)
{
    const uint8_t *body = frame->wire + frame->room - used;
    for (uint32_t done = 0; done < used;) {
        uint8_t piece[PIECE_BYTES];
        uint32_t length = used - done < PIECE_BYTES ? used - done : PIECE_BYTES;
        memcpy(piece, body + done, length);
        if (!ht_frame_add(frame, piece, length)) { return false; }
        done += length;
    }
    return true;
}

uint32_t ht_recorder_read(const ht_recorder_t *recorder, uint32_t *position, bool before,
                          uint8_t *wire, uint32_t room)
{
    uint32_t length;
    while ((length = length_at(recorder, *position)) != 0) {
        uint32_t used = read_body(recorder, *position + ENTRY_BYTES, length, wire, room);
        *position += ENTRY_BYTES + length;
        if (used == 0) { continue; }
        if (before) { wire[FLAGS_AT] |= HT_FRAME_BEFORE_RESET; }
        memmove(wire + room - used, wire, used);
        ht_frame_t frame = {.wire = wire, .room = room};
        ht_frame_begin_raw(&frame);
        if (!add_from_end(&frame, used)) { continue; }
        ht_frame_end(&frame);
        return frame.used;
    }
    return 0;
}
