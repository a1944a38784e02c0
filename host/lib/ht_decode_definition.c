/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * SPEC.md 5.3 and 5.4: the records with a length. Each is read to its end before its event goes
 * out; what stands behind the fields that are known is passed over.
 */
#include <string.h>

#include "ht_decode_internal.h"
#include "ht_reader.h"

/* The time that most records begin with. */
static void take_time(ht_decoder_t *decoder, ht_reader_t *reader)
{
    decoder->event.time_us += ht_reader_varint(reader);
}

static ht_counters_t counters(ht_reader_t *reader)
{
    ht_counters_t counted;
    counted.live_blocks = ht_reader_varint(reader);
    counted.live_bytes = ht_reader_varint(reader);
    counted.total_blocks = ht_reader_varint(reader);
    counted.total_bytes = ht_reader_varint(reader);
    counted.freed_blocks = ht_reader_varint(reader);
    counted.failures = ht_reader_varint(reader);
    return counted;
}

static ht_event_kind_t decode_origin(ht_decoder_t *decoder, ht_reader_t *reader)
{
    ht_event_t *event = &decoder->event;
    event->origin.index = ht_reader_u32(reader);
    event->origin.method = ht_reader_u32(reader);
    event->origin.caps = ht_reader_u32(reader);
    event->origin.site = ht_reader_u32(reader);
    event->origin.depth = ht_reader_u32(reader);
    event->origin.frames = decoder->frames;
    if (event->origin.depth > ht_reader_left(reader)) { /* each has a byte at least */
        reader->failed = true;
        return HT_EVENT_ORIGIN;
    }
    uint64_t frame = 0;
    for (uint32_t i = 0; i < event->origin.depth; i++) {
        frame = i == 0 ? ht_reader_varint(reader) : frame + (uint64_t)ht_reader_zigzag(reader);
        decoder->frames[i] = event->pointer_bytes == 4 ? (uint32_t)frame : frame;
    }
    return HT_EVENT_ORIGIN;
}

static ht_event_kind_t decode_site(ht_decoder_t *decoder, ht_reader_t *reader)
{
    ht_event_t *event = &decoder->event;
    event->site.index = ht_reader_u32(reader);
    event->site.address = ht_reader_varint(reader);
    event->site.line = ht_reader_u32(reader);
    event->site.method = ht_reader_u32(reader);
    event->site.file = ht_reader_text(reader);
    event->site.function = ht_reader_text(reader);
    event->site.variable = ht_reader_text(reader);
    return HT_EVENT_SITE;
}

static ht_event_kind_t decode_task(ht_decoder_t *decoder, ht_reader_t *reader)
{
    ht_event_t *event = &decoder->event;
    take_time(decoder, reader);
    event->task_defined.index = ht_reader_u32(reader);
    event->task_defined.handle = ht_reader_varint(reader);
    event->task_defined.type = ht_reader_u32(reader);
    event->task_defined.name = ht_reader_text(reader);
    return HT_EVENT_TASK;
}

static ht_event_kind_t decode_task_gone(ht_decoder_t *decoder, ht_reader_t *reader)
{
    take_time(decoder, reader);
    decoder->event.task_gone = ht_reader_u32(reader);
    return HT_EVENT_TASK_GONE;
}

static ht_event_kind_t decode_heap(ht_decoder_t *decoder, ht_reader_t *reader)
{
    ht_event_t *event = &decoder->event;
    event->heap.index = ht_reader_u32(reader);
    event->heap.start = ht_reader_varint(reader);
    event->heap.bytes = ht_reader_varint(reader);
    event->heap.caps = ht_reader_u32(reader);
    event->heap.pool = (ht_reader_varint(reader) & 1U) != 0;
    event->heap.name = ht_reader_text(reader);
    return HT_EVENT_HEAP;
}

