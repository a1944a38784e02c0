/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "trace_reader_parts.h"

#include <stdio.h>
#include <string.h>

void reader_wrong(reader_t *reader, const char *what, uint64_t number)
{
    if (reader->wrong[0] == '\0') {
        snprintf(reader->wrong, sizeof(reader->wrong), "%s (%llu) in frame %llu", what,
                 (unsigned long long)number, (unsigned long long)reader->frames);
    }
}

uint32_t reader_crc(const uint8_t *bytes, size_t length)
{
    uint32_t crc = 0xFFFFFFFFU;
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 1U ? crc >> 1 ^ 0xEDB88320U : crc >> 1;
        }
    }
    return ~crc;
}

uint32_t reader_byte_of(cursor_t *cursor)
{
    if (cursor->at >= cursor->end) {
        reader_wrong(cursor->reader, "a record ends too early", 0);
        return 0;
    }
    return *cursor->at++;
}

uint64_t reader_varint(cursor_t *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint64_t byte = reader_byte_of(cursor);
        if (shift < 64) { value |= (byte & 0x7FU) << shift; }
        if ((byte & 0x80U) == 0) { return value; }
    }
    reader_wrong(cursor->reader, "a varint is too long", value);
    return value;
}

int64_t reader_zigzag(cursor_t *cursor)
{
    uint64_t value = reader_varint(cursor);
    return (value & 1U) != 0 ? (int64_t) ~(value >> 1) : (int64_t)(value >> 1);
}

void reader_dt(cursor_t *cursor)
{
    cursor->reader->time += reader_varint(cursor);
}

static unsigned unit(const reader_t *reader)
{
    return (reader->flags & 1U) != 0 ? 16U : 4U;
}

/* --- what is live -------------------------------------------------------------------------------
 */

reader_block_t *reader_find_in(reader_t *reader, uint64_t address, bool pooled)
{
    for (uint32_t i = reader->block_count; i-- > 0;) {
        reader_block_t *block = &reader->blocks[i];
        if (block->live && block->address == address && block->pooled == pooled) { return block; }
    }
    return NULL;
}

reader_block_t *reader_find(reader_t *reader, uint64_t address)
{
    return reader_find_in(reader, address, false);
}

static void pack(reader_t *reader)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < reader->block_count; i++) {
        if (reader->blocks[i].live || reader->blocks[i].in_realloc) {
            reader->blocks[kept++] = reader->blocks[i];
        }
    }
    reader->block_count = kept;
}

reader_block_t *reader_add(reader_t *reader, uint64_t address)
{
    if (reader->block_count == READER_BLOCKS) { pack(reader); }
    if (reader->block_count == READER_BLOCKS) {
        reader_wrong(reader, "more blocks than the reader holds", READER_BLOCKS);
        reader->block_count--;
    }
    reader_block_t *block = &reader->blocks[reader->block_count++];
    memset(block, 0, sizeof(*block));
    block->address = address;
    block->live = true;
    block->seen = reader->in_snapshot;
    return block;
}

reader_sums_t reader_live(const reader_t *reader)
{
    reader_sums_t sums = {0};
    for (uint32_t i = 0; i < reader->block_count; i++) {
        const reader_block_t *block = &reader->blocks[i];
        if (!block->live || block->pooled || block->unrecorded) { continue; }
        sums.live_blocks++;
        sums.live_bytes += block->size;
    }
    return sums;
}

reader_origin_t *reader_origin_at(reader_t *reader, uint64_t index)
{
    if (index >= READER_ROWS) {
        reader_wrong(reader, "an origin's index is too large", index);
        index = 0;
    }
    if (index != 0 && !reader->origins[index].defined && !reader->frame_loss) {
        reader_wrong(reader, "an origin is used before it is defined", index);
    }
    return &reader->origins[index];
}

uint32_t reader_task_now(reader_t *reader)
{
    uint64_t task = reader->context / 2U;
    if (task >= READER_ROWS || (!reader->tasks[task].defined && !reader->frame_loss)) {
        reader_wrong(reader, "a task is used before it is defined", task);
        return 0;
    }
    return (uint32_t)task;
}

/* --- the small records --------------------------------------------------------------------------
 */

static uint64_t whole_address(reader_t *reader)
{
    uint64_t address = reader->address + reader->odd;
    reader->odd = 0;
    return address;
}

static void small_dt(cursor_t *cursor, uint32_t tag)
{
    uint32_t dd = tag >> 4 & 3U;
    cursor->reader->time += dd < 3 ? dd : reader_varint(cursor);
}

