/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_explain.h"

#include <string.h>

#include "ht_guard.h"
#include "ht_query.h"

/* A walk that the table's moves disturbed is done again, but not for ever. */
#define TRIES 3

/* --- the heaps ------------------------------------------------------------------------------- */

/* Where a heap lies, if it offers the capabilities. */
static bool find_heap(ht_tracker_t *tracker, uint32_t id, uint32_t caps, uintptr_t *start,
                      size_t *size)
{
    const ht_heap_t *heap = &tracker->heaps.row[id];
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    bool offers = id <= tracker->heaps.count && (heap->caps & caps) == caps;
    *start = heap->start;
    *size = heap->size;
    ht_port_unlock(&tracker->lock, irq);
    return offers;
}

static bool sample_each(ht_tracker_t *tracker, uint32_t caps, ht_heap_sample_t *sum)
{
    bool all = true;
    uint32_t heaps = 0;
    *sum = (ht_heap_sample_t){0};
    for (uint32_t id = 1; id <= HT_HEAPS_MAX; id++) {
        uintptr_t start;
        size_t size;
        ht_heap_sample_t sample = {0};
        if (!find_heap(tracker, id, caps, &start, &size)) { continue; }
        heaps++;
        all = ht_port_sample_heap(start, &sample) && all;
        sum->free_bytes += sample.free_bytes;
        if (sample.largest_free_bytes > sum->largest_free_bytes) {
            sum->largest_free_bytes = sample.largest_free_bytes;
        }
    }
    return all && heaps != 0;
}

static void add_heaps(ht_tracker_t *tracker, ht_explanation_t *out)
{
    uintptr_t own = (uintptr_t)tracker->origins.origins; /* first in the memory of the tables */
    for (uint32_t id = 1; id <= HT_HEAPS_MAX; id++) {
        uintptr_t start;
        size_t size;
        if (!find_heap(tracker, id, ht_port_heap_caps(out->caps), &start, &size)) { continue; }
        out->heaps++;
        out->heap_bytes += size;
        if (size > out->largest_heap_bytes) { out->largest_heap_bytes = size; }
        if (own - start < size) { out->heaptrail_bytes = tracker->memory_bytes; }
    }
}

static void measure(ht_tracker_t *tracker, ht_explanation_t *out)
{
    ht_heap_sample_t sample = {0};
    uint32_t caps = ht_port_heap_caps(out->caps);
    out->measured = ht_port_sample_caps(caps, &sample) || sample_each(tracker, caps, &sample);
    if (!out->measured) { return; }
    out->free_bytes = sample.free_bytes;
    out->largest_free_bytes = sample.largest_free_bytes;
}

/* The free block that an allocator needs for it: room to move to where the alignment is right. */
static size_t needed_for(size_t size, size_t alignment)
{
    size_t needed = size != 0 ? size : 1;
    if (alignment <= HT_PORT_ALIGN) { return needed; }
    return needed > SIZE_MAX - alignment ? SIZE_MAX : needed + alignment;
}

/* Free memory in no heap that we know of is in one that we were not told of: it counts as one. */
static heaptrail_verdict_t judge(const ht_explanation_t *out, size_t needed, bool heaps_known)
{
    bool none = heaps_known && out->heaps == 0 && out->free_bytes == 0;
    bool too_large = out->heaps != 0 && out->size > out->largest_heap_bytes;
    if (out->measured && out->largest_free_bytes >= needed) { return HEAPTRAIL_VERDICT_FITS; }
    if (none || too_large) { return HEAPTRAIL_VERDICT_IMPOSSIBLE; }
    if (!out->measured) { return HEAPTRAIL_VERDICT_UNKNOWN; }
    bool exhausted = out->free_bytes < out->size || out->free_bytes == 0;
    return exhausted ? HEAPTRAIL_VERDICT_EXHAUSTED : HEAPTRAIL_VERDICT_FRAGMENTED;
}

/* --- who holds the memory -------------------------------------------------------------------- */

/* Keep the `max` largest, in order; of equal ones, the first that came. */
static void rank(ht_holder_t *top, uint32_t max, const ht_holder_t *holder)
{
    uint32_t at = max;
    if (holder->blocks == 0) { return; }
    while (at > 0 && (top[at - 1U].blocks == 0 || top[at - 1U].bytes < holder->bytes)) {
        at--;
    }
    if (at == max) { return; }
    for (uint32_t i = max - 1U; i > at; i--) {
        top[i] = top[i - 1U];
    }
    top[at] = *holder;
}

