/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Which record an event becomes. */
#include <string.h>

#include "ht_drain.h"

#define MORE_SLOTS(type) (1U + (uint32_t)((sizeof(type) + HT_RAW_BYTES - 1U) / HT_RAW_BYTES))

uint32_t ht_drain_slots(uint32_t kind)
{
    switch (kind) {
    case HT_RAW_PUT_BACK:
    case HT_RAW_FAILURE:
        return MORE_SLOTS(ht_record_t);
    case HT_RAW_TASK:
        return MORE_SLOTS(char[HT_TASK_NAME_MAX]);
    case HT_RAW_MARK:
        return MORE_SLOTS(ht_trace_mark_t);
    case HT_RAW_HEAP:
        return MORE_SLOTS(ht_trace_heap_t);
    case HT_RAW_SAID:
        return MORE_SLOTS(uint8_t[HT_TRACE_PIECE]);
    default:
        return 1;
    }
}

/* An event, where it lies in its ring. */
typedef struct {
    const ht_raw_t *slot; /**< the first */
    const ht_ring_t *ring;
    uint32_t at;
    unsigned core;
    uint64_t time_us;
} event_t;

/* What is in the slots behind the first one. */
static void read_more(const event_t *event, void *to, size_t bytes)
{
    uint32_t at = event->at;
    for (size_t done = 0; done < bytes; done += HT_RAW_BYTES) {
        const ht_raw_t *slot = &event->ring->slots[++at & event->ring->mask];
        size_t left = bytes - done;
        memcpy((char *)to + done, slot, left < HT_RAW_BYTES ? left : HT_RAW_BYTES);
    }
}

static ht_record_t words(const ht_raw_t *slot)
{
    return (ht_record_t){
        .address = slot->address, .what = slot->what, .who = slot->who, .tick = slot->tick};
}

/* --- blocks -------------------------------------------------------------------------------------
 */

static bool put_block(ht_drain_t *drain, const ht_event_block_t *block, bool is_alloc)
{
    ht_coder_t *coder = &drain->coder;
    if (!ht_drain_define_task(drain, block->task)) { return false; }
    bool (*code)(ht_coder_t *, const ht_event_block_t *) =
        is_alloc ? ht_coder_alloc : ht_coder_free;
    return code(coder, block) || (ht_drain_flush(drain) && code(coder, block));
}

static bool put_pooled(ht_drain_t *drain, const event_t *event, bool freed)
{
    const ht_record_t record = words(event->slot);
    ht_record_out_t out;
    if (!ht_drain_define_origin(drain, ht_record_origin(&record).index) ||
        (drain->complete && !ht_drain_define_heap(drain, ht_record_heap(&record).index))) {
        return false;
    }
    ht_coder_begin_at(&out, HT_TAG_POOL_BLOCK, event->time_us);
    ht_bytes_put(&out.bytes, freed);
    ht_bytes_varint(&out.bytes, ht_record_block(&record));
    ht_bytes_varint(&out.bytes, ht_record_size(&record));
    ht_bytes_varint(&out.bytes, ht_record_origin(&record).index);
    ht_bytes_varint(&out.bytes, ht_record_heap(&record).index);
    return ht_drain_put(drain, &out);
}

static bool put_alloc(ht_drain_t *drain, const event_t *event, uint32_t kind)
{
    const ht_record_t record = words(event->slot);
    if (kind == HT_RAW_ALLOC && ht_record_is_pooled(&record)) {
        return put_pooled(drain, event, false);
    }
    const ht_event_block_t block = {
        .time_us = event->time_us,
        .address = record.address,
        .size = kind == HT_RAW_ALLOC ? ht_record_size(&record) : (size_t)record.what,
        .origin = ht_record_origin(&record).index,
        .task = ht_record_task(&record).index,
        .core = event->core,
        .unrecorded = kind != HT_RAW_ALLOC,
    };
    return ht_drain_define_origin(drain, block.origin) && put_block(drain, &block, true);
}

