/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Who called ESP-IDF's heap_caps_*; see ht_wrap_entry.h. */
#include <stdarg.h>

#include "ht_hot_checked.h"
#include "ht_hot_default.h"
#include "ht_wrap_entry.h"

#if HT_CONFIG_HOOKS

HT_ENTRY(void *, heap_caps_malloc, (size_t size, uint32_t caps), (size, caps), HEAP_CAPS_MALLOC, 0)

#else

void *__real_heap_caps_malloc(size_t size, uint32_t caps);
void *__wrap_heap_caps_malloc(size_t size, uint32_t caps);

/*
 * The one that matters most, heap_caps_malloc(), does first what ESP-IDF's does: the base function,
 * and if that gives a block it is done, recorded with its caller and without a scope. Only a
 * failure goes through the real one, which tries again and calls the failed-allocation callback.
 */
static __attribute__((noinline)) HT_PORT_HOT void *malloc_again(size_t size, uint32_t caps,
                                                                uintptr_t caller)
{
    ht_scope_t scope;
    ht_entry_enter(&scope, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, 0, caller);
    void *block = __real_heap_caps_malloc(size, caps);
    ht_scope_leave(&ht_default_tracker, &scope, block);
    return block;
}

static __attribute__((noinline)) HT_PORT_HOT void *checked_malloc(size_t size, uint32_t caps,
                                                                  uintptr_t caller)
{
    void *block = ht_checked_malloc(size, caps, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, caller);
    return block != NULL ? block : malloc_again(size, caps, caller);
}

/* Redzones and nothing else. */
static HT_PORT_HOT HT_PORT_LEAF void *made_guarded(void *raw, size_t size, ht_origin_t *from,
                                                   ht_tick_t now)
{
    return ht_hot_make_guarded(raw, size, from, now);
}

static __attribute__((noinline)) HT_PORT_HOT void *guarded_malloc(size_t size, uint32_t caps,
                                                                  uintptr_t caller)
{
    ht_tracker_t *tracker = &ht_default_tracker;
    ht_origin_t *from =
        ht_origin_quickly(&tracker->callers, caller, caps, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC);
    if (from == NULL || !ht_hot_is_simple(size, caps)) {
        return checked_malloc(size, caps, caller);
    }
    HT_ACROSS size_t kept_size = size;
    ht_origin_t *HT_ACROSS kept_from = from;
    void *raw = __real_heap_caps_malloc_base(ht_hot_bytes(size), caps);
    void *HT_ACROSS_TICK kept_raw = raw;
    if (__builtin_expect(raw == NULL, 0)) {
        return checked_malloc(kept_size, kept_from->caps, kept_from->caller);
    }
    ht_tick_t now = ht_port_tick();
    return made_guarded(kept_raw, kept_size, kept_from, now);
}

static HT_PORT_HOT HT_PORT_LEAF void *stopped_malloc(size_t size, uint32_t caps, uintptr_t caller)
{
    HT_ACROSS size_t kept_size = size;
    HT_ACROSS uint32_t kept_caps = caps;
    HT_ACROSS uintptr_t kept_caller = caller;
    void *block = __real_heap_caps_malloc_base(size, caps);
    return __builtin_expect(block != NULL, 1) ? block
                                              : malloc_again(kept_size, kept_caps, kept_caller);
}

/* Stacks to keep, or inside another entry point, or a filter is set, or not started yet. */
static __attribute__((noinline)) HT_PORT_HOT void *scoped_malloc(size_t size, uint32_t caps,
                                                                 uintptr_t caller)
{
    void *block = __real_heap_caps_malloc_base(size, caps);
    if (__builtin_expect(block == NULL, 0)) { return malloc_again(size, caps, caller); }
    ht_on_alloc_slow(block, size, caps, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, caller);
    return block;
}

static HT_PORT_HOT HT_PORT_LEAF void *made(void *block, size_t size, ht_origin_t *from,
                                           ht_tick_t now)
{
    return ht_hot_make(block, size, from, now);
}

