/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * One allocation by every way that ESP-IDF offers. Each must be seen once, with the size asked for,
 * and be gone after its free(). Prints a line per way and "N passed, N failed".
 */
#include "every_way.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esp_heap_caps.h"
#include "heaptrail.h"
#include "sdkconfig.h"

#define BYTES 100
#define CAPS MALLOC_CAP_DEFAULT

typedef struct {
    const char *name;
    size_t bytes;
    void *(*make)(void);
    void (*unmake)(void *block);
} way_t;

static void *way_malloc(void)
{
    return malloc(BYTES);
}

static void *way_calloc(void)
{
    return calloc(10, BYTES / 10);
}

static void *way_realloc(void)
{
    return realloc(NULL, BYTES);
}

static void *way_realloc_larger(void)
{
    return realloc(malloc(8), BYTES);
}

static void *way_realloc_smaller(void)
{
    return realloc(malloc(2000), BYTES);
}

static void *way_strdup(void)
{
    return strdup("seven..");
}

static void *way_strndup(void)
{
    return strndup("seven and more", 7);
}

static void *way_aligned_alloc(void)
{
    return aligned_alloc(32, BYTES + 28);
}

static void *way_memalign(void)
{
    return memalign(32, BYTES);
}

static void *way_posix_memalign(void)
{
    void *block = NULL;
    return posix_memalign(&block, 32, BYTES) == 0 ? block : NULL;
}

#ifndef CONFIG_IDF_TARGET_LINUX /* there they are libc's, and come last in ESP-IDF's own object    \
                                   file */
static void *way_caps_malloc(void)
{
    return heap_caps_malloc(BYTES, CAPS);
}

static void *way_caps_calloc(void)
{
    return heap_caps_calloc(10, BYTES / 10, CAPS);
}

static void *way_caps_realloc(void)
{
    return heap_caps_realloc(heap_caps_malloc(8, CAPS), BYTES, CAPS);
}

static void *way_caps_aligned_alloc(void)
{
    return heap_caps_aligned_alloc(64, BYTES, CAPS);
}

static void *way_caps_aligned_calloc(void)
{
    return heap_caps_aligned_calloc(64, 10, BYTES / 10, CAPS);
}

static void *way_caps_malloc_prefer(void)
{
    return heap_caps_malloc_prefer(BYTES, 2, MALLOC_CAP_SPIRAM, CAPS);
}

static void *way_caps_calloc_prefer(void)
{
    return heap_caps_calloc_prefer(10, BYTES / 10, 2, MALLOC_CAP_SPIRAM, CAPS);
}

static void *way_caps_realloc_prefer(void)
{
    return heap_caps_realloc_prefer(malloc(8), BYTES, 2, MALLOC_CAP_SPIRAM, CAPS);
}
#endif

static const way_t s_ways[] = {
    {"malloc", BYTES, way_malloc, free},
    {"calloc", BYTES, way_calloc, free},
    {"realloc of NULL", BYTES, way_realloc, free},
    {"realloc, larger", BYTES, way_realloc_larger, free},
    {"realloc, smaller", BYTES, way_realloc_smaller, free},
    {"strdup", 8, way_strdup, free},
    {"strndup", 8, way_strndup, free},
    {"aligned_alloc", BYTES + 28, way_aligned_alloc, free},
    {"memalign", BYTES, way_memalign, free},
    {"posix_memalign", BYTES, way_posix_memalign, free},
#ifndef CONFIG_IDF_TARGET_LINUX
    {"new", 4, way_new, way_delete},
    {"new[]", 32, way_new_array, way_delete_array},
    {"heap_caps_malloc", BYTES, way_caps_malloc, heap_caps_free},
    {"heap_caps_calloc", BYTES, way_caps_calloc, heap_caps_free},
    {"heap_caps_realloc", BYTES, way_caps_realloc, heap_caps_free},
    {"heap_caps_aligned_alloc", BYTES, way_caps_aligned_alloc, heap_caps_free},
    {"heap_caps_aligned_calloc", BYTES, way_caps_aligned_calloc, heap_caps_free},
    {"heap_caps_malloc_prefer", BYTES, way_caps_malloc_prefer, heap_caps_free},
    {"heap_caps_calloc_prefer", BYTES, way_caps_calloc_prefer, heap_caps_free},
    {"heap_caps_realloc_prefer", BYTES, way_caps_realloc_prefer, heap_caps_free},
#endif
};

static uint32_t live_blocks(void)
{
    heaptrail_status_t status;
    return heaptrail_status(&status) == ESP_OK ? status.live_blocks : UINT32_MAX;
}

/* NULL, or what is wrong. */
static const char *try_way(const way_t *way)
{
    heaptrail_block_row_t row;
    uint32_t before = live_blocks();
    void *block = way->make();
    if (block == NULL) { return "no memory"; }
    esp_err_t found = heaptrail_whois(block, &row, NULL);
    uint32_t during = live_blocks();
    way->unmake(block);
    if (found != ESP_OK) { return "not seen"; }
    if (row.size_bytes != way->bytes) { return "seen with another size"; }
    if (during != before + 1) { return "not counted once"; }
    if (heaptrail_whois(block, &row, NULL) != ESP_ERR_NOT_FOUND) {
        return "still there after free";
    }
    return live_blocks() == before ? NULL : "the count is off after free";
}

void app_main(void)
{
    unsigned passed = 0;
    unsigned failed = 0;
    printf("warm-up\n"); /* stdio takes its buffers now */
    for (size_t i = 0; i < sizeof s_ways / sizeof s_ways[0]; i++) {
        const char *wrong = try_way(&s_ways[i]);
        printf("%-26s %s\n", s_ways[i].name, wrong == NULL ? "ok" : wrong);
        if (wrong == NULL) {
            passed++;
        } else {
            failed++;
        }
    }
    const char *wrong = heaptrail_check();
    if (wrong != NULL) {
        printf("heaptrail_check: %s\n", wrong);
        failed++;
    }
    printf("%u passed, %u failed\n", passed, failed);
    fflush(stdout);
#ifdef CONFIG_IDF_TARGET_LINUX
    exit(failed != 0);
#endif
}
