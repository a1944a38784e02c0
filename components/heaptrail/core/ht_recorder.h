/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_recorder.h
 * The flight recorder: frames of a trace in memory that a warm reset keeps, the latest ones.
 *
 *   [ head | entry | entry | ... ]        a ring of bytes behind the head
 *            ^ first     ^ end
 *
 * An entry is a word, its length and the complement of that, and a whole frame as on the wire. The
 * oldest entries give way before a new one is written, and `end` moves on when it is: whenever a
 * reset comes, what lies between the two is whole. After it nothing is believed: the head has a
 * sum, each entry's word is looked at, and a frame has a sum of its own.
 */
#pragma once

#include "ht_frame.h"

#define HT_RECORDER_MAGIC 0x52465448U /* "HTFR" */
#define HT_RECORDER_VERSION 2U

/** In the memory itself, at its start. */
typedef struct {
    uint32_t magic;
    uint32_t version;
    uint32_t image; /**< ht_port_image() of the firmware that wrote it */
    uint32_t bytes; /**< of the ring */
    uint32_t boot;  /**< as in its frames */
    uint32_t turn;  /**< of several memories, the one with the next number is the newer one */
    uint32_t sum;   /**< CRC-32 of all before */
    uint32_t first; /**< bytes ever given up */
    uint32_t end;   /**< bytes ever written */
} ht_recorder_head_t;

typedef struct {
    ht_recorder_head_t *head;
    uint8_t *ring;
} ht_recorder_t;

/** What a frame may take when it is read: the flag may want an escape, and so may the sum. */
#define HT_RECORDER_READ_BYTES (HT_FRAME_WIRE_MIN + 32U)

/** The least memory: a head and a few frames. */
#define HT_RECORDER_BYTES_MIN (sizeof(ht_recorder_head_t) + 4096U)

/** Begin anew in memory aligned to 4, at least HT_RECORDER_BYTES_MIN. */
void ht_recorder_init(ht_recorder_t *recorder, void *memory, size_t bytes, uint32_t boot,
                      uint32_t turn);

/** Find what is there from before. False: nothing that this firmware wrote. */
bool ht_recorder_open(ht_recorder_t *recorder, void *memory, size_t bytes);

/** Keep a frame; a ht_drain_write_fn whose context is the recorder. Takes all of it. */
size_t ht_recorder_write(void *context, const void *frame, size_t length);

/**
 * The frame at `*at` (begin with head->first), as it is on the wire, into `wire`, with the flag
 * that it is from before a reset if `before`. Moves `*at` on. 0: there is no more that is whole.
 * `room`: HT_RECORDER_READ_BYTES.
 */
uint32_t ht_recorder_read(const ht_recorder_t *recorder, uint32_t *at, bool before, uint8_t *wire,
                          uint32_t room);
