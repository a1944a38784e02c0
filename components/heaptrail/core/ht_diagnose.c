/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_diagnose.h"

#include <string.h>

#include "ht_guard.h"
#include "ht_query.h"

/* A block further away than this is nobody's neighbour: in another mapping, in another heap. */
#define NEIGHBOUR_BYTES ((uintptr_t)1U << 20)

/* Where the block of a record begins and ends, redzones included. */
static uintptr_t lowest(const ht_tracker_t *tracker, const ht_record_t *record)
{
    return record->address - ht_guard_front(&tracker->checks, ht_record_guard(record));
}

static uintptr_t highest(const ht_tracker_t *tracker, const ht_record_t *record)
{
    uint32_t guard = ht_record_guard(record);
    size_t size = ht_record_size(record);
    if (guard == HT_GUARD_NONE || tracker->checks.tail == 0) { return record->address + size; }
    return ht_guard_tail_end(&tracker->checks, ht_guard_tail_start(record->address, size, guard));
}

/* Is the address in this block or in one of its redzones? An empty block has its first byte. */
static bool covers(const ht_tracker_t *tracker, const ht_record_t *record, uintptr_t address)
{
    return address == record->address ||
           (address >= lowest(tracker, record) && address < highest(tracker, record));
}

/* In the very bytes that were asked for. */
static bool is_inside(const ht_record_t *record, uintptr_t address)
{
    return address == record->address || address - record->address < ht_record_size(record);
}

/* The live block that an address is in, or in whose redzones it is: of a heap, or of a pool. */
static bool find_live(ht_tracker_t *tracker, uintptr_t address, bool pooled, ht_record_t *found)
{
    bool hit = false;
    if (tracker->state == HT_STATE_NEW) { return false; }
    for (uint32_t b = 0; b <= tracker->table.bucket_count; b++) {
        ht_record_t records[HT_BUCKET_SLOTS];
        uint32_t moves;
        uint32_t count = ht_query_bucket(tracker, b, records, &moves);
        for (uint32_t i = 0; i < count; i++) {
            if (ht_in_pool(tracker, &records[i]) != pooled ||
                !covers(tracker, &records[i], address)) {
                continue;
            }
            if (is_inside(&records[i], address)) {
                *found = records[i];
                return true;
            }
            if (!hit) { *found = records[i]; }
            hit = true; /* a redzone; but a block without one may begin right there */
        }
    }
    return hit;
}

/* The newest freed block that an address is in: what lay there before it is older history. A
 * redzone counts only if it is in the bytes of none. */
static bool find_freed(ht_tracker_t *tracker, uintptr_t address, ht_freed_t *found)
{
    bool hit = false;
    for (uint32_t back = 0; back < tracker->freed.max; back++) {
        ht_port_irq_t irq = ht_port_lock(&tracker->lock);
        const ht_freed_t *entry = ht_freed_back(&tracker->freed, back);
        bool there = entry != NULL && covers(tracker, &entry->record, address);
        bool inside = there && is_inside(&entry->record, address);
        if (there && (inside || !hit)) { *found = *entry; }
        ht_port_unlock(&tracker->lock, irq);
        if (inside) { return true; }
        hit = hit || there;
    }
    return hit;
}

static heaptrail_place_t place_in(const ht_record_t *record, uintptr_t address)
{
    if (is_inside(record, address)) { return HEAPTRAIL_PLACE_BLOCK; }
    return address < record->address ? HEAPTRAIL_PLACE_FRONT_REDZONE : HEAPTRAIL_PLACE_TAIL_REDZONE;
}

static heaptrail_place_t place_elsewhere(uintptr_t address)
{
    switch (ht_port_place(address)) {
    case HT_PORT_PLACE_STACK:
        return HEAPTRAIL_PLACE_STACK;
    case HT_PORT_PLACE_STATIC:
        return HEAPTRAIL_PLACE_STATIC;
    case HT_PORT_PLACE_READ_ONLY:
        return HEAPTRAIL_PLACE_READ_ONLY;
    case HT_PORT_PLACE_OTHER:
        return HEAPTRAIL_PLACE_OTHER;
    default:
        return HEAPTRAIL_PLACE_UNKNOWN;
    }
}

/* The key of a row, while its task lives. */
static uintptr_t key_of(ht_tracker_t *tracker, uint32_t row)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    const ht_task_t *task = &tracker->tasks.rows[row];
    uintptr_t key = task->used == HT_TASK_ALIVE ? task->key : 0;
    ht_port_unlock(&tracker->lock, irq);
    return key;
}