static bool put_free(ht_drain_t *drain, const event_t *event, bool by_realloc)
{
    const ht_record_t record = words(event->slot);
    const ht_event_block_t block = {
        .time_us = event->time_us,
        .address = record.address,
        .task = ht_record_task(&record).index,
        .core = event->core,
        .by_realloc = by_realloc,
    };
    return put_block(drain, &block, false);
}

void ht_drain_block(ht_bytes_t *bytes, const ht_record_t *record, uint64_t age_us)
{
    ht_bytes_varint(bytes, ht_record_size(record));
    ht_bytes_varint(bytes, ht_record_origin(record).index);
    ht_bytes_varint(bytes, ht_record_task(record).index);
    ht_bytes_varint(bytes, ht_record_heap(record).index);
    ht_bytes_varint(bytes, age_us);
    ht_bytes_varint(bytes, (ht_record_is_pooled(record) ? HT_SNAPSHOT_POOL : 0U) |
                               (ht_record_core(record) != 0 ? HT_SNAPSHOT_CORE_1 : 0U));
}

static bool put_back(ht_drain_t *drain, const event_t *event)
{
    ht_record_t record = words(event->slot);
    ht_record_t more;
    read_more(event, &more, sizeof(more));
    bool recorded = more.address != 0;
    ht_record_out_t out;
    if (recorded && !ht_drain_define_origin(drain, ht_record_origin(&record).index)) {
        return false;
    }
    ht_coder_begin_at(&out, HT_TAG_PUT_BACK, event->time_us);
    ht_bytes_varint(&out.bytes, record.address);
    if (recorded) {
        ht_tick_t age = record.tick - more.tick;
        bool ahead = age > (ht_tick_t) ~(ht_tick_t)0 >> 1; /* its stamp is borrowed */
        ht_drain_block(&out.bytes, &record, ahead ? 0 : ht_ticks_to_us(age));
    }
    return ht_drain_put(drain, &out);
}

static bool put_relabel(ht_drain_t *drain, const event_t *event)
{
    const ht_record_t record = words(event->slot);
    uint32_t origin = ht_record_origin(&record).index;
    ht_record_out_t out;
    if (!ht_drain_define_origin(drain, origin)) { return false; }
    ht_coder_begin(&out, HT_TAG_RELABEL);
    ht_bytes_varint(&out.bytes, record.address);
    ht_bytes_varint(&out.bytes, origin);
    return ht_drain_put(drain, &out);
}

/* --- the rest -----------------------------------------------------------------------------------
 */

/* Whose the next record is; the frame may have to be sent for it, and then once more. */
static bool put_context(ht_drain_t *drain, const event_t *event)
{
    const ht_record_t record = words(event->slot);
    uint32_t task = ht_record_task(&record).index;
    if (!ht_drain_define_task(drain, task)) { return false; }
    return ht_coder_context(&drain->coder, task, event->core) ||
           (ht_drain_flush(drain) && ht_coder_context(&drain->coder, task, event->core));
}

/* A record that has a context: both in the same frame. */
static bool put_in_context(ht_drain_t *drain, const event_t *event, const ht_record_out_t *out)
{
    if (!put_context(drain, event)) { return false; }
    bool written =
        ht_coder_write(&drain->coder, out) ||
        (ht_drain_flush(drain) && put_context(drain, event) && ht_coder_write(&drain->coder, out));
    if (written) { drain->urgent = true; } /* a mark, a failure, an error: somebody waits for it */
    return written;
}

static bool put_failure(ht_drain_t *drain, const event_t *event)
{
    const ht_record_t first = words(event->slot);
    ht_record_t more;
    read_more(event, &more, sizeof(more));
    uint32_t origin = ht_record_origin(&first).index;
    ht_record_out_t out;
    if (!ht_drain_define_origin(drain, origin)) { return false; }
    ht_coder_begin_at(&out, HT_TAG_FAILURE, event->time_us);
    ht_bytes_varint(&out.bytes, more.tick >> 1);
    ht_bytes_varint(&out.bytes, first.address);
    ht_bytes_varint(&out.bytes, first.what);
    ht_bytes_varint(&out.bytes, (uint32_t)more.who);
    ht_bytes_varint(&out.bytes, origin);
    ht_bytes_put(&out.bytes, more.tick & 1U);
    ht_bytes_varint(&out.bytes, more.address);
    ht_bytes_varint(&out.bytes, more.what);
    return put_in_context(drain, event, &out);
}