static bool rank_site(void *context, const heaptrail_site_row_t *row)
{
    ht_explanation_t *out = context;
    ht_holder_t holder = {row->origin.id, row->since_blocks, row->since_bytes};
    out->live_bytes += row->since_bytes;
    rank(out->site, HEAPTRAIL_TOP_SITES, &holder);
    return true;
}

static bool rank_task(void *context, const heaptrail_task_row_t *row)
{
    ht_explanation_t *out = context;
    ht_holder_t holder = {row->id, row->since_blocks, row->since_bytes};
    rank(out->task, HEAPTRAIL_TOP_TASKS, &holder);
    return true;
}

static void copy_names(ht_tracker_t *tracker, ht_explanation_t *out)
{
    for (uint32_t i = 0; i < HEAPTRAIL_TOP_TASKS && out->task[i].blocks != 0; i++) {
        const char *name = tracker->tasks.rows[out->task[i].id].name;
        ht_port_irq_t irq = ht_port_lock(&tracker->lock);
        memcpy(out->task_name[i], name, sizeof(out->task_name[i]));
        ht_port_unlock(&tracker->lock, irq);
    }
}

static bool begin_holders(ht_tracker_t *tracker, uint32_t caps)
{
    const ht_select_t select = {.caps = caps};
    bool disturbed = true;
    for (int tries = 0; disturbed && tries < TRIES; tries++) {
        if (tries > 0) { ht_query_since_end(tracker); }
        if (!ht_query_since_begin(tracker, &select, &disturbed)) { return false; }
    }
    return true;
}

/* --- who pins the hole ----------------------------------------------------------------------- */

/* As the heap sees it: from the start of a free block to the end of the next one. */
typedef struct {
    uintptr_t start;
    size_t bytes; /* 0: not closed yet */
    uint32_t pin_blocks;
    size_t pin_bytes;
    struct {
        uintptr_t address;
        size_t bytes;
    } pin[HEAPTRAIL_PINS]; /* the first ones */
} hole_t;

typedef struct {
    size_t needed;
    bool is_open; /* a free block was seen in this heap */
    hole_t open;
    hole_t best;
} holes_t;

static bool is_better(const holes_t *holes, const hole_t *a, const hole_t *b)
{
    bool serves = a->bytes >= holes->needed;
    if (serves != (b->bytes >= holes->needed)) { return serves; }
    if (serves && a->pin_bytes != b->pin_bytes) { return a->pin_bytes < b->pin_bytes; }
    return a->bytes > b->bytes;
}

static void pin_down(hole_t *hole, uintptr_t address, size_t bytes)
{
    if (hole->pin_blocks < HEAPTRAIL_PINS) {
        hole->pin[hole->pin_blocks].address = address;
        hole->pin[hole->pin_blocks].bytes = bytes;
    }
    hole->pin_blocks++;
    hole->pin_bytes += bytes;
}

/* Under the heap's own lock, for each of its blocks in the order of their addresses. */
static bool see_block(void *context, uintptr_t address, size_t bytes, bool used)
{
    holes_t *holes = context;
    hole_t *open = &holes->open;
    if (used) {
        if (holes->is_open) { pin_down(open, address, bytes); }
        return true;
    }
    if (holes->is_open && open->pin_blocks != 0) {
        open->bytes = address + bytes - open->start;
        if (is_better(holes, open, &holes->best)) { holes->best = *open; }
    }
    holes->is_open = true;
    open->start = address;
    open->pin_blocks = 0;
    open->pin_bytes = 0;
    return true;
}

static void find_hole(ht_tracker_t *tracker, uint32_t caps, holes_t *holes)
{
    for (uint32_t id = 1; id <= HT_HEAPS_MAX; id++) {
        uintptr_t start;
        size_t size;
        holes->is_open = false;
        if (find_heap(tracker, id, caps, &start, &size)) {
            ht_port_walk_heap(start, see_block, holes);
        }
    }
}

/* --- what the table knows of it -------------------------------------------------------------- */

typedef struct {
    const ht_tracker_t *tracker;
    const hole_t *hole;
    ht_explanation_t *out;
    ht_tick_t now;
    size_t redzone_bytes;
} lookup_t;

/* With redzones the firmware's block begins somewhere in the heap's. */
static void match_pins(const lookup_t *lookup, const ht_record_t *record)
{
    const hole_t *hole = lookup->hole;
    for (uint32_t i = 0; i < HEAPTRAIL_PINS && i < hole->pin_blocks; i++) {
        if (record->address - hole->pin[i].address < hole->pin[i].bytes) {
            lookup->out->pin[i] =
                (ht_pin_t){record->address, ht_record_size(record), ht_record_origin(record).index,
                           ht_ticks_to_us(ht_age(lookup->now, record->tick))};
        }
    }
}

