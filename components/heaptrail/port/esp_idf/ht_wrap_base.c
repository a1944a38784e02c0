/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * What happened: the five functions of ESP-IDF's heap (5.3 and later) where every allocation of a
 * firmware passes exactly once, redirected to us by the linker (--wrap). docs/esp-idf.md says why
 * these.
 */
#include "esp_heap_caps.h"
#include "ht_hot_checked.h"
#include "ht_hot_default.h"
#include "ht_wrap_entry.h"

const char ht_port_wrap_marker = 1;

__attribute__((constructor(101))) static void take_slot(void)
{
    ht_port_take_failed_slot();
}

/* --- the heap below the tracker ----------------------------------------------------------------
 */

const HT_PORT_HOT_DATA ht_raw_heap_t ht_port_raw_heap = {
    .alloc = __real_heap_caps_malloc_base,
    .aligned_alloc = __real_heap_caps_aligned_alloc_base,
    .realloc = __real_heap_caps_realloc_base,
    .free = __real_heap_caps_free,
};

/* --- with checks: the same five, slower --------------------------------------------------------
 */

/* A refused one looks to ESP-IDF like a failure, see ht_wrap_failed.c. */
static HT_PORT_HOT void *checked_realloc(void *old, ht_request_t request)
{
    if (old != NULL && ht_port_is_refused(old)) { return NULL; }
    bool refused = false;
    void *block = ht_checked_realloc(old, &request, NULL, &refused);
    if (refused) { ht_port_note_refused(old); }
    return block;
}

/* --- the wraps ---------------------------------------------------------------------------------
 */

HT_PORT_HOT void *__wrap_heap_caps_malloc_base(size_t size, uint32_t caps)
{
    if (ht_checking()) {
        return ht_checked_alloc(&(ht_request_t){.size = size,
                                                .caps = caps,
                                                .method = HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC,
                                                .caller = HT_CALLER});
    }
    void *block = __real_heap_caps_malloc_base(size, caps);
    if (block != NULL) {
        ht_on_alloc(block, size, caps, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, HT_CALLER);
    }
    return block;
}

HT_PORT_HOT void *__wrap_heap_caps_aligned_alloc_base(size_t alignment, size_t size, uint32_t caps)
{
    if (ht_checking()) {
        return ht_checked_alloc(&(ht_request_t){.size = size,
                                                .alignment = alignment,
                                                .caps = caps,
                                                .method = HEAPTRAIL_METHOD_HEAP_CAPS_ALIGNED_ALLOC,
                                                .caller = HT_CALLER});
    }
    void *block = __real_heap_caps_aligned_alloc_base(alignment, size, caps);
    if (block != NULL) {
        ht_on_alloc(block, size, caps, HEAPTRAIL_METHOD_HEAP_CAPS_ALIGNED_ALLOC, HT_CALLER);
    }
    return block;
}

/* ESP-IDF's own calls malloc_base in its object file, where the linker redirects nothing: so do it
 * here. */
HT_PORT_HOT void *__wrap_heap_caps_calloc_base(size_t n, size_t size, uint32_t caps)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) { return NULL; }
    if (ht_checking()) {
        return ht_checked_alloc(&(ht_request_t){.size = bytes,
                                                .caps = caps,
                                                .method = HEAPTRAIL_METHOD_HEAP_CAPS_CALLOC,
                                                .caller = HT_CALLER,
                                                .zero = true});
    }
    void *block = __real_heap_caps_malloc_base(bytes, caps);
    if (block == NULL) { return NULL; }
    ht_port_clear(block, bytes, caps);
    ht_on_alloc(block, bytes, caps, HEAPTRAIL_METHOD_HEAP_CAPS_CALLOC, HT_CALLER);
    return block;
}

/* Below operator delete and realloc(), a scope tells who called. (Apart: looking for a scope costs
 * the caller a register.) */
static __attribute__((noinline)) HT_PORT_HOT void checked_free(void *block, uintptr_t caller)
{
    ht_checked_free(block, ht_entry_caller(caller));
}

static __attribute__((noinline)) HT_PORT_HOT void unusual_free(void *block, uintptr_t caller,
                                                               ht_hot_end_t outcome)
{
    if (ht_checking()) {
        checked_free(block, caller);
    } else if (outcome == HT_HOT_UNKNOWN) { /* it stays so: the address is the caller's */
        ht_tracker_note_unknown(&ht_default_tracker, (uintptr_t)block);
        __real_heap_caps_free(block);
    } else {
        (void)ht_tracker_remove(&ht_default_tracker, (uintptr_t)block);
        __real_heap_caps_free(block);
    }
}