uint32_t ht_diagnose_stack(ht_tracker_t *tracker, uintptr_t from, uintptr_t to,
                           ht_port_task_stack_t *stack)
{
    for (uint32_t row = HT_TASK_FIRST; row < tracker->tasks.row_count; row++) {
        uintptr_t key = key_of(tracker, row);
        if (key != 0 && ht_port_task_stack(key, stack) && stack->low >= from && stack->low < to) {
            return row;
        }
    }
    return 0;
}

/* The task whose stack an address is on, where the platform knows how large a stack is. */
static uint32_t task_of_stack(ht_tracker_t *tracker, uintptr_t address)
{
    for (uint32_t row = HT_TASK_FIRST; row < tracker->tasks.row_count; row++) {
        ht_port_task_stack_t stack;
        uintptr_t key = key_of(tracker, row);
        if (key != 0 && ht_port_task_stack(key, &stack) && stack.bytes != SIZE_MAX &&
            address - stack.low < stack.bytes) {
            return row;
        }
    }
    return 0;
}

void ht_diagnose(ht_tracker_t *tracker, uintptr_t address, ht_diagnosis_t *diagnosis)
{
    memset(diagnosis, 0, sizeof(*diagnosis));
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    diagnosis->heap = ht_heap_of(&tracker->heaps, address);
    ht_port_unlock(&tracker->lock, irq);
    ht_port_task_stack_t stack;
    if (find_live(tracker, address, false, &diagnosis->record)) {
        const ht_record_t *record = &diagnosis->record;
        diagnosis->has_block = true;
        diagnosis->place = place_in(record, address);
        diagnosis->task = ht_diagnose_stack(tracker, record->address,
                                            record->address + ht_record_size(record), &stack);
        /* A task's stack is a block, too. Its first byte is what frees it. */
        if (diagnosis->task != 0 && diagnosis->place == HEAPTRAIL_PLACE_BLOCK &&
            address != record->address) {
            diagnosis->place = HEAPTRAIL_PLACE_STACK;
        }
    } else if (find_freed(tracker, address, &diagnosis->was)) {
        diagnosis->has_block = true;
        diagnosis->freed = true;
        diagnosis->record = diagnosis->was.record;
        diagnosis->place = diagnosis->was.state == HT_FREED_GONE ? HEAPTRAIL_PLACE_RECENTLY_FREED
                                                                 : HEAPTRAIL_PLACE_QUARANTINE;
    } else if ((diagnosis->task = task_of_stack(tracker, address)) != 0) {
        diagnosis->place = HEAPTRAIL_PLACE_STACK;
    } else if (diagnosis->heap.index != 0) {
        diagnosis->place = HEAPTRAIL_PLACE_HEAP;
    } else {
        diagnosis->place = place_elsewhere(address);
    }
    if (diagnosis->has_block) {
        diagnosis->offset = (ptrdiff_t)(address - diagnosis->record.address);
    }
}

static bool is_isr(uint32_t task)
{
    return task == HT_TASK_ISR_0 || task == HT_TASK_ISR_1;
}

static void copy_name(const ht_tracker_t *tracker, uint32_t task,
                      char name[HEAPTRAIL_TASK_NAME_MAX])
{
    if (tracker->tasks.rows != NULL) {
        memcpy(name, tracker->tasks.rows[task].name, HEAPTRAIL_TASK_NAME_MAX);
    }
}

void ht_diagnose_story(const ht_tracker_t *tracker, const ht_record_t *record,
                       const ht_freed_t *was, ht_tick_t now, heaptrail_block_story_t *story)
{
    memset(story, 0, sizeof(*story));
    uint32_t task = ht_record_task(record).index;
    story->address = record->address;
    story->size_bytes = ht_record_size(record);
    story->allocated = ht_query_origin(tracker, ht_record_origin(record));
    story->task_id = task;
    copy_name(tracker, task, story->task_name);
    story->core = (uint8_t)ht_record_core(record);
    story->in_isr = is_isr(task);
    story->age_us = ht_ticks_to_us(ht_age(now, record->tick));
    if (was == NULL) { return; }
    const ht_record_t by = {.who = was->freed_who};
    task = ht_record_task(&by).index;
    story->freed = true;
    story->freed_by = ht_query_origin(tracker, ht_record_origin(&by));
    story->freed_task_id = task;
    copy_name(tracker, task, story->freed_task_name);
    story->freed_in_isr = is_isr(task);
    story->freed_age_us = ht_ticks_to_us(ht_age(now, was->freed_tick));
}

