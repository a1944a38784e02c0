/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The records with a length. */
#include "trace_reader_parts.h"

#include <string.h>

static void text(cursor_t *cursor, char *to, size_t size)
{
    uint64_t length = reader_varint(cursor);
    for (uint64_t i = 0; i < length; i++) {
        uint32_t byte = reader_byte_of(cursor);
        if (byte == 0) { reader_wrong(cursor->reader, "a text holds a zero", i); }
        if (i + 1 < size) { to[i] = (char)byte; }
    }
    to[length < size ? length : size - 1] = '\0';
}

/* --- definitions --------------------------------------------------------------------------------
 */

static void define_origin(cursor_t *cursor)
{
    reader_t *reader = cursor->reader;
    uint64_t index = reader_varint(cursor);
    if (index == 0 || index >= READER_ROWS) { reader_wrong(reader, "an origin's index", index); }
    reader_origin_t was = reader->origins[index % READER_ROWS];
    reader_origin_t *row = &reader->origins[index % READER_ROWS];
    row->defined = true;
    row->method = reader_varint(cursor);
    row->caps = reader_varint(cursor);
    row->site = reader_varint(cursor);
    row->depth = reader_varint(cursor);
    if (row->depth > 32) { reader_wrong(reader, "a stack is too deep", row->depth); }
    for (uint64_t i = 0; i < row->depth && i < 40; i++) {
        row->frames[i] =
            i == 0 ? reader_varint(cursor) : row->frames[i - 1] + (uint64_t)reader_zigzag(cursor);
    }
    if (was.defined && (was.method != row->method || was.caps != row->caps ||
                        was.depth != row->depth || was.frames[0] != row->frames[0])) {
        reader_wrong(reader, "an origin's index has another meaning", index);
    }
}

static void define_site(cursor_t *cursor)
{
    char name[200];
    if (reader_varint(cursor) == 0) { reader_wrong(cursor->reader, "site 0", 0); }
    (void)reader_varint(cursor);
    (void)reader_varint(cursor);
    (void)reader_varint(cursor);
    text(cursor, name, sizeof(name));
    text(cursor, name, sizeof(name));
    text(cursor, name, sizeof(name));
}

static reader_task_t *task_row(reader_t *reader, uint64_t index)
{
    if (index >= READER_ROWS) {
        reader_wrong(reader, "a task's index", index);
        index = 0;
    }
    return &reader->tasks[index];
}

static void define_task(cursor_t *cursor)
{
    reader_dt(cursor);
    reader_task_t *task = task_row(cursor->reader, reader_varint(cursor));
    task->defined = true;
    task->gone = false;
    task->handle = reader_varint(cursor);
    task->kind = reader_varint(cursor);
    text(cursor, task->name, sizeof(task->name));
}

static void define_heap(cursor_t *cursor)
{
    uint64_t index = reader_varint(cursor);
    reader_heap_t *heap = &cursor->reader->heaps[index % 32U];
    heap->defined = true;
    heap->start = reader_varint(cursor);
    heap->bytes = reader_varint(cursor);
    (void)reader_varint(cursor);
    heap->pool = reader_varint(cursor) & 1U;
    text(cursor, heap->name, sizeof(heap->name));
}

/* Another generation: the tracker was reset. */
static void hello(cursor_t *cursor)
{
    reader_t *reader = cursor->reader;
    char bytes[300];
    reader->hellos++;
    while (cursor->at < cursor->end) {
        uint64_t key = reader_varint(cursor);
        if ((key & 1U) != 0) {
            uint64_t length = reader_varint(cursor);
            for (uint64_t i = 0; i < length; i++) {
                bytes[i % sizeof(bytes)] = (char)reader_byte_of(cursor);
            }
            continue;
        }
        uint64_t value = reader_varint(cursor);
        if (key == 4 && value != reader->generation) {
            for (uint32_t i = 0; i < reader->block_count; i++) {
                reader->blocks[i].live = reader->blocks[i].in_realloc = false;
            }
            for (uint32_t i = 0; i < READER_ROWS; i++) {
                reader->origins[i].defined = reader->tasks[i].defined = false;
            }
            reader->counting = false;
            reader->generation = value;
        }
    }
}

/* --- the other records with a length ------------------------------------------------------------
 */

