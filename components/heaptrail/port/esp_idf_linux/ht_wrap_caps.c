/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Who called ESP-IDF's heap_caps_*; see ht_wrap_entry.h. The blocks are recorded by ht_wrap_libc.c.
 * The lists of the _prefer functions are not handed on: on this target they are not looked at.
 */
#include "ht_wrap_entry.h"

HT_ENTRY(void *, heap_caps_malloc, (size_t size, uint32_t caps), (size, caps), HEAP_CAPS_MALLOC, 0)
HT_ENTRY(void *, heap_caps_calloc, (size_t n, size_t size, uint32_t caps), (n, size, caps),
         HEAP_CAPS_CALLOC, 0)
HT_ENTRY(void *, heap_caps_realloc, (void *old, size_t size, uint32_t caps), (old, size, caps),
         HEAP_CAPS_REALLOC, 0)
HT_ENTRY(void *, heap_caps_aligned_alloc, (size_t align, size_t size, uint32_t caps),
         (align, size, caps), HEAP_CAPS_ALIGNED_ALLOC, align)
HT_ENTRY(void *, heap_caps_aligned_calloc, (size_t align, size_t n, size_t size, uint32_t caps),
         (align, n, size, caps), HEAP_CAPS_ALIGNED_CALLOC, align)
HT_ENTRY(void *, heap_caps_malloc_prefer, (size_t size, size_t num, ...), (size, 0 * num),
         HEAP_CAPS_MALLOC_PREFER, 0)
HT_ENTRY(void *, heap_caps_calloc_prefer, (size_t n, size_t size, size_t num, ...),
         (n, size, 0 * num), HEAP_CAPS_CALLOC_PREFER, 0)
HT_ENTRY(void *, heap_caps_realloc_prefer, (void *old, size_t size, size_t num, ...),
         (old, size, 0 * num), HEAP_CAPS_REALLOC_PREFER, 0)