static ht_event_kind_t decode_sample(ht_decoder_t *decoder, ht_reader_t *reader)
{
    ht_event_t *event = &decoder->event;
    take_time(decoder, reader);
    event->sample.heap = ht_reader_u32(reader);
    event->sample.free_bytes = ht_reader_varint(reader);
    event->sample.largest_bytes = ht_reader_varint(reader);
    event->sample.min_free_bytes = ht_reader_varint(reader) - 1U; /* 0 is "not known": the most */
    return HT_EVENT_HEAP_SAMPLE;
}

static ht_event_kind_t decode_mark(ht_decoder_t *decoder, ht_reader_t *reader)
{
    ht_event_t *event = &decoder->event;
    take_time(decoder, reader);
    event->mark.number = ht_reader_u32(reader);
    event->mark.name = ht_reader_text(reader);
    event->mark.counters = counters(reader);
    return HT_EVENT_MARK;
}

static ht_event_kind_t decode_failure(ht_decoder_t *decoder, ht_reader_t *reader)
{
    ht_event_t *event = &decoder->event;
    take_time(decoder, reader);
    event->failure.number = ht_reader_u32(reader);
    event->failure.size = ht_reader_varint(reader);
    event->failure.alignment = ht_reader_varint(reader);
    event->failure.caps = ht_reader_u32(reader);
    event->failure.origin = ht_reader_u32(reader);
    event->failure.measured = ht_reader_varint(reader) != 0;
    event->failure.free_bytes = ht_reader_varint(reader);
    event->failure.largest_bytes = ht_reader_varint(reader);
    return HT_EVENT_FAILURE;
}

static ht_event_kind_t decode_error(ht_decoder_t *decoder, ht_reader_t *reader)
{
    ht_event_t *event = &decoder->event;
    take_time(decoder, reader);
    event->error.number = ht_reader_u32(reader);
    event->error.kind = ht_reader_u32(reader);
    event->error.found = ht_reader_u32(reader);
    event->error.repeats = ht_reader_u32(reader);
    event->error.address = ht_reader_varint(reader);
    event->error.place = ht_reader_u32(reader);
    event->error.block = ht_reader_varint(reader);
    event->error.block_size = ht_reader_varint(reader);
    event->error.block_origin = ht_reader_u32(reader);
    event->error.block_task = ht_reader_u32(reader);
    event->error.free_origin = ht_reader_u32(reader);
    event->error.free_task = ht_reader_u32(reader);
    event->error.caller_origin = ht_reader_u32(reader);
    event->error.damaged_bytes = ht_reader_varint(reader);
    event->error.damage_offset = ht_reader_zigzag(reader);
    event->error.report = ht_reader_text(reader);
    return HT_EVENT_ERROR;
}

static ht_event_kind_t decode_loss(ht_decoder_t *decoder, ht_reader_t *reader)
{
    ht_event_t *event = &decoder->event;
    take_time(decoder, reader);
    event->loss.cause = ht_reader_u32(reader);
    event->loss.count = ht_reader_varint(reader);
    event->loss.core = ht_reader_u32(reader);
    return HT_EVENT_LOSS;
}

static ht_event_kind_t decode_snapshot(ht_decoder_t *decoder, ht_reader_t *reader)
{
    ht_event_t *event = &decoder->event;
    take_time(decoder, reader);
    event->snapshot.number = ht_reader_u32(reader);
    event->snapshot.blocks = ht_reader_varint(reader);
    event->snapshot.complete = false;
    return HT_EVENT_SNAPSHOT;
}

static ht_event_kind_t decode_snapshot_end(ht_decoder_t *decoder, ht_reader_t *reader)
{
    (void)decode_snapshot(decoder, reader);
    decoder->event.snapshot.complete = ht_reader_varint(reader) != 0;
    return HT_EVENT_SNAPSHOT_END;
}