static reader_sums_t sums_of(cursor_t *cursor)
{
    reader_sums_t sums;
    sums.live_blocks = reader_varint(cursor);
    sums.live_bytes = reader_varint(cursor);
    sums.total_blocks = reader_varint(cursor);
    sums.total_bytes = reader_varint(cursor);
    sums.freed = reader_varint(cursor);
    sums.failures = reader_varint(cursor);
    return sums;
}

/* Before the reader knows all it takes the device's word for what was before. */
static void take_sums(reader_t *reader, const reader_sums_t *device)
{
    if (reader->counting) { return; }
    reader->sums = *device;
    reader->counting = true;
}

static void mark(cursor_t *cursor)
{
    reader_t *reader = cursor->reader;
    reader_dt(cursor);
    reader_mark_t *row = &reader->marks[reader->mark_count++ % READER_MARKS];
    memset(row, 0, sizeof(*row));
    row->task = reader_task_now(reader);
    row->number = reader_varint(cursor);
    text(cursor, row->name, sizeof(row->name));
    row->device = sums_of(cursor);
    row->time_us = reader->time;
    row->exact = reader->exact && reader->counting;
    row->ours = reader->sums;
    reader_sums_t live = reader_live(reader);
    row->ours.live_blocks = live.live_blocks;
    row->ours.live_bytes = live.live_bytes;
    take_sums(reader, &row->device);
}

static void snapshot_begins(cursor_t *cursor)
{
    reader_t *reader = cursor->reader;
    reader_dt(cursor);
    (void)reader_varint(cursor);
    (void)reader_varint(cursor);
    for (uint32_t i = 0; i < reader->block_count; i++) {
        /* After a loss nobody knows of those. */
        reader->blocks[i].seen = reader->blocks[i].unrecorded && reader->exact;
    }
    reader->in_snapshot = true;
    reader->snapshots++;
}

static void snapshot_block(cursor_t *cursor, bool put_back)
{
    reader_t *reader = cursor->reader;
    uint64_t address = reader_varint(cursor);
    if (put_back && cursor->at == cursor->end) { /* no record on the device */
        for (uint32_t i = reader->block_count; i-- > 0;) {
            reader_block_t *was = &reader->blocks[i];
            if (was->address == address && was->in_realloc) {
                was->live = true;
                was->in_realloc = false;
                return;
            }
        }
        return;
    }
    uint64_t size = reader_varint(cursor);
    uint64_t origin = reader_varint(cursor);
    uint64_t task = reader_varint(cursor);
    uint64_t heap = reader_varint(cursor);
    uint64_t age = reader_varint(cursor);
    uint64_t flags = reader_varint(cursor);
    (void)heap;
    if (!reader->in_snapshot && !put_back) {
        reader_wrong(reader, "a block of no snapshot", address);
    }
    (void)reader_origin_at(reader, origin);
    if (reader->exact && !task_row(reader, task)->defined) { /* else what defines it may be lost */
        reader_wrong(reader, "a block of an unknown task", task);
    }
    reader_block_t *block = reader_find_in(reader, address, (flags & 1U) != 0);
    if (block == NULL) {
        if (reader->exact && !put_back) {
            reader_wrong(reader, "a snapshot knows a block that is not live", address);
        }
        block = reader_add(reader, address);
        block->made_us = reader->time - age;
    } else if (put_back && reader->exact) {
        reader_wrong(reader, "what comes back is live", address);
    } else if (reader->exact && (block->size != size || block->origin != origin)) {
        reader_wrong(reader, "a block of a snapshot is another one", address);
    }
    block->size = size;
    block->origin = (uint32_t)origin;
    block->task = (uint32_t)task;
    block->core = (flags & 2U) != 0;
    block->pooled = (flags & 1U) != 0;
    block->unrecorded = false;
    block->seen = true;
    if (put_back) { reader->sums.freed--; }
}

static void snapshot_ends(cursor_t *cursor)
{
    reader_t *reader = cursor->reader;
    reader_dt(cursor);
    (void)reader_varint(cursor);
    (void)reader_varint(cursor);
    bool complete = reader_byte_of(cursor) != 0;
    reader->in_snapshot = false;
    if (!complete) { return; }
    reader->snapshots_complete++;
    for (uint32_t i = 0; i < reader->block_count; i++) {
        reader_block_t *block = &reader->blocks[i];
        if (block->live && !block->seen) {
            if (reader->exact) {
                reader_wrong(reader, "a live block is not in the snapshot", block->address);
            }
            block->live = false;
        }
    }
    if (!reader->exact) { reader->counting = false; } /* blocks that it did not know were freed */
    reader->exact = true;
    reader->frame_loss = false;
}

