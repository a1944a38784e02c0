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

/* Checks are on. */
static HT_PORT_HOT HT_PORT_LEAF void *made_guarded(void *raw, size_t size, uint32_t caps,
                                                   uintptr_t caller, ht_tick_t now)
{
    return ht_hot_make_guarded(raw, size, caps, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, caller, now);
}

static __attribute__((noinline)) HT_PORT_HOT void *checking_malloc(size_t size, uint32_t caps,
                                                                   uintptr_t caller)
{
    if (!ht_hot_is_simple(size, caps)) { return checked_malloc(size, caps, caller); }
    void *raw = __real_heap_caps_malloc_base(ht_hot_bytes(size), caps);
    if (__builtin_expect(raw == NULL, 0)) { return checked_malloc(size, caps, caller); }
    return made_guarded(raw, size, caps, caller, ht_port_tick());
}

/* They are off. */
static HT_PORT_HOT HT_PORT_LEAF void *made(void *raw, size_t size, uint32_t caps, uintptr_t caller,
                                           ht_tick_t now)
{
    return ht_hot_make(raw, size, caps, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, caller, now);
}

static __attribute__((noinline)) HT_PORT_HOT void *made_otherwise(void *raw, size_t size,
                                                                  uint32_t caps, uintptr_t caller)
{
    ht_on_alloc_slow(raw, size, caps, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, caller);
    return raw;
}

HT_PORT_HOT void *__wrap_heap_caps_malloc(size_t size, uint32_t caps)
{
    if (ht_checking()) { return checking_malloc(size, caps, HT_CALLER); }
    void *raw = __real_heap_caps_malloc_base(size, caps);
    if (__builtin_expect(raw == NULL, 0)) { return malloc_again(size, caps, HT_CALLER); }
    if (__builtin_expect(!ht_hot_is_quick(&ht_default_tracker), 0)) {
        if (ht_default_tracker.way == HT_WAY_STOPPED) { return raw; }
        return made_otherwise(raw, size, caps, HT_CALLER);
    }
    return made(raw, size, caps, HT_CALLER, ht_port_tick());
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
