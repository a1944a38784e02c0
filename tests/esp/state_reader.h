/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file state_reader.h
 * A reader of dumped states, written against SPEC.md, 3 alone: it includes no header of heaptrail.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Memory as the dump has it. False: not all of it is there. */
typedef bool (*state_read_fn_t)(void *context, uint64_t address, void *bytes, size_t length);

#define STATE_FIELDS_MAX 200

typedef struct {
    state_read_fn_t read;
    void *context;
    uint64_t self;
    unsigned pointer_bytes;
    unsigned bucket_slots;
    unsigned field_count;
    uint32_t tick_hz;
    struct {
        uint16_t id;
        uint16_t bytes;
        uint32_t offset;
    } field[STATE_FIELDS_MAX];
} state_reader_t;

typedef struct {
    uint64_t address; /* where it begins */
    uint64_t size;
    bool in_pool;
    uint32_t heap; /* a pool's block: the pool's row */
    uint32_t origin;
    uint32_t task;
    uint64_t tick;
} state_block_t;

/** Read the header and the table of fields of the state whose first bytes are at `address` of the
 * dump. NULL, or what is wrong. */
const char *state_open(state_reader_t *reader, state_read_fn_t read, void *context,
                       uint64_t address);

/** A field of the tracker, of up to 8 bytes. False: there is no such field, or no such memory. */
bool state_get(const state_reader_t *reader, unsigned field, uint64_t *value);

/** The address of a field of the tracker that is a table or a structure itself. */
bool state_at(const state_reader_t *reader, unsigned field, uint64_t *address);

/** A field of row `index` of the table that begins at `table_address`. */
bool state_row(const state_reader_t *reader, unsigned table, uint64_t table_address, uint64_t index,
               unsigned field, uint64_t *value);

/** The same for a field that is text or a structure: its address. */
bool state_row_at(const state_reader_t *reader, unsigned table, uint64_t table_address,
                  uint64_t index, unsigned field, uint64_t *address);

/** The n-th live block in no order. False: there are fewer. */
bool state_block(const state_reader_t *reader, uint64_t n, state_block_t *block);
