/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Who called: the functions that firmware calls to get memory, redirected to us by the linker (--wrap)
 * only to note the return address and the name of the function. They call the real one inside a scope
 * (ht_scope.h); ht_wrap_base.c, further down the same stack, finds it there.
 *
 * Without these, what the base functions see as their caller is heap_caps_malloc() or libc, never the
 * firmware's code.
 */
#include <stdarg.h>
#include <string.h>

#include "ht_default.h"
#include "ht_port_wrap.h"

#define CALLER ((uintptr_t)__builtin_return_address(0))

static inline void enter(ht_scope_t *scope, uint32_t method, size_t alignment, uintptr_t caller)
{
    ht_scope_enter(ht_default(), scope, NULL, caller, method);
    scope->alignment = alignment;
}

static inline void leave(ht_scope_t *scope)
{
    ht_scope_leave(ht_default(), scope);
}

/* One entry point: RESULT NAME PARAMETERS calls the real one with ARGUMENTS. */
#define ENTRY(result_t, name, parameters, arguments, method, alignment) \
    HT_WEAK result_t __real_##name parameters;                          \
    result_t __wrap_##name parameters;                                  \
    HT_PORT_HOT result_t __wrap_##name parameters                       \
    {                                                                   \
        ht_scope_t scope;                                               \
        enter(&scope, HEAPTRAIL_METHOD_##method, alignment, CALLER);    \
        result_t result = __real_##name arguments;                      \
        leave(&scope);                                                  \
        return result;                                                  \
    }

ENTRY(void *, malloc, (size_t size), (size), MALLOC, 0)
ENTRY(void *, calloc, (size_t n, size_t size), (n, size), CALLOC, 0)
ENTRY(void *, realloc, (void *old, size_t size), (old, size), REALLOC, 0)
ENTRY(void *, memalign, (size_t align, size_t size), (align, size), MEMALIGN, align)
ENTRY(void *, aligned_alloc, (size_t align, size_t size), (align, size), ALIGNED_ALLOC, align)
ENTRY(int, posix_memalign, (void **out, size_t align, size_t size), (out, align, size),
      POSIX_MEMALIGN, align)
ENTRY(char *, strdup, (const char *s), (s), STRDUP, 0)
ENTRY(char *, strndup, (const char *s, size_t n), (s, n), STRNDUP, 0)
ENTRY(void *, heap_caps_malloc, (size_t size, uint32_t caps), (size, caps), HEAP_CAPS_MALLOC, 0)
ENTRY(void *, heap_caps_calloc, (size_t n, size_t size, uint32_t caps), (n, size, caps),
      HEAP_CAPS_CALLOC, 0)
ENTRY(void *, heap_caps_realloc, (void *old, size_t size, uint32_t caps), (old, size, caps),
      HEAP_CAPS_REALLOC, 0)
ENTRY(void *, heap_caps_aligned_alloc, (size_t align, size_t size, uint32_t caps),
      (align, size, caps), HEAP_CAPS_ALIGNED_ALLOC, align)
ENTRY(void *, heap_caps_aligned_calloc, (size_t align, size_t n, size_t size, uint32_t caps),
      (align, n, size, caps), HEAP_CAPS_ALIGNED_CALLOC, align)

/*
 * operator new and new[], plain and nothrow, by their mangled names (size_t is `unsigned` on the chips,
 * `unsigned long` on 64-bit hosts). They may throw: the cleanup leaves the scope then too.
 */
#if UINTPTR_MAX > 0xffffffffU
#define NEW_SYMBOL _Znwm
#define NEW_ARRAY_SYMBOL _Znam
#define NEW_NOTHROW _ZnwmRKSt9nothrow_t
#define NEW_ARRAY_NOTHROW _ZnamRKSt9nothrow_t
#else
#define NEW_SYMBOL _Znwj
#define NEW_ARRAY_SYMBOL _Znaj
#define NEW_NOTHROW _ZnwjRKSt9nothrow_t
#define NEW_ARRAY_NOTHROW _ZnajRKSt9nothrow_t
#endif

#define NEW_ENTRY_(name, parameters, arguments, method)                 \
    HT_WEAK void *__real_##name parameters;                             \
    void *__wrap_##name parameters;                                     \
    void *__wrap_##name parameters                                      \
    {                                                                   \
        __attribute__((cleanup(leave))) ht_scope_t scope;               \
        enter(&scope, HEAPTRAIL_METHOD_##method, 0, CALLER);            \
        return __real_##name arguments;                                 \
    }
#define NEW_ENTRY(name, parameters, arguments, method) NEW_ENTRY_(name, parameters, arguments, method)

NEW_ENTRY(NEW_SYMBOL, (size_t size), (size), NEW)
NEW_ENTRY(NEW_ARRAY_SYMBOL, (size_t size), (size), NEW_ARRAY)
NEW_ENTRY(NEW_NOTHROW, (size_t size, const void *tag), (size, tag), NEW)
NEW_ENTRY(NEW_ARRAY_NOTHROW, (size_t size, const void *tag), (size, tag), NEW_ARRAY)

/*
 * The _prefer functions take a list of capabilities. A list can be handed on only by its length: these
 * pass on up to four, which is more than ESP-IDF itself ever uses; a longer list is cut, so its last
 * choices are not tried.
 */
#define PREFER_MAX 4U

static inline size_t read_caps(uint32_t caps[PREFER_MAX], size_t num, va_list list)
{
    size_t count = num < PREFER_MAX ? num : PREFER_MAX;
    for (size_t i = 0; i < PREFER_MAX; i++) {
        caps[i] = i < count ? va_arg(list, uint32_t) : 0;
    }
    return count;
}

#define PREFER_ENTRY(name, parameters, method, ...)                                     \
    HT_WEAK void *__real_##name parameters;                                             \
    void *__wrap_##name parameters;                                                     \
    HT_PORT_HOT void *__wrap_##name parameters                                          \
    {                                                                                   \
        ht_scope_t scope;                                                               \
        enter(&scope, HEAPTRAIL_METHOD_##method, 0, CALLER);                            \
        uint32_t caps[PREFER_MAX];                                                      \
        va_list list;                                                                   \
        va_start(list, num);                                                            \
        size_t count = read_caps(caps, num, list);                                      \
        va_end(list);                                                                   \
        void *block = __real_##name(__VA_ARGS__, count, caps[0], caps[1], caps[2], caps[3]); \
        leave(&scope);                                                                  \
        return block;                                                                   \
    }

PREFER_ENTRY(heap_caps_malloc_prefer, (size_t size, size_t num, ...), HEAP_CAPS_MALLOC_PREFER, size)
PREFER_ENTRY(heap_caps_calloc_prefer, (size_t n, size_t size, size_t num, ...),
             HEAP_CAPS_CALLOC_PREFER, n, size)
PREFER_ENTRY(heap_caps_realloc_prefer, (void *old, size_t size, size_t num, ...),
             HEAP_CAPS_REALLOC_PREFER, old, size)
