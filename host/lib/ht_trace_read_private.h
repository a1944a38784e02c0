/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_trace_read_private.h Reading: what chooses the pieces, and what reads them. */
#pragma once

#include <zstd.h>

#include "ht_trace_private.h"

#define HT_TRACE_BUFFER (256U << 10)

/** Bytes of a range of a file, a buffer full at a time. */
typedef struct {
    int fd;
    bool seekable;
    uint64_t offset; /**< in the file, of buffer[0] */
    uint64_t limit;  /**< the range ends there */
    size_t at, end;  /**< in the buffer */
    uint8_t buffer[HT_TRACE_BUFFER];
} ht_trace_input_t;

/** False: a pipe, which is only read on from where it stands. */
bool ht_trace_input_range(ht_trace_input_t *input, uint64_t from, uint64_t to);

/** More bytes into an empty buffer; none: at == end. False: an error of the file. */
bool ht_trace_input_fill(ht_trace_input_t *input, ht_trace_error_t *error);

struct ht_trace_reader {
    int fd;
    char *name;
    ht_trace_info_t info;
    ht_trace_index_t index;
    size_t run;          /**< first entry of the last run */
    uint64_t pieces_end; /**< where the index begins */
    ht_trace_input_t input;
};

/** One reading. */
typedef struct {
    ht_trace_reader_t *reader;
    const ht_trace_request_t *request;
    ht_trace_outcome_t *outcome;
    ht_decoder_t *decoder;
    ZSTD_DCtx *zstd;
    uint8_t *plain; /**< decompressed */
    size_t plain_size;
    bool seen; /**< the first bytes that came out were looked at */
    unsigned rescans;
} ht_trace_pump_t;

/** False: no memory. ht_trace_pump_end() either way. */
bool ht_trace_pump_begin(ht_trace_pump_t *pump, const ht_decoder_sink_t *sink);

/** Everything in these bytes of the file. False: the error says what; HT_TRACE_DAMAGED: the rest
 * was read. */
bool ht_trace_pump_range(ht_trace_pump_t *pump, uint64_t from, uint64_t to);

bool ht_trace_pump_end(ht_trace_pump_t *pump);
