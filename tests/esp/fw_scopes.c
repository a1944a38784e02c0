/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fw_scopes.h"

#include "esp_heap_caps.h"
#include "heaptrail_site.h"

/* Lines of these are in expected outputs: add below. */
void *fw_leak(size_t bytes)
{
    void *kept;
    HEAPTRAIL_MALLOC_TO(kept, bytes);
    return kept;
}

void *fw_leak_more(size_t bytes)
{
    void *more;
    HEAPTRAIL_CALLOC_TO(more, 1, bytes);
    return more;
}

void *fw_cache(void)
{
    static void *s_cache;
    if (s_cache == NULL) { HEAPTRAIL_MALLOC_TO(s_cache, 64); }
    return s_cache;
}

__attribute__((noinline, noclone, aligned(1024))) void *fw_plain_leak(size_t bytes)
{
    return heap_caps_malloc(bytes, MALLOC_CAP_8BIT | MALLOC_CAP_INTERNAL);
}

void fw_free(void *block)
{
    HEAPTRAIL_FREE(block);
}
