/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Who called operator delete; in a file of its own so that C firmware needs no C++. The real one is
 * always called, for a firmware may have its own, with a pool that is not the heap: the caller
 * waits in a scope until free() asks (ht_wrap_free.c, ht_wrap_base.c). Without checks nothing is
 * noted.
 *
 * Nothrow and aligned deletes end in these or in free(): the blocks are checked all the same, only
 * the caller is then libstdc++'s.
 */
#include "ht_checked.h"
#include "ht_wrap_entry.h"

/* By their mangled names, as in ht_wrap_new.c. */
#if UINTPTR_MAX > 0xffffffffU
#define DELETE_SIZED _ZdlPvm
#define DELETE_ARRAY_SIZED _ZdaPvm
#else
#define DELETE_SIZED _ZdlPvj
#define DELETE_ARRAY_SIZED _ZdaPvj
#endif

#define DELETE_ENTRY_(name, parameters, arguments)                                                 \
    void __real_##name parameters;                                                                 \
    void __wrap_##name parameters;                                                                 \
    void __wrap_##name parameters                                                                  \
    {                                                                                              \
        if (!ht_checking()) {                                                                      \
            __real_##name arguments;                                                               \
            return;                                                                                \
        }                                                                                          \
        ht_scope_t scope;                                                                          \
        ht_entry_enter(&scope, HEAPTRAIL_METHOD_FREE, 0, HT_CALLER);                               \
        __real_##name arguments;                                                                   \
        ht_scope_exit(&ht_default_tracker, &scope);                                                \
    }
#define DELETE_ENTRY(name, parameters, arguments) DELETE_ENTRY_(name, parameters, arguments)

DELETE_ENTRY(_ZdlPv, (void *block), (block))
DELETE_ENTRY(_ZdaPv, (void *block), (block))
DELETE_ENTRY(DELETE_SIZED, (void *block, size_t size), (block, size))
DELETE_ENTRY(DELETE_ARRAY_SIZED, (void *block, size_t size), (block, size))
