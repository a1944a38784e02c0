/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_checked.h"

#include <string.h>

#include "ht_guard.h"
#include "ht_hot.h"
#include "ht_hot_checked.h"
#include "ht_verify.h"
#include "ht_wrong_free.h"

#pragma weak ht_port_raw_heap

static HT_PORT_HOT ht_origin_id_t scope_origin(ht_tracker_t *tracker, const ht_request_t *request)
{
    return ht_scope_origin(tracker, request->caller, request->method, request->caps);
}

/* Where a request comes from: inline where the caller is all there is to know. */
static inline __attribute__((always_inline)) ht_origin_t *
origin_of(ht_tracker_t *tracker, const ht_request_t *request, ht_origin_fn origin)
{
    if (origin == scope_origin && tracker->stack_depth <= 1 && ht_hot_no_scope(tracker)) {
        return ht_origin_of_caller(&tracker->origins, &tracker->callers, &tracker->lock,
                                   request->caller, request->caps, request->method);
    }
    return &tracker->origins.origins[origin(tracker, request).index];
}

static HT_PORT_HOT ht_look_t looking(heaptrail_found_t found, ht_origin_id_t caller)
{
    return (ht_look_t){.found = found, .caller = caller, .tell = ht_tell};
}

/*
 * Reports are made and written by code in flash, and take 2 KB of stack. In an interrupt handler
 * that has neither an error is only counted.
 */
static __attribute__((noinline)) HT_PORT_HOT bool can_tell(ht_tracker_t *tracker)
{
    if (ht_port_can_report()) { return true; }
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_count_up(&tracker->errors.repeated);
    ht_port_unlock(&tracker->lock, irq);
    return false;
}

/* --- the quarantine -----------------------------------------------------------------------------
 */

/* The heap's header of a block is damaged: it stays where it is. */
static __attribute__((noinline)) HT_PORT_HOT void
leak(ht_tracker_t *tracker, const ht_record_t *record, const ht_freed_t *was, ht_origin_id_t by)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_count_up(&tracker->checks.leaked_blocks);
    tracker->checks.leaked_bytes += ht_record_size(record);
    ht_port_unlock(&tracker->lock, irq);
    if (!can_tell(tracker)) { return; }
    const ht_look_t look =
        looking(was != NULL ? HEAPTRAIL_FOUND_QUARANTINE : HEAPTRAIL_FOUND_FREE, by);
    ht_verify_header_damaged(tracker, record, was, &look);
}

static inline __attribute__((always_inline)) bool is_header_ok(const ht_tracker_t *tracker,
                                                               const ht_record_t *record)
{
    return !tracker->checks.heap_headers || ht_guard_header_ok(&tracker->checks, record);
}

/*
 * Back to the heap, unless its own header of the block is damaged: then it would corrupt more, or
 * stop the program. Such a block stays where it is, and is counted.
 */
static inline __attribute__((always_inline)) void give_back(ht_tracker_t *tracker,
                                                            const ht_record_t *record,
                                                            const ht_freed_t *was,
                                                            ht_origin_id_t by)
{
    if (__builtin_expect(is_header_ok(tracker, record), 1)) {
        ht_port_raw_heap.free((void *)ht_guard_raw(&tracker->checks, record));
    } else {
        leak(tracker, record, was, by);
    }
}

static HT_PORT_HOT ht_freed_take_t take_oldest(ht_tracker_t *tracker, bool only_over,
                                               ht_freed_t *taken)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_freed_take_t took = HT_FREED_EMPTY;
    if (!only_over || ht_freed_is_over(&tracker->freed)) {
        took = ht_freed_take(&tracker->freed, taken);
    }
    ht_port_unlock(&tracker->lock, irq);
    return took;
}

/* A block that left the quarantine: look at it, and give it back. */
static inline __attribute__((always_inline)) void
settle(ht_tracker_t *tracker, const ht_freed_t *taken, heaptrail_found_t found)
{
    if (__builtin_expect(!ht_verify_is_untouched(tracker, taken), 0) && can_tell(tracker)) {
        const ht_look_t look = looking(found, (ht_origin_id_t){0});
        (void)ht_verify_leaving(tracker, taken, &look);
    }
    give_back(tracker, &taken->record, taken, (ht_origin_id_t){0});
}

