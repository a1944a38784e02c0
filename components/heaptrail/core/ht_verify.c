/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_verify.h"

#include "ht_query.h"

/* Bytes of a quarantined block that are looked at under one lock; a multiple of 4. */
#define SLICE_BYTES 128U

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static uint32_t min_count(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void report(ht_tracker_t *tracker, const ht_fault_t *fault, const ht_look_t *look)
{
    ht_error_t *error = ht_fault_report(tracker, fault);
    if (error == NULL) { return; }
    if (look->tell != NULL) {
        look->tell(tracker, error);
    } else {
        ht_error_done(&tracker->lock, error);
    }
}

/* What is wrong with the redzones of a block. */
typedef struct {
    bool front;
    bool tail;
    ht_damage_t front_damage;
    ht_damage_t tail_damage;
} ends_t;

/* Look at both ends, and write them anew if need be. True: they were intact. */
static bool look_at_ends(const ht_checks_t *checks, const ht_record_t *record, ends_t *ends)
{
    uint32_t guard = ht_record_guard(record);
    size_t size = ht_record_size(record);
    if (guard == HT_GUARD_NONE || ht_guard_intact(checks, record->address, size, guard)) {
        return true;
    }
    ends->front = ht_guard_front_damage(checks, record->address, guard, &ends->front_damage);
    ends->tail = ht_guard_tail_damage(checks, record->address, size, guard, &ends->tail_damage);
    ht_guard_write(checks, record->address, size, guard);
    return !ends->front && !ends->tail;
}

static void report_ends(ht_tracker_t *tracker, const ht_record_t *record, const ht_freed_t *was,
                        const ends_t *ends, const ht_look_t *look)
{
    ht_fault_t fault = {.found = look->found, .record = record, .was = was, .caller = look->caller};
    if (ends->tail) {
        fault.kind = HEAPTRAIL_ERROR_OVERFLOW;
        fault.damage = &ends->tail_damage;
        fault.address = record->address + (uintptr_t)ends->tail_damage.first;
        report(tracker, &fault, look);
    }
    if (ends->front) {
        fault.kind = HEAPTRAIL_ERROR_UNDERFLOW;
        fault.damage = &ends->front_damage;
        fault.address = record->address + (uintptr_t)ends->front_damage.first;
        report(tracker, &fault, look);
    }
}

static uint32_t errors_in(const ends_t *ends)
{
    return (uint32_t)ends->front + (uint32_t)ends->tail;
}

/* The slow half of ht_verify_own(): its locals stay off the stack of those that find nothing. */
static __attribute__((noinline)) bool own_is_damaged(ht_tracker_t *tracker,
                                                     const ht_record_t *record,
                                                     const ht_freed_t *was, const ht_look_t *look)
{
    ends_t ends = {0};
    if (look_at_ends(&tracker->checks, record, &ends)) { return false; }
    report_ends(tracker, record, was, &ends, look);
    return true;
}

HT_PORT_HOT bool ht_verify_own(ht_tracker_t *tracker, const ht_record_t *record,
                               const ht_look_t *look)
{
    return ht_verify_is_intact(tracker, record) || !own_is_damaged(tracker, record, NULL, look);
}

static void report_written(ht_tracker_t *tracker, const ht_freed_t *freed,
                           const ht_damage_t *damage, const ht_look_t *look)
{
    const ht_fault_t fault = {
        .kind = HEAPTRAIL_ERROR_WRITE_AFTER_FREE,
        .found = look->found,
        .record = &freed->record,
        .was = freed,
        .damage = damage,
        .address = freed->record.address + (uintptr_t)damage->first,
        .caller = look->caller,
    };
    report(tracker, &fault, look);
}

static __attribute__((noinline)) void
leaving_was_written(ht_tracker_t *tracker, const ht_freed_t *freed, const ht_look_t *look)
{
    uintptr_t user = freed->record.address;
    size_t size = ht_record_size(&freed->record);
    uint8_t byte = tracker->freed.byte;
    ht_damage_t damage = {0};
    ht_guard_fill_damage(user, 0, size, byte, &damage);
    if (damage.bytes == 0) { return; }
    ht_guard_fill_window(user, size, byte, &damage);
    report_written(tracker, freed, &damage, look);
}

HT_PORT_HOT bool ht_verify_leaving(ht_tracker_t *tracker, const ht_freed_t *freed,
                                   const ht_look_t *look)
{
    const ht_record_t *record = &freed->record;
    size_t size = ht_record_size(record);
    bool whole = true;
    if (!ht_verify_is_intact(tracker, record)) {
        whole = !own_is_damaged(tracker, record, freed, look);
    }
    if (tracker->freed.filled &&
        !ht_guard_is_filled((const void *)record->address, size, tracker->freed.byte)) {
        leaving_was_written(tracker, freed, look);
        whole = false;
    }
    return whole;
}

void ht_verify_header_damaged(ht_tracker_t *tracker, const ht_record_t *record,
                              const ht_freed_t *was, const ht_look_t *look)
{
    const ht_fault_t fault = {
        .kind = HEAPTRAIL_ERROR_HEAP_DAMAGED,
        .found = look->found,
        .record = record,
        .was = was,
        .address = ht_guard_raw(&tracker->checks, record) - sizeof(size_t),
        .caller = look->caller,
    };
    report(tracker, &fault, look);
}

/* --- blocks that others may free meanwhile ------------------------------------------------------
 */

/* Is a check of the heap's own header wanted, and is it damaged? That of a live block, lock held.
 */
static bool is_header_damaged(const ht_tracker_t *tracker, const ht_record_t *record,
                              const ht_look_t *look)
{
    if (!tracker->checks.heap_headers || look->found == HEAPTRAIL_FOUND_SCRUB) { return false; }
    return !ht_guard_header_ok(&tracker->checks, record);
}

static void look_at_slot(ht_tracker_t *tracker, uint32_t bucket, uint32_t i, uint32_t heap_id,
                         const ht_look_t *look, heaptrail_verified_t *verified)
{
    ends_t ends = {0};
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    const ht_record_t record = tracker->table.buckets[bucket].slot[i];
    bool wanted = ht_record_is_live(&record) && ht_record_guard(&record) != HT_GUARD_NONE &&
                  (heap_id == 0 || ht_record_heap(&record).index == heap_id);
    bool intact = !wanted || look_at_ends(&tracker->checks, &record, &ends);
    bool header = wanted && is_header_damaged(tracker, &record, look);
    ht_port_unlock(&tracker->lock, irq);
    verified->blocks += wanted;
    if (!intact) {
        verified->errors += errors_in(&ends);
        report_ends(tracker, &record, NULL, &ends, look);
    }
    if (header) {
        verified->errors++;
        ht_verify_header_damaged(tracker, &record, NULL, look);
    }
}

/* All of it under the lock: where a table can grow (Linux), it moves. */
static void look_at_bucket(ht_tracker_t *tracker, uint32_t bucket, uint32_t heap_id,
                           const ht_look_t *look, heaptrail_verified_t *verified)
{
    bool used[HT_BUCKET_SLOTS];
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
        used[i] = tracker->table.buckets[bucket].slot[i].address != HT_ADDRESS_EMPTY;
    }
    ht_port_unlock(&tracker->lock, irq);
    for (uint32_t i = 0; i < HT_BUCKET_SLOTS; i++) {
        if (used[i]) { look_at_slot(tracker, bucket, i, heap_id, look, verified); }
    }
}

