/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_coder.h"

#include <string.h>

/* An allocation or a free with what stands before it, at most: context, a tag of one byte, odd,
 * and a tag with four numbers. */
#define HOT_BYTES_MAX 80U

/* Begin a frame if there is none: everything is forgotten. */
static void begin_frame(ht_coder_t *coder, uint64_t time_us)
{
    if (coder->frame.used != 0) { return; }
    if (time_us > coder->time) { coder->time = time_us; }
    ht_frame_begin(&coder->frame, coder->time);
    coder->last_time = coder->time;
    coder->context = 0;
    coder->last_address = 0;
    coder->origin_count = 0;
    coder->block_count = 0;
    memset(coder->sizes, 0, sizeof(coder->sizes));
}

/* The time since the last record; it never goes back. */
static uint64_t delta(const ht_coder_t *coder, uint64_t time_us)
{
    return time_us > coder->last_time ? time_us - coder->last_time : 0;
}

static void pass(ht_coder_t *coder, uint64_t dt)
{
    coder->last_time += dt;
    coder->time = coder->last_time;
}

static int64_t distance(const ht_coder_t *coder, uintptr_t address)
{
    return (int64_t)((uint64_t)address - (uint64_t)coder->last_address) >> ht_coder_unit(coder);
}

/* --- the lists ----------------------------------------------------------------------------------
 */

/* The place of an origin among the recent ones, HT_TAG_ORIGIN_FOLLOWS: it is not there. */
static uint32_t find_origin(const ht_coder_t *coder, uint32_t origin)
{
    for (uint32_t i = 0; i < coder->origin_count; i++) {
        if (coder->origins[i] == origin) { return i; }
    }
    return HT_TAG_ORIGIN_FOLLOWS;
}

/* Origin at this place, or a new one, goes to the head. */
static void origin_to_head(ht_coder_t *coder, uint32_t place, uint32_t origin)
{
    if (place == HT_TAG_ORIGIN_FOLLOWS) {
        if (coder->origin_count < HT_RECENT_ORIGINS) { coder->origin_count++; }
        place = coder->origin_count - 1U;
    }
    memmove(&coder->origins[1], &coder->origins[0], place * sizeof(coder->origins[0]));
    coder->origins[0] = origin;
}

static uint32_t find_block(const ht_coder_t *coder, uintptr_t address)
{
    for (uint32_t i = 0; i < coder->block_count; i++) {
        if (coder->blocks[i] == address) { return i; }
    }
    return HT_TAG_BLOCK_FOLLOWS;
}

static void block_to_head(ht_coder_t *coder, uintptr_t address)
{
    if (coder->block_count < HT_RECENT_BLOCKS) { coder->block_count++; }
    memmove(&coder->blocks[1], &coder->blocks[0],
            (coder->block_count - 1U) * sizeof(coder->blocks[0]));
    coder->blocks[0] = address;
}

static void take_block(ht_coder_t *coder, uint32_t place)
{
    if (place == HT_TAG_BLOCK_FOLLOWS) { return; }
    coder->block_count--;
    memmove(&coder->blocks[place], &coder->blocks[place + 1U],
            (coder->block_count - place) * sizeof(coder->blocks[0]));
}

/* --- the small records --------------------------------------------------------------------------
 */

/* Room for one, with the frame begun and the context said. */
static bool prepare(ht_coder_t *coder, const ht_event_block_t *event, ht_bytes_t *bytes)
{
    begin_frame(coder, event->time_us);
    uint32_t context = event->task << 1 | (event->core & 1U);
    if (context != coder->context) {
        ht_bytes_put(bytes, HT_TAG_CONTEXT);
        ht_bytes_varint(bytes, context);
    }
    uintptr_t odd = event->address & (((uintptr_t)1 << ht_coder_unit(coder)) - 1U);
    if (event->unrecorded) { ht_bytes_put(bytes, HT_TAG_UNRECORDED); }
    if (odd != 0) {
        ht_bytes_put(bytes, HT_TAG_ODD);
        ht_bytes_varint(bytes, odd);
    }
    return odd != 0;
}

static void put_dt(ht_bytes_t *bytes, uint64_t dt)
{
    if (dt >= HT_TAG_DT_FOLLOWS) { ht_bytes_varint(bytes, dt); }
}

static uint32_t dt_bits(uint64_t dt)
{
    return (dt < HT_TAG_DT_FOLLOWS ? (uint32_t)dt : (uint32_t)HT_TAG_DT_FOLLOWS) << HT_TAG_DT_SHIFT;
}