static size_t redzone_bytes(const ht_checks_t *checks, const ht_record_t *record)
{
    uint32_t guard = ht_record_guard(record);
    size_t size = ht_record_size(record);
    if (guard == HT_GUARD_NONE) { return 0; }
    uintptr_t tail = ht_guard_tail_start(record->address, size, guard);
    return ht_guard_front(checks, guard) +
           (ht_guard_tail_end(checks, tail) - (record->address + size));
}

static void see_record(lookup_t *lookup, const ht_record_t *record)
{
    const ht_tracker_t *tracker = lookup->tracker;
    uint32_t caps = ht_port_heap_caps(lookup->out->caps);
    if (ht_in_pool(tracker, record)) { return; } /* the block that the pool lies in is here, too */
    match_pins(lookup, record);
    if ((tracker->heaps.row[ht_record_heap(record).index].caps & caps) == caps) {
        lookup->redzone_bytes += redzone_bytes(&tracker->checks, record);
    }
}

/* As the heap sees them, until their records are found. */
static void start_pins(const hole_t *hole, ht_explanation_t *out)
{
    for (uint32_t i = 0; i < HEAPTRAIL_PINS && i < hole->pin_blocks; i++) {
        out->pin[i] = (ht_pin_t){.address = hole->pin[i].address, .size = hole->pin[i].bytes};
    }
}

/* One walk over the table. False: records moved meanwhile, some may have been missed. */
static bool look_up(ht_tracker_t *tracker, lookup_t *lookup)
{
    uint32_t moves_at_start = 0;
    uint32_t moves = 0;
    lookup->redzone_bytes = 0;
    for (uint32_t b = 0; b <= tracker->table.bucket_count; b++) {
        ht_record_t records[HT_BUCKET_SLOTS];
        uint32_t count = ht_query_bucket(tracker, b, records, &moves);
        if (b == 0) { moves_at_start = moves; }
        for (uint32_t i = 0; i < count; i++) {
            see_record(lookup, &records[i]);
        }
    }
    return moves == moves_at_start;
}

/* --- all of it ------------------------------------------------------------------------------- */

/* Not inlined: its holes and the rows of the queries before it need not be on the stack at once. */
static __attribute__((noinline)) void explain_hole(ht_tracker_t *tracker, size_t needed,
                                                   ht_explanation_t *out)
{
    holes_t holes = {.needed = out->verdict == HEAPTRAIL_VERDICT_FITS ? SIZE_MAX : needed};
    find_hole(tracker, ht_port_heap_caps(out->caps), &holes);
    const hole_t *hole = &holes.best;
    out->hole_bytes = hole->bytes;
    out->pin_blocks = hole->pin_blocks;
    out->pin_bytes = hole->pin_bytes;
    lookup_t lookup = {tracker, hole, out, ht_port_tick(), 0};
    for (int tries = 0; tries < TRIES; tries++) {
        start_pins(hole, out);
        if (look_up(tracker, &lookup)) { break; }
    }
    out->heaptrail_bytes += lookup.redzone_bytes;
}

bool ht_explain_failed(ht_tracker_t *tracker, const ht_failure_t *failure, ht_explanation_t *out)
{
    if (!begin_holders(tracker, ht_port_heap_caps(failure->caps))) { return false; }
    *out = (ht_explanation_t){
        .size = failure->size,
        .caps = failure->caps,
        .measured = failure->measured,
        .free_bytes = failure->free_bytes,
        .largest_free_bytes = failure->largest_free_bytes,
    };
    ht_query_sites(tracker, rank_site, out);
    ht_query_tasks(tracker, rank_task, out);
    copy_names(tracker, out);
    ht_query_since_end(tracker);
    add_heaps(tracker, out);
    if (!out->measured) { measure(tracker, out); }
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    bool heaps_known = tracker->heaps.count != 0;
    out->quarantine_bytes = tracker->freed.held_bytes;
    ht_port_unlock(&tracker->lock, irq);
    size_t needed = needed_for(failure->size, failure->alignment);
    out->verdict = judge(out, needed, heaps_known);
    explain_hole(tracker, needed, out);
    return true;
}

bool ht_explain(ht_tracker_t *tracker, size_t size, size_t alignment, uint32_t caps,
                ht_explanation_t *out)
{
    const ht_failure_t request = {.size = size, .alignment = alignment, .caps = caps};
    return ht_explain_failed(tracker, &request, out);
}