/* Empty the quarantine, or only down to its limits. @return The blocks that left. */
static HT_PORT_HOT uint32_t release(ht_tracker_t *tracker, bool only_over, heaptrail_found_t found)
{
    uint32_t left = 0;
    ht_freed_t taken;
    ht_freed_take_t took;
    while ((took = take_oldest(tracker, only_over, &taken)) != HT_FREED_EMPTY) {
        if (took == HT_FREED_TOOK) {
            settle(tracker, &taken, found);
            left++;
        }
    }
    return left;
}

void ht_checked_release(heaptrail_found_t found)
{
    (void)release(ht_default(), false, found);
}

void ht_checked_trim(void)
{
    (void)release(ht_default(), true, HEAPTRAIL_FOUND_QUARANTINE);
}

/* The heap has no memory: give it what waits. False: nothing does. */
static HT_PORT_HOT bool give_way(ht_tracker_t *tracker)
{
    uint32_t left = release(tracker, false, HEAPTRAIL_FOUND_QUARANTINE);
    if (left == 0) { return false; }
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    uint32_t *counter = &tracker->checks.released_early;
    *counter = *counter > UINT32_MAX - left ? UINT32_MAX : *counter + left;
    ht_port_unlock(&tracker->lock, irq);
    return true;
}

/* --- allocation ---------------------------------------------------------------------------------
 */

static inline __attribute__((always_inline)) void *heap_alloc(size_t alignment, size_t bytes,
                                                              uint32_t caps)
{
    return alignment == 0 ? ht_port_raw_heap.alloc(bytes, caps)
                          : ht_port_raw_heap.aligned_alloc(alignment, bytes, caps);
}

/* Memory for a layout: the quarantine gives way before anything fails, and so do the redzones. */
static HT_PORT_HOT void count_unguarded(ht_tracker_t *tracker)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_count_up(&tracker->checks.unguarded_blocks);
    ht_port_unlock(&tracker->lock, irq);
}

static __attribute__((noinline)) HT_PORT_HOT void *
raw_alloc_again(ht_tracker_t *tracker, const ht_request_t *request, ht_layout_t *layout)
{
    void *raw = NULL;
    if (give_way(tracker)) {
        raw = heap_alloc(layout->raw_alignment, layout->raw_bytes, request->caps);
    }
    if (raw == NULL && layout->guard != HT_GUARD_NONE) {
        *layout = (ht_layout_t){HT_GUARD_NONE, 0, request->size, request->alignment};
        raw = heap_alloc(request->alignment, request->size, request->caps);
        if (raw != NULL) { count_unguarded(tracker); }
    }
    return raw;
}

static inline __attribute__((always_inline)) void fill(const ht_tracker_t *tracker,
                                                       const ht_request_t *request, void *block)
{
    if (request->zero || tracker->checks.fill_new) {
        ht_guard_fill_here(block, request->size, request->zero ? 0 : tracker->checks.new_byte);
    }
}

/* No record, no redzones: only a record tells where the heap's block begins. */
static HT_PORT_HOT void *hand_out_raw(ht_tracker_t *tracker, const ht_request_t *request, void *raw)
{
    fill(tracker, request, raw);
    count_unguarded(tracker);
    return raw;
}

static __attribute__((noinline)) HT_PORT_HOT void *
alloc_block(ht_tracker_t *tracker, const ht_request_t *request, ht_origin_fn origin)
{
    if (__builtin_expect(request->size == 0 && !HT_PORT_EMPTY_BLOCKS, 0)) { return NULL; }
    bool recorded = tracker->state == HT_STATE_RUNNING;
    ht_layout_t layout = {HT_GUARD_NONE, 0, request->size, request->alignment};
    if (__builtin_expect(recorded, 1)) {
        layout = ht_guard_plan(&tracker->checks, request->size, request->alignment, request->caps);
    }
    char *raw = heap_alloc(layout.raw_alignment, layout.raw_bytes, request->caps);
    if (__builtin_expect(raw == NULL, 0)) {
        ht_layout_t other = layout; /* a copy: the plain case keeps its own in registers */
        raw = raw_alloc_again(tracker, request, &other);
        layout = other;
        if (raw == NULL) { return NULL; }
    }
    if (!recorded) {
        fill(tracker, request, raw);
        return raw;
    }
    char *block = raw + layout.front;
    fill(tracker, request, block);
    if (layout.guard != HT_GUARD_NONE) {
        ht_guard_write(&tracker->checks, (uintptr_t)block, request->size, layout.guard);
    }
    ht_origin_t *from = origin_of(tracker, request, origin);
    bool added =
        ht_hot_add(tracker, (uintptr_t)block, request->size, from, layout.guard, ht_port_tick());
    if (__builtin_expect(!added && layout.guard != HT_GUARD_NONE, 0)) {
        return hand_out_raw(tracker, request, raw);
    }
    return block;
}