/* The entry that was put in under this number, while it is held; lock held. */
static ht_freed_t *held_at(ht_freed_ring_t *ring, uint32_t number)
{
    if (ring->max == 0 || ring->count - 1U - number >= ring->max) { return NULL; }
    ht_freed_t *entry = &ring->ring[number & (ring->max - 1U)];
    return entry->state == HT_FREED_HELD ? entry : NULL;
}

/* Look at the fill of a held block, slice by slice, and write it anew where it was changed. */
static void look_at_fill(ht_tracker_t *tracker, uint32_t number, ht_freed_t *copy,
                         ht_damage_t *damage)
{
    bool there = true;
    for (size_t at = 0; there; at += SLICE_BYTES) {
        ht_port_irq_t irq = ht_port_lock(&tracker->lock);
        const ht_freed_t *entry = held_at(&tracker->freed, number);
        there = entry != NULL && tracker->freed.filled && at < ht_record_size(&entry->record);
        if (there) {
            *copy = *entry;
            uintptr_t user = copy->record.address;
            size_t size = ht_record_size(&copy->record);
            size_t bytes = min_size(size - at, SLICE_BYTES);
            uint8_t byte = tracker->freed.byte;
            if (!ht_guard_is_filled((const void *)(user + at), bytes, byte)) {
                bool first = damage->bytes == 0;
                ht_guard_fill_damage(user, at, bytes, byte, damage);
                if (first) { ht_guard_fill_window(user, size, byte, damage); }
                ht_guard_fill((void *)(user + at), bytes, byte);
            }
        }
        ht_port_unlock(&tracker->lock, irq);
    }
}