static bool put_task(ht_drain_t *drain, const event_t *event, bool gone)
{
    const ht_record_t record = words(event->slot);
    uint32_t row = ht_record_task(&record).index;
    char name[HT_TASK_NAME_MAX];
    if (gone) { return ht_drain_put_task_gone(drain, event->time_us, row); }
    read_more(event, name, sizeof(name));
    if (!ht_drain_put_task(drain, event->time_us, row, record.address, name)) { return false; }
    ht_drain_task_is_defined(drain, row); /* the table may have another one there by now */
    return true;
}

static bool put_heap(ht_drain_t *drain, const event_t *event)
{
    ht_trace_heap_t facts;
    read_more(event, &facts, sizeof(facts));
    return ht_drain_put_heap(drain, (uint32_t)event->slot->who, event->slot->address,
                             (size_t)event->slot->what, &facts);
}

/* The report with this number, pinned; NULL: it is overwritten already. */
static ht_error_t *find_report(ht_tracker_t *tracker, uint32_t number)
{
    for (uint32_t i = 0; i < tracker->errors.max; i++) {
        ht_error_t *error = &tracker->errors.ring[i];
        if (!ht_error_read(&tracker->lock, error)) { continue; }
        if (error->row.number == number && !error->row.before_reset) { return error; }
        ht_error_done(&tracker->lock, error);
    }
    return NULL;
}

/* The fields of the record behind the number; all 0: the report is not there any more. */
static void error_fields(ht_bytes_t *bytes, const heaptrail_error_row_t *row)
{
    if (row == NULL) {
        for (uint32_t i = 0; i < 15U; i++) {
            ht_bytes_put(bytes, 0);
        }
        return;
    }
    ht_bytes_varint(bytes, row->kind);
    ht_bytes_varint(bytes, row->found);
    ht_bytes_varint(bytes, row->repeats);
    ht_bytes_varint(bytes, row->address);
    ht_bytes_varint(bytes, row->place);
    ht_bytes_varint(bytes, row->block.address);
    ht_bytes_varint(bytes, row->block.size_bytes);
    ht_bytes_varint(bytes, row->block.allocated.id);
    ht_bytes_varint(bytes, row->block.task_id);
    ht_bytes_varint(bytes, row->block.freed_by.id);
    ht_bytes_varint(bytes, row->block.freed_task_id);
    ht_bytes_varint(bytes, row->caller.id);
    ht_bytes_varint(bytes, row->damaged_bytes);
    ht_bytes_zigzag(bytes, row->offset_bytes);
    ht_bytes_text(bytes, NULL, 0);
}

static bool put_report(ht_drain_t *drain, const event_t *event, const heaptrail_error_row_t *row)
{
    ht_record_out_t out;
    if (row != NULL && (!ht_drain_define_origin(drain, row->block.allocated.id) ||
                        !ht_drain_define_origin(drain, row->block.freed_by.id) ||
                        !ht_drain_define_origin(drain, row->caller.id))) {
        return false;
    }
    ht_coder_begin_at(&out, HT_TAG_ERROR, event->time_us);
    ht_bytes_varint(&out.bytes, event->slot->address);
    error_fields(&out.bytes, row);
    return put_in_context(drain, event, &out);
}

static bool put_error(ht_drain_t *drain, const event_t *event)
{
    ht_error_t *error = find_report(drain->tracker, (uint32_t)event->slot->address);
    bool written = put_report(drain, event, error != NULL ? &error->row : NULL);
    if (error != NULL) { ht_error_done(&drain->tracker->lock, error); }
    return written;
}

void ht_drain_sums(ht_bytes_t *bytes, const ht_trace_sums_t *sums)
{
    ht_bytes_varint(bytes, sums->live_blocks);
    ht_bytes_varint(bytes, sums->live_bytes);
    ht_bytes_varint(bytes, sums->total_blocks);
    ht_bytes_varint(bytes, sums->total_bytes);
    ht_bytes_varint(bytes, sums->freed_blocks);
    ht_bytes_varint(bytes, sums->failures);
}