/* What is known of a block, but for its address. */
static void take_block(ht_event_t *event, ht_reader_t *reader)
{
    event->block.size = ht_reader_varint(reader);
    event->block.origin = ht_reader_u32(reader);
    event->block.task = ht_reader_u32(reader);
    event->block.heap = ht_reader_u32(reader);
    event->block.age_us = ht_reader_varint(reader);
    uint64_t flags = ht_reader_varint(reader);
    event->block.pool = (flags & HT_SNAPSHOT_POOL) != 0;
    event->block.core = (flags & HT_SNAPSHOT_CORE_1) != 0;
    event->block.unrecorded = (flags & HT_SNAPSHOT_UNRECORDED) != 0;
}

static ht_event_kind_t decode_snapshot_block(ht_decoder_t *decoder, ht_reader_t *reader)
{
    decoder->event.block.address = ht_reader_varint(reader);
    take_block(&decoder->event, reader);
    return HT_EVENT_SNAPSHOT_BLOCK;
}

static ht_event_kind_t decode_put_back(ht_decoder_t *decoder, ht_reader_t *reader)
{
    ht_event_t *event = &decoder->event;
    take_time(decoder, reader);
    uint64_t address = ht_reader_varint(reader);
    memset(&event->block, 0, sizeof(event->block));
    event->block.address = address;
    event->block.unrecorded = reader->at == reader->end;
    if (!event->block.unrecorded) { take_block(event, reader); }
    return HT_EVENT_PUT_BACK;
}

static ht_event_kind_t decode_relabel(ht_decoder_t *decoder, ht_reader_t *reader)
{
    decoder->event.relabel.address = ht_reader_varint(reader);
    decoder->event.relabel.origin = ht_reader_u32(reader);
    return HT_EVENT_RELABEL;
}

/* Numbers that stand one after the other in both. */
static void take_each(ht_reader_t *reader, void *to, size_t bytes)
{
    uint64_t *field = to;
    for (size_t i = 0; i < bytes / sizeof(*field); i++) {
        field[i] = ht_reader_varint(reader);
    }
}

static ht_event_kind_t decode_search(ht_decoder_t *decoder, ht_reader_t *reader)
{
    take_time(decoder, reader);
    take_each(reader, &decoder->search, sizeof(decoder->search));
    decoder->event.search = &decoder->search;
    return HT_EVENT_SEARCH;
}

static ht_event_kind_t decode_suspect(ht_decoder_t *decoder, ht_reader_t *reader)
{
    ht_suspect_t *suspect = &decoder->found;
    take_time(decoder, reader);
    memset(suspect, 0, sizeof(*suspect));
    take_each(reader, suspect, offsetof(ht_suspect_t, reach));
    if ((suspect->evidence & HT_EVIDENCE_UNREACHABLE) != 0) {
        take_each(reader, &suspect->reach, sizeof(suspect->reach));
    }
    if ((suspect->evidence & HT_EVIDENCE_GROWTH) != 0) {
        take_each(reader, &suspect->growth, sizeof(suspect->growth));
        suspect->growth.bytes_per_hour = ht_unzigzag((uint64_t)suspect->growth.bytes_per_hour);
    }
    if ((suspect->evidence & HT_EVIDENCE_TASK_GONE) != 0) {
        take_each(reader, &suspect->left, sizeof(suspect->left));
    }
    if ((suspect->evidence & HT_EVIDENCE_OVERDUE) != 0) {
        take_each(reader, &suspect->overdue, sizeof(suspect->overdue));
    }
    reader->failed |= suspect->origin > UINT32_MAX || suspect->left.task > UINT32_MAX;
    decoder->event.suspect = suspect;
    return HT_EVENT_SUSPECT;
}

static ht_event_kind_t decode_counters(ht_decoder_t *decoder, ht_reader_t *reader)
{
    take_time(decoder, reader);
    decoder->event.counters = counters(reader);
    return HT_EVENT_COUNTERS;
}

static ht_event_kind_t decode_end(ht_decoder_t *decoder, ht_reader_t *reader)
{
    take_time(decoder, reader);
    decoder->event.end = ht_reader_u32(reader);
    return HT_EVENT_END;
}

