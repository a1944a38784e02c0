/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "state_reader.h"

#include <string.h>

enum { TRACKER = 0, RECORD = 1 };
enum { BUCKETS = 6, BUCKET_COUNT = 7 };

static uint64_t little(const uint8_t *bytes, size_t length)
{
    uint64_t value = 0;
    for (size_t i = length; i > 0; i--) {
        value = value << 8 | bytes[i - 1];
    }
    return value;
}

static bool read_value(const state_reader_t *reader, uint64_t address, size_t length,
                       uint64_t *value)
{
    uint8_t bytes[8];
    if (length > sizeof(bytes) || !reader->read(reader->context, address, bytes, length)) {
        return false;
    }
    *value = little(bytes, length);
    return true;
}

static const char *read_fields(state_reader_t *reader, uint64_t fields)
{
    if (reader->field_count > STATE_FIELDS_MAX) { return "more fields than this reader takes"; }
    for (unsigned i = 0; i < reader->field_count; i++) {
        uint8_t entry[8];
        if (!reader->read(reader->context, fields + 8U * i, entry, sizeof(entry))) {
            return "the table of fields is not in the image";
        }
        reader->field[i].id = (uint16_t)little(entry, 2);
        reader->field[i].bytes = (uint16_t)little(entry + 2, 2);
        reader->field[i].offset = (uint32_t)little(entry + 4, 4);
    }
    return NULL;
}

const char *state_open(state_reader_t *reader, state_read_fn_t read, void *context,
                       uint64_t address)
{
    *reader = (state_reader_t){.read = read, .context = context};
    uint8_t header[48];
    if (!read(context, address, header, 32)) { return "the header is not in the dump"; }
    if (memcmp(header, "heaptrl\x1a", 8) != 0) { return "no state: nothing was ever recorded"; }
    if (little(header + 8, 2) != 2) { return "a version that this reader does not know"; }
    reader->pointer_bytes = header[12];
    reader->bucket_slots = header[13];
    reader->field_count = (unsigned)little(header + 14, 2);
    reader->tick_hz = (uint32_t)little(header + 20, 4);
    size_t pointers = 2U * reader->pointer_bytes;
    if (pointers > 16 || !read(context, address + 32, header + 32, pointers)) {
        return "the header is cut";
    }
    reader->self = little(header + 32, reader->pointer_bytes);
    return read_fields(reader, little(header + 32 + reader->pointer_bytes, reader->pointer_bytes));
}

static bool find(const state_reader_t *reader, unsigned table, unsigned field, uint32_t *offset,
                 size_t *bytes)
{
    for (unsigned i = 0; i < reader->field_count; i++) {
        if (reader->field[i].id == (table << 8 | field)) {
            *offset = reader->field[i].offset;
            *bytes = reader->field[i].bytes;
            return true;
        }
    }
    return false;
}

bool state_get(const state_reader_t *reader, unsigned field, uint64_t *value)
{
    uint32_t offset;
    size_t bytes;
    return find(reader, TRACKER, field, &offset, &bytes) &&
           read_value(reader, reader->self + offset, bytes, value);
}

bool state_at(const state_reader_t *reader, unsigned field, uint64_t *address)
{
    uint32_t offset;
    size_t bytes;
    if (!find(reader, TRACKER, field, &offset, &bytes)) { return false; }
    *address = reader->self + offset;
    return true;
}

bool state_row_at(const state_reader_t *reader, unsigned table, uint64_t table_address,
                  uint64_t index, unsigned field, uint64_t *address)
{
    uint32_t row_offset;
    uint32_t offset;
    size_t row_bytes;
    size_t bytes;
    if (!find(reader, table, 0, &row_offset, &row_bytes) ||
        !find(reader, table, field, &offset, &bytes)) {
        return false;
    }
    *address = table_address + index * row_bytes + offset;
    return true;
}

bool state_row(const state_reader_t *reader, unsigned table, uint64_t table_address, uint64_t index,
               unsigned field, uint64_t *value)
{
    uint64_t address;
    uint32_t offset;
    size_t bytes;
    return state_row_at(reader, table, table_address, index, field, &address) &&
           find(reader, table, field, &offset, &bytes) && read_value(reader, address, bytes, value);
}

/* Where the block of a record begins; a pool's is filed under the complement (SPEC.md, 1). */
static uint64_t block_start(uint64_t address, unsigned pointer_bytes)
{
    uint64_t start = (address & 1U) != 0 ? ~address : address;
    if (pointer_bytes < 8) { start &= ((uint64_t)1 << 8U * pointer_bytes) - 1U; }
    return start & ~(uint64_t)3U;
}

/* The widths of SPEC.md, 1. */
static state_block_t unpack(const uint64_t *word, unsigned pointer_bytes)
{
    const bool wide = pointer_bytes == 8;
    const uint64_t one = 1;
    const unsigned order_bits = wide ? 15 : 7;
    const unsigned heap_bits = wide ? 8 : 4;
    const unsigned origin_bits = wide ? 32 : 16;
    const unsigned task_bits = wide ? 16 : 8;
    return (state_block_t){
        .address = block_start(word[0], pointer_bytes),
        .in_pool = (word[0] & 1U) != 0,
        .size = word[1] >> order_bits,
        .heap = (uint32_t)(word[2] >> (origin_bits + task_bits) & ((one << heap_bits) - 1)),
        .origin = (uint32_t)(word[2] & ((one << origin_bits) - 1)),
        .task = (uint32_t)(word[2] >> origin_bits & ((one << task_bits) - 1)),
        .tick = word[3],
    };
}

bool state_block(const state_reader_t *reader, uint64_t n, state_block_t *block)
{
    uint64_t buckets;
    uint64_t bucket_count;
    uint32_t offset;
    size_t row_bytes;
    if (!state_get(reader, BUCKETS, &buckets) || !state_get(reader, BUCKET_COUNT, &bucket_count) ||
        !find(reader, RECORD, 0, &offset, &row_bytes)) {
        return false;
    }
    for (uint64_t i = 0; i < (bucket_count + 1) * reader->bucket_slots; i++) {
        uint64_t word[4];
        for (unsigned w = 0; w < 4; w++) {
            if (!read_value(reader, buckets + i * row_bytes + w * (row_bytes / 4), row_bytes / 4,
                            &word[w])) {
                return false;
            }
        }
        bool live = word[0] > 1 && (word[0] & 2U) == 0;
        if (live && n-- == 0) {
            *block = unpack(word, reader->pointer_bytes);
            return true;
        }
    }
    return false;
}
