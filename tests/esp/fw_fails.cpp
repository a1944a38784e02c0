/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Every way to ask for too much. */
#include <cstdlib>
#include <malloc.h>
#include <new>
#include <string.h>

#include "fw_fails.h"
#include "heaptrail_site.h"

#define TOO_MUCH (static_cast<size_t>(40) << 20)
#define CAPS (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)
#define LIBC (MALLOC_CAP_DEFAULT | MALLOC_CAP_INTERNAL)

extern "C" {
void *volatile fw_old; /* the block that a realloc() starts from */
static volatile size_t s_much = TOO_MUCH;

FW static void *by_malloc()
{
    return malloc(s_much);
}
FW static void *by_calloc()
{
    return calloc(s_much, 1);
}
FW static void *by_realloc()
{
    return realloc(fw_old, s_much);
}
FW static void *by_aligned_alloc()
{
    return aligned_alloc(32, s_much);
}
FW static void *by_memalign()
{
    return memalign(64, s_much);
}
FW static void *by_caps_malloc()
{
    return heap_caps_malloc(s_much, CAPS);
}
FW static void *by_caps_calloc()
{
    return heap_caps_calloc(s_much, 1, CAPS);
}
FW static void *by_caps_realloc()
{
    return heap_caps_realloc(fw_old, s_much, CAPS);
}
FW static void *by_caps_aligned()
{
    return heap_caps_aligned_alloc(128, s_much, CAPS);
}
FW static void *by_caps_acalloc()
{
    return heap_caps_aligned_calloc(16, 1, s_much, CAPS);
}
FW static void *by_prefer()
{
    return heap_caps_malloc_prefer(s_much, 2, MALLOC_CAP_PID2, CAPS);
}
FW static void *by_calloc_prefer()
{
    return heap_caps_calloc_prefer(1, s_much, 2, MALLOC_CAP_PID2, CAPS);
}
FW static void *by_realloc_prefer()
{
    return heap_caps_realloc_prefer(fw_old, s_much, 1, CAPS);
}
FW static void *by_nothrow()
{
    return ::operator new(s_much, std::nothrow);
}
FW static void *by_nothrow_array()
{
    return ::operator new[](s_much, std::nothrow);
}
FW static void *by_macro()
{
    return HEAPTRAIL_HEAP_CAPS_MALLOC(s_much, CAPS);
}

FW static void *by_posix_memalign()
{
    void *p = nullptr;
    return posix_memalign(&p, 64, s_much) == 0 ? p : nullptr;
}

#define M(name) HEAPTRAIL_METHOD_##name
extern const fw_fail_t fw_fails[] = {
    {"malloc", by_malloc, M(MALLOC), LIBC, 0, false},
    {"calloc", by_calloc, M(CALLOC), LIBC, 0, false},
    {"realloc", by_realloc, M(REALLOC), LIBC, 0, false},
    {"aligned_alloc", by_aligned_alloc, M(ALIGNED_ALLOC), LIBC, 32, false},
    {"memalign", by_memalign, M(MEMALIGN), LIBC, 64, false},
    {"posix_memalign", by_posix_memalign, M(POSIX_MEMALIGN), LIBC, 64, false},
    {"heap_caps_malloc", by_caps_malloc, M(HEAP_CAPS_MALLOC), CAPS, 0, false},
    {"heap_caps_calloc", by_caps_calloc, M(HEAP_CAPS_CALLOC), CAPS, 0, false},
    {"heap_caps_realloc", by_caps_realloc, M(HEAP_CAPS_REALLOC), CAPS, 0, false},
    {"heap_caps_aligned_alloc", by_caps_aligned, M(HEAP_CAPS_ALIGNED_ALLOC), CAPS, 128, false},
    {"heap_caps_aligned_calloc", by_caps_acalloc, M(HEAP_CAPS_ALIGNED_CALLOC), CAPS, 16, false},
    {"malloc_prefer", by_prefer, M(HEAP_CAPS_MALLOC_PREFER), CAPS, 0, false},
    {"calloc_prefer", by_calloc_prefer, M(HEAP_CAPS_CALLOC_PREFER), CAPS, 0, false},
    {"realloc_prefer", by_realloc_prefer, M(HEAP_CAPS_REALLOC_PREFER), CAPS, 0, false},
    {"new", by_nothrow, M(NEW), LIBC, 0, false},
    {"new[]", by_nothrow_array, M(NEW_ARRAY), LIBC, 0, false},
    {"macro", by_macro, M(HEAP_CAPS_MALLOC), CAPS, 0, true},
};
extern const size_t fw_fails_count = sizeof(fw_fails) / sizeof(fw_fails[0]);
extern const size_t fw_too_much = TOO_MUCH;
}