static void failure(cursor_t *cursor)
{
    reader_t *reader = cursor->reader;
    reader_dt(cursor);
    (void)reader_task_now(reader);
    (void)reader_varint(cursor);
    (void)reader_varint(cursor);
    (void)reader_varint(cursor);
    (void)reader_varint(cursor);
    (void)reader_origin_at(reader, reader_varint(cursor));
    (void)reader_byte_of(cursor);
    (void)reader_varint(cursor);
    (void)reader_varint(cursor);
    reader->failures++;
    reader->sums.failures++;
    reader->events++;
}

static void loss(cursor_t *cursor)
{
    reader_t *reader = cursor->reader;
    reader_dt(cursor);
    uint64_t cause = reader_varint(cursor);
    uint64_t count = reader_varint(cursor);
    uint64_t core = reader_varint(cursor);
    if (cause == 0 || cause > 11) { reader_wrong(reader, "a cause of a loss", cause); }
    if (count == 0 || core > 2) { reader_wrong(reader, "a loss of nothing", core); }
    reader->lost[cause % 16U] += count;
    if (cause > 3) { return; }
    reader->exact = reader->counting = false;
    for (uint32_t i = 0; i < reader->block_count; i++) { /* what became of it may be lost */
        reader->blocks[i].in_realloc = false;
    }
}

static void pool_block(cursor_t *cursor)
{
    reader_t *reader = cursor->reader;
    reader_dt(cursor);
    uint64_t freed = reader_varint(cursor);
    uint64_t address = reader_varint(cursor);
    uint64_t size = reader_varint(cursor);
    uint64_t origin = reader_varint(cursor);
    uint64_t heap = reader_varint(cursor);
    reader->events++;
    (void)reader_origin_at(reader, origin);
    if (heap >= 32 || (reader->exact && !reader->heaps[heap].pool)) { /* else it may be lost */
        reader_wrong(reader, "a pool that is none", heap);
    }
    reader_block_t *block = reader_find_in(reader, address, true);
    if (freed != 0) {
        if (block != NULL) {
            block->live = false;
            reader->sums.freed++;
        }
        return;
    }
    block = reader_add(reader, address);
    block->size = size;
    block->origin = (uint32_t)origin;
    block->pooled = true;
    reader->sums.total_blocks++;
    reader->sums.total_bytes += size;
}

static void heap_sample(cursor_t *cursor)
{
    uint64_t free_bytes = reader_varint(cursor);
    uint64_t largest = reader_varint(cursor);
    (void)reader_varint(cursor);
    if (largest > free_bytes) {
        reader_wrong(cursor->reader, "a larger block than is free", largest);
    }
}

static void relabel(cursor_t *cursor)
{
    reader_t *reader = cursor->reader;
    uint64_t address = reader_varint(cursor);
    uint64_t origin = reader_varint(cursor);
    reader_block_t *block = reader_find_in(reader, address, false);
    (void)reader_origin_at(reader, origin);
    reader->events++;
    if (block == NULL) {
        if (reader->exact) { reader_wrong(reader, "no block to relabel", address); }
        return;
    }
    reader_origin_t *from = &reader->origins[block->origin];
    from->blocks--;
    from->bytes -= block->size;
    block->origin = (uint32_t)origin;
    reader->origins[origin].blocks++;
    reader->origins[origin].bytes += block->size;
}

/* --- searches for leaks --------------------------------------------------------------------------
 */

static void search(cursor_t *cursor)
{
    reader_t *reader = cursor->reader;
    reader_dt(cursor);
    for (int i = 0; i < 34; i++) {
        reader->search[i] = reader_varint(cursor);
    }
    reader->searches++;
    reader->suspects = 0;
    reader->events++;
}

