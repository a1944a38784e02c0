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
HT_ENTRY(void *, realloc, (void *old, size_t size), (old, size), REALLOC, 0)
HT_ENTRY(void *, memalign, (size_t align, size_t size), (align, size), MEMALIGN, align)
HT_ENTRY(void *, aligned_alloc, (size_t align, size_t size), (align, size), ALIGNED_ALLOC, align)
HT_ENTRY(int, posix_memalign, (void **out, size_t align, size_t size), (out, align, size),
      POSIX_MEMALIGN, align)
HT_ENTRY(char *, strdup, (const char *s), (s), STRDUP, 0)
HT_ENTRY(char *, strndup, (const char *s, size_t n), (s, n), STRNDUP, 0)
