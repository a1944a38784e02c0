/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Every function that gives a block, called plainly. Compiled as it is, and once more with
 * `-include heaptrail_redirect.h` and not a letter changed: then FW_SITE is 1.
 */
#include <malloc.h>
#include <stdlib.h>

#include "freertos/FreeRTOS.h"
#include "fw_entries.h"

#ifndef FW_SITE
#define FW_SITE 0
#endif

#define INTERNAL8 (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)
#define NOWHERE (MALLOC_CAP_PID2) /* no heap offers it */

/* GCC makes malloc(33) of realloc(NULL, 33). */
static void *volatile s_nothing;

FW static void *by_malloc(void)
{
    return malloc(11);
}
FW static void *by_calloc(void)
{
    return calloc(3, 7);
}
FW static void *by_realloc(void)
{
    return realloc(s_nothing, 33);
}
FW static void *by_aligned_alloc(void)
{
    return aligned_alloc(32, 64);
}
FW static void *by_memalign(void)
{
    return memalign(16, 48);
}
FW static void *by_strdup(void)
{
    return strdup("twelve chars");
}
FW static void *by_strndup(void)
{
    return strndup("twelve chars", 6);
}
FW static void *by_caps_malloc(void)
{
    return heap_caps_malloc(101, INTERNAL8);
}
FW static void *by_caps_calloc(void)
{
    return heap_caps_calloc(5, 20, MALLOC_CAP_SPIRAM);
}
FW static void *by_caps_realloc(void)
{
    return heap_caps_realloc(NULL, 70, MALLOC_CAP_DMA);
}
FW static void *by_caps_aligned(void)
{
    return heap_caps_aligned_alloc(64, 128, MALLOC_CAP_8BIT);
}
FW static void *by_caps_acalloc(void)
{
    return heap_caps_aligned_calloc(64, 2, 50, MALLOC_CAP_8BIT);
}
FW static void *by_iram(void)
{
    return heap_caps_malloc(10, MALLOC_CAP_EXEC | MALLOC_CAP_32BIT);
}
FW static void *by_iram_calloc(void)
{
    return heap_caps_calloc(1, 10, MALLOC_CAP_32BIT);
}
FW static void *by_pv(void)
{
    return pvPortMalloc(77);
}

FW static void *by_posix_memalign(void)
{
    void *p = NULL;
    return posix_memalign(&p, 64, 200) == 0 ? p : NULL;
}

FW static void *by_prefer_1(void)
{
    return heap_caps_malloc_prefer(81, 1, INTERNAL8);
}
FW static void *by_prefer_2(void)
{
    return heap_caps_malloc_prefer(82, 2, NOWHERE, MALLOC_CAP_SPIRAM);
}
FW static void *by_prefer_first(void)
{
    return heap_caps_malloc_prefer(85, 2, MALLOC_CAP_SPIRAM, INTERNAL8);
}
FW static void *by_prefer_3(void)
{
    return heap_caps_calloc_prefer(2, 42, 3, NOWHERE, NOWHERE, MALLOC_CAP_DMA);
}
FW static void *by_prefer_4(void)
{
    return heap_caps_realloc_prefer(NULL, 86, 4, NOWHERE, NOWHERE, NOWHERE, INTERNAL8);
}

FW static void *by_moved(void)
{
    void *p = malloc(24);
    void *volatile wall[8]; /* no room to grow in place, whatever holes there are */
    for (int i = 0; i < 8; i++) {
        wall[i] = malloc(24);
    }
    uintptr_t old = (uintptr_t)p;
    void *moved = realloc(p, 4000);
    for (int i = 0; i < 8; i++) {
        free(wall[i]);
    }
    return (uintptr_t)moved != old ? moved : NULL;
}

FW static void *by_in_place(void)
{
    void *p = heap_caps_malloc(400, INTERNAL8);
    void *same = heap_caps_realloc(p, 100, INTERNAL8);
    return same == p ? same : NULL;
}

FW static void *by_other_heap(void)
{
    void *p = heap_caps_malloc(60, INTERNAL8);
    return heap_caps_realloc(p, 60, MALLOC_CAP_SPIRAM);
}

FW static void *by_prefer_realloc(void)
{
    void *p = heap_caps_malloc(60, INTERNAL8);
    return heap_caps_realloc_prefer(p, 900, 2, NOWHERE, MALLOC_CAP_SPIRAM);
}

FW static void by_free(void *p)
{
    free(p);
}
FW static void by_caps_free(void *p)
{
    heap_caps_free(p);
}
FW static void by_realloc_0(void *p)
{
    assert_null(realloc(p, 0));
}
FW static void by_caps_realloc_0(void *p)
{
    assert_null(heap_caps_realloc(p, 0, MALLOC_CAP_8BIT));
}

#define L FW_LIBC_CAPS
#define M(name) HEAPTRAIL_METHOD_##name