static void move_address(cursor_t *cursor)
{
    reader_t *reader = cursor->reader;
    reader->address += (uint64_t)(reader_zigzag(cursor) * (int64_t)unit(reader));
}

static uint32_t small_origin(cursor_t *cursor, uint32_t tag)
{
    reader_t *reader = cursor->reader;
    uint32_t place = tag & 7U;
    uint32_t origin;
    if (place == 7) {
        origin = (uint32_t)reader_varint(cursor);
        if (reader->recent_origin_count < 7) { reader->recent_origin_count++; }
        place = reader->recent_origin_count - 1;
    } else {
        if (place >= reader->recent_origin_count) {
            reader_wrong(reader, "no such recent origin", place);
        }
        origin = reader->recent_origins[place];
    }
    for (; place > 0; place--) {
        reader->recent_origins[place] = reader->recent_origins[place - 1];
    }
    reader->recent_origins[0] = origin;
    return origin;
}

static void allocation(cursor_t *cursor, uint32_t tag)
{
    reader_t *reader = cursor->reader;
    small_dt(cursor, tag);
    uint32_t origin = small_origin(cursor, tag);
    uint32_t slot = origin % 32U;
    if ((tag & 8U) == 0) {
        reader->sizes[slot].size = reader_varint(cursor);
    } else if (!reader->sizes[slot].known || reader->sizes[slot].origin != origin) {
        reader_wrong(reader, "the same size as none", origin);
    }
    reader->sizes[slot].known = true;
    reader->sizes[slot].origin = origin;
    move_address(cursor);
    if (reader->odd == 0) {
        for (uint32_t i = 14; i > 0; i--) {
            reader->recent_blocks[i] = reader->recent_blocks[i - 1];
        }
        reader->recent_blocks[0] = reader->address;
        if (reader->recent_block_count < 15) { reader->recent_block_count++; }
    }
    uint64_t address = whole_address(reader);
    if (reader->exact && reader_find_in(reader, address, false) != NULL) {
        reader_wrong(reader, "an allocation where a block lives", address);
    }
    reader_block_t *block = reader_add(reader, address);
    block->size = reader->sizes[slot].size;
    block->origin = origin;
    block->task = reader_task_now(reader);
    memcpy(block->by, reader->tasks[block->task].name, sizeof(block->by) - 1U);
    block->core = reader->context & 1U;
    block->made_us = reader->time;
    block->unrecorded = reader->unrecorded;
    reader_origin_t *row = reader_origin_at(reader, origin);
    row->blocks++;
    row->bytes += block->size;
    reader->sums.total_blocks++;
    reader->sums.total_bytes += block->size;
    reader->unrecorded = false;
    reader->allocs++;
    reader->events++;
}

static void forget_recent(reader_t *reader, uint64_t address)
{
    for (uint32_t i = 0; i < reader->recent_block_count; i++) {
        if (reader->recent_blocks[i] != address) { continue; }
        for (reader->recent_block_count--; i < reader->recent_block_count; i++) {
            reader->recent_blocks[i] = reader->recent_blocks[i + 1];
        }
        return;
    }
}

static void block_ends(reader_t *reader, uint64_t address, bool by_realloc)
{
    reader_block_t *block = reader_find_in(reader, address, false);
    (void)reader_task_now(reader);
    reader->frees++;
    reader->events++;
    for (uint32_t i = 0; i < reader->block_count; i++) { /* only the last one can come back */
        reader_block_t *older = &reader->blocks[i];
        if (by_realloc && older->address == address) { older->in_realloc = false; }
    }
    if (block == NULL) {
        reader->unknown_frees++;
        return;
    }
    block->live = false;
    block->in_realloc = by_realloc;
    if (!block->unrecorded) {
        reader->sums.freed++;
        reader->origins[block->origin].freed++;
    }
}

static void free_small(cursor_t *cursor, uint32_t tag)
{
    reader_t *reader = cursor->reader;
    uint32_t place = tag & 15U;
    small_dt(cursor, tag);
    if (place == 15) {
        move_address(cursor);
        if (reader->odd == 0) { forget_recent(reader, reader->address); }
    } else {
        if (place >= reader->recent_block_count) {
            reader_wrong(reader, "no such recent block", place);
        }
        reader->address = reader->recent_blocks[place];
        for (reader->recent_block_count--; place < reader->recent_block_count; place++) {
            reader->recent_blocks[place] = reader->recent_blocks[place + 1];
        }
    }
    block_ends(reader, whole_address(reader), false);
}