/* The record by its words: a pointer to one would keep it in memory where nothing is damaged. */
static __attribute__((noinline)) HT_PORT_HOT void slow_guarded_free(uintptr_t address,
                                                                    ht_word_t what, ht_word_t who,
                                                                    ht_tick_t tick,
                                                                    uintptr_t caller)
{
    const ht_checks_t *checks = &ht_default_tracker.checks;
    const ht_record_t record = {.address = address, .what = what, .who = who, .tick = tick};
    if (!ht_guard_intact(checks, address, ht_record_size(&record), ht_record_guard(&record))) {
        ht_checked_damaged(&record, caller);
    }
    __real_heap_caps_free((void *)ht_guard_raw(checks, &record));
}

static HT_PORT_HOT HT_PORT_LEAF void guarded_free(uintptr_t address, ht_word_t what, ht_word_t who,
                                                  ht_tick_t tick, uintptr_t caller)
{
    const ht_checks_t *checks = &ht_default_tracker.checks;
    const ht_record_t record = {.what = what};
    if (__builtin_expect(ht_guard_intact(checks, address, ht_record_size(&record), HT_GUARD_BOTH),
                         1)) {
        __real_heap_caps_free((void *)(address - checks->front));
    } else {
        slow_guarded_free(address, what, who, tick, caller);
    }
}

static HT_PORT_HOT HT_PORT_END void end(void *block, uintptr_t caller, ht_tick_t now)
{
    ht_record_t was;
    ht_hot_end_t outcome = ht_hot_end(block, now, &was);
    if (__builtin_expect(outcome == HT_HOT_ENDED, 1)) {
        __real_heap_caps_free(block);
    } else if (outcome != HT_HOT_ENDED_GUARDED) {
        unusual_free(block, caller, outcome);
    } else if (__builtin_expect(ht_record_guard(&was) == HT_GUARD_BOTH, 1)) {
        guarded_free((uintptr_t)block, was.what, was.who, was.tick, caller);
    } else if (ht_record_guard(&was) == HT_GUARD_NONE) {
        __real_heap_caps_free(block);
    } else {
        slow_guarded_free((uintptr_t)block, was.what, was.who, was.tick, caller);
    }
}

static __attribute__((noinline)) HT_PORT_HOT void stopped_free(void *block, uintptr_t caller)
{
    if (block != NULL) { unusual_free(block, caller, HT_HOT_STAYS); }
}

/* While there is a trace. */
static __attribute__((noinline)) HT_PORT_HOT void traced_free(void *block)
{
    if (block != NULL) {
        (void)ht_trace_remove(&ht_default_tracker, (uintptr_t)block);
        __real_heap_caps_free(block);
    }
}

/* Stopped, traced, or more to look at than redzones. */
static HT_PORT_HOT HT_PORT_LEAF void other_free(void *block, uintptr_t caller)
{
    const ht_tracker_t *tracker = &ht_default_tracker;
    if (tracker->checks.slow_free) {
        checked_free(block, caller);
    } else if (ht_tracing(tracker) && !ht_checking()) {
        traced_free(block);
    } else if (ht_is_idle(tracker)) {
        /* Not one slot in use: a tracker that is new or stopped. A look-up cannot hit. */
        __real_heap_caps_free(block);
    } else {
        stopped_free(block, caller);
    }
}

#if HT_PORT_COUNTS_TICKS /* nothing is called */

HT_PORT_HOT void __wrap_heap_caps_free(void *block)
{
    uintptr_t caller = HT_CALLER_AT_ENTRY;
    if (__builtin_expect(!ht_hot_ends_simply(), 0)) {
        other_free(block, caller);
    } else if (__builtin_expect(block != NULL, 1)) {
        end(block, caller, ht_port_tick());
    }
}

#else

HT_PORT_HOT void __wrap_heap_caps_free(void *block)
{
    if (__builtin_expect(!ht_hot_ends_simply(), 0)) {
        other_free(block, HT_CALLER);
    } else if (__builtin_expect(block != NULL, 1)) {
        void *HT_ACROSS kept = block;
        HT_ACROSS uintptr_t caller = HT_CALLER;
        ht_tick_t now = ht_port_tick();
        end(kept, caller, now);
    }
}

#endif

HT_PORT_HOT void *__wrap_heap_caps_realloc_base(void *old, size_t size, uint32_t caps)
{
    if (old != NULL && size == 0) { /* ESP-IDF's frees in its own object file */
        __wrap_heap_caps_free(old);
        return NULL;
    }
    if (ht_checking()) {
        return checked_realloc(old, (ht_request_t){.size = size,
                                                   .caps = caps,
                                                   .method = HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC,
                                                   .caller = HT_CALLER});
    }
    ht_hold_t hold = ht_on_realloc(old);
    void *block = __real_heap_caps_realloc_base(old, size, caps);
    ht_on_realloced(hold, block, size, caps, HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC, HT_CALLER);
    return block;
}
