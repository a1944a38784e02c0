/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Who called libc's allocators; see ht_wrap_entry.h. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "ht_wrap_entry.h"

HT_ENTRY(void *, malloc, (size_t size), (size), MALLOC, 0)
HT_ENTRY(void *, calloc, (size_t n, size_t size), (n, size), CALLOC, 0)
HT_REALLOC_ENTRY(realloc, (void *old, size_t size), (old, size), REALLOC)
HT_ENTRY(void *, memalign, (size_t align, size_t size), (align, size), MEMALIGN, align)
HT_ENTRY(void *, aligned_alloc, (size_t align, size_t size), (align, size), ALIGNED_ALLOC, align)
HT_ENTRY(char *, strdup, (const char *s), (s), STRDUP, 0)
HT_ENTRY(char *, strndup, (const char *s, size_t n), (s, n), STRNDUP, 0)

int __real_posix_memalign(void **out, size_t align, size_t size);
int __wrap_posix_memalign(void **out, size_t align, size_t size);

HT_PORT_HOT int __wrap_posix_memalign(void **out, size_t align, size_t size)
{
    ht_scope_t scope;
    ht_entry_enter(&scope, HEAPTRAIL_METHOD_POSIX_MEMALIGN, align, HT_CALLER);
    int err = __real_posix_memalign(out, align, size);
    ht_scope_leave(&ht_default_tracker, &scope, err == 0 ? *out : NULL);
    return err;
}
