/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file heaptrail_redirect.h
 * Opt-in: turns the plain allocation calls of a source file into recording ones, without editing
 * them.
 *
 * For ESP-IDF (it includes esp_heap_caps.h); on Linux use heaptrail_site.h or the preload library.
 *
 * Include it last in a file, or give it to a whole component:
 *
 *     target_compile_options(${COMPONENT_LIB} PRIVATE -include heaptrail_redirect.h)
 *
 * Records file, line and function; realloc() names its pointer, the others know no variable (the
 * ..._TO macros of heaptrail_site.h do). Function-like macros: taking the address of malloc, or a
 * member called free, is left alone; a member function called with parentheses (list.free(x)) is
 * not, so in C++ prefer the link-time wrap. In C++ the functions of cstdlib keep their names.
 */
#pragma once

/* First, so that their declarations are not turned. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "esp_heap_caps.h"
#include "heaptrail_site.h"

#ifndef __cplusplus

#undef malloc
#undef calloc
#undef realloc
#undef free
#undef strdup
#undef strndup
#undef aligned_alloc

/** @{ */
/** The function of that name, recorded with the file, line and function of the call. */
#define malloc(size) heaptrail_malloc(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_MALLOC, NULL), (size))
#define calloc(n, size) heaptrail_calloc(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_CALLOC, NULL), (n), (size))
#define realloc(ptr, size)                                                                         \
    heaptrail_realloc(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_REALLOC, #ptr), (ptr), (size))
#define free(ptr) heaptrail_free(ptr)
#define strdup(s) heaptrail_strdup(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_STRDUP, NULL), (s))
#define strndup(s, n) heaptrail_strndup(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_STRNDUP, NULL), (s), (n))
#define aligned_alloc(alignment, size)                                                             \
    heaptrail_aligned_alloc(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_ALIGNED_ALLOC, NULL), (alignment),     \
                            (size))
/** @} */

#endif

/** @{ */
/** ESP-IDF's function of that name, recorded with the file, line and function of the call. */
#define heap_caps_malloc(size, caps)                                                               \
    heaptrail_heap_caps_malloc(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC, NULL), (size),    \
                               (caps))
#define heap_caps_calloc(n, size, caps)                                                            \
    heaptrail_heap_caps_calloc(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_CALLOC, NULL), (n),       \
                               (size), (caps))
#define heap_caps_realloc(ptr, size, caps)                                                         \
    heaptrail_heap_caps_realloc(HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC, #ptr), (ptr),   \
                                (size), (caps))
#define heap_caps_aligned_alloc(alignment, size, caps)                                             \
    heaptrail_heap_caps_aligned_alloc(                                                             \
        HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_ALIGNED_ALLOC, NULL), (alignment), (size),       \
        (caps))
#define heap_caps_aligned_calloc(alignment, n, size, caps)                                         \
    heaptrail_heap_caps_aligned_calloc(                                                            \
        HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_ALIGNED_CALLOC, NULL), (alignment), (n), (size), \
        (caps))
#define heap_caps_malloc_prefer(size, ...)                                                         \
    heaptrail_heap_caps_malloc_prefer(                                                             \
        HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC_PREFER, NULL), (size), __VA_ARGS__)
#define heap_caps_calloc_prefer(n, size, ...)                                                      \
    heaptrail_heap_caps_calloc_prefer(                                                             \
        HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_CALLOC_PREFER, NULL), (n), (size), __VA_ARGS__)
#define heap_caps_realloc_prefer(ptr, size, ...)                                                   \
    heaptrail_heap_caps_realloc_prefer(                                                            \
        HEAPTRAIL_SITE(HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC_PREFER, #ptr), (ptr), (size),            \
        __VA_ARGS__)
#define heap_caps_free(ptr) heaptrail_heap_caps_free(ptr)
/** @} */
