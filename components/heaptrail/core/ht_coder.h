/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_coder.h
 * The records of a trace (SPEC.md, 5.3), written into a frame: what is known of the records before
 * in the same frame makes them small.
 *
 * Each function writes one record whole, or nothing: false says that the frame is full. Nothing but
 * a new frame changes that.
 */
#pragma once

#include "ht_frame.h"

/** The size of the latest allocation in a slot, and its origin. */
typedef struct {
    size_t size;
    uint32_t origin_plus_1; /**< 0: none yet */
} ht_size_slot_t;

typedef struct {
    ht_frame_t frame;
    uint64_t time; /**< of the newest record: never goes back */
    /* since the frame began */
    uint64_t last_time;
    uint32_t context; /**< task * 2 + core */
    uintptr_t last_address;
    uint32_t origin_count;
    uint32_t block_count;
    uint32_t origins[HT_RECENT_ORIGINS]; /**< the latest first */
    uintptr_t blocks[HT_RECENT_BLOCKS];  /**< the latest first */
    ht_size_slot_t sizes[HT_SIZE_SLOTS];
} ht_coder_t;

/** An allocation or the end of a block, as the coder wants it. */
typedef struct {
    uint64_t time_us;
    uintptr_t address;
    size_t size;
    uint32_t origin;
    uint32_t task;
    unsigned core;
    bool unrecorded;
    bool by_realloc;
} ht_event_block_t;

bool ht_coder_alloc(ht_coder_t *coder, const ht_event_block_t *event);
bool ht_coder_free(ht_coder_t *coder, const ht_event_block_t *event);

/** Whose the records that follow are. */
bool ht_coder_context(ht_coder_t *coder, uint32_t task, unsigned core);

/* A record with a length: begin, add fields with ht_bytes_*(), write. */
typedef struct {
    ht_bytes_t bytes;
    uint8_t buffer[HT_FRAME_RECORD_MAX];
    uint32_t tag;
    uint64_t time_us; /**< of a record with a time */
    bool timed;
} ht_record_out_t;

/** A record without a time. */
void ht_coder_begin(ht_record_out_t *out, uint32_t tag);

/** A record with a time; its dt is put first when it is written. */
void ht_coder_begin_at(ht_record_out_t *out, uint32_t tag, uint64_t time_us);

/** Write it. One that is longer than HT_FRAME_RECORD_MAX is left out, and true. */
bool ht_coder_write(ht_coder_t *coder, const ht_record_out_t *out);

/** The frame is complete: ht_frame_end(). False: there is none. */
bool ht_coder_end_frame(ht_coder_t *coder);

/** A number that is written with each address: what it counts in, as a shift. */
HT_INLINE unsigned ht_coder_unit(const ht_coder_t *coder)
{
    return (coder->frame.flags & HT_FRAME_UNIT_16) != 0 ? 4U : 2U;
}
