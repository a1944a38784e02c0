/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * What happened: the five functions of ESP-IDF's heap (5.3 and later) where every allocation of a
 * firmware passes exactly once, redirected to us by the linker (--wrap). docs/esp-idf.md says why these.
 */
#include <string.h>

#include "esp_heap_caps.h"
#include "ht_default.h"
#include "ht_port_wrap.h"

#define CALLER ((uintptr_t)__builtin_return_address(0))

bool ht_port_is_wrapped(void)
{
    return &__real_heap_caps_free != NULL;
}

HT_PORT_HOT void *__wrap_heap_caps_malloc_base(size_t size, uint32_t caps)
{
    void *block = __real_heap_caps_malloc_base(size, caps);
    if (block != NULL) { ht_on_alloc(block, size, caps, HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, CALLER); }
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

/* ESP-IDF's own calls malloc_base in its object file, where the linker redirects nothing: so do it here. */
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
    if (block != NULL) { ht_on_free(block); }
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

/*
 * IRAM takes aligned 32-bit stores only. Blocks of such memory have room up to the next word, and a
 * volatile store is one that the compiler neither merges into memset() nor drops.
 */
HT_PORT_HOT void ht_port_clear(void *block, size_t bytes, uint32_t caps)
{
    bool words_only = (caps & (MALLOC_CAP_EXEC | MALLOC_CAP_32BIT)) != 0 && (caps & MALLOC_CAP_8BIT) == 0;
    if (!words_only) {
        memset(block, 0, bytes);
        return;
    }
    volatile uint32_t *word = block;
    for (size_t i = 0; i < (bytes + 3U) / 4U; i++) { word[i] = 0; }
}
