/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What the two halves of the reader share. */
#pragma once

#include "trace_reader.h"

/* A cursor in the body of a frame, or in a record. */
typedef struct {
    reader_t *reader;
    const uint8_t *at, *end;
} cursor_t;

void reader_wrong(reader_t *reader, const char *what, uint64_t number);
uint32_t reader_byte_of(cursor_t *cursor);
uint64_t reader_varint(cursor_t *cursor);
int64_t reader_zigzag(cursor_t *cursor);
void reader_dt(cursor_t *cursor);

reader_block_t *reader_find_in(reader_t *reader, uint64_t address, bool pooled);
reader_block_t *reader_add(reader_t *reader, uint64_t address);
reader_origin_t *reader_origin_at(reader_t *reader, uint64_t index);

/* The task of the records that come. */
uint32_t reader_task_now(reader_t *reader);

/* A record with a length, behind its tag. */
void reader_with_length(cursor_t *outer, uint32_t tag);
