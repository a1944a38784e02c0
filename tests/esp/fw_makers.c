/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fw_makers.h"

#include <malloc.h>
#include <stdlib.h>

#include "heaptrail_site.h"
#include "memmap.h"

#define INTERNAL8 (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)

/* GCC makes malloc(n) of realloc(NULL, n). */
static void *volatile s_nothing;

FW static void *by_malloc(size_t size, uint32_t caps)
{
    (void)caps;
    return malloc(size);
}
FW static void *by_calloc(size_t size, uint32_t caps)
{
    (void)caps;
    return calloc(1, size);
}
FW static void *by_realloc(size_t size, uint32_t caps)
{
    (void)caps;
    return realloc(s_nothing, size);
}
FW static void *by_growing(size_t size, uint32_t caps)
{
    (void)caps;
    void *half = malloc(size / 2 + 1);
    return realloc(half, size);
}
FW static void *by_shrinking(size_t size, uint32_t caps)
{
    (void)caps;
    void *twice = malloc(2 * size + 40);
    return realloc(twice, size);
}
FW static void *by_aligned_alloc(size_t size, uint32_t caps)
{
    (void)caps;
    return aligned_alloc(64, size);
}
FW static void *by_memalign(size_t size, uint32_t caps)
{
    (void)caps;
    return memalign(32, size);
}
FW static void *by_posix_memalign(size_t size, uint32_t caps)
{
    (void)caps;
    void *block = NULL;
    return posix_memalign(&block, 128, size) == 0 ? block : NULL;
}

/* A text that is a block of `size` bytes with its zero. */
static const char *text_of(size_t size)
{
    static char s_text[2][256]; /* one for each core: an interrupt's is the same */
    char *text = s_text[0];
    memset(text, 'x', sizeof(s_text[0]));
    text[size - 1] = '\0';
    return text;
}
FW static void *by_strdup(size_t size, uint32_t caps)
{
    (void)caps;
    return strdup(text_of(size));
}
FW static void *by_strndup(size_t size, uint32_t caps)
{
    (void)caps;
    return strndup(text_of(200), size - 1);
}
FW static void *by_caps_malloc(size_t size, uint32_t caps)
{
    return heap_caps_malloc(size, caps);
}
FW static void *by_caps_calloc(size_t size, uint32_t caps)
{
    return heap_caps_calloc(1, size, caps);
}
FW static void *by_caps_realloc(size_t size, uint32_t caps)
{
    return heap_caps_realloc(s_nothing, size, caps);
}
FW static void *by_caps_growing(size_t size, uint32_t caps)
{
    void *half = heap_caps_malloc(size / 2 + 1, caps);
    return heap_caps_realloc(half, size, caps);
}
FW static void *by_caps_aligned(size_t size, uint32_t caps)
{
    return heap_caps_aligned_alloc(16, size, caps);
}
FW static void *by_caps_aligned_wide(size_t size, uint32_t caps)
{
    return heap_caps_aligned_alloc(256, size, caps);
}
FW static void *by_caps_aligned_calloc(size_t size, uint32_t caps)
{
    return heap_caps_aligned_calloc(64, 1, size, caps);
}
FW static void *by_prefer(size_t size, uint32_t caps)
{
    return heap_caps_malloc_prefer(size, 2, MALLOC_CAP_PID2, caps);
}
FW static void *by_calloc_prefer(size_t size, uint32_t caps)
{
    return heap_caps_calloc_prefer(1, size, 2, caps, MALLOC_CAP_DEFAULT);
}
FW static void *by_realloc_prefer(size_t size, uint32_t caps)
{
    return heap_caps_realloc_prefer(s_nothing, size, 1, caps);
}
FW static void *by_macro(size_t size, uint32_t caps)
{
    (void)caps;
    return HEAPTRAIL_MALLOC(size);
}
FW static void *by_caps_macro(size_t size, uint32_t caps)
{
    return HEAPTRAIL_HEAP_CAPS_CALLOC(1, size, caps);
}
FW static void *by_memmap(size_t size, uint32_t caps)
{
    return TRACE_MALLOC(size, caps);
}