static ht_event_kind_t decode_pool_block(ht_decoder_t *decoder, ht_reader_t *reader)
{
    ht_event_t *event = &decoder->event;
    take_time(decoder, reader);
    event->pool.freed = ht_reader_varint(reader) != 0;
    event->pool.address = ht_reader_varint(reader);
    event->pool.size = ht_reader_varint(reader);
    event->pool.origin = ht_reader_u32(reader);
    event->pool.heap = ht_reader_u32(reader);
    return HT_EVENT_POOL_BLOCK;
}

static ht_object_t object(ht_text_t bytes, bool *failed)
{
    const uint8_t *at = (const uint8_t *)bytes.bytes;
    ht_reader_t reader = {at, at + bytes.length, false};
    ht_object_t result;
    result.start = ht_reader_varint(&reader);
    result.end = ht_reader_varint(&reader);
    result.bias = ht_reader_zigzag(&reader);
    result.build_id = ht_reader_text(&reader);
    result.path = ht_reader_text(&reader);
    *failed |= reader.failed;
    return result;
}

static ht_event_kind_t decode_hello(ht_decoder_t *decoder, ht_reader_t *reader)
{
    size_t count = 0;
    while (reader->at < reader->end && !reader->failed) {
        ht_hello_pair_t pair = {.key = ht_reader_u32(reader)};
        if (pair.key % 2U == 0) {
            pair.number = ht_reader_varint(reader);
        } else {
            pair.text = ht_reader_text(reader);
        }
        if (pair.key == HT_HELLO_OBJECT) { pair.object = object(pair.text, &reader->failed); }
        decoder->pair[count++] = pair; /* has two bytes at least: there is room */
    }
    decoder->event.hello.pair = decoder->pair;
    decoder->event.hello.count = count;
    return HT_EVENT_HELLO;
}

const char *ht_record_decode(ht_decoder_t *decoder, uint8_t tag, size_t at, size_t end)
{
    static ht_event_kind_t (*const decoders[])(ht_decoder_t *, ht_reader_t *) = {
        [HT_TAG_ORIGIN] = decode_origin,
        [HT_TAG_SITE] = decode_site,
        [HT_TAG_TASK] = decode_task,
        [HT_TAG_TASK_GONE] = decode_task_gone,
        [HT_TAG_HEAP] = decode_heap,
        [HT_TAG_HEAP_SAMPLE] = decode_sample,
        [HT_TAG_MARK] = decode_mark,
        [HT_TAG_FAILURE] = decode_failure,
        [HT_TAG_ERROR] = decode_error,
        [HT_TAG_LOSS] = decode_loss,
        [HT_TAG_SNAPSHOT] = decode_snapshot,
        [HT_TAG_SNAPSHOT_BLOCK] = decode_snapshot_block,
        [HT_TAG_SNAPSHOT_END] = decode_snapshot_end,
        [HT_TAG_COUNTERS] = decode_counters,
        [HT_TAG_HELLO] = decode_hello,
        [HT_TAG_END] = decode_end,
        [HT_TAG_POOL_BLOCK] = decode_pool_block,
        [HT_TAG_RELABEL] = decode_relabel,
        [HT_TAG_PUT_BACK] = decode_put_back,
        [HT_TAG_SEARCH] = decode_search,
        [HT_TAG_SUSPECT] = decode_suspect,
    };
    if (tag >= sizeof(decoders) / sizeof(decoders[0])) { return NULL; } /* not known: passed over */
    ht_reader_t reader = {decoder->body + at, decoder->body + end, false};
    const uint64_t time = decoder->event.time_us;
    ht_event_kind_t kind = decoders[tag](decoder, &reader);
    if (reader.failed) {
        decoder->event.time_us = time;
        return "a record is shorter than its fields, or a field is larger than it may be";
    }
    ht_decoder_emit(decoder, kind);
    return NULL;
}
