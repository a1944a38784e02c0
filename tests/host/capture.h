/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file capture.h Everything that a decoder says, as text to be compared; and bytes to feed it. */
#pragma once

#include <stdio.h>

#include "ht_decode.h"
#include "ht_writer.h"

/** Bytes that grow. */
typedef struct {
    uint8_t *bytes;
    size_t length, room;
} capture_bytes_t;

void capture_append(capture_bytes_t *to, const void *bytes, size_t length);
void capture_bytes_free(capture_bytes_t *bytes);

/** A sink of a writer: `context` is a capture_bytes_t. */
void capture_frame(void *context, const uint8_t *wire, size_t length);

typedef struct {
    char *events;  /**< a line for each (event_text.h) */
    char *damages; /**< a line for each: kind, offset, bytes, words */
    char *all;     /**< all of it in order; text as it came */
    capture_bytes_t text;
    capture_bytes_t frames;
    ht_decoder_status_t status;
} capture_t;

/** Decode bytes that come in pieces of that size; 0: all at once. Free with capture_free(). */
capture_t capture_decode(const uint8_t *bytes, size_t length, size_t piece);
void capture_free(capture_t *capture);

/** How many lines. */
size_t capture_lines(const char *text);
