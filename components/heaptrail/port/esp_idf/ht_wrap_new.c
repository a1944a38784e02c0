/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Who called operator new (see ht_wrap_entry.h); in a file of its own so that C firmware needs no
 * C++. */
#include "ht_wrap_entry.h"

static inline void leave(ht_scope_t *scope)
{
    ht_scope_exit(&ht_default_tracker, scope);
}

/*
 * operator new and new[], plain and nothrow, by their mangled names (size_t is `unsigned` on the
 * chips, `unsigned long` on 64-bit hosts). They may throw: the cleanup leaves the scope then too.
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

#define NEW_ENTRY_(name, parameters, arguments, method)                                            \
    void *__real_##name parameters;                                                                \
    void *__wrap_##name parameters;                                                                \
    void *__wrap_##name parameters                                                                 \
    {                                                                                              \
        __attribute__((cleanup(leave))) ht_scope_t scope;                                          \
        ht_entry_enter(&scope, HEAPTRAIL_METHOD_##method, 0, HT_CALLER);                           \
        void *block = __real_##name arguments;                                                     \
        ht_scope_leave(&ht_default_tracker, &scope, block);                                        \
        return block;                                                                              \
    }
#define NEW_ENTRY(name, parameters, arguments, method)                                             \
    NEW_ENTRY_(name, parameters, arguments, method)

NEW_ENTRY(NEW_SYMBOL, (size_t size), (size), NEW)
NEW_ENTRY(NEW_ARRAY_SYMBOL, (size_t size), (size), NEW_ARRAY)
NEW_ENTRY(NEW_NOTHROW, (size_t size, const void *tag), (size, tag), NEW)
NEW_ENTRY(NEW_ARRAY_NOTHROW, (size_t size, const void *tag), (size, tag), NEW_ARRAY)
