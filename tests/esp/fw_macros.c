/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Every macro of heaptrail_site.h, and the functions behind them that no macro calls. */
#include "fw_entries.h"
#include "heaptrail_site.h"

typedef struct {
    char *rx;
    uint32_t *words;
} fw_context_t;

static fw_context_t s_context;
static fw_context_t *const s_ctx = &s_context;

#define CAPS (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)
#define HERE(method) HEAPTRAIL_SITE(HEAPTRAIL_METHOD_##method, "named")

FW static void *by_malloc(void)
{
    return HEAPTRAIL_MALLOC(11);
}
FW static void *by_calloc(void)
{
    return HEAPTRAIL_CALLOC(3, 7);
}
FW static void *by_strdup(void)
{
    return HEAPTRAIL_STRDUP("twelve chars");
}
FW static void *by_strndup(void)
{
    return HEAPTRAIL_STRNDUP("twelve chars", 6);
}
FW static void *by_caps_malloc(void)
{
    return HEAPTRAIL_HEAP_CAPS_MALLOC(101, CAPS);
}
FW static void *by_caps_calloc(void)
{
    return HEAPTRAIL_HEAP_CAPS_CALLOC(5, 20, CAPS);
}
FW static void *by_malloc_to(void)
{
    return HEAPTRAIL_MALLOC_TO(s_ctx->rx, 50);
}
FW static void *by_calloc_to(void)
{
    return HEAPTRAIL_CALLOC_TO(s_ctx->words, 4, 4);
}
FW static void *by_strdup_to(void)
{
    return HEAPTRAIL_STRDUP_TO(s_context.rx, "text");
}
FW static void *by_caps_malloc_to(void)
{
    return HEAPTRAIL_HEAP_CAPS_MALLOC_TO(s_ctx->words, 40, CAPS);
}
FW static void *by_caps_calloc_to(void)
{
    return HEAPTRAIL_HEAP_CAPS_CALLOC_TO(s_ctx->rx, 9, 9, CAPS);
}

FW static void *by_realloc(void)
{
    char *line = HEAPTRAIL_MALLOC(10);
    line = HEAPTRAIL_REALLOC(line, 20);
    return line;
}

FW static void *by_caps_realloc(void)
{
    char *line = HEAPTRAIL_HEAP_CAPS_MALLOC(10, CAPS);
    return HEAPTRAIL_HEAP_CAPS_REALLOC(line, 2000, CAPS);
}

FW static void *by_aligned(void)
{
    return heaptrail_aligned_alloc(HERE(ALIGNED_ALLOC), 32, 64);
}
FW static void *by_memalign(void)
{
    return heaptrail_memalign(HERE(MEMALIGN), 32, 65);
}

FW static void *by_posix(void)
{
    void *p = NULL;
    assert_int_equal(heaptrail_posix_memalign(HERE(POSIX_MEMALIGN), &p, 32, 66), 0);
    return p;
}

FW static void *by_caps_aligned(void)
{
    return heaptrail_heap_caps_aligned_alloc(HERE(HEAP_CAPS_ALIGNED_ALLOC), 32, 67, CAPS);
}

FW static void *by_caps_aligned_calloc(void)
{
    return heaptrail_heap_caps_aligned_calloc(HERE(HEAP_CAPS_ALIGNED_CALLOC), 32, 2, 34, CAPS);
}

FW static void *by_prefer(void)
{
    return heaptrail_heap_caps_malloc_prefer(HERE(HEAP_CAPS_MALLOC_PREFER), 69, 2, MALLOC_CAP_PID3,
                                             CAPS);
}

FW static void *without_ref(void)
{
    return heaptrail_malloc(NULL, 12);
}

FW static void by_free(void *p)
{
    HEAPTRAIL_FREE(p);
}
FW static void by_caps_free(void *p)
{
    heaptrail_heap_caps_free(p);
}
FW static void by_realloc_0(void *p)
{
    assert_null(HEAPTRAIL_REALLOC(p, 0));
}

#define L FW_LIBC_CAPS
#define M(name) HEAPTRAIL_METHOD_##name

const fw_entry_t fw_macros[] = {
    {"malloc", by_malloc, by_free, M(MALLOC), 11, L, NULL, true, false},
    {"malloc, realloc 0", by_malloc, by_realloc_0, M(MALLOC), 11, L, NULL, true, false},
    {"calloc", by_calloc, by_free, M(CALLOC), 21, L, NULL, true, false},
    {"strdup", by_strdup, by_free, M(STRDUP), 13, L, NULL, true, false},
    {"strndup", by_strndup, by_free, M(STRNDUP), 7, L, NULL, true, false},
    {"realloc", by_realloc, by_free, M(REALLOC), 20, L, "line", true, false},
    {"heap_caps_malloc", by_caps_malloc, by_caps_free, M(HEAP_CAPS_MALLOC), 101, CAPS, NULL, true,
     false},
    {"heap_caps_calloc", by_caps_calloc, by_caps_free, M(HEAP_CAPS_CALLOC), 100, CAPS, NULL, true,
     false},
    {"heap_caps_realloc", by_caps_realloc, by_caps_free, M(HEAP_CAPS_REALLOC), 2000, CAPS, "line",
     true, false},
    {"malloc_to", by_malloc_to, by_free, M(MALLOC), 50, L, "s_ctx->rx", true, false},
    {"calloc_to", by_calloc_to, by_free, M(CALLOC), 16, L, "s_ctx->words", true, false},
    {"strdup_to", by_strdup_to, by_free, M(STRDUP), 5, L, "s_context.rx", true, false},
    {"caps_malloc_to", by_caps_malloc_to, by_free, M(HEAP_CAPS_MALLOC), 40, CAPS, "s_ctx->words",
     true, false},
    {"caps_calloc_to", by_caps_calloc_to, by_free, M(HEAP_CAPS_CALLOC), 81, CAPS, "s_ctx->rx", true,
     false},
    {"aligned_alloc", by_aligned, by_free, M(ALIGNED_ALLOC), 64, L, "named", true, false},
    {"memalign", by_memalign, by_free, M(MEMALIGN), 65, L, "named", true, false},
    {"posix_memalign", by_posix, by_free, M(POSIX_MEMALIGN), 66, L, "named", true, false},
    {"caps_aligned", by_caps_aligned, by_free, M(HEAP_CAPS_ALIGNED_ALLOC), 67, CAPS, "named", true,
     false},
    {"caps_aligned_calloc", by_caps_aligned_calloc, by_free, M(HEAP_CAPS_ALIGNED_CALLOC), 68, CAPS,
     "named", true, false},
    {"malloc_prefer", by_prefer, by_free, M(HEAP_CAPS_MALLOC_PREFER), 69, CAPS, "named", true,
     false},
    {"without a site", without_ref, by_free, M(MALLOC), 12, L, NULL, false, false},
};
const size_t fw_macros_count = sizeof(fw_macros) / sizeof(fw_macros[0]);
