/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The records with a length: SPEC.md 5.3 and 5.4, field by field. */
#include "ht_writer_internal.h"

/* Varints, one after the other. */
#define PUT(put, ...)                                                                              \
    put_each(put, (const uint64_t[]){__VA_ARGS__},                                                 \
             sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static void put_each(ht_put_t *put, const uint64_t *value, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ht_put_varint(put, value[i]);
    }
}

static void put_counters(ht_put_t *put, const ht_counters_t *c)
{
    PUT(put, c->live_blocks, c->live_bytes, c->total_blocks, c->total_bytes, c->freed_blocks,
        c->failures);
}

static uint8_t put_origin(ht_put_t *put, const ht_event_t *e)
{
    PUT(put, e->origin.index, e->origin.method, e->origin.caps, e->origin.site, e->origin.depth);
    for (uint32_t i = 0; i < e->origin.depth; i++) {
        const uint64_t *frame = &e->origin.frames[i];
        ht_put_varint(put, i == 0 ? *frame : ht_zigzag((int64_t)(frame[0] - frame[-1])));
    }
    return HT_TAG_ORIGIN;
}

static uint8_t put_site(ht_put_t *put, const ht_event_t *e)
{
    PUT(put, e->site.index, e->site.address, e->site.line, e->site.method);
    ht_put_text(put, e->site.file);
    ht_put_text(put, e->site.function);
    ht_put_text(put, e->site.variable);
    return HT_TAG_SITE;
}

static uint8_t put_task(ht_put_t *put, const ht_event_t *e, uint64_t dt)
{
    PUT(put, dt, e->task_defined.index, e->task_defined.handle, e->task_defined.type);
    ht_put_text(put, e->task_defined.name);
    return HT_TAG_TASK;
}

static uint8_t put_heap(ht_put_t *put, const ht_event_t *e)
{
    PUT(put, e->heap.index, e->heap.start, e->heap.bytes, e->heap.caps, e->heap.pool);
    ht_put_text(put, e->heap.name);
    return HT_TAG_HEAP;
}

static uint8_t put_sample(ht_put_t *put, const ht_event_t *e, uint64_t dt)
{
    PUT(put, dt, e->sample.heap, e->sample.free_bytes, e->sample.largest_bytes,
        e->sample.min_free_bytes + 1U);
    return HT_TAG_HEAP_SAMPLE;
}

static uint8_t put_mark(ht_put_t *put, const ht_event_t *e, uint64_t dt)
{
    PUT(put, dt, e->mark.number);
    ht_put_text(put, e->mark.name);
    put_counters(put, &e->mark.counters);
    return HT_TAG_MARK;
}

static uint8_t put_failure(ht_put_t *put, const ht_event_t *e, uint64_t dt)
{
    PUT(put, dt, e->failure.number, e->failure.size, e->failure.alignment, e->failure.caps,
        e->failure.origin, e->failure.measured, e->failure.free_bytes, e->failure.largest_bytes);
    return HT_TAG_FAILURE;
}

static uint8_t put_error(ht_put_t *put, const ht_event_t *e, uint64_t dt)
{
    PUT(put, dt, e->error.number, e->error.kind, e->error.found, e->error.repeats, e->error.address,
        e->error.place, e->error.block, e->error.block_size, e->error.block_origin,
        e->error.block_task, e->error.free_origin, e->error.free_task, e->error.caller_origin,
        e->error.damaged_bytes, ht_zigzag(e->error.damage_offset));
    ht_put_text(put, e->error.report);
    return HT_TAG_ERROR;
}

/* What is known of a block, but for its address. */
static void put_block(ht_put_t *put, const ht_event_t *e)
{
    uint64_t flags = (e->block.pool ? (uint64_t)HT_SNAPSHOT_POOL : 0U) |
                     (e->block.core != 0 ? (uint64_t)HT_SNAPSHOT_CORE_1 : 0U) |
                     (e->block.unrecorded ? (uint64_t)HT_SNAPSHOT_UNRECORDED : 0U);
    PUT(put, e->block.size, e->block.origin, e->block.task, e->block.heap, e->block.age_us, flags);
}

static uint8_t put_snapshot_block(ht_put_t *put, const ht_event_t *e)
{
    ht_put_varint(put, e->block.address);
    put_block(put, e);
    return HT_TAG_SNAPSHOT_BLOCK;
}

static uint8_t put_put_back(ht_put_t *put, const ht_event_t *e, uint64_t dt)
{
    PUT(put, dt, e->block.address);
    if (!e->block.unrecorded) { put_block(put, e); }
    return HT_TAG_PUT_BACK;
}

static uint8_t put_snapshot(ht_put_t *put, const ht_event_t *e, uint64_t dt)
{
    PUT(put, dt, e->snapshot.number, e->snapshot.blocks);
    if (e->kind == HT_EVENT_SNAPSHOT) { return HT_TAG_SNAPSHOT; }
    ht_put_varint(put, e->snapshot.complete);
    return HT_TAG_SNAPSHOT_END;
}