/* By its stack. */
static __attribute__((noinline)) HT_PORT_HOT void *stacked_malloc(size_t size, uint32_t caps,
                                                                  uintptr_t caller)
{
    if (!ht_hot_no_scope(&ht_default_tracker)) { return scoped_malloc(size, caps, caller); }
    HT_ACROSS size_t kept_size = size;
    HT_ACROSS uint32_t kept_caps = caps;
    HT_ACROSS uintptr_t kept_caller = caller;
    void *block = __real_heap_caps_malloc_base(size, caps);
    void *HT_ACROSS kept_block = block;
    if (__builtin_expect(block == NULL, 0)) {
        return malloc_again(kept_size, kept_caps, kept_caller);
    }
    ht_origin_t *HT_ACROSS from = ht_stack_origin(&ht_default_tracker, kept_caller,
                                                  HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, kept_caps);
    ht_tick_t now = ht_port_tick();
    return made(kept_block, kept_size, from, now);
}

static HT_PORT_HOT HT_PORT_LEAF void *made_traced(void *block, size_t size, ht_origin_t *from,
                                                  ht_tick_t now)
{
    return ht_hot_make_traced(block, size, from, now);
}

/* While there is a trace: the commonest case once more. */
static __attribute__((noinline)) HT_PORT_HOT void *traced_malloc(size_t size, uint32_t caps,
                                                                 uintptr_t caller)
{
    ht_tracker_t *tracker = &ht_default_tracker;
    ht_origin_t *from =
        ht_origin_quickly(&tracker->callers, caller, caps, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC);
    if (from == NULL || !ht_hot_no_scope(tracker)) { return scoped_malloc(size, caps, caller); }
    HT_ACROSS size_t kept_size = size;
    ht_origin_t *HT_ACROSS kept_from = from;
    void *block = __real_heap_caps_malloc_base(size, caps);
    void *HT_ACROSS kept_block = block;
    if (__builtin_expect(block == NULL, 0)) {
        return malloc_again(kept_size, kept_from->caps, kept_from->caller);
    }
    ht_tick_t now = ht_port_tick();
    return made_traced(kept_block, kept_size, kept_from, now);
}

/* Not the commonest case, or not in the state that it is for. */
static __attribute__((noinline)) HT_PORT_HOT void *other_malloc(size_t size, uint32_t caps,
                                                                uintptr_t caller)
{
    int8_t way = ht_default_tracker.way;
    if (way == HT_WAY_TRACED) { return traced_malloc(size, caps, caller); }
    return ht_checking() ? checked_malloc(size, caps, caller) : scoped_malloc(size, caps, caller);
}

/* The first time from here, or not for long. */
static __attribute__((noinline)) HT_PORT_HOT void *new_caller_malloc(size_t size, uint32_t caps,
                                                                     uintptr_t caller)
{
    void *block = __real_heap_caps_malloc_base(size, caps);
    if (__builtin_expect(block == NULL, 0)) { return malloc_again(size, caps, caller); }
    ht_on_alloc(block, size, caps, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, caller);
    return block;
}

/* The origin says all that there is to know of the caller, so that nothing else has to be kept but
 * the size. */
static HT_PORT_HOT HT_PORT_LEAF void *make(size_t size, uint32_t caps, ht_origin_t *from)
{
    HT_ACROSS size_t kept_size = size;
    ht_origin_t *HT_ACROSS kept_from = from;
    void *block = __real_heap_caps_malloc_base(size, caps);
    void *HT_ACROSS_TICK kept_block = block;
    if (__builtin_expect(block == NULL, 0)) {
        return malloc_again(kept_size, kept_from->caps, kept_from->caller);
    }
    ht_tick_t now = ht_port_tick();
    return made(kept_block, kept_size, kept_from, now);
}