HT_PORT_HOT void *ht_checked_alloc_from(const ht_request_t *request, ht_origin_fn origin)
{
    return alloc_block(ht_default(), request, origin);
}

HT_PORT_HOT void *ht_checked_malloc(size_t size, uint32_t caps, uint32_t method, uintptr_t caller)
{
    const ht_request_t request = {.size = size, .caps = caps, .method = method, .caller = caller};
    return alloc_block(ht_default(), &request, scope_origin);
}

HT_PORT_HOT void *ht_checked_alloc(const ht_request_t *request)
{
    return alloc_block(ht_default(), request, scope_origin);
}

/* --- free ---------------------------------------------------------------------------------------
 */

/* The block has no record: forgotten, unknown, or an error. */
static __attribute__((noinline)) HT_PORT_HOT void free_unknown(ht_tracker_t *tracker, void *block,
                                                               ht_origin_id_t caller)
{
    uint32_t guard;
    bool aligned = ((uintptr_t)block & 3U) == 0;
    if (aligned && ht_tracker_end_forgotten(tracker, (uintptr_t)block, &guard)) {
        ht_port_raw_heap.free((char *)block - ht_guard_front(&tracker->checks, guard));
        return;
    }
    if (ht_port_can_report() && ht_wrong_free(tracker, block, false, caller)) { return; }
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_tracker_unknown(tracker, (uintptr_t)block);
    ht_port_unlock(&tracker->lock, irq);
    ht_port_raw_heap.free(block);
}

/* The block is filled: it waits from now on, and mostly another one leaves. */
static inline __attribute__((always_inline)) void into_quarantine(ht_tracker_t *tracker,
                                                                  uint32_t number)
{
    ht_freed_t taken;
    ht_freed_take_t took = HT_FREED_EMPTY;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    ht_freed_hold(&tracker->freed, number);
    bool over = ht_freed_is_over(&tracker->freed);
    if (over) {
        took = ht_freed_take(&tracker->freed, &taken);
        over = tracker->freed.held_bytes > tracker->freed.limit_bytes || took == HT_FREED_AGAIN;
    }
    ht_port_unlock(&tracker->lock, irq);
    if (took == HT_FREED_TOOK) { settle(tracker, &taken, HEAPTRAIL_FOUND_QUARANTINE); }
    if (__builtin_expect(over && took != HT_FREED_EMPTY, 0)) {
        (void)release(tracker, true, HEAPTRAIL_FOUND_QUARANTINE);
    }
}

/* Who frees, when that was not asked before. */
static __attribute__((noinline)) HT_PORT_HOT ht_origin_id_t who_frees(ht_tracker_t *tracker,
                                                                      uintptr_t caller,
                                                                      ht_origin_fn origin)
{
    const ht_request_t request = {.method = HEAPTRAIL_METHOD_FREE, .caller = caller};
    return tracker->state != HT_STATE_NEW ? origin(tracker, &request) : (ht_origin_id_t){0};
}

static __attribute__((noinline)) HT_PORT_HOT void
own_is_damaged(ht_tracker_t *tracker, const ht_record_t *record, ht_origin_id_t by,
               uintptr_t caller, ht_origin_fn origin)
{
    if (!can_tell(tracker)) { return; }
    if (by.index == 0) { by = who_frees(tracker, caller, origin); }
    const ht_look_t look = looking(HEAPTRAIL_FOUND_FREE, by);
    (void)ht_verify_own(tracker, record, &look);
}