#define M(function, method, alignment, takes_caps, has_site, zeroed)                               \
    {                                                                                              \
#function, function, HEAPTRAIL_METHOD_##method, alignment, takes_caps, has_site, zeroed    \
    }

const fw_maker_t fw_makers[] = {
    M(by_malloc, MALLOC, 4, false, false, false),
    M(by_calloc, CALLOC, 4, false, false, true),
    M(by_realloc, REALLOC, 4, false, false, false),
    M(by_growing, REALLOC, 4, false, false, false),
    M(by_shrinking, REALLOC, 4, false, false, false),
    M(by_aligned_alloc, ALIGNED_ALLOC, 64, false, false, false),
    M(by_memalign, MEMALIGN, 32, false, false, false),
    M(by_posix_memalign, POSIX_MEMALIGN, 128, false, false, false),
    M(by_strdup, STRDUP, 4, false, false, false),
    M(by_strndup, STRNDUP, 4, false, false, false),
    M(by_caps_malloc, HEAP_CAPS_MALLOC, 4, true, false, false),
    M(by_caps_calloc, HEAP_CAPS_CALLOC, 4, true, false, true),
    M(by_caps_realloc, HEAP_CAPS_REALLOC, 4, true, false, false),
    M(by_caps_growing, HEAP_CAPS_REALLOC, 4, true, false, false),
    M(by_caps_aligned, HEAP_CAPS_ALIGNED_ALLOC, 16, true, false, false),
    M(by_caps_aligned_wide, HEAP_CAPS_ALIGNED_ALLOC, 256, true, false, false),
    M(by_caps_aligned_calloc, HEAP_CAPS_ALIGNED_CALLOC, 64, true, false, true),
    M(by_prefer, HEAP_CAPS_MALLOC_PREFER, 4, true, false, false),
    M(by_calloc_prefer, HEAP_CAPS_CALLOC_PREFER, 4, true, false, true),
    M(by_realloc_prefer, HEAP_CAPS_REALLOC_PREFER, 4, true, false, false),
    M(by_macro, MALLOC, 4, false, true, false),
    M(by_caps_macro, HEAP_CAPS_CALLOC, 4, true, true, true),
    M(by_memmap, HEAP_CAPS_MALLOC, 4, true, true, false),
};
const size_t fw_makers_count = sizeof(fw_makers) / sizeof(fw_makers[0]);

FW static void end_by_free(void *block)
{
    free(block);
}
FW static void end_by_caps_free(void *block)
{
    heap_caps_free(block);
}
FW static void end_by_realloc(void *block)
{
    (void)!realloc(block, 0);
}
FW static void end_by_caps_realloc(void *block)
{
    (void)!heap_caps_realloc(block, 0, MALLOC_CAP_8BIT);
}
FW static void end_by_macro(void *block)
{
    HEAPTRAIL_FREE(block);
}
FW static void end_by_memmap(void *block)
{
    free_unregister_allocation(&block);
}

const fw_ender_t fw_enders[] = {
    {"free", end_by_free, true, false},
    {"heap_caps_free", end_by_caps_free, true, false},
    {"realloc to 0", end_by_realloc, true, true},
    {"heap_caps_realloc to 0", end_by_caps_realloc, true, true},
    {"HEAPTRAIL_FREE", end_by_macro, false, false},
    {"free_unregister_allocation", end_by_memmap, false, false},
};
const size_t fw_enders_count = sizeof(fw_enders) / sizeof(fw_enders[0]);

FW void *fw_realloc(void *block, size_t size)
{
    return realloc(block, size);
}
FW void *fw_caps_realloc(void *block, size_t size)
{
    return heap_caps_realloc(block, size, INTERNAL8);
}