static void look_at_freed(ht_tracker_t *tracker, uint32_t number, uint32_t heap_id,
                          const ht_look_t *look, heaptrail_verified_t *verified)
{
    ends_t ends = {0};
    ht_freed_t copy;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    const ht_freed_t *entry = held_at(&tracker->freed, number);
    bool wanted =
        entry != NULL && (heap_id == 0 || ht_record_heap(&entry->record).index == heap_id);
    bool intact = true;
    if (wanted) {
        copy = *entry;
        intact = look_at_ends(&tracker->checks, &copy.record, &ends);
    }
    ht_port_unlock(&tracker->lock, irq);
    if (!wanted) { return; }
    verified->quarantined++;
    if (!intact) {
        verified->errors += errors_in(&ends);
        report_ends(tracker, &copy.record, &copy, &ends, look);
    }
    ht_damage_t damage = {0};
    look_at_fill(tracker, number, &copy, &damage);
    if (damage.bytes != 0) {
        verified->errors++;
        report_written(tracker, &copy, &damage, look);
    }
}

/* The number of the newest freed block at an address, if it is held. */
static bool find_held(ht_tracker_t *tracker, uintptr_t address, uint32_t *number)
{
    for (uint32_t back = 0; back < tracker->freed.max; back++) {
        ht_port_irq_t irq = ht_port_lock(&tracker->lock);
        const ht_freed_t *entry = ht_freed_back(&tracker->freed, back);
        bool there = entry != NULL && entry->record.address == address;
        bool held = there && entry->state == HT_FREED_HELD;
        *number = tracker->freed.count - 1U - back;
        ht_port_unlock(&tracker->lock, irq);
        if (there) { return held; }
    }
    return false;
}

bool ht_verify_block(ht_tracker_t *tracker, uintptr_t address, const ht_look_t *look,
                     heaptrail_verified_t *verified)
{
    ends_t ends = {0};
    ht_record_t copy = {0};
    if (tracker->state == HT_STATE_NEW || address <= HT_ADDRESS_HELD) { return false; }
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    const ht_record_t *record = ht_table_find(&tracker->table, address);
    bool live = record != NULL && ht_record_is_live(record);
    bool intact = true;
    if (live) {
        copy = *record;
        intact = look_at_ends(&tracker->checks, &copy, &ends);
    }
    ht_port_unlock(&tracker->lock, irq);
    if (live) {
        verified->blocks++;
        verified->errors += errors_in(&ends);
        if (!intact) { report_ends(tracker, &copy, NULL, &ends, look); }
        return true;
    }
    uint32_t number;
    if (!find_held(tracker, address, &number)) { return false; }
    look_at_freed(tracker, number, 0, look, verified);
    return true;
}

static void report_heap(ht_tracker_t *tracker, uint32_t heap_id, const ht_look_t *look)
{
    ht_diagnosis_t place = {.place = HEAPTRAIL_PLACE_HEAP, .heap = {heap_id}};
    const ht_fault_t fault = {
        .kind = HEAPTRAIL_ERROR_HEAP_DAMAGED,
        .found = look->found,
        .pointer = &place,
        .address = tracker->heaps.row[heap_id].start,
        .caller = look->caller,
    };
    report(tracker, &fault, look);
}

/* Entries of the ring that may be held: how many, and the number of the oldest one. */
static uint32_t waiting(ht_tracker_t *tracker, uint32_t *first)
{
    const ht_freed_ring_t *freed = &tracker->freed;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    uint32_t count =
        freed->held_blocks != 0 ? min_count(freed->count - freed->first, freed->max) : 0;
    *first = freed->first;
    ht_port_unlock(&tracker->lock, irq);
    return count;
}

static uint32_t moves_of(ht_tracker_t *tracker)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    uint32_t moves = tracker->table.moves;
    ht_port_unlock(&tracker->lock, irq);
    return moves;
}

/*
 * Every block was looked at since `began`. A record that moved meanwhile may have been missed: then
 * nothing is said.
 */
static void note_pass(ht_tracker_t *tracker, ht_tick_t began, uint32_t moves, bool clean)
{
    ht_scrub_t *scrub = &tracker->scrub;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    if (moves == tracker->table.moves) {
        scrub->passed = began;
        scrub->has_passed = true;
        if (clean) {
            scrub->clean = began;
            scrub->has_clean = true;
        }
    }
    ht_port_unlock(&tracker->lock, irq);
}