const fw_entry_t fw_plain[] = {
    {"malloc", by_malloc, by_free, M(MALLOC), 11, L, NULL, FW_SITE, false},
    {"malloc, realloc 0", by_malloc, by_realloc_0, M(MALLOC), 11, L, NULL, FW_SITE, false},
    {"calloc", by_calloc, by_free, M(CALLOC), 21, L, NULL, FW_SITE, false},
    {"realloc", by_realloc, by_free, M(REALLOC), 33, L, "s_nothing", FW_SITE, false},
    {"realloc, moved", by_moved, by_free, M(REALLOC), 4000, L, "p", FW_SITE, false},
    {"aligned_alloc", by_aligned_alloc, by_free, M(ALIGNED_ALLOC), 64, L, NULL, FW_SITE, false},
    {"strdup", by_strdup, by_free, M(STRDUP), 13, L, NULL, FW_SITE, false},
    {"strndup", by_strndup, by_free, M(STRNDUP), 7, L, NULL, FW_SITE, false},
    {"heap_caps_malloc", by_caps_malloc, by_caps_free, M(HEAP_CAPS_MALLOC), 101, INTERNAL8, NULL,
     FW_SITE, false},
    {"heap_caps_malloc, free", by_caps_malloc, by_free, M(HEAP_CAPS_MALLOC), 101, INTERNAL8, NULL,
     FW_SITE, false},
    {"heap_caps_calloc", by_caps_calloc, by_caps_free, M(HEAP_CAPS_CALLOC), 100, MALLOC_CAP_SPIRAM,
     NULL, FW_SITE, false},
    {"heap_caps_realloc", by_caps_realloc, by_caps_realloc_0, M(HEAP_CAPS_REALLOC), 70,
     MALLOC_CAP_DMA, "NULL", FW_SITE, false},
    {"heap_caps_realloc, in place", by_in_place, by_caps_free, M(HEAP_CAPS_REALLOC), 100, INTERNAL8,
     "p", FW_SITE, false},
    {"heap_caps_realloc, other heap", by_other_heap, by_free, M(HEAP_CAPS_REALLOC), 60,
     MALLOC_CAP_SPIRAM, "p", FW_SITE, false},
    {"heap_caps_aligned_alloc", by_caps_aligned, by_caps_free, M(HEAP_CAPS_ALIGNED_ALLOC), 128,
     MALLOC_CAP_8BIT, NULL, FW_SITE, false},
    {"heap_caps_aligned_calloc", by_caps_acalloc, by_caps_free, M(HEAP_CAPS_ALIGNED_CALLOC), 100,
     MALLOC_CAP_8BIT, NULL, FW_SITE, false},
    {"IRAM", by_iram, by_caps_free, M(HEAP_CAPS_MALLOC), 10, MALLOC_CAP_EXEC | MALLOC_CAP_32BIT,
     NULL, FW_SITE, false},
    {"IRAM, calloc", by_iram_calloc, by_caps_free, M(HEAP_CAPS_CALLOC), 10, MALLOC_CAP_32BIT, NULL,
     FW_SITE, false},
    {"malloc_prefer 1", by_prefer_1, by_free, M(HEAP_CAPS_MALLOC_PREFER), 81, INTERNAL8, NULL,
     FW_SITE, false},
    {"malloc_prefer 2", by_prefer_2, by_free, M(HEAP_CAPS_MALLOC_PREFER), 82, MALLOC_CAP_SPIRAM,
     NULL, FW_SITE, false},
    {"malloc_prefer, the first", by_prefer_first, by_free, M(HEAP_CAPS_MALLOC_PREFER), 85,
     MALLOC_CAP_SPIRAM, NULL, FW_SITE, false},
    {"calloc_prefer 3", by_prefer_3, by_free, M(HEAP_CAPS_CALLOC_PREFER), 84, MALLOC_CAP_DMA, NULL,
     FW_SITE, false},
    {"realloc_prefer 4", by_prefer_4, by_free, M(HEAP_CAPS_REALLOC_PREFER), 86, INTERNAL8, "NULL",
     FW_SITE, false},
    {"realloc_prefer, moved", by_prefer_realloc, by_free, M(HEAP_CAPS_REALLOC_PREFER), 900,
     MALLOC_CAP_SPIRAM, "p", FW_SITE, false},
#if ESP_WRAPPED
    {"memalign", by_memalign, by_free, M(MEMALIGN), 48, L, NULL, false, false},
    {"posix_memalign", by_posix_memalign, by_free, M(POSIX_MEMALIGN), 200, L, NULL, false, false},
    {"pvPortMalloc", by_pv, vPortFree, M(HEAP_CAPS_MALLOC), 77, INTERNAL8, NULL, false, true},
#endif
};
const size_t fw_plain_count = sizeof(fw_plain) / sizeof(fw_plain[0]);

#if !ESP_WRAPPED
/* Not redirected: nobody sees these. */
void *(*const fw_unseen[])(void) = {by_memalign, by_posix_memalign, by_pv};
#endif
