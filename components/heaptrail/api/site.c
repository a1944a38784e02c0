/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The functions behind the macros, for libc's allocators. Each says where it is called from, calls
 * the real function, and records the block only if nothing below it did (no link-time wrap).
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "ht_site.h"

#define CALLER ((uintptr_t)__builtin_return_address(0))

void *heaptrail_malloc(heaptrail_site_ref_t *ref, size_t size)
{
    ht_scope_t scope;
    ht_site_enter(&scope, ref, CALLER, HEAPTRAIL_METHOD_MALLOC);
    return ht_site_made(&scope, malloc(size), size, HT_CAPS_DEFAULT);
}

void *heaptrail_calloc(heaptrail_site_ref_t *ref, size_t n, size_t size)
{
    ht_scope_t scope;
    ht_site_enter(&scope, ref, CALLER, HEAPTRAIL_METHOD_CALLOC);
    return ht_site_made(&scope, calloc(n, size), ht_site_bytes(n, size), HT_CAPS_DEFAULT);
}

void *heaptrail_realloc(heaptrail_site_ref_t *ref, void *ptr, size_t size)
{
    ht_scope_t scope;
    ht_site_enter(&scope, ref, CALLER, HEAPTRAIL_METHOD_REALLOC);
    if (ht_port_is_wrapped()) {
        void *same = realloc(ptr, size);
        ht_scope_leave(ht_default(), &scope, same);
        return same;
    }
    if (ptr != NULL && size == 0) { /* whatever libc makes of it, the old block ends */
        ht_on_free(ptr);
        return ht_site_made(&scope, realloc(ptr, 0), 0, HT_CAPS_DEFAULT);
    }
    ht_hold_t hold = ht_on_realloc(ptr);
    void *made = realloc(ptr, size);
    return ht_site_realloced(&scope, hold, made, size, HT_CAPS_DEFAULT);
}

void *heaptrail_aligned_alloc(heaptrail_site_ref_t *ref, size_t alignment, size_t size)
{
    ht_scope_t scope;
    ht_site_enter(&scope, ref, CALLER, HEAPTRAIL_METHOD_ALIGNED_ALLOC);
    scope.alignment = alignment;
    return ht_site_made(&scope, aligned_alloc(alignment, size), size, HT_CAPS_DEFAULT);
}

void *heaptrail_memalign(heaptrail_site_ref_t *ref, size_t alignment, size_t size)
{
    ht_scope_t scope;
    ht_site_enter(&scope, ref, CALLER, HEAPTRAIL_METHOD_MEMALIGN);
    scope.alignment = alignment;
    return ht_site_made(&scope, memalign(alignment, size), size, HT_CAPS_DEFAULT);
}

int heaptrail_posix_memalign(heaptrail_site_ref_t *ref, void **out, size_t alignment, size_t size)
{
    if (out == NULL) { return EINVAL; }
    ht_scope_t scope;
    ht_site_enter(&scope, ref, CALLER, HEAPTRAIL_METHOD_POSIX_MEMALIGN);
    scope.alignment = alignment;
    void *made = NULL;
    int err = posix_memalign(&made, alignment, size);
    if (err == 0) { *out = made; }
    (void)ht_site_made(&scope, made, size, HT_CAPS_DEFAULT);
    return err;
}

char *heaptrail_strdup(heaptrail_site_ref_t *ref, const char *s)
{
    if (s == NULL) { return NULL; }
    ht_scope_t scope;
    ht_site_enter(&scope, ref, CALLER, HEAPTRAIL_METHOD_STRDUP);
    size_t size = strlen(s) + 1;
    char *copy = malloc(size);
    if (copy != NULL) { memcpy(copy, s, size); }
    return ht_site_made(&scope, copy, size, HT_CAPS_DEFAULT);
}

char *heaptrail_strndup(heaptrail_site_ref_t *ref, const char *s, size_t n)
{
    if (s == NULL) { return NULL; }
    ht_scope_t scope;
    ht_site_enter(&scope, ref, CALLER, HEAPTRAIL_METHOD_STRNDUP);
    size_t length = strnlen(s, n);
    char *copy = malloc(length + 1);
    if (copy != NULL) {
        memcpy(copy, s, length);
        copy[length] = '\0';
    }
    return ht_site_made(&scope, copy, length + 1, HT_CAPS_DEFAULT);
}

void heaptrail_free(void *ptr)
{
    if (ptr != NULL && !ht_port_is_wrapped()) { ht_on_free(ptr); }
    free(ptr);
}
