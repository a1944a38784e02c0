/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The functions behind the macros, for ESP-IDF's heap_caps_*; as api/site.c does for libc's. */
#include <stdarg.h>

#include "esp_heap_caps.h"
#include "ht_port_wrap.h"
#include "ht_site.h"

#define CALLER ((uintptr_t)__builtin_return_address(0))
#define PREFER_MAX 8U

void *heaptrail_heap_caps_malloc(heaptrail_site_ref_t *ref, size_t size, uint32_t caps)
{
    ht_scope_t scope;
    ht_site_enter(&scope, ref, CALLER, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC);
    return ht_site_made(&scope, heap_caps_malloc(size, caps), size, caps);
}

void *heaptrail_heap_caps_calloc(heaptrail_site_ref_t *ref, size_t n, size_t size, uint32_t caps)
{
    ht_scope_t scope;
    ht_site_enter(&scope, ref, CALLER, HEAPTRAIL_METHOD_HEAP_CAPS_CALLOC);
    return ht_site_made(&scope, heap_caps_calloc(n, size, caps), ht_site_bytes(n, size), caps);
}

void *heaptrail_heap_caps_realloc(heaptrail_site_ref_t *ref, void *ptr, size_t size, uint32_t caps)
{
    ht_scope_t scope;
    ht_site_enter(&scope, ref, CALLER, HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC);
    if (ht_port_is_wrapped()) {
        void *same = heap_caps_realloc(ptr, size, caps);
        ht_scope_leave(ht_default(), &scope, same);
        return same;
    }
    if (ptr != NULL && size == 0) {
        ht_on_free(ptr);
        heap_caps_free(ptr);
        ht_scope_exit(ht_default(), &scope);
        return NULL;
    }
    ht_hold_t hold = ht_on_realloc(ptr);
    return ht_site_realloced(&scope, hold, heap_caps_realloc(ptr, size, caps), size, caps);
}

void *heaptrail_heap_caps_aligned_alloc(heaptrail_site_ref_t *ref, size_t alignment, size_t size,
                                        uint32_t caps)
{
    ht_scope_t scope;
    ht_site_enter(&scope, ref, CALLER, HEAPTRAIL_METHOD_HEAP_CAPS_ALIGNED_ALLOC);
    scope.alignment = alignment;
    return ht_site_made(&scope, heap_caps_aligned_alloc(alignment, size, caps), size, caps);
}

void *heaptrail_heap_caps_aligned_calloc(heaptrail_site_ref_t *ref, size_t alignment, size_t n,
                                         size_t size, uint32_t caps)
{
    ht_scope_t scope;
    ht_site_enter(&scope, ref, CALLER, HEAPTRAIL_METHOD_HEAP_CAPS_ALIGNED_CALLOC);
    scope.alignment = alignment;
    return ht_site_made(&scope, heap_caps_aligned_calloc(alignment, n, size, caps),
                        ht_site_bytes(n, size), caps);
}

/* What the _prefer functions try, in order: the first capabilities that give a block. */
typedef struct {
    uint32_t caps[PREFER_MAX];
    size_t count;
} prefer_t;

static prefer_t read_prefer(size_t num, va_list list)
{
    prefer_t prefer = {.count = num < PREFER_MAX ? num : PREFER_MAX};
    for (size_t i = 0; i < prefer.count; i++) {
        prefer.caps[i] = va_arg(list, uint32_t);
    }
    return prefer;
}

/* Hand the list on; the real functions read only `count` of the eight. */
#define CALL_PREFER(fn, p, ...)                                                                    \
    fn(__VA_ARGS__, (p).count, (p).caps[0], (p).caps[1], (p).caps[2], (p).caps[3], (p).caps[4],    \
       (p).caps[5], (p).caps[6], (p).caps[7])

/*
 * The capabilities that gave the block, for a firmware without the wrap: the first choice that its
 * heap could serve, because an earlier one would have been served from there too. Of a failure the
 * last choice, as in the callback of ESP-IDF.
 */
static uint32_t chosen_caps(const prefer_t *prefer, const void *block)
{
    if (prefer->count == 0) { return MALLOC_CAP_DEFAULT; }
    uint32_t last = prefer->caps[prefer->count - 1];
    if (block == NULL || prefer->count == 1 || ht_port_is_wrapped()) { return last; }
    uint32_t offered =
        ht_port_caps_at(block) | MALLOC_CAP_CACHE_ALIGNED; /* no heap's, an alignment */
    for (size_t i = 0; i < prefer->count; i++) {
        if ((prefer->caps[i] & ~offered) == 0) { return prefer->caps[i]; }
    }
    return last;
}

void *heaptrail_heap_caps_malloc_prefer(heaptrail_site_ref_t *ref, size_t size, size_t num, ...)
{
    ht_scope_t scope;
    ht_site_enter(&scope, ref, CALLER, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC_PREFER);
    va_list list;
    va_start(list, num);
    prefer_t prefer = read_prefer(num, list);
    va_end(list);
    void *block = CALL_PREFER(heap_caps_malloc_prefer, prefer, size);
    return ht_site_made(&scope, block, size, chosen_caps(&prefer, block));
}

void *heaptrail_heap_caps_calloc_prefer(heaptrail_site_ref_t *ref, size_t n, size_t size,
                                        size_t num, ...)
{
    ht_scope_t scope;
    ht_site_enter(&scope, ref, CALLER, HEAPTRAIL_METHOD_HEAP_CAPS_CALLOC_PREFER);
    va_list list;
    va_start(list, num);
    prefer_t prefer = read_prefer(num, list);
    va_end(list);
    void *block = CALL_PREFER(heap_caps_calloc_prefer, prefer, n, size);
    return ht_site_made(&scope, block, ht_site_bytes(n, size), chosen_caps(&prefer, block));
}

void *heaptrail_heap_caps_realloc_prefer(heaptrail_site_ref_t *ref, void *ptr, size_t size,
                                         size_t num, ...)
{
    ht_scope_t scope;
    ht_site_enter(&scope, ref, CALLER, HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC_PREFER);
    va_list list;
    va_start(list, num);
    prefer_t prefer = read_prefer(num, list);
    va_end(list);
    if (ht_port_is_wrapped() || ptr == NULL) {
        void *block = CALL_PREFER(heap_caps_realloc_prefer, prefer, ptr, size);
        return ht_site_made(&scope, block, size, chosen_caps(&prefer, block));
    }
    if (size == 0) {
        ht_on_free(ptr);
        heap_caps_free(ptr);
        ht_scope_exit(ht_default(), &scope);
        return NULL;
    }
    ht_hold_t hold = ht_on_realloc(ptr);
    void *block = CALL_PREFER(heap_caps_realloc_prefer, prefer, ptr, size);
    return ht_site_realloced(&scope, hold, block, size, chosen_caps(&prefer, block));
}

void heaptrail_heap_caps_free(void *ptr)
{
    if (ptr != NULL && !ht_port_is_wrapped()) { ht_on_free(ptr); }
    heap_caps_free(ptr);
}
