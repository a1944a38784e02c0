/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Frames: opening, closing, stuffing; and the two records that come by the million. */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "ht_writer_internal.h"

ht_writer_t *ht_writer_new(const ht_writer_config_t *config)
{
    ht_writer_t *writer = calloc(1, sizeof(*writer));
    if (writer == NULL) { return NULL; }
    writer->config = *config;
    if (config->frame_max == 0 || config->frame_max > HT_FRAME_MAX) {
        writer->config.frame_max = HT_FRAME_MAX;
    }
    writer->sequence = config->sequence;
    return writer;
}

void ht_writer_free(ht_writer_t *writer)
{
    free(writer);
}

/* --- frames -------------------------------------------------------------------------------- */

static uint32_t unit_bits(const ht_writer_t *writer)
{
    return (writer->config.flags & HT_FRAME_UNIT_16) != 0 ? 4 : 2;
}

static void open_frame(ht_writer_t *writer, uint64_t time)
{
    const ht_writer_config_t *config = &writer->config;
    writer->put = (ht_put_t){writer->body, writer->body + sizeof(writer->body), false};
    const uint8_t fixed[] = {HT_FRAME_MAGIC_0,        HT_FRAME_MAGIC_1,
                             HT_FRAME_VERSION,        config->flags,
                             (uint8_t)(config->boot), (uint8_t)(config->boot >> 8)};
    ht_put_bytes(&writer->put, fixed, sizeof(fixed));
    ht_put_varint(&writer->put, writer->sequence++);
    ht_put_varint(&writer->put, time);
    writer->time = time;
    writer->task = 0;
    writer->core = 0;
    writer->last = 0;
    writer->origins = 0;
    writer->blocks = 0;
    memset(writer->slot, 0, sizeof(writer->slot));
    writer->open = true;
}

static size_t stuff(const uint8_t *body, size_t length, uint8_t *wire)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = body[i] ^ HT_WIRE_MASK;
        if (HT_WIRE_IS_SPECIAL(byte)) {
            wire[count++] = HT_WIRE_ESCAPE;
            byte ^= HT_WIRE_ESCAPED;
        }
        wire[count++] = byte;
    }
    return count;
}

void ht_writer_flush(ht_writer_t *writer)
{
    if (!writer->open) { return; }
    writer->open = false;
    size_t length = (size_t)(writer->put.at - writer->body);
    uint32_t sum = (uint32_t)crc32(0, writer->body, (uInt)length);
    for (unsigned shift = 0; shift < 32; shift += 8) {
        ht_put_byte(&writer->put, (uint8_t)(sum >> shift));
    }
    uint8_t wire[1 + 2 * HT_FRAME_MAX + 1];
    wire[0] = HT_WIRE_END;
    size_t count = stuff(writer->body, length + HT_FRAME_CRC_BYTES, wire + 1);
    wire[1 + count] = HT_WIRE_END;
    writer->config.sink(writer->config.context, wire, count + 2);
}

/* --- allocations and frees ------------------------------------------------------------------ */

static uint64_t take_dt(ht_writer_t *writer, uint64_t time)
{
    uint64_t dt = time - writer->time;
    writer->time = time;
    return dt;
}

/* Its number among the recent origins, and it moves or goes to their head. */
static uint32_t take_origin(ht_writer_t *writer, uint32_t origin)
{
    uint32_t place = 0;
    while (place < writer->origins && writer->origin[place] != origin) {
        place++;
    }
    bool known = place < writer->origins;
    if (!known && writer->origins < HT_RECENT_ORIGINS) { writer->origins++; }
    uint32_t last = known ? place : writer->origins - 1U;
    memmove(writer->origin + 1, writer->origin, last * sizeof(writer->origin[0]));
    writer->origin[0] = origin;
    return known ? place : HT_TAG_ORIGIN_FOLLOWS;
}

static bool take_size(ht_writer_t *writer, uint32_t origin, uint64_t size)
{
    ht_writer_slot_t *slot = &writer->slot[origin % HT_SIZE_SLOTS];
    bool same = slot->used && slot->origin == origin && slot->size == size;
    *slot = (ht_writer_slot_t){true, origin, size};
    return same;
}