static void free_by_realloc(cursor_t *cursor)
{
    reader_t *reader = cursor->reader;
    reader_dt(cursor);
    move_address(cursor);
    if (reader->odd == 0) { forget_recent(reader, reader->address); }
    block_ends(reader, whole_address(reader), true);
}

/* --- frames -------------------------------------------------------------------------------------
 */

static void records(cursor_t *cursor)
{
    reader_t *reader = cursor->reader;
    while (cursor->at < cursor->end && reader->wrong[0] == '\0') {
        uint32_t tag = reader_byte_of(cursor);
        if (tag >= 0xC0) {
            free_small(cursor, tag);
        } else if (tag >= 0x80) {
            allocation(cursor, tag);
        } else if (tag >= 0x10) {
            reader_with_length(cursor, tag);
        } else if (tag == 1) {
            reader->context = reader_varint(cursor);
        } else if (tag == 2) {
            free_by_realloc(cursor);
        } else if (tag == 3) {
            reader->unrecorded = true;
        } else if (tag == 4) {
            reader->odd = reader_varint(cursor);
        } else {
            reader_wrong(reader, "a tag that is not defined", tag);
        }
    }
    if (reader->time < reader->latest_us) { reader_wrong(reader, "time goes back", reader->time); }
    reader->latest_us = reader->time;
}

static void frame(reader_t *reader)
{
    const uint8_t *body = reader->body;
    size_t used = reader->used;
    if (used < 12 || used > 4096) {
        reader->damaged++;
        return;
    }
    uint32_t crc = (uint32_t)body[used - 4] | (uint32_t)body[used - 3] << 8 |
                   (uint32_t)body[used - 2] << 16 | (uint32_t)body[used - 1] << 24;
    if (crc != reader_crc(body, used - 4)) {
        reader->damaged++;
        return;
    }
    if (body[2] != 1) { reader_wrong(reader, "another version", body[2]); }
    cursor_t cursor = {reader, body + 6, body + used - 4};
    uint32_t boot = (uint32_t)body[4] | (uint32_t)body[5] << 8;
    uint64_t sequence = reader_varint(&cursor);
    if (!reader->begun || boot != reader->boot) { reader->sequence = 0; }
    reader->begun = true;
    reader->boot = boot;
    reader->flags = body[3];
    if (sequence != reader->sequence && (reader->flags & 4U) == 0) {
        reader->lost_frames += sequence - reader->sequence;
        reader->exact = reader->counting = false;
        reader->frame_loss = true;
    }
    reader->sequence = sequence + 1;
    reader->frames++;
    if ((reader->flags & 4U) != 0) { /* it stands alone */
        for (uint32_t i = 0; i < READER_ROWS; i++) {
            reader->origins[i].defined = reader->tasks[i].defined = false;
        }
    }
    reader->time = reader_varint(&cursor);
    reader->address = reader->context = reader->odd = 0;
    reader->unrecorded = false;
    reader->recent_origin_count = reader->recent_block_count = 0;
    memset(reader->sizes, 0, sizeof(reader->sizes));
    records(&cursor);
}

void reader_init(reader_t *reader)
{
    memset(reader, 0, sizeof(*reader));
}

static void end_of_frame(reader_t *reader)
{
    bool is_frame = reader->used >= 2 && reader->body[0] == 0x48 && reader->body[1] == 0x54;
    if (is_frame && !reader->escaped) {
        frame(reader);
    } else {
        reader->text_bytes += reader->used;
    }
    reader->used = 0;
    reader->escaped = false;
}

void reader_feed(reader_t *reader, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        uint32_t byte = bytes[i];
        if (byte == 0) {
            end_of_frame(reader);
            continue;
        }
        if (byte == 0xDB) {
            reader->escaped = true;
            continue;
        }
        if (byte == 0x09 || byte == 0x0A || byte == 0x0D || byte == 0x11 || byte == 0x13) {
            if (reader->used >= 2 && reader->body[0] == 0x48 && reader->body[1] == 0x54) {
                reader_wrong(reader, "a byte that no frame holds", byte);
            }
        }
        if (reader->escaped) { byte ^= 0x40; }
        reader->escaped = false;
        if (reader->used < sizeof(reader->body)) {
            reader->body[reader->used++] = (uint8_t)(byte ^ 0xA5);
        }
    }
}
