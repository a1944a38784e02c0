/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_reader.h
 * Numbers and texts out of bytes that nobody vouches for. A read beyond the end gives 0 and marks
 * the reader; whoever reads asks once, when he is done.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ht_event.h"

/** Bytes of a varint, at most. */
#define HT_VARINT_MAX 10U

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
} ht_reader_t;

static inline size_t ht_reader_left(const ht_reader_t *reader)
{
    return (size_t)(reader->end - reader->at);
}

/** Seven bits a byte, the low ones first. More than 64 bits are a failure. */
static inline uint64_t ht_reader_varint(ht_reader_t *reader)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 7U * HT_VARINT_MAX && reader->at < reader->end; shift += 7U) {
        uint64_t byte = *reader->at++;
        if (shift == 63U && byte > 1U) { break; }
        value |= (byte & 0x7FU) << shift;
        if (byte < 0x80U) { return value; }
    }
    reader->failed = true;
    return 0;
}

static inline int64_t ht_unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1 ^ (0U - (value & 1U)));
}

static inline int64_t ht_reader_zigzag(ht_reader_t *reader)
{
    return ht_unzigzag(ht_reader_varint(reader));
}

/** A number that fits in 32 bits, as indices do. */
static inline uint32_t ht_reader_u32(ht_reader_t *reader)
{
    uint64_t value = ht_reader_varint(reader);
    if (value > UINT32_MAX) { reader->failed = true; }
    return (uint32_t)value;
}

static inline ht_text_t ht_reader_text(ht_reader_t *reader)
{
    uint64_t length = ht_reader_varint(reader);
    if (length > ht_reader_left(reader)) {
        reader->failed = true;
        length = 0;
    }
    const ht_text_t text = {(const char *)reader->at, (size_t)length};
    reader->at += length;
    return text;
}