static void put_object(ht_put_t *put, const ht_object_t *object)
{
    uint8_t content[HT_FRAME_MAX];
    ht_put_t inner = {content, content + sizeof(content), false};
    PUT(&inner, object->start, object->end, ht_zigzag(object->bias));
    ht_put_text(&inner, object->build_id);
    ht_put_text(&inner, object->path);
    put->full |= inner.full;
    ht_put_text(put, (ht_text_t){(const char *)content, (size_t)(inner.at - content)});
}

static uint8_t put_hello(ht_put_t *put, const ht_event_t *e)
{
    for (size_t i = 0; i < e->hello.count; i++) {
        const ht_hello_pair_t *pair = &e->hello.pair[i];
        ht_put_varint(put, pair->key);
        if (pair->key == HT_HELLO_OBJECT) {
            put_object(put, &pair->object);
        } else if (pair->key % 2U == 0) {
            ht_put_varint(put, pair->number);
        } else {
            ht_put_text(put, pair->text);
        }
    }
    return HT_TAG_HELLO;
}

static uint8_t put_pool_block(ht_put_t *put, const ht_event_t *e, uint64_t dt)
{
    PUT(put, dt, e->pool.freed, e->pool.address, e->pool.size, e->pool.origin, e->pool.heap);
    return HT_TAG_POOL_BLOCK;
}

static void put_fields(ht_put_t *put, const void *from, size_t bytes)
{
    put_each(put, from, bytes / sizeof(uint64_t));
}

static uint8_t put_search(ht_put_t *put, const ht_event_t *e, uint64_t dt)
{
    ht_put_varint(put, dt);
    put_fields(put, e->search, sizeof(*e->search));
    return HT_TAG_SEARCH;
}

static uint8_t put_suspect(ht_put_t *put, const ht_event_t *e, uint64_t dt)
{
    ht_suspect_t suspect = *e->suspect;
    suspect.evidence &=
        HT_EVIDENCE_UNREACHABLE | HT_EVIDENCE_GROWTH | HT_EVIDENCE_TASK_GONE | HT_EVIDENCE_OVERDUE;
    suspect.growth.bytes_per_hour = (int64_t)ht_zigzag(suspect.growth.bytes_per_hour);
    ht_put_varint(put, dt);
    put_fields(put, &suspect, offsetof(ht_suspect_t, reach));
    if ((suspect.evidence & HT_EVIDENCE_UNREACHABLE) != 0) {
        put_fields(put, &suspect.reach, sizeof(suspect.reach));
    }
    if ((suspect.evidence & HT_EVIDENCE_GROWTH) != 0) {
        put_fields(put, &suspect.growth, sizeof(suspect.growth));
    }
    if ((suspect.evidence & HT_EVIDENCE_TASK_GONE) != 0) {
        put_fields(put, &suspect.left, sizeof(suspect.left));
    }
    if ((suspect.evidence & HT_EVIDENCE_OVERDUE) != 0) {
        put_fields(put, &suspect.overdue, sizeof(suspect.overdue));
    }
    return HT_TAG_SUSPECT;
}

uint8_t ht_writer_record(ht_put_t *put, const ht_event_t *e, uint64_t dt)
{
    switch (e->kind) {
    case HT_EVENT_HELLO:
        return put_hello(put, e);
    case HT_EVENT_ORIGIN:
        return put_origin(put, e);
    case HT_EVENT_SITE:
        return put_site(put, e);
    case HT_EVENT_TASK:
        return put_task(put, e, dt);
    case HT_EVENT_TASK_GONE:
        PUT(put, dt, e->task_gone);
        return HT_TAG_TASK_GONE;
    case HT_EVENT_HEAP:
        return put_heap(put, e);
    case HT_EVENT_POOL_BLOCK:
        return put_pool_block(put, e, dt);
    case HT_EVENT_RELABEL:
        PUT(put, e->relabel.address, e->relabel.origin);
        return HT_TAG_RELABEL;
    case HT_EVENT_PUT_BACK:
        return put_put_back(put, e, dt);
    case HT_EVENT_HEAP_SAMPLE:
        return put_sample(put, e, dt);
    case HT_EVENT_MARK:
        return put_mark(put, e, dt);
    case HT_EVENT_FAILURE:
        return put_failure(put, e, dt);
    case HT_EVENT_ERROR:
        return put_error(put, e, dt);
    case HT_EVENT_LOSS:
        PUT(put, dt, e->loss.cause, e->loss.count, e->loss.core);
        return HT_TAG_LOSS;
    case HT_EVENT_SNAPSHOT:
    case HT_EVENT_SNAPSHOT_END:
        return put_snapshot(put, e, dt);
    case HT_EVENT_SNAPSHOT_BLOCK:
        return put_snapshot_block(put, e);
    case HT_EVENT_COUNTERS:
        ht_put_varint(put, dt);
        put_counters(put, &e->counters);
        return HT_TAG_COUNTERS;
    case HT_EVENT_SEARCH:
        return put_search(put, e, dt);
    case HT_EVENT_SUSPECT:
        return put_suspect(put, e, dt);
    case HT_EVENT_END:
        PUT(put, dt, e->end);
        return HT_TAG_END;
    default:
        return 0;
    }
}
