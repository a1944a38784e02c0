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
#include "ht_hot_default.h"
#include "ht_port_wrap.h"

#define CALLER ((uintptr_t)__builtin_return_address(0))

const char ht_port_wrap_marker = 1;

__attribute__((constructor(101))) static void take_slot(void)
{
    ht_port_take_failed_slot();
}

HT_PORT_HOT void *__wrap_heap_caps_malloc_base(size_t size, uint32_t caps)
{
    void *block = __real_heap_caps_malloc_base(size, caps);
    if (block != NULL) {
        ht_on_alloc(block, size, caps, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, CALLER);
    }
    return block;
}

HT_PORT_HOT void *__wrap_heap_caps_aligned_alloc_base(size_t alignment, size_t size, uint32_t caps)
{
    void *block = __real_heap_caps_aligned_alloc_base(alignment, size, caps);
    if (block != NULL) {
        ht_on_alloc(block, size, caps, HEAPTRAIL_METHOD_HEAP_CAPS_ALIGNED_ALLOC, CALLER);
    }
    return block;
}

/* ESP-IDF's own calls malloc_base in its object file, where the linker redirects nothing: so do it
 * here. */
HT_PORT_HOT void *__wrap_heap_caps_calloc_base(size_t n, size_t size, uint32_t caps)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) { return NULL; }
    void *block = __real_heap_caps_malloc_base(bytes, caps);
    if (block == NULL) { return NULL; }
    ht_port_clear(block, bytes, caps);
    ht_on_alloc(block, bytes, caps, HEAPTRAIL_METHOD_HEAP_CAPS_CALLOC, CALLER);
    return block;
}

HT_PORT_HOT void __wrap_heap_caps_free(void *block)
{
    if (__builtin_expect(block != NULL, 1)) { ht_hot_on_free(block); }
    __real_heap_caps_free(block);
}

HT_PORT_HOT void *__wrap_heap_caps_realloc_base(void *old, size_t size, uint32_t caps)
{
    if (old != NULL && size == 0) { /* ESP-IDF's frees in its own object file */
        __wrap_heap_caps_free(old);
        return NULL;
    }
    ht_hold_t hold = ht_on_realloc(old);
    void *block = __real_heap_caps_realloc_base(old, size, caps);
    ht_on_realloced(hold, block, size, caps, HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC, CALLER);
    return block;
}
