/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file hand.h
 * Frames written byte by byte, after SPEC.md alone: nothing of the encoders, not even the CRC's
 * table.
 */
#pragma once

#include "capture.h"

typedef struct {
    uint8_t at[4096];
    size_t length;
} hand_t;

void hand_byte(hand_t *body, unsigned value);
void hand_varint(hand_t *body, uint64_t value);
void hand_zigzag(hand_t *body, int64_t value);
void hand_text(hand_t *body, const char *words);

/** The head of a frame of boot 0xabcd. */
void hand_begin(hand_t *body, unsigned flags, uint64_t sequence, uint64_t time);

/** A record with a length: its content is written into another body. */
void hand_record(hand_t *body, unsigned tag, const hand_t *content);

/** Add the sum, stuff it, decode it. */
capture_t hand_decode(hand_t *body);

/** It decodes to these lines, without its boot's, and to no damage. */
void hand_expect(hand_t *body, const char *events);

/** It decodes to these lines, and a damage has these words. */
void hand_expect_damage(hand_t *body, const char *events, const char *words);
