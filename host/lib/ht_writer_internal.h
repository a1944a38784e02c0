/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_writer_internal.h What the two parts of the writer share. */
#pragma once

#include <string.h>

#include "ht_format.h"
#include "ht_reader.h"
#include "ht_writer.h"

#define HT_WRITER_CONTEXT_MAX 6U /**< tag, and a varint of 33 bits */
#define HT_WRITER_HOT_MAX 41U    /**< unrecorded, odd, tag, dt, origin, size, address */
#define HT_WRITER_HEAD_MAX (HT_FRAME_FIXED_BYTES + 20U)

typedef struct {
    uint8_t *at;
    uint8_t *end;
    bool full; /**< something did not fit */
} ht_put_t;

static inline void ht_put_byte(ht_put_t *put, uint8_t byte)
{
    if (put->at == put->end) {
        put->full = true;
        return;
    }
    *put->at++ = byte;
}

static inline void ht_put_varint(ht_put_t *put, uint64_t value)
{
    for (; value >= 0x80U; value >>= 7) {
        ht_put_byte(put, (uint8_t)(value | 0x80U));
    }
    ht_put_byte(put, (uint8_t)value);
}

static inline uint64_t ht_zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0U);
}

static inline void ht_put_bytes(ht_put_t *put, const void *bytes, size_t length)
{
    if (length > (size_t)(put->end - put->at)) {
        put->full = true;
        return;
    }
    if (length != 0) { memcpy(put->at, bytes, length); }
    put->at += length;
}

static inline void ht_put_text(ht_put_t *put, ht_text_t text)
{
    ht_put_varint(put, text.length);
    ht_put_bytes(put, text.bytes, text.length);
}

typedef struct {
    bool used;
    uint32_t origin;
    uint64_t size;
} ht_writer_slot_t;

struct ht_writer {
    ht_writer_config_t config;
    uint64_t sequence; /**< of the next frame */
    bool open;
    uint64_t time;
    uint32_t task;
    uint8_t core;
    uint64_t last; /**< address */
    uint32_t origins, blocks;
    uint32_t origin[HT_RECENT_ORIGINS]; /**< latest first, as the next */
    uint64_t block[HT_RECENT_BLOCKS];
    ht_writer_slot_t slot[HT_SIZE_SLOTS];
    ht_put_t put;
    uint8_t body[HT_FRAME_MAX];
};

/** A record with a length, as ht_writer_record() made it with a dt of 0. False: too long. */
bool ht_writer_put_record(ht_writer_t *writer, uint8_t tag, const uint8_t *content, size_t length,
                          uint64_t time);

/** The content of a record with a length; `dt` where it has one. Returns its tag, 0: has none. */
uint8_t ht_writer_record(ht_put_t *put, const ht_event_t *event, uint64_t dt);
