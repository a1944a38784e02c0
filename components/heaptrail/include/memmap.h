/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file memmap.h
 * The API that heaptrail began as. Firmware written for it compiles and works as before; what it
 * records is now heaptrail's table, so nothing is allocated to track, and cost does not grow.
 *
 * `debug_track_allocation` decides whether these functions name and list; the link-time wrap, where
 * it is on, tracks every block regardless. Both variables are weak: a firmware that defines them
 * keeps its own.
 *
 * Context: everything may be called with NULL, before the scheduler runs and from an ISR; what
 * prints or lists does nothing in an ISR.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "esp_heap_caps.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "heaptrail_site.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One allocation. Strings are never NULL in what this API hands out, and belong to nobody. */
typedef struct MemoryTraceInfo {
    char *file;
    int line;
    char *function;
    size_t size;   /**< bytes */
    char *method;  /**< "heap_caps_malloc", "heap_caps_calloc", ... */
    uint32_t caps; /**< MALLOC_CAP_* asked for */
    int failure;   /**< 1: the allocation failed */
    void *address;
    char *var_name; /**< "unknown" where no macro recorded it */
} MemoryTraceInfo;

/**
 * Guards listing and snapshots against each other. Made on first use (of static memory) when the
 * firmware did not make it. Not taken in an ISR, when the caller already holds it, or with the
 * scheduler suspended; when it cannot be had in a second, the work is done without it: the table
 * has a lock of its own.
 */
extern SemaphoreHandle_t memorySemaphore;

/** True: allocations made through this API are named and listed. False (the default): they are
 * plain. */
extern bool debug_track_allocation;

/** @{ */
/** heap_caps_malloc() and so on, recorded at file:line function. A failure is logged. The strings
 * must last. */
void *traceable_heap_caps_malloc(size_t size, uint32_t caps, const char *file, int line,
                                 const char *function);
void *traceable_heap_caps_calloc(size_t n, size_t size, uint32_t caps, const char *file, int line,
                                 const char *function);
void *traceable_heap_caps_realloc(void *ptr, size_t size, uint32_t caps, const char *file, int line,
                                  const char *function);
/** @} */

/** @{ */
/** The same at a site that a macro made; what the macros below call. */
void *traceable_heap_caps_malloc_at(heaptrail_site_ref_t *ref, size_t size, uint32_t caps);
void *traceable_heap_caps_calloc_at(heaptrail_site_ref_t *ref, size_t n, size_t size,
                                    uint32_t caps);
void *traceable_heap_caps_realloc_at(heaptrail_site_ref_t *ref, void *ptr, size_t size,
                                     uint32_t caps);
/** @} */

/** Name a block: one of another allocator, or one that is known already (then it gets this name).
 */
void register_allocation(MemoryTraceInfo info);

/** Forget a block. It stays allocated. An unknown pointer is none of our business. */
void unregister_allocation(void *ptr);

/** Log a failed allocation (with all capability names) and the state of the heaps that have them.
 */
void log_memory_allocation(MemoryTraceInfo info);

/**
 * Zero the block (by stores that the compiler cannot drop; by words where the memory takes only
 * those), forget it, free it, and set *ptr to NULL. A pointer that is certainly no live block is
 * not freed: logged.
 */
void free_unregister_allocation(void **ptr);

/** Print every live allocation: address, capabilities, size, file, line, function, variable,
 * method. */
void list_allocations(void);

/**
 * Copy the live allocations into an array of `capacity` entries (may be 0, then `array` may be
 * NULL).
 * @return How many there are; more than capacity means that the rest did not fit.
 */
size_t snapshot_allocations(MemoryTraceInfo *array, size_t capacity);

/** Print free, largest free and minimum free bytes for every capability. */
void print_memory_info(const char *tag);

/**
 * All names in a mask, as in "MALLOC_CAP_8BIT MALLOC_CAP_INTERNAL ". Valid until four more calls
 * were made.
 */
char *get_memory_capability_name(uint32_t caps);

#ifdef __cplusplus
}
#endif

/** @{ */
/** ESP-IDF's function, recorded with the file, line and function of the call. */
#define TRACEABLE_HEAP_CAPS_MALLOC(size, caps)                                                     \
    traceable_heap_caps_malloc_at(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, NULL), (size), \
                                  (caps))
#define TRACEABLE_HEAP_CAPS_CALLOC(n, size, caps)                                                  \
    traceable_heap_caps_calloc_at(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_CALLOC, NULL), (n),    \
                                  (size), (caps))
#define TRACEABLE_HEAP_CAPS_REALLOC(ptr, size, caps)                                               \
    traceable_heap_caps_realloc_at(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC, #ptr),       \
                                   (ptr), (size), (caps))

#define TRACE_MALLOC(size, caps) TRACEABLE_HEAP_CAPS_MALLOC(size, caps)
#define TRACE_CALLOC(n, size, caps) TRACEABLE_HEAP_CAPS_CALLOC(n, size, caps)
#define TRACE_REALLOC(ptr, size, caps) TRACEABLE_HEAP_CAPS_REALLOC(ptr, size, caps)
/** @} */

/** @{ */
/** The same, storing the result in `variable` and recording what it is called. */
#define TRACE_MALLOC_VAR(variable, size, caps)                                                     \
    ((variable) = (__typeof__(variable))traceable_heap_caps_malloc_at(                             \
         HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, #variable), (size), (caps)))
#define TRACE_CALLOC_VAR(variable, n, size, caps)                                                  \
    ((variable) = (__typeof__(variable))traceable_heap_caps_calloc_at(                             \
         HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_CALLOC, #variable), (n), (size), (caps)))
/** @} */
/** `variable` keeps the old block when this fails, so: `if (!TRACE_REALLOC_VAR(p, size, caps))
 * ...`. */
#define TRACE_REALLOC_VAR(variable, size, caps)                                                    \
    (__extension__({                                                                               \
        __typeof__(variable) heaptrail_new_ =                                                      \
            (__typeof__(variable))traceable_heap_caps_realloc_at(                                  \
                HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC, #variable), (variable), (size), \
                (caps));                                                                           \
        if (heaptrail_new_ != NULL || (size) == 0) { (variable) = heaptrail_new_; }                \
        heaptrail_new_;                                                                            \
    }))
