/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_fault.h"

#include <string.h>

#include "ht_query.h"
#include "ht_trace.h"

/* Between the end of a block and the next one's first byte: tail, header, front. */
#define ADJACENT_BYTES (HT_REDZONE_BYTES_MAX + HT_GUARD_WIDE_BYTES + 64U)

/* A task whose stack may have grown out of its block. */
typedef struct {
    uint32_t row; /* 0: none */
    ht_port_task_stack_t stack;
} suspect_t;

/* The front redzone of the block that begins at an address is damaged. */
static bool is_front_damaged(ht_tracker_t *tracker, uintptr_t address)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    const ht_record_t *record = ht_table_find(&tracker->table, address);
    bool damaged = record != NULL && ht_record_moves_pointer(record) &&
                   !ht_guard_front_intact(&tracker->checks, address, ht_record_guard(record));
    ht_port_unlock(&tracker->lock, irq);
    return damaged;
}

/*
 * Stacks grow down: what leaves one writes below its first byte. That is the front redzone of the
 * stack's own block, then the heap's header, then the tail of the block before it.
 */
static suspect_t suspect_of(ht_tracker_t *tracker, const ht_fault_t *fault)
{
    suspect_t suspect = {0};
    if (fault->record == NULL || fault->was != NULL) { return suspect; }
    uintptr_t start = fault->record->address;
    uintptr_t end = start + ht_record_size(fault->record);
    switch (fault->kind) {
    case HEAPTRAIL_ERROR_UNDERFLOW:
    case HEAPTRAIL_ERROR_HEAP_DAMAGED:
        suspect.row = ht_diagnose_stack(tracker, start, start + HT_PORT_ALIGN, &suspect.stack);
        break;
    case HEAPTRAIL_ERROR_OVERFLOW:
        suspect.row = ht_diagnose_stack(tracker, end, end + ADJACENT_BYTES, &suspect.stack);
        if (suspect.row != 0 && !is_front_damaged(tracker, suspect.stack.low)) { suspect.row = 0; }
        break;
    default:
        break;
    }
    return suspect;
}

/* When this block was last seen intact: when every block was looked at. */
static void tell_checked(ht_tracker_t *tracker, const ht_record_t *record, ht_tick_t now,
                         heaptrail_error_row_t *row)
{
    const ht_scrub_t *scrub = &tracker->scrub;
    if (record != NULL && scrub->has_passed &&
        ht_age(now, record->tick) > ht_age(now, scrub->passed)) {
        row->block_checked = true;
        row->block_checked_us = ht_ticks_to_us(ht_age(now, scrub->passed));
    }
    row->heap_checked = scrub->has_clean;
    row->heap_checked_us = scrub->has_clean ? ht_ticks_to_us(ht_age(now, scrub->clean)) : 0;
}

static void tell_damage(const ht_damage_t *damage, heaptrail_error_row_t *row)
{
    row->offset_bytes = damage->first;
    row->damaged_bytes = damage->bytes;
    row->window_offset_bytes = damage->window_at;
    row->window_bytes = damage->window_bytes;
    memcpy(row->expected, damage->expected, sizeof(row->expected));
    memcpy(row->actual, damage->actual, sizeof(row->actual));
}

static void tell_caller(ht_tracker_t *tracker, ht_origin_id_t caller, heaptrail_error_row_t *row)
{
    uint32_t task = ht_tracker_task(tracker).index;
    if (caller.index != 0) { row->caller = ht_query_origin(tracker, caller); }
    memcpy(row->caller_task_name, tracker->tasks.rows[task].name, sizeof(row->caller_task_name));
    row->caller_in_isr = task == HT_TASK_ISR_0 || task == HT_TASK_ISR_1;
}

static void tell_block(ht_tracker_t *tracker, const ht_fault_t *fault, ht_tick_t now,
                       heaptrail_error_row_t *row)
{
    uintptr_t start = fault->address;
    uintptr_t end = fault->address;
    if (fault->record != NULL) {
        ht_diagnose_story(tracker, fault->record, fault->was, now, &row->block);
        start = fault->record->address;
        end = start + ht_record_size(fault->record);
        row->offset_bytes = (ptrdiff_t)(fault->address - start);
    }
    ht_diagnose_neighbours(tracker, false, start, end, &row->left, &row->right);
}

static void keep_frames(heaptrail_origin_t *origin, uintptr_t *frames, uint32_t max)
{
    if (origin->frame_count > max) { origin->frame_count = max; }
    for (uint32_t i = 0; i < origin->frame_count; i++) {
        frames[i] = origin->frames[i];
    }
}

/* Everything that the row points to goes into the report itself. */
static void keep_all_frames(ht_error_t *error)
{
    heaptrail_error_row_t *row = &error->row;
    keep_frames(&row->block.allocated, error->frames.allocated, HT_ERROR_FRAMES);
    keep_frames(&row->block.freed_by, error->frames.freed_by, HT_ERROR_FRAMES);
    keep_frames(&row->caller, error->frames.caller, HT_ERROR_FRAMES);
    keep_frames(&row->left.allocated, &error->frames.left, 1);
    keep_frames(&row->right.allocated, &error->frames.right, 1);
}

static void fill_row(ht_tracker_t *tracker, const ht_fault_t *fault, heaptrail_error_kind_t kind,
                     const suspect_t *suspect, heaptrail_error_row_t *row)
{
    ht_tick_t now = ht_port_tick();
    row->kind = kind;
    row->found = fault->found;
    row->uptime_us = ht_port_uptime_us();
    row->address = fault->address;
    row->aborted = tracker->checks.policy[kind] == HEAPTRAIL_POLICY_ABORT;
    tell_block(tracker, fault, now, row);
    if (fault->damage != NULL) { tell_damage(fault->damage, row); }
    if (fault->pointer != NULL) {
        row->place = fault->pointer->place;
        ht_diagnose_place_name(tracker, fault->pointer, row->place_name);
    }
    tell_caller(tracker, fault->caller, row);
    tell_checked(tracker, fault->record, now, row);
    if (suspect->row != 0) {
        memcpy(row->stack_task_name, tracker->tasks.rows[suspect->row].name,
               sizeof(row->stack_task_name));
        row->stack_margin_known = suspect->stack.margin_known;
        row->stack_margin_bytes = suspect->stack.margin_bytes;
    }
}

ht_error_t *ht_fault_report(ht_tracker_t *tracker, const ht_fault_t *fault)
{
    suspect_t suspect = suspect_of(tracker, fault);
    heaptrail_error_kind_t kind = suspect.row != 0 ? HEAPTRAIL_ERROR_STACK_OVERFLOW : fault->kind;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_count_up(&tracker->checks.errors[kind]);
    tracker->scrub.errors++;
    ht_port_unlock(&tracker->lock, irq);
    uint32_t allocated = fault->record != NULL ? ht_record_origin(fault->record).index : 0;
    uint64_t interval_us = (uint64_t)tracker->checks.report_interval_ms * 1000U;
    if (ht_error_is_repeat(&tracker->errors, kind, allocated, fault->caller.index,
                           ht_port_uptime_us(), interval_us)) {
        return NULL;
    }
    ht_error_t *error = ht_error_claim(&tracker->errors, &tracker->lock);
    if (error != NULL) {
        fill_row(tracker, fault, kind, &suspect, &error->row);
        keep_all_frames(error);
        ht_error_seal(error);
        ht_trace_error(tracker, error->row.number);
    }
    return error;
}