static void suspect(cursor_t *cursor)
{
    static const int parts[4] = {8, 7, 4, 5};
    reader_t *reader = cursor->reader;
    uint64_t sure_before = reader->suspect[3];
    int count = 0;
    reader_dt(cursor);
    for (; count < 7; count++) {
        reader->suspect[count] = reader_varint(cursor);
    }
    uint64_t evidence = reader->suspect[4];
    for (int part = 0; part < 4; part++) {
        for (int i = 0; i < parts[part] && (evidence >> part & 1U) != 0; i++) {
            bool is_signed = part == 1 && i == 1;
            reader->suspect[count++] =
                is_signed ? (uint64_t)reader_zigzag(cursor) : reader_varint(cursor);
        }
    }
    if (reader->suspect[0] != reader->search[0]) {
        reader_wrong(reader, "a suspect of another search", reader->suspect[0]);
    }
    if (reader->suspect[1] != reader->suspects || reader->suspects >= reader->search[1]) {
        reader_wrong(reader, "a suspect's rank", reader->suspect[1]);
    }
    if (reader->suspects != 0 && reader->suspect[3] > sure_before) {
        reader_wrong(reader, "a suspect is surer than the one before it", reader->suspect[3]);
    }
    uint64_t origin = reader->suspect[2];
    if (origin != 0 && !reader->origins[origin % READER_ROWS].defined) {
        reader_wrong(reader, "a suspect's origin is not defined", origin);
    }
    reader->suspects++;
    reader->events++;
}

void reader_with_length(cursor_t *outer, uint32_t tag)
{
    reader_t *reader = outer->reader;
    uint64_t length = reader_varint(outer);
    if (length > (uint64_t)(outer->end - outer->at)) {
        reader_wrong(reader, "a record is longer than its frame", length);
        outer->at = outer->end;
        return;
    }
    cursor_t cursor = {reader, outer->at, outer->at + length};
    outer->at += length;
    reader_sums_t sums;
    char report[256];
    switch (tag) {
    case 0x10:
        define_origin(&cursor);
        break;
    case 0x11:
        define_site(&cursor);
        break;
    case 0x12:
        define_task(&cursor);
        break;
    case 0x13:
        reader_dt(&cursor);
        task_row(reader, reader_varint(&cursor))->gone = true;
        break;
    case 0x14:
        define_heap(&cursor);
        break;
    case 0x15:
        reader_dt(&cursor);
        reader->samples++;
        if (!reader->heaps[reader_varint(&cursor) % 32U].defined) {
            reader_wrong(reader, "no such heap", 0);
        }
        heap_sample(&cursor);
        break;
    case 0x16:
        mark(&cursor);
        break;
    case 0x17:
        failure(&cursor);
        break;
    case 0x18:
        reader_dt(&cursor);
        for (int i = 0; i < 14; i++) {
            (void)reader_varint(&cursor);
        }
        (void)reader_zigzag(&cursor);
        text(&cursor, report, sizeof(report));
        reader->errors++;
        reader->events++;
        break;
    case 0x19:
        loss(&cursor);
        break;
    case 0x1a:
        snapshot_begins(&cursor);
        break;
    case 0x1b:
        snapshot_block(&cursor, false);
        break;
    case 0x1c:
        snapshot_ends(&cursor);
        break;
    case 0x1d:
        reader_dt(&cursor);
        sums = sums_of(&cursor);
        reader->counters++;
        if (reader->exact && reader->counting) {
            reader_sums_t live = reader_live(reader);
            if (live.live_blocks != sums.live_blocks || live.live_bytes != sums.live_bytes) {
                reader_wrong(reader, "the counters know other blocks", sums.live_blocks);
            }
        }
        take_sums(reader, &sums);
        break;
    case 0x1e:
        hello(&cursor);
        break;
    case 0x1f:
        reader_dt(&cursor);
        reader->ends++;
        reader->end_why = reader_varint(&cursor);
        break;
    case 0x20:
        pool_block(&cursor);
        break;
    case 0x21:
        relabel(&cursor);
        break;
    case 0x22:
        reader_dt(&cursor);
        snapshot_block(&cursor, true);
        reader->events++;
        break;
    case 0x23:
        search(&cursor);
        break;
    case 0x24:
        suspect(&cursor);
        break;
    default:
        reader_wrong(reader, "a record that is not known", tag);
        return;
    }
    if (cursor.at != cursor.end) { reader_wrong(reader, "bytes behind a record", tag); }
}