bool ht_coder_alloc(ht_coder_t *coder, const ht_event_block_t *event)
{
    uint8_t buffer[HOT_BYTES_MAX];
    ht_bytes_t bytes = {.bytes = buffer, .room = sizeof(buffer)};
    bool odd = prepare(coder, event, &bytes);
    uintptr_t address = event->address & ~(((uintptr_t)1 << ht_coder_unit(coder)) - 1U);
    ht_size_slot_t *slot = &coder->sizes[event->origin % HT_SIZE_SLOTS];
    bool same = slot->origin_plus_1 == event->origin + 1U && slot->size == event->size;
    uint32_t place = find_origin(coder, event->origin);
    uint64_t dt = delta(coder, event->time_us);
    ht_bytes_put(&bytes,
                 HT_TAG_ALLOC | dt_bits(dt) | (same ? (uint32_t)HT_TAG_SAME_SIZE : 0U) | place);
    put_dt(&bytes, dt);
    if (place == HT_TAG_ORIGIN_FOLLOWS) { ht_bytes_varint(&bytes, event->origin); }
    if (!same) { ht_bytes_varint(&bytes, event->size); }
    ht_bytes_zigzag(&bytes, distance(coder, address));
    if (!ht_frame_add(&coder->frame, buffer, bytes.used)) { return false; }
    coder->context = event->task << 1 | (event->core & 1U);
    coder->last_address = address;
    *slot = (ht_size_slot_t){event->size, event->origin + 1U};
    pass(coder, dt);
    origin_to_head(coder, place, event->origin);
    if (!odd) { block_to_head(coder, address); }
    return true;
}

bool ht_coder_free(ht_coder_t *coder, const ht_event_block_t *event)
{
    uint8_t buffer[HOT_BYTES_MAX];
    ht_bytes_t bytes = {.bytes = buffer, .room = sizeof(buffer)};
    bool odd = prepare(coder, event, &bytes);
    uintptr_t address = event->address & ~(((uintptr_t)1 << ht_coder_unit(coder)) - 1U);
    uint32_t place = odd ? (uint32_t)HT_TAG_BLOCK_FOLLOWS : find_block(coder, address);
    uint64_t dt = delta(coder, event->time_us);
    if (event->by_realloc) {
        ht_bytes_put(&bytes, HT_TAG_REALLOC_FREE);
        ht_bytes_varint(&bytes, dt);
    } else {
        ht_bytes_put(&bytes, HT_TAG_FREE | dt_bits(dt) | place);
        put_dt(&bytes, dt);
    }
    if (event->by_realloc || place == HT_TAG_BLOCK_FOLLOWS) {
        ht_bytes_zigzag(&bytes, distance(coder, address));
    }
    if (!ht_frame_add(&coder->frame, buffer, bytes.used)) { return false; }
    coder->context = event->task << 1 | (event->core & 1U);
    coder->last_address = address;
    pass(coder, dt);
    take_block(coder, place);
    return true;
}

bool ht_coder_context(ht_coder_t *coder, uint32_t task, unsigned core)
{
    uint8_t buffer[8];
    ht_bytes_t bytes = {.bytes = buffer, .room = sizeof(buffer)};
    uint32_t context = task << 1 | (core & 1U);
    begin_frame(coder, coder->time);
    if (context == coder->context) { return true; }
    ht_bytes_put(&bytes, HT_TAG_CONTEXT);
    ht_bytes_varint(&bytes, context);
    if (!ht_frame_add(&coder->frame, buffer, bytes.used)) { return false; }
    coder->context = context;
    return true;
}

/* --- records with a length ----------------------------------------------------------------------
 */

void ht_coder_begin(ht_record_out_t *out, uint32_t tag)
{
    out->bytes = (ht_bytes_t){.bytes = out->buffer, .room = sizeof(out->buffer)};
    out->tag = tag;
    out->timed = false;
}

void ht_coder_begin_at(ht_record_out_t *out, uint32_t tag, uint64_t time_us)
{
    ht_coder_begin(out, tag);
    out->timed = true;
    out->time_us = time_us;
}

bool ht_coder_write(ht_coder_t *coder, const ht_record_out_t *out)
{
    uint8_t first[10], head[12];
    if (out->bytes.used > out->bytes.room) { return true; }
    begin_frame(coder, out->timed ? out->time_us : coder->time);
    uint64_t dt = out->timed ? delta(coder, out->time_us) : 0;
    ht_bytes_t time = {.bytes = first, .room = sizeof(first)};
    if (out->timed) { ht_bytes_varint(&time, dt); }
    ht_bytes_t bytes = {.bytes = head, .room = sizeof(head)};
    ht_bytes_put(&bytes, out->tag);
    ht_bytes_varint(&bytes, time.used + out->bytes.used);
    const ht_frame_t before = coder->frame;
    if (!ht_frame_add(&coder->frame, head, bytes.used) ||
        !ht_frame_add(&coder->frame, first, time.used) ||
        !ht_frame_add(&coder->frame, out->buffer, out->bytes.used)) {
        coder->frame = before;
        return false;
    }
    pass(coder, dt);
    return true;
}

bool ht_coder_end_frame(ht_coder_t *coder)
{
    if (coder->frame.used == 0) { return false; }
    ht_frame_end(&coder->frame);
    return true;
}