/* Calls nothing: the origin is looked up before the heap is asked. */
HT_PORT_HOT void *__wrap_heap_caps_malloc(size_t size, uint32_t caps)
{
    uintptr_t caller = HT_CALLER_AT_ENTRY;
    ht_tracker_t *tracker = &ht_default_tracker;
    if (!ht_hot_is_quick(tracker)) {
        int8_t way = tracker->way;
        if (way == HT_WAY_STACKS) { return stacked_malloc(size, caps, caller); }
        if (way == HT_WAY_GUARDED) { return guarded_malloc(size, caps, caller); }
        return way == HT_WAY_STOPPED ? stopped_malloc(size, caps, caller)
                                     : other_malloc(size, caps, caller);
    }
    ht_origin_t *from =
        ht_origin_quickly(&tracker->callers, caller, caps, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC);
    return __builtin_expect(from != NULL, 1) ? make(size, caps, from)
                                             : new_caller_malloc(size, caps, caller);
}

#endif

HT_ENTRY(void *, heap_caps_calloc, (size_t n, size_t size, uint32_t caps), (n, size, caps),
         HEAP_CAPS_CALLOC, 0)
HT_REALLOC_ENTRY(heap_caps_realloc, (void *old, size_t size, uint32_t caps), (old, size, caps),
                 HEAP_CAPS_REALLOC)
HT_ENTRY(void *, heap_caps_aligned_alloc, (size_t align, size_t size, uint32_t caps),
         (align, size, caps), HEAP_CAPS_ALIGNED_ALLOC, align)
HT_ENTRY(void *, heap_caps_aligned_calloc, (size_t align, size_t n, size_t size, uint32_t caps),
         (align, n, size, caps), HEAP_CAPS_ALIGNED_CALLOC, align)

/*
 * The _prefer functions take a list of capabilities. A list can be handed on only by its length:
 * these pass on up to four, which is more than ESP-IDF itself ever uses; a longer list is cut, so
 * its last choices are not tried.
 */
#define PREFER_MAX 4U

static inline size_t read_caps(uint32_t caps[PREFER_MAX], size_t num, va_list list)
{
    size_t count = num < PREFER_MAX ? num : PREFER_MAX;
    for (size_t i = 0; i < PREFER_MAX; i++) {
        caps[i] = i < count ? va_arg(list, uint32_t) : 0;
    }
    return count;
}

#define PREFER_ENTRY(name, parameters, method, was, ...)                                           \
    void *__real_##name parameters;                                                                \
    void *__wrap_##name parameters;                                                                \
    HT_PORT_HOT void *__wrap_##name parameters                                                     \
    {                                                                                              \
        ht_scope_t scope;                                                                          \
        ht_entry_enter(&scope, HEAPTRAIL_METHOD_##method, 0, HT_CALLER);                           \
        uint32_t caps[PREFER_MAX];                                                                 \
        va_list list;                                                                              \
        va_start(list, num);                                                                       \
        size_t count = read_caps(caps, num, list);                                                 \
        va_end(list);                                                                              \
        ht_hold_t hold = ht_entry_hold(was, size);                                                 \
        void *block = __real_##name(__VA_ARGS__, count, caps[0], caps[1], caps[2], caps[3]);       \
        ht_entry_held(hold, block);                                                                \
        ht_scope_leave(&ht_default_tracker, &scope, block);                                        \
        return block;                                                                              \
    }

PREFER_ENTRY(heap_caps_malloc_prefer, (size_t size, size_t num, ...), HEAP_CAPS_MALLOC_PREFER, NULL,
             size)
PREFER_ENTRY(heap_caps_calloc_prefer, (size_t n, size_t size, size_t num, ...),
             HEAP_CAPS_CALLOC_PREFER, NULL, n, size)
PREFER_ENTRY(heap_caps_realloc_prefer, (void *old, size_t size, size_t num, ...),
             HEAP_CAPS_REALLOC_PREFER, old, old, size)