void ht_verify_heap(ht_tracker_t *tracker, uint32_t heap_id, bool heap_too, const ht_look_t *look,
                    heaptrail_verified_t *verified)
{
    if (tracker->state == HT_STATE_NEW) { return; }
    ht_tick_t began = ht_port_tick();
    uint32_t moves = moves_of(tracker);
    for (uint32_t b = 0; b <= tracker->table.bucket_count; b++) {
        look_at_bucket(tracker, b, heap_id, look, verified);
    }
    uint32_t first;
    for (uint32_t i = waiting(tracker, &first); i != 0; i--) {
        look_at_freed(tracker, first + i - 1U, heap_id, look, verified);
    }
    for (uint32_t id = 1; heap_too && id <= tracker->heaps.count; id++) {
        if ((heap_id == 0 || heap_id == id) && !ht_port_heap_sound(tracker->heaps.row[id].start)) {
            verified->errors++;
            report_heap(tracker, id, look);
        }
    }
    if (heap_id == 0) { note_pass(tracker, began, moves, verified->errors == 0); }
    verified->round_complete = true;
}

/* --- the scrubber -------------------------------------------------------------------------------
 */

/* Steps of a round: the buckets, the stash, the freed blocks that wait. */
static uint32_t steps_of(ht_tracker_t *tracker)
{
    uint32_t first;
    return tracker->table.bucket_count + 1U + waiting(tracker, &first);
}

static void begin_round(ht_tracker_t *tracker)
{
    ht_scrub_t *scrub = &tracker->scrub;
    scrub->in_round = true;
    scrub->at = 0;
    scrub->began = ht_port_tick();
    scrub->errors = 0;
    scrub->moves = moves_of(tracker);
}

static void end_round(ht_tracker_t *tracker)
{
    ht_scrub_t *scrub = &tracker->scrub;
    scrub->in_round = false;
    ht_count_up(&scrub->rounds);
    note_pass(tracker, scrub->began, scrub->moves, scrub->errors == 0);
}

/* How many steps keep a round within its time. */
static uint32_t steps_due(ht_tracker_t *tracker)
{
    ht_tick_t now = ht_port_tick();
    ht_tick_t elapsed = now - tracker->scrub.last_call;
    uint64_t elapsed_us = ht_ticks_to_us(elapsed);
    uint64_t round_us = (uint64_t)tracker->checks.scrub_round_ms * 1000U;
    if (round_us == 0 || elapsed == 0) { return 0; }
    tracker->scrub.last_call = now;
    uint64_t steps = steps_of(tracker);
    uint64_t due = elapsed_us >= round_us ? steps : (steps * elapsed_us + round_us - 1U) / round_us;
    return (uint32_t)due;
}

static uint32_t step(ht_tracker_t *tracker, const ht_look_t *look, heaptrail_verified_t *verified)
{
    ht_scrub_t *scrub = &tracker->scrub;
    uint32_t before = verified->blocks + verified->quarantined;
    uint32_t buckets = tracker->table.bucket_count + 1U;
    if (scrub->at < buckets) {
        look_at_bucket(tracker, scrub->at, 0, look, verified);
    } else {
        uint32_t first;
        (void)waiting(tracker, &first);
        look_at_freed(tracker, first + (scrub->at - buckets), 0, look, verified);
    }
    scrub->at++;
    return verified->blocks + verified->quarantined - before;
}

bool ht_scrub(ht_tracker_t *tracker, uint32_t blocks, const ht_look_t *look,
              heaptrail_verified_t *verified)
{
    ht_scrub_t *scrub = &tracker->scrub;
    if (tracker->state == HT_STATE_NEW) { return true; }
    if (!ht_claim(&tracker->lock, &scrub->busy)) { return false; }
    bool by_time = blocks == 0;
    uint32_t budget = by_time ? steps_due(tracker) : blocks;
    while (budget != 0 && !verified->round_complete) {
        if (!scrub->in_round) { begin_round(tracker); }
        uint32_t done = step(tracker, look, verified);
        if (by_time || done == 0) { done = 1; } /* an empty bucket costs, too */
        budget -= done < budget ? done : budget;
        if (scrub->at >= steps_of(tracker)) {
            end_round(tracker);
            verified->round_complete = true;
        }
    }
    ht_release(&scrub->busy);
    return true;
}
