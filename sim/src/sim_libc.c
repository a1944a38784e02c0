// SPDX-License-Identifier: Apache-2.0
/* newlib's allocator on the chip, on top of the capability heap (see sim_redirect.h). */
#include "esp_heap_caps.h"
#include "heap_private.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void *sim_malloc(size_t size)
{
    return heap_caps_malloc_default(size);
}

void *sim_calloc(size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) { return NULL; }
    void *p = heap_caps_malloc_default(bytes);
    if (p) { memset(p, 0, bytes); }
    return p;
}

void *sim_realloc(void *p, size_t size)
{
    return heap_caps_realloc_default(p, size);
}

void sim_free(void *p)
{
    heap_caps_free(p);
}

void sim_cfree(void *p)
{
    sim_free(p);
}

void *sim_memalign(size_t alignment, size_t size)
{
    return heap_caps_aligned_alloc_default(alignment, size);
}

void *sim_aligned_alloc(size_t alignment, size_t size)
{
    return heap_caps_aligned_alloc_default(alignment, size);
}

int sim_posix_memalign(void **out, size_t alignment, size_t size)
{
    void *p = NULL;
    if (size != 0) {
        p = heap_caps_aligned_alloc_default(alignment, size);
        if (p == NULL) { return ENOMEM; }
    }
    *out = p;
    return 0;
}

size_t sim_malloc_usable_size(void *p)
{
    (void)p;
    return 0; /* newlib on the chip has no answer */
}

char *sim_strndup(const char *s, size_t n)
{
    size_t length = strnlen(s, n);
    char *copy = sim_malloc(length + 1);
    if (copy) {
        memcpy(copy, s, length);
        copy[length] = '\0';
    }
    return copy;
}

char *sim_strdup(const char *s)
{
    return sim_strndup(s, strlen(s));
}

__attribute__((format(printf, 2, 0))) int sim_vasprintf(char **out, const char *format,
                                                        va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    *out = length < 0 ? NULL : sim_malloc((size_t)length + 1);
    return *out ? vsnprintf(*out, (size_t)length + 1, format, args) : -1;
}

int sim_asprintf(char **out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = sim_vasprintf(out, format, args);
    va_end(args);
    return length;
}
