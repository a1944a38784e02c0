/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_bytes16.h
 * Sixteen bytes at once, in whatever the processor has for that.
 */
#pragma once

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#else
#include <endian.h>
#endif

typedef uint8_t ht_bytes16_t __attribute__((vector_size(16)));

/** Sixteen times that byte. */
static inline ht_bytes16_t ht_bytes16_each(uint8_t byte)
{
    return (ht_bytes16_t){} + byte;
}

static inline ht_bytes16_t ht_bytes16_load(const void *from)
{
    ht_bytes16_t bytes;
    memcpy(&bytes, from, sizeof(bytes));
    return bytes;
}

/** The bytes that are 0xFF, of which each is 0xFF or 0 as comparisons make them: bit i is byte i's.
 */
static inline unsigned ht_bytes16_mask(ht_bytes16_t bytes)
{
#ifdef __SSE2__
    return (unsigned)_mm_movemask_epi8((__m128i)bytes);
#else
    /* One bit of each byte, and a product that moves those of eight to the top. */
    uint64_t half[2];
    memcpy(half, &bytes, sizeof(half));
    uint64_t low = le64toh(half[0]) & UINT64_C(0x0101010101010101);
    uint64_t high = le64toh(half[1]) & UINT64_C(0x0101010101010101);
    const uint64_t gather = UINT64_C(0x0102040810204080);
    return (unsigned)(low * gather >> 56) | (unsigned)(high * gather >> 56) << 8;
#endif
}
