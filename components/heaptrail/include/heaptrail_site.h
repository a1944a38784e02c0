/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file heaptrail_site.h
 * Allocations that know their file, line, function and variable, with no host tool.
 *
 *     char *rx = HEAPTRAIL_MALLOC(512);
 *     HEAPTRAIL_MALLOC_TO(ctx->rx, 512);       // records the variable's name, "ctx->rx", too
 *
 * Each use makes a constant descriptor in flash (5 words) and a reference in RAM (3 words). An
 * allocation made here and seen again by the link-time wrap is recorded once. To do this to code
 * that you do not want to edit, see heaptrail_redirect.h.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "heaptrail_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @{ */
/**
 * As the functions of the same name, recorded at a site. `ref` may be NULL: then the caller's
 * address is recorded. Callable wherever the function of
 * that name is, but not with the flash cache off: they lie in flash.
 */
void *heaptrail_malloc(heaptrail_site_ref_t *ref, size_t size);
void *heaptrail_calloc(heaptrail_site_ref_t *ref, size_t n, size_t size);
void *heaptrail_realloc(heaptrail_site_ref_t *ref, void *ptr, size_t size);
void *heaptrail_aligned_alloc(heaptrail_site_ref_t *ref, size_t alignment, size_t size);
void *heaptrail_memalign(heaptrail_site_ref_t *ref, size_t alignment, size_t size);
int heaptrail_posix_memalign(heaptrail_site_ref_t *ref, void **out, size_t alignment, size_t size);
char *heaptrail_strdup(heaptrail_site_ref_t *ref, const char *s);
char *heaptrail_strndup(heaptrail_site_ref_t *ref, const char *s, size_t n);
void heaptrail_free(void *ptr);

void *heaptrail_heap_caps_malloc(heaptrail_site_ref_t *ref, size_t size, uint32_t caps);
void *heaptrail_heap_caps_calloc(heaptrail_site_ref_t *ref, size_t n, size_t size, uint32_t caps);
void *heaptrail_heap_caps_realloc(heaptrail_site_ref_t *ref, void *ptr, size_t size, uint32_t caps);
void *heaptrail_heap_caps_aligned_alloc(heaptrail_site_ref_t *ref, size_t alignment, size_t size,
                                        uint32_t caps);
void *heaptrail_heap_caps_aligned_calloc(heaptrail_site_ref_t *ref, size_t alignment, size_t n,
                                         size_t size, uint32_t caps);
/** The `num` capabilities that follow are uint32_t, at most 8 (more are not tried), as in ESP-IDF.
 */
void *heaptrail_heap_caps_malloc_prefer(heaptrail_site_ref_t *ref, size_t size, size_t num, ...);
void *heaptrail_heap_caps_calloc_prefer(heaptrail_site_ref_t *ref, size_t n, size_t size,
                                        size_t num, ...);
void *heaptrail_heap_caps_realloc_prefer(heaptrail_site_ref_t *ref, void *ptr, size_t size,
                                         size_t num, ...);
void heaptrail_heap_caps_free(void *ptr);
/** @} */

#ifdef __cplusplus
}
#endif

/** A reference to a descriptor of the place where this stands. A GNU statement expression, C and
 * C++. */
#define HEAPTRAIL_SITE(method_, variable_)                                                         \
    (__extension__({                                                                               \
        static const heaptrail_site_t heaptrail_site_ = {__FILE__, __func__, (variable_),          \
                                                         __LINE__, (method_)};                     \
        static heaptrail_site_ref_t heaptrail_ref_ = {&heaptrail_site_, 0, (method_)};             \
        &heaptrail_ref_;                                                                           \
    }))

/** @{ */
/** As the function of that name, recorded with the file, line and function where it stands. */
#define HEAPTRAIL_MALLOC(size)                                                                     \
    heaptrail_malloc(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_MALLOC, NULL), (size))
#define HEAPTRAIL_CALLOC(n, size)                                                                  \
    heaptrail_calloc(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_CALLOC, NULL), (n), (size))
#define HEAPTRAIL_REALLOC(ptr, size)                                                               \
    heaptrail_realloc(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_REALLOC, #ptr), (ptr), (size))
#define HEAPTRAIL_STRDUP(s) heaptrail_strdup(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_STRDUP, NULL), (s))
#define HEAPTRAIL_STRNDUP(s, n)                                                                    \
    heaptrail_strndup(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_STRNDUP, NULL), (s), (n))
#define HEAPTRAIL_FREE(ptr) heaptrail_free(ptr)
#define HEAPTRAIL_HEAP_CAPS_MALLOC(size, caps)                                                     \
    heaptrail_heap_caps_malloc(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, NULL), (size),    \
                               (caps))
#define HEAPTRAIL_HEAP_CAPS_CALLOC(n, size, caps)                                                  \
    heaptrail_heap_caps_calloc(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_CALLOC, NULL), (n),       \
                               (size), (caps))
#define HEAPTRAIL_HEAP_CAPS_REALLOC(ptr, size, caps)                                               \
    heaptrail_heap_caps_realloc(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC, #ptr), (ptr),   \
                                (size), (caps))

/** @} */

/** @{ */
/** The same, storing the result in `variable` and recording what it is called. */
#define HEAPTRAIL_MALLOC_TO(variable, size)                                                        \
    ((variable) = (__typeof__(variable))heaptrail_malloc(                                          \
         HEAPTRAIL_SITE(HEAPTRAIL_METHOD_MALLOC, #variable), (size)))
#define HEAPTRAIL_CALLOC_TO(variable, n, size)                                                     \
    ((variable) = (__typeof__(variable))heaptrail_calloc(                                          \
         HEAPTRAIL_SITE(HEAPTRAIL_METHOD_CALLOC, #variable), (n), (size)))
#define HEAPTRAIL_STRDUP_TO(variable, s)                                                           \
    ((variable) = heaptrail_strdup(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_STRDUP, #variable), (s)))
#define HEAPTRAIL_HEAP_CAPS_MALLOC_TO(variable, size, caps)                                        \
    ((variable) = (__typeof__(variable))heaptrail_heap_caps_malloc(                                \
         HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, #variable), (size), (caps)))
#define HEAPTRAIL_HEAP_CAPS_CALLOC_TO(variable, n, size, caps)                                     \
    ((variable) = (__typeof__(variable))heaptrail_heap_caps_calloc(                                \
         HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_CALLOC, #variable), (n), (size), (caps)))
/** @} */