static bool put_mark(ht_drain_t *drain, const event_t *event)
{
    ht_trace_mark_t mark;
    read_more(event, &mark, sizeof(mark));
    ht_record_out_t out;
    ht_coder_begin_at(&out, HT_TAG_MARK, event->time_us);
    ht_bytes_varint(&out.bytes, event->slot->address);
    ht_bytes_text(&out.bytes, mark.name, sizeof(mark.name));
    ht_drain_sums(&out.bytes, &mark.sums);
    return put_in_context(drain, event, &out);
}

/* A piece of a record; with the last one it is written. Pieces of a record that was given up are
 * written over by the next one. */
static bool put_said(ht_drain_t *drain, const event_t *event)
{
    uint32_t at = (uint32_t)(event->slot->address >> 16);
    uint32_t length = event->slot->address & 0xFFFFU;
    uint32_t origin = (uint32_t)event->slot->who;
    if (at > sizeof(drain->said) - HT_TRACE_PIECE || length > sizeof(drain->said)) { return true; }
    if (at != 0 && at != drain->said_bytes && at + HT_TRACE_PIECE != drain->said_bytes) {
        return true; /* those before it are of another trace */
    }
    read_more(event, drain->said + at, HT_TRACE_PIECE);
    drain->said_bytes = at + HT_TRACE_PIECE;
    if (drain->said_bytes < length) { return true; }
    ht_record_out_t out;
    if (!ht_drain_define_origin(drain, origin)) { return false; }
    ht_coder_begin_at(&out, (uint32_t)event->slot->what, event->time_us);
    ht_bytes_raw(&out.bytes, drain->said, length);
    return ht_drain_put(drain, &out);
}

/* Everything before it is void, definitions, too; a snapshot says what is live in spite of it. */
static bool put_reset(ht_drain_t *drain, const event_t *event)
{
    drain->generation = ht_drain_generation((uint32_t)event->slot->address);
    if (!ht_drain_hello(drain)) { return false; }
    ht_drain_define_anew(drain);
    if (!drain->complete) { drain->intro = (ht_steps_t){.stage = HT_STAGE_HEAPS, .inexact = true}; }
    drain->snapshot.tries = 0;
    ht_drain_want_snapshot(drain);
    return true;
}

bool ht_drain_event(ht_drain_t *drain, unsigned core, uint32_t at)
{
    const ht_ring_t *ring = &drain->trace.ring[core];
    const ht_raw_t *slot = &ring->slots[at & ring->mask];
    const event_t event = {
        .slot = slot,
        .ring = ring,
        .at = at,
        .core = core,
        .time_us = ht_trace_clock_time(&drain->clock, core, slot->tick, slot->clock),
    };
    uint32_t kind = HT_RAW_KIND(slot->head);
    switch (kind) {
    case HT_RAW_ALLOC:
    case HT_RAW_DROPPED:
    case HT_RAW_LARGE:
        return put_alloc(drain, &event, kind);
    case HT_RAW_FREE:
    case HT_RAW_REALLOC_FREE:
        return put_free(drain, &event, kind == HT_RAW_REALLOC_FREE);
    case HT_RAW_POOL_FREE:
        return put_pooled(drain, &event, true);
    case HT_RAW_PUT_BACK:
        return put_back(drain, &event);
    case HT_RAW_RELABEL:
        return put_relabel(drain, &event);
    case HT_RAW_FAILURE:
        return put_failure(drain, &event);
    case HT_RAW_TASK:
    case HT_RAW_TASK_GONE:
        return put_task(drain, &event, kind == HT_RAW_TASK_GONE);
    case HT_RAW_MARK:
        return put_mark(drain, &event);
    case HT_RAW_RESET:
        return put_reset(drain, &event);
    case HT_RAW_HEAP:
        return put_heap(drain, &event);
    case HT_RAW_ERROR:
        return put_error(drain, &event);
    case HT_RAW_SAID:
        return put_said(drain, &event);
    default:
        return true;
    }
}