static inline __attribute__((always_inline)) void
checked_free(ht_tracker_t *tracker, void *block, uintptr_t caller, ht_origin_fn origin)
{
    ht_origin_id_t by = {0};
    if (tracker->freed.on && tracker->state == HT_STATE_RUNNING) {
        const ht_request_t request = {.method = HEAPTRAIL_METHOD_FREE, .caller = caller};
        by = (ht_origin_id_t){origin_of(tracker, &request, origin)->id};
    }
    ht_ended_t ended;
    bool is_block =
        ((uintptr_t)block & 3U) == 0 && ht_hot_remember(tracker, (uintptr_t)block, by, &ended);
    if (__builtin_expect(!is_block, 0)) {
        if (by.index == 0) { by = who_frees(tracker, caller, origin); }
        free_unknown(tracker, block, by);
        return;
    }
    if (!ht_verify_is_intact(tracker, &ended.record)) {
        own_is_damaged(tracker, &ended.record, by, caller, origin);
    }
    if (tracker->checks.fill_freed) {
        ht_guard_fill_here(block, ht_record_size(&ended.record), tracker->checks.freed_byte);
    }
    if (!ended.held) {
        give_back(tracker, &ended.record, NULL, by);
    } else if (__builtin_expect(is_header_ok(tracker, &ended.record), 1)) {
        into_quarantine(tracker, ended.number);
    } else {
        ht_port_irq_t irq = ht_port_lock(&tracker->lock);
        ht_freed_drop(&tracker->freed, ended.number);
        ht_port_unlock(&tracker->lock, irq);
        leak(tracker, &ended.record, NULL, by);
    }
}

/* Nothing was ever recorded that is not gone: what is freed is none of ours. */
static inline bool is_ours(const ht_tracker_t *tracker)
{
    return ht_unlocked_count(tracker) != 0 || tracker->state == HT_STATE_RUNNING;
}

__attribute__((noinline)) HT_PORT_HOT void ht_checked_free_from(void *block, uintptr_t caller,
                                                                ht_origin_fn origin)
{
    ht_tracker_t *tracker = ht_default();
    if (block == NULL) { return; }
    if (__builtin_expect(!is_ours(tracker), 0)) {
        ht_port_raw_heap.free(block);
        return;
    }
    checked_free(tracker, block, caller, origin);
}

HT_PORT_HOT void ht_checked_free(void *block, uintptr_t caller)
{
    ht_checked_free_from(block, caller, scope_origin);
}

/* --- the slow ends of ht_hot_checked.h -----------------------------------------------------------
 */

/* Without a record there are no redzones. */
HT_PORT_HOT void *ht_hot_make_guarded_slow(void *raw, size_t size, ht_origin_t *from, ht_tick_t now,
                                           uintptr_t sp, ht_hot_t outcome)
{
    ht_tracker_t *tracker = &ht_default_tracker;
    uintptr_t block = (uintptr_t)raw + tracker->checks.front;
    if (ht_hot_add_otherwise(tracker, outcome, block, size, from, HT_GUARD_BOTH, now, sp)) {
        return (void *)block;
    }
    count_unguarded(tracker);
    return raw;
}

HT_PORT_HOT void ht_checked_damaged(const ht_record_t *record, uintptr_t caller)
{
    ht_tracker_t *tracker = &ht_default_tracker;
    if (!can_tell(tracker)) { return; }
    const ht_look_t look =
        looking(HEAPTRAIL_FOUND_FREE, ht_scope_origin(tracker, caller, HEAPTRAIL_METHOD_FREE, 0));
    (void)ht_verify_own(tracker, record, &look);
}

/* --- realloc ------------------------------------------------------------------------------------
 */

/* A new block, the bytes that both have, and the old one freed. NULL: no memory, nothing happened.
 */
static HT_PORT_HOT void *move_block(ht_tracker_t *tracker, void *old, size_t old_size,
                                    const ht_request_t *request, ht_origin_fn origin)
{
    void *block = alloc_block(tracker, request, origin);
    if (block == NULL) { return NULL; }
    ht_guard_copy(block, old, old_size < request->size ? old_size : request->size);
    return block;
}

/* The heap moves or resizes the block, redzones and all. NULL: it could not, nothing happened. */
static HT_PORT_HOT char *resize_raw(ht_tracker_t *tracker, void *old, const ht_layout_t *layout,
                                    const ht_request_t *request)
{
    char *raw = (char *)old - layout->front;
    char *made = ht_port_raw_heap.realloc(raw, layout->raw_bytes, request->caps);
    if (made == NULL && give_way(tracker)) {
        made = ht_port_raw_heap.realloc(raw, layout->raw_bytes, request->caps);
    }
    return made;
}

static HT_PORT_HOT void *finish_resized(ht_tracker_t *tracker, char *made, size_t old_size,
                                        const ht_layout_t *layout, const ht_request_t *request,
                                        ht_origin_id_t from)
{
    char *block = made + layout->front;
    if (tracker->checks.fill_new && request->size > old_size) {
        size_t begin = (old_size + 3U) & ~(size_t)3U;
        if (begin < request->size) {
            ht_guard_fill(block + begin, request->size - begin, tracker->checks.new_byte);
        }
    }
    if (layout->guard != HT_GUARD_NONE) {
        ht_guard_write(&tracker->checks, (uintptr_t)block, request->size, layout->guard);
    }
    if (tracker->state != HT_STATE_RUNNING && layout->guard == HT_GUARD_NONE) { return block; }
    if (!ht_tracker_add_guarded(tracker, (uintptr_t)block, request->size, from, layout->guard) &&
        layout->front != 0) {
        ht_guard_copy(made, block, request->size);
        count_unguarded(tracker);
        return made;
    }
    return block;
}