static uint64_t take_distance(ht_writer_t *writer, uint64_t address)
{
    int64_t bytes = (int64_t)(address - writer->last);
    writer->last = address;
    return ht_zigzag(bytes / (1 << unit_bits(writer)));
}

static void push_block(ht_writer_t *writer, uint64_t address)
{
    if (writer->blocks < HT_RECENT_BLOCKS) { writer->blocks++; }
    memmove(writer->block + 1, writer->block, (writer->blocks - 1U) * sizeof(writer->block[0]));
    writer->block[0] = address;
}

/* Its number among the recent blocks, which it leaves. */
static uint32_t take_block(ht_writer_t *writer, uint64_t address)
{
    uint32_t place = 0;
    while (place < writer->blocks && writer->block[place] != address) {
        place++;
    }
    if (place == writer->blocks) { return HT_TAG_BLOCK_FOLLOWS; }
    writer->blocks--;
    memmove(writer->block + place, writer->block + place + 1,
            (writer->blocks - place) * sizeof(writer->block[0]));
    return place;
}

/* What the address has beyond a multiple of the unit goes out, the rest is returned. */
static uint64_t take_odd(ht_writer_t *writer, uint64_t address)
{
    uint64_t odd = address & ((1U << unit_bits(writer)) - 1U);
    if (odd != 0) {
        ht_put_byte(&writer->put, HT_TAG_ODD);
        ht_put_varint(&writer->put, odd);
    }
    return address - odd;
}

static void put_tag_and_dt(ht_writer_t *writer, uint32_t tag, uint64_t dt)
{
    uint32_t short_dt = dt < HT_TAG_DT_FOLLOWS ? (uint32_t)dt : HT_TAG_DT_FOLLOWS;
    ht_put_byte(&writer->put, (uint8_t)(tag | short_dt << HT_TAG_DT_SHIFT));
    if (short_dt == HT_TAG_DT_FOLLOWS) { ht_put_varint(&writer->put, dt); }
}

static void put_alloc(ht_writer_t *writer, const ht_event_t *event)
{
    const uint32_t origin = event->alloc.origin;
    if (event->alloc.unrecorded) { ht_put_byte(&writer->put, HT_TAG_UNRECORDED); }
    uint64_t address = take_odd(writer, event->alloc.address);
    uint32_t number = take_origin(writer, origin);
    bool same_size = take_size(writer, origin, event->alloc.size);
    put_tag_and_dt(writer, HT_TAG_ALLOC | (same_size ? HT_TAG_SAME_SIZE : 0U) | number,
                   take_dt(writer, event->time_us));
    if (number == HT_TAG_ORIGIN_FOLLOWS) { ht_put_varint(&writer->put, origin); }
    if (!same_size) { ht_put_varint(&writer->put, event->alloc.size); }
    ht_put_varint(&writer->put, take_distance(writer, address));
    if (address == event->alloc.address) { push_block(writer, address); }
}

static void put_free(ht_writer_t *writer, const ht_event_t *event)
{
    uint64_t address = take_odd(writer, event->free.address);
    uint32_t number =
        address == event->free.address ? take_block(writer, address) : HT_TAG_BLOCK_FOLLOWS;
    uint64_t dt = take_dt(writer, event->time_us);
    if (event->free.by_realloc) {
        ht_put_byte(&writer->put, HT_TAG_REALLOC_FREE);
        ht_put_varint(&writer->put, dt);
        number = HT_TAG_BLOCK_FOLLOWS;
    } else {
        put_tag_and_dt(writer, HT_TAG_FREE | number, dt);
    }
    if (number == HT_TAG_BLOCK_FOLLOWS) {
        ht_put_varint(&writer->put, take_distance(writer, address));
    }
    writer->last = address;
}

/* --- events ---------------------------------------------------------------------------------- */

