// SPDX-License-Identifier: Apache-2.0
/* The functions that every allocation of the firmware passes exactly once. They have an object file
 * of their own, as on the chip: --wrap catches the calls that come from other objects, and does not
 * catch those between functions of this file. */
#include "esp_heap_caps.h"
#include "heap_private.h"
#include <string.h>

#define UNALIGNED_BYTES 4
#define SIMD_ALIGNMENT_BYTES 16
#define DMA_DESCRIPTOR (MALLOC_CAP_DMA_DESC_AHB | MALLOC_CAP_DMA_DESC_AXI)
#define NEEDS_ALIGNMENT                                                                            \
    (MALLOC_CAP_DMA | MALLOC_CAP_CACHE_ALIGNED | MALLOC_CAP_SIMD | DMA_DESCRIPTOR)

/* As ESP-IDF calls them: after every allocation, also one in place; after the free. */
#ifdef CONFIG_HEAP_USE_HOOKS
#define CALL_HOOK(hook, ...)                                                                       \
    do {                                                                                           \
        if (hook) { hook(__VA_ARGS__); }                                                           \
    } while (0)
#else
#define CALL_HOOK(hook, ...)                                                                       \
    do {                                                                                           \
    } while (0)
#endif

static inline size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* PSRAM buffers that DMA may use start and end on cache lines; internal RAM of this chip is not
 * cached. As ESP-IDF's esp_heap_adjust_alignment_to_hw() for this chip. */
static inline void adjust_to_hardware(size_t *alignment, size_t *size, uint32_t *caps)
{
    if ((*caps & NEEDS_ALIGNMENT) == 0 || *size > HEAP_SIZE_MAX) { return; }
    size_t align = *alignment;
    if (*caps & MALLOC_CAP_SPIRAM) { align = larger(align, CONFIG_ESP32S3_DATA_CACHE_LINE_SIZE); }
    if (*caps & MALLOC_CAP_SIMD) { align = larger(align, SIMD_ALIGNMENT_BYTES); }
    *alignment = align;
    *size = (*size + align - 1) & ~(align - 1);
    if (*caps & DMA_DESCRIPTOR) {
        *caps = (*caps & ~(uint32_t)DMA_DESCRIPTOR) | (uint32_t)MALLOC_CAP_DMA;
    }
    if (*caps & MALLOC_CAP_SPIRAM) { *caps &= ~(uint32_t)MALLOC_CAP_DMA; }
    *caps &= ~(uint32_t)MALLOC_CAP_CACHE_ALIGNED;
}

static inline void *take(sim_heap_t *heap, size_t alignment, size_t size)
{
    void *p = alignment <= UNALIGNED_BYTES
                  ? multi_heap_malloc(heap->heap, size)
                  : multi_heap_aligned_alloc_offs(heap->heap, size, alignment, 0);
    if (p) {
        SIM_COUNT(heap, ALLOCATION);
    } else {
        SIM_COUNT(heap, FAILURE);
    }
    return p;
}

/* Priority by priority, each heap that offers one of the capabilities there and all of them
 * somewhere. */
static void *allocate(size_t alignment, size_t size, uint32_t caps)
{
    adjust_to_hardware(&alignment, &size, &caps);
    if (size == 0 || size > HEAP_SIZE_MAX) { return NULL; }
    if (caps & MALLOC_CAP_EXEC) {
        if (caps & (MALLOC_CAP_8BIT | MALLOC_CAP_DMA)) { return NULL; }
        caps |= MALLOC_CAP_32BIT;
    }
    if (caps & MALLOC_CAP_32BIT) { size = (size + 3) & ~(size_t)3; }
    for (int prio = 0; prio < SOC_MEMORY_TYPE_NO_PRIOS; prio++) {
        sim_heap_t *heap;
        SLIST_FOREACH(heap, &sim_heaps, next)
        {
            if ((heap->caps[prio] & caps) != 0 && heap_matches(heap, caps)) {
                void *p = take(heap, alignment, size);
                if (p) {
                    CALL_HOOK(esp_heap_trace_alloc_hook, p, size, caps);
                    return p;
                }
            }
        }
    }
    return NULL;
}

NOINLINE_ATTR void *heap_caps_aligned_alloc_base(size_t alignment, size_t size, uint32_t caps)
{
    if (SIM_FAULT(size, caps)) { return NULL; }
    return allocate(alignment, size, caps);
}

NOINLINE_ATTR void *heap_caps_malloc_base(size_t size, uint32_t caps)
{
    return heap_caps_aligned_alloc_base(UNALIGNED_BYTES, size, caps);
}

NOINLINE_ATTR void *heap_caps_calloc_base(size_t n, size_t size, uint32_t caps)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) { return NULL; }
    void *p = heap_caps_malloc_base(bytes, caps);
    if (p) { memset(p, 0, bytes); }
    return p;
}

NOINLINE_ATTR void heap_caps_free(void *ptr)
{
    if (ptr == NULL) { return; }
    sim_heap_t *heap = heap_containing(ptr);
    if (heap == NULL) { sim_panic("free() target pointer %p is outside heap areas", ptr); }
    SIM_COUNT(heap, FREE);
    multi_heap_free(heap->heap, ptr);
    CALL_HOOK(esp_heap_trace_free_hook, ptr);
}

/* To a heap that has the capabilities, or because the block's own heap has no room. */
static void *move(sim_heap_t *from, void *ptr, size_t alignment, size_t size, uint32_t caps)
{
    void *moved = allocate(alignment, size, caps);
    if (moved) {
        size_t old_bytes = multi_heap_get_allocated_size(from->heap, ptr);
        memcpy(moved, ptr, old_bytes < size ? old_bytes : size);
        heap_caps_free(ptr);
    }
    return moved;
}

NOINLINE_ATTR void *heap_caps_realloc_base(void *ptr, size_t size, uint32_t caps)
{
    size_t alignment = UNALIGNED_BYTES;
    adjust_to_hardware(&alignment, &size, &caps);
    if (ptr == NULL) { return heap_caps_aligned_alloc_base(alignment, size, caps); }
    if (size == 0) {
        heap_caps_free(ptr);
        return NULL;
    }
    if (size > HEAP_SIZE_MAX || SIM_FAULT(size, caps)) { return NULL; }
    sim_heap_t *heap = heap_containing(ptr);
    if (heap == NULL) { sim_panic("realloc() pointer %p is outside heap areas", ptr); }
    if (heap_matches(heap, caps) && alignment <= UNALIGNED_BYTES) {
        void *r = multi_heap_realloc(heap->heap, ptr, size);
        if (r != NULL) {
            if (r != ptr) {
                SIM_COUNT(heap, ALLOCATION);
                SIM_COUNT(heap, FREE);
            }
            CALL_HOOK(esp_heap_trace_alloc_hook, r, size, caps);
            return r;
        }
    }
    return move(heap, ptr, alignment, size, caps);
}