/* realloc() of a pointer without a record. */
static __attribute__((noinline)) HT_PORT_HOT void *realloc_unknown(ht_tracker_t *tracker, void *old,
                                                                   const ht_request_t *request,
                                                                   ht_origin_fn origin,
                                                                   bool *refused)
{
    ht_origin_id_t from = origin(tracker, request);
    if (ht_port_can_report() && ht_wrong_free(tracker, old, true, from)) {
        *refused = true;
        return NULL;
    }
    void *made = ht_port_raw_heap.realloc(old, request->size, request->caps);
    if (made != NULL && tracker->state == HT_STATE_RUNNING) {
        (void)ht_tracker_add_guarded(tracker, (uintptr_t)made, request->size, from, HT_GUARD_NONE);
    }
    return made;
}

/* A forgotten block: what is known is where it begins, and its size. */
static HT_PORT_HOT bool forgotten_size(ht_tracker_t *tracker, const void *old, size_t *size)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    const ht_record_t *record = ht_table_find_forgotten(&tracker->table, (uintptr_t)old);
    if (record != NULL) { *size = ht_record_size(record); }
    ht_port_unlock(&tracker->lock, irq);
    return record != NULL;
}

/* Look at a block that stays alive but is about to be resized: its record is held. */
static HT_PORT_HOT ht_record_t look_at_held(ht_tracker_t *tracker, ht_hold_t hold,
                                            ht_origin_id_t caller)
{
    ht_record_t record = *hold.slot;
    record.address = hold.address;
    if (!ht_verify_is_intact(tracker, &record) && can_tell(tracker)) {
        const ht_look_t look = looking(HEAPTRAIL_FOUND_REALLOC, caller);
        (void)ht_verify_own(tracker, &record, &look);
    }
    return record;
}

HT_PORT_HOT void *ht_checked_realloc(void *old, const ht_request_t *request, ht_origin_fn origin,
                                     bool *refused)
{
    ht_tracker_t *tracker = ht_default();
    *refused = false;
    if (origin == NULL) { origin = scope_origin; }
    if (old == NULL) { return alloc_block(tracker, request, origin); }
    size_t old_size = 0;
    if (((uintptr_t)old & 3U) == 0 && forgotten_size(tracker, old, &old_size)) {
        void *block = move_block(tracker, old, old_size, request, origin);
        if (block != NULL) { ht_checked_free_from(old, request->caller, origin); }
        return block;
    }
    ht_hold_t hold = {.address = (uintptr_t)old};
    if (((uintptr_t)old & 3U) == 0) { hold = ht_tracker_hold(tracker, (uintptr_t)old); }
    if (hold.slot == NULL) {
        if (((uintptr_t)old & 3U) == 0) { ht_tracker_put_back(tracker, hold); }
        return realloc_unknown(tracker, old, request, origin, refused);
    }
    ht_origin_id_t from = origin(tracker, request);
    ht_record_t record = look_at_held(tracker, hold, from);
    old_size = ht_record_size(&record);
    ht_layout_t layout = {HT_GUARD_NONE, 0, request->size, 0};
    if (tracker->state == HT_STATE_RUNNING) {
        layout = ht_guard_plan(&tracker->checks, request->size, 0, request->caps);
    }
    bool same = layout.guard == ht_record_guard(&record) && is_header_ok(tracker, &record);
    if (!same || ht_freed_takes(&tracker->freed, old_size)) {
        void *block = move_block(tracker, old, old_size, request, origin);
        if (block != NULL || !same) {
            ht_tracker_put_back(tracker, hold);
            if (block != NULL) { ht_checked_free_from(old, request->caller, origin); }
            return block;
        }
    }
    char *made = resize_raw(tracker, old, &layout, request);
    if (made == NULL) {
        ht_tracker_put_back(tracker, hold);
        return NULL;
    }
    ht_tracker_drop_held(tracker, hold);
    return finish_resized(tracker, made, old_size, &layout, request, from);
}