/* A frame with `bytes` of room for what comes at that time. */
static void make_room(ht_writer_t *writer, size_t bytes, uint64_t time)
{
    size_t used = writer->open ? (size_t)(writer->put.at - writer->body) : 0;
    bool full = used + bytes + HT_FRAME_CRC_BYTES > writer->config.frame_max;
    if (writer->open && (full || time < writer->time)) { ht_writer_flush(writer); }
    if (!writer->open) { open_frame(writer, time); }
}

static void put_context(ht_writer_t *writer, const ht_event_t *event)
{
    if (event->task == writer->task && event->core == writer->core) { return; }
    writer->task = event->task;
    writer->core = event->core;
    ht_put_byte(&writer->put, HT_TAG_CONTEXT);
    ht_put_varint(&writer->put, (uint64_t)event->task << 1 | event->core);
}

/* Definitions and what a snapshot holds carry no time, and leave the last one as it is. */
static bool has_time(uint8_t tag)
{
    return tag != HT_TAG_HELLO && tag != HT_TAG_ORIGIN && tag != HT_TAG_SITE &&
           tag != HT_TAG_HEAP && tag != HT_TAG_SNAPSHOT_BLOCK && tag != HT_TAG_RELABEL;
}

static size_t varint_length(uint64_t value)
{
    size_t length = 1;
    while (value >= 0x80U) {
        value >>= 7;
        length++;
    }
    return length;
}

bool ht_writer_put_record(ht_writer_t *writer, uint8_t tag, const uint8_t *content, size_t length,
                          uint64_t time)
{
    const size_t around = 3U + HT_VARINT_MAX; /* tag, length, dt */
    if (HT_WRITER_HEAD_MAX + around + length + HT_FRAME_CRC_BYTES > HT_FRAME_MAX) { return false; }
    const bool timed = has_time(tag);
    make_room(writer, around + length, timed || !writer->open ? time : writer->time);
    ht_put_byte(&writer->put, tag);
    if (timed) { /* the dt that it has is 0: one byte */
        uint64_t dt = take_dt(writer, time);
        ht_put_varint(&writer->put, length - 1U + varint_length(dt));
        ht_put_varint(&writer->put, dt);
        content++;
        length--;
    } else {
        ht_put_varint(&writer->put, length);
    }
    ht_put_bytes(&writer->put, content, length);
    return true;
}

static bool put_with_length(ht_writer_t *writer, const ht_event_t *event)
{
    uint8_t content[HT_FRAME_MAX];
    ht_put_t put = {content, content + sizeof(content), false};
    uint8_t tag = ht_writer_record(&put, event, 0);
    if (tag == 0 || put.full) { return false; }
    /* The context first, in the same frame: there must be room for both. */
    size_t length = (size_t)(put.at - content);
    make_room(writer, HT_WRITER_CONTEXT_MAX + 3U + HT_VARINT_MAX + length,
              has_time(tag) || !writer->open ? event->time_us : writer->time);
    put_context(writer, event);
    return ht_writer_put_record(writer, tag, content, length, event->time_us);
}

static void new_boot(ht_writer_t *writer, uint32_t boot)
{
    ht_writer_flush(writer);
    writer->config.boot = boot;
    writer->sequence = 0;
}

bool ht_writer_event(ht_writer_t *writer, const ht_event_t *event)
{
    switch (event->kind) {
    case HT_EVENT_BOOT:
        new_boot(writer, event->boot);
        return true;
    case HT_EVENT_ALLOC:
    case HT_EVENT_FREE:
        make_room(writer, HT_WRITER_CONTEXT_MAX + HT_WRITER_HOT_MAX, event->time_us);
        put_context(writer, event);
        (event->kind == HT_EVENT_ALLOC ? put_alloc : put_free)(writer, event);
        return true;
    case HT_EVENT_LOSS:
        if (event->loss.cause == HT_EVENT_LOSS_FRAMES) {
            ht_writer_flush(writer);
            writer->sequence += event->loss.count;
            return true;
        }
        return put_with_length(writer, event);
    default:
        return put_with_length(writer, event);
    }
}
