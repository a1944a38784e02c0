/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_trace_private.h What writing and reading of recorded files share. */
#pragma once

#include "ht_format.h"
#include "ht_trace_file.h"

/** Bytes of a skippable frame's head: magic and length. */
#define HT_SKIPPABLE_HEAD 8U
/** Bytes of a checkpoint in front of its zstd frame. */
#define HT_CHECKPOINT_HEAD 28U
/** Bytes of the index in front of its entries, behind them. */
#define HT_INDEX_HEAD 20U
#define HT_INDEX_TAIL 8U
#define HT_ZSTD_MAGIC 0xFD2FB528U

enum { HT_ENTRY_CHUNK = 0, HT_ENTRY_CHECKPOINT = 1 };

/** One piece of a recorded file. */
typedef struct {
    uint32_t kind;
    uint32_t boot;
    uint64_t offset;
    uint64_t first_us, last_us;
    uint64_t events;
    uint64_t wire_offset;
} ht_trace_entry_t;

typedef struct {
    ht_trace_entry_t *entry;
    size_t count, room;
} ht_trace_index_t;

/** False: no memory. */
bool ht_trace_index_add(ht_trace_index_t *index, const ht_trace_entry_t *entry);

/** The skippable frame that it is at this offset of the file. NULL: no memory. The caller frees it.
 */
uint8_t *ht_trace_index_encode(const ht_trace_index_t *index, uint64_t offset, size_t *length);

/** Bytes of the whole skippable frame, out of the last HT_INDEX_TAIL bytes of a file; 0: none. */
size_t ht_trace_index_length(const uint8_t *tail);

/** The index out of its skippable frame at this offset. False: it is none, or not of this file (two
 * files in one), or no memory. */
bool ht_trace_index_decode(ht_trace_index_t *index, const uint8_t *bytes, size_t length,
                           uint64_t offset);

static inline void ht_put_le(uint8_t *to, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        to[i] = (uint8_t)(value >> 8U * i);
    }
}

static inline uint64_t ht_get_le(const uint8_t *from, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        value |= (uint64_t)from[i] << 8U * i;
    }
    return value;
}

/** What becomes of a reading. */
typedef struct {
    ht_trace_result_t result;
    ht_trace_error_t error; /**< the first one */
} ht_trace_outcome_t;

/** Note it, if `error` is not NULL. Always false. */
bool ht_trace_fail(ht_trace_error_t *error, ht_trace_code_t code, uint64_t offset,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

/** What a file is that begins with these bytes, if it is one that is surely no trace; else NULL. */
const char *ht_trace_foreign(const uint8_t *bytes, size_t length);

/** Text that begins like this, after decompression, is another tool's; else NULL. */
const char *ht_trace_foreign_text(const uint8_t *bytes, size_t length);
