/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * libc's allocators, redirected to us by the linker (--wrap): on this target every heap_caps_*()
 * ends in them. Each records its block exactly once. strdup() and strndup() would call malloc()
 * inside libc, where the linker redirects nothing, so they are made here of a malloc() and a copy.
 * What libc allocates for itself stays unseen; so a free() of an unknown block is ordinary.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "ht_default.h"
#include "ht_port_wrap.h"
#include "ht_site.h"

#define CALLER ((uintptr_t)__builtin_return_address(0))

const char ht_port_wrap_marker = 1;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *block);
void *__real_memalign(size_t alignment, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **out, size_t alignment, size_t size);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);
void *__wrap_memalign(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t max);

/* What is the same for all: a block made is recorded, a request that got none is a failure. */
typedef struct {
    size_t size;
    size_t alignment; /* 0: none asked for */
    uint32_t method;
    uintptr_t caller;
} request_t;

static void *made(void *block, request_t request)
{
    if (block != NULL) {
        ht_on_alloc(block, request.size, HT_CAPS_DEFAULT, request.method, request.caller);
    } else if (request.size != 0) {
        ht_on_fail(request.size, request.alignment, HT_CAPS_DEFAULT, request.method,
                   request.caller);
    }
    return block;
}

void *__wrap_malloc(size_t size)
{
    return made(__real_malloc(size), (request_t){size, 0, HEAPTRAIL_METHOD_MALLOC, CALLER});
}

void *__wrap_calloc(size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) { bytes = SIZE_MAX; }
    return made(__real_calloc(n, size), (request_t){bytes, 0, HEAPTRAIL_METHOD_CALLOC, CALLER});
}

void *__wrap_realloc(void *old, size_t size)
{
    if (old != NULL && size == 0) { /* whatever libc makes of it, the old block ends */
        ht_on_free(old);
        return made(__real_realloc(old, 0), (request_t){0, 0, HEAPTRAIL_METHOD_REALLOC, CALLER});
    }
    ht_hold_t hold = ht_on_realloc(old);
    void *block = __real_realloc(old, size);
    ht_on_realloced(hold, block, size, HT_CAPS_DEFAULT, HEAPTRAIL_METHOD_REALLOC, CALLER);
    if (block == NULL && size != 0) {
        ht_on_fail(size, 0, HT_CAPS_DEFAULT, HEAPTRAIL_METHOD_REALLOC, CALLER);
    }
    return block;
}

void __wrap_free(void *block)
{
    if (block != NULL) { ht_on_free(block); }
    __real_free(block);
}

void *__wrap_memalign(size_t alignment, size_t size)
{
    return made(__real_memalign(alignment, size),
                (request_t){size, alignment, HEAPTRAIL_METHOD_MEMALIGN, CALLER});
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return made(__real_aligned_alloc(alignment, size),
                (request_t){size, alignment, HEAPTRAIL_METHOD_ALIGNED_ALLOC, CALLER});
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t size)
{
    int err = __real_posix_memalign(out, alignment, size);
    if (err != EINVAL) { /* a wrong alignment is no lack of memory */
        made(err == 0 ? *out : NULL,
             (request_t){size, alignment, HEAPTRAIL_METHOD_POSIX_MEMALIGN, CALLER});
    }
    return err;
}

/* `length` bytes and a zero. */
static char *copy(const char *text, size_t length, uint32_t method, uintptr_t caller)
{
    char *block = made(__real_malloc(length + 1), (request_t){length + 1, 0, method, caller});
    if (block != NULL) {
        memcpy(block, text, length);
        block[length] = '\0';
    }
    return block;
}

char *__wrap_strdup(const char *text)
{
    return copy(text, strlen(text), HEAPTRAIL_METHOD_STRDUP, CALLER);
}

char *__wrap_strndup(const char *text, size_t max)
{
    return copy(text, strnlen(text, max), HEAPTRAIL_METHOD_STRNDUP, CALLER);
}