static void tell_neighbour(const ht_tracker_t *tracker, const ht_record_t *record, size_t gap,
                           heaptrail_neighbour_t *neighbour)
{
    neighbour->address = record->address;
    neighbour->size_bytes = ht_record_size(record);
    neighbour->gap_bytes = gap;
    neighbour->allocated = ht_query_origin(tracker, ht_record_origin(record));
    copy_name(tracker, ht_record_task(record).index, neighbour->task_name);
}

void ht_diagnose_neighbours(ht_tracker_t *tracker, bool pooled, uintptr_t start, uintptr_t end,
                            heaptrail_neighbour_t *left, heaptrail_neighbour_t *right)
{
    ht_record_t before = {0};
    ht_record_t after = {0};
    memset(left, 0, sizeof(*left));
    memset(right, 0, sizeof(*right));
    if (tracker->state == HT_STATE_NEW) { return; }
    for (uint32_t b = 0; b <= tracker->table.bucket_count; b++) {
        ht_record_t records[HT_BUCKET_SLOTS];
        uint32_t moves;
        uint32_t count = ht_query_bucket(tracker, b, records, &moves);
        for (uint32_t i = 0; i < count; i++) {
            uintptr_t at = records[i].address;
            if (ht_in_pool(tracker, &records[i]) != pooled) { continue; }
            if (at < start && at > before.address) { before = records[i]; }
            if (at > start && at >= end && (after.address == 0 || at < after.address)) {
                after = records[i];
            }
        }
    }
    if (before.address != 0 &&
        start - before.address - ht_record_size(&before) + NEIGHBOUR_BYTES < 2U * NEIGHBOUR_BYTES) {
        uintptr_t stop = before.address + ht_record_size(&before);
        tell_neighbour(tracker, &before, start > stop ? start - stop : 0, left);
    }
    if (after.address != 0 && after.address - end < NEIGHBOUR_BYTES) {
        tell_neighbour(tracker, &after, after.address - end, right);
    }
}

void ht_diagnose_place_name(const ht_tracker_t *tracker, const ht_diagnosis_t *diagnosis,
                            char name[HEAPTRAIL_TASK_NAME_MAX])
{
    name[0] = '\0';
    if (diagnosis->place == HEAPTRAIL_PLACE_STACK && diagnosis->task != 0) {
        copy_name(tracker, diagnosis->task, name);
    } else if (diagnosis->place != HEAPTRAIL_PLACE_STACK && diagnosis->heap.index != 0) {
        memcpy(name, tracker->heaps.row[diagnosis->heap.index].name, HEAPTRAIL_TASK_NAME_MAX);
    }
}

void ht_diagnose_row(ht_tracker_t *tracker, uintptr_t address, heaptrail_address_row_t *row)
{
    ht_diagnosis_t diagnosis;
    memset(row, 0, sizeof(*row));
    ht_diagnose(tracker, address, &diagnosis);
    bool pooled = tracker->heaps.pools != 0 && find_live(tracker, address, true, &diagnosis.record);
    if (pooled) { /* the inner one of the two */
        diagnosis.has_block = true;
        diagnosis.freed = false;
        diagnosis.place = HEAPTRAIL_PLACE_BLOCK;
        diagnosis.heap = ht_record_heap(&diagnosis.record);
        diagnosis.offset = (ptrdiff_t)(address - diagnosis.record.address);
    }
    row->address = address;
    row->place = diagnosis.place;
    ht_diagnose_place_name(tracker, &diagnosis, row->place_name);
    row->task_id = diagnosis.place == HEAPTRAIL_PLACE_STACK ? diagnosis.task : 0;
    uintptr_t start = address;
    uintptr_t end = address;
    if (diagnosis.has_block) {
        row->offset_bytes = diagnosis.offset;
        ht_diagnose_story(tracker, &diagnosis.record, diagnosis.freed ? &diagnosis.was : NULL,
                          ht_port_tick(), &row->block);
        start = diagnosis.record.address;
        end = start + ht_record_size(&diagnosis.record);
    }
    ht_diagnose_neighbours(tracker, pooled, start, end, &row->left, &row->right);
}
