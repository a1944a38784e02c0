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

#include "ht_checked.h"
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
size_t __real_malloc_usable_size(void *block);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);
void *__wrap_memalign(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);
size_t __wrap_malloc_usable_size(void *block);
void *__wrap_reallocarray(void *old, size_t n, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t max);

/* --- the heap below the tracker ----------------------------------------------------------------
 */

static void *raw_alloc(size_t size, uint32_t caps)
{
    (void)caps;
    return __real_malloc(size);
}

static void *raw_aligned_alloc(size_t alignment, size_t size, uint32_t caps)
{
    (void)caps;
    return __real_memalign(alignment, size);
}

static void *raw_realloc(void *block, size_t size, uint32_t caps)
{
    (void)caps;
    return __real_realloc(block, size);
}

const ht_raw_heap_t ht_port_raw_heap = {
    .alloc = raw_alloc,
    .aligned_alloc = raw_aligned_alloc,
    .realloc = raw_realloc,
    .free = __real_free,
};

/* --- requests ----------------------------------------------------------------------------------
 */

static void fail(const ht_request_t *request)
{
    if (request->size != 0) {
        ht_on_fail(request->size, request->alignment, HT_CAPS_DEFAULT, request->method,
                   request->caller);
    }
}

/* What is the same for all: a block made is recorded, a request that got none is a failure. */
static void *made(void *block, ht_request_t request)
{
    if (block != NULL) {
        ht_on_alloc(block, request.size, HT_CAPS_DEFAULT, request.method, request.caller);
    } else {
        fail(&request);
    }
    return block;
}

/* With checks. What is no alignment is left to libc, which has its own idea of it. */
static bool is_checked(size_t alignment)
{
    return ht_checking() && (alignment & (alignment - 1U)) == 0;
}

static void *checked(ht_request_t request)
{
    request.caps = HT_CAPS_DEFAULT;
    void *block = ht_checked_alloc(&request);
    if (block == NULL) {
        fail(&request);
        errno = ENOMEM;
    }
    return block;
}

static void *checked_realloc(void *old, ht_request_t request)
{
    bool refused = false;
    request.caps = HT_CAPS_DEFAULT;
    void *block = ht_checked_realloc(old, &request, NULL, &refused);
    if (block == NULL && !refused) {
        fail(&request);
        errno = ENOMEM;
    }
    return block;
}

/* --- the wraps ---------------------------------------------------------------------------------
 */

#define REQUEST(bytes, align, how)                                                                 \
    ((ht_request_t){.size = (bytes),                                                               \
                    .alignment = (align),                                                          \
                    .method = HEAPTRAIL_METHOD_##how,                                              \
                    .caller = CALLER})

void *__wrap_malloc(size_t size)
{
    if (ht_checking()) { return checked(REQUEST(size, 0, MALLOC)); }
    return made(__real_malloc(size), REQUEST(size, 0, MALLOC));
}

void *__wrap_calloc(size_t n, size_t size)
{
    size_t bytes;
    bool fits = !__builtin_mul_overflow(n, size, &bytes);
    if (!fits) { bytes = SIZE_MAX; }
    ht_request_t request = REQUEST(bytes, 0, CALLOC);
    request.zero = true;
    if (fits && ht_checking()) { return checked(request); }
    return made(__real_calloc(n, size), request);
}

static void *reallocate(void *old, ht_request_t request)
{
    if (ht_checking()) { return checked_realloc(old, request); }
    ht_hold_t hold = ht_on_realloc(old);
    void *block = __real_realloc(old, request.size);
    ht_on_realloced(hold, block, request.size, HT_CAPS_DEFAULT, request.method, request.caller);
    if (block == NULL) { fail(&request); }
    return block;
}

/* glibc's realloc(p, 0) frees and gives NULL. */
static void *reallocate_to_nothing(void *old, ht_request_t request)
{
    if (ht_checking()) {
        ht_checked_free(old, request.caller);
        return NULL;
    }
    ht_on_free(old);
    return made(__real_realloc(old, 0), request);
}

void *__wrap_realloc(void *old, size_t size)
{
    ht_request_t request = REQUEST(size, 0, REALLOC);
    return old != NULL && size == 0 ? reallocate_to_nothing(old, request)
                                    : reallocate(old, request);
}

/* Inside libc it would call a realloc() that is not redirected. */
void *__wrap_reallocarray(void *old, size_t n, size_t size)
{
    size_t bytes;
    bool fits = !__builtin_mul_overflow(n, size, &bytes);
    ht_request_t request = REQUEST(fits ? bytes : SIZE_MAX, 0, REALLOC);
    if (!fits) {
        fail(&request);
        errno = ENOMEM;
        return NULL;
    }
    return old != NULL && bytes == 0 ? reallocate_to_nothing(old, request)
                                     : reallocate(old, request);
}

void __wrap_free(void *block)
{
    if (ht_checking()) {
        ht_checked_free(block, CALLER);
        return;
    }
    if (block != NULL) { ht_on_free(block); }
    __real_free(block);
}

void *__wrap_memalign(size_t alignment, size_t size)
{
    if (is_checked(alignment)) { return checked(REQUEST(size, alignment, MEMALIGN)); }
    return made(__real_memalign(alignment, size), REQUEST(size, alignment, MEMALIGN));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    if (is_checked(alignment)) { return checked(REQUEST(size, alignment, ALIGNED_ALLOC)); }
    return made(__real_aligned_alloc(alignment, size), REQUEST(size, alignment, ALIGNED_ALLOC));
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t size)
{
    if (is_checked(alignment) && alignment >= sizeof(void *)) {
        int before = errno;
        void *block = checked(REQUEST(size, alignment, POSIX_MEMALIGN));
        errno = before;
        if (block == NULL) { return ENOMEM; }
        *out = block;
        return 0;
    }
    int err = __real_posix_memalign(out, alignment, size);
    if (err != EINVAL) { /* a wrong alignment is no lack of memory */
        made(err == 0 ? *out : NULL, REQUEST(size, alignment, POSIX_MEMALIGN));
    }
    return err;
}

size_t __wrap_malloc_usable_size(void *block)
{
    size_t bytes;
    if (block != NULL && ht_checking() && ht_checked_size(block, &bytes)) { return bytes; }
    return __real_malloc_usable_size(block);
}

/* `length` bytes and a zero. */
static char *copy(const char *text, size_t length, uint32_t method, uintptr_t caller)
{
    ht_request_t request = {.size = length + 1, .method = method, .caller = caller};
    char *block = ht_checking() ? checked(request) : made(__real_malloc(length + 1), request);
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
