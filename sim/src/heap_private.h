// SPDX-License-Identifier: Apache-2.0
/** What the objects of the heap share. Not for firmware. */
#pragma once

#include "freertos/FreeRTOS.h"
#include "multi_heap.h"
#include "sim.h"
#include "soc/soc_caps.h"
#include <stdint.h>
#include <sys/queue.h>

/** The longest request that is looked at: the largest contiguous region of the chip's map. */
#define HEAP_SIZE_MAX ((size_t)0x2000000)

typedef struct sim_heap {
    uint32_t caps[SOC_MEMORY_TYPE_NO_PRIOS]; /* highest priority first */
    intptr_t start;
    intptr_t end;
    portMUX_TYPE mux;
    multi_heap_handle_t heap;
    sim_region_id_t region;
    SLIST_ENTRY(sim_heap) next;
} sim_heap_t;

extern SLIST_HEAD(sim_heap_list, sim_heap) sim_heaps;

static inline uint32_t heap_all_caps(const sim_heap_t *heap)
{
    uint32_t all = 0;
    for (int prio = 0; prio < SOC_MEMORY_TYPE_NO_PRIOS; prio++) {
        all |= heap->caps[prio];
    }
    return all;
}

static inline bool heap_matches(const sim_heap_t *heap, uint32_t caps)
{
    return (heap_all_caps(heap) & caps) == caps;
}

static inline sim_heap_t *heap_containing(const void *ptr)
{
    intptr_t p = (intptr_t)ptr;
    sim_heap_t *heap;
    SLIST_FOREACH(heap, &sim_heaps, next)
    {
        if (p >= heap->start && p < heap->end) { return heap; }
    }
    return NULL;
}

/* The base functions: the only ones that --wrap has to catch. */
void *heap_caps_malloc_base(size_t size, uint32_t caps);
void *heap_caps_calloc_base(size_t n, size_t size, uint32_t caps);
void *heap_caps_realloc_base(void *ptr, size_t size, uint32_t caps);
void *heap_caps_aligned_alloc_base(size_t alignment, size_t size, uint32_t caps);

void *heap_caps_malloc_default(size_t size);
void *heap_caps_realloc_default(void *ptr, size_t size);
void *heap_caps_aligned_alloc_default(size_t alignment, size_t size);

/** Empties every heap and registers the regions with the sizes of `config` (NULL: defaults). */
void sim_heap_boot(const sim_config_t *config);
/** Takes the failed-allocation callback for boot state. */
void sim_heap_caps_keep(void);
/** Back to boot state: failed-allocation callback, PSRAM limit. */
void sim_heap_caps_reset(void);

/** Prints and ends the process, or calls the panic handler. */
void sim_panic(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#if SIM_BARE
#define SIM_FAULT(size, caps) false
#define SIM_COUNT(heap, what) ((void)0)
#else
/** True when the test wants this attempt to fail. */
bool sim_fault_hits(size_t size, uint32_t caps);
enum { SIM_COUNT_ALLOCATION, SIM_COUNT_FREE, SIM_COUNT_FAILURE };
void sim_region_count(sim_region_id_t id, int what);
#define SIM_FAULT(size, caps) sim_fault_hits((size), (caps))
#define SIM_COUNT(heap, what) sim_region_count((heap)->region, SIM_COUNT_##what)
#endif
