/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Who called free(). Below it, heap_caps_free() sees libc as its caller; for a report of a wrong
 * free, and for who freed a block first, that is not enough. Without checks nothing is noted.
 * (C++'s operator delete has a file of its own.)
 */
#include "ht_checked.h"
#include "ht_wrap_entry.h"

/* In operator delete, its caller counts. */
#define FREE_ENTRY(name)                                                                           \
    void __real_##name(void *block);                                                               \
    void __wrap_##name(void *block);                                                               \
    HT_PORT_HOT void __wrap_##name(void *block)                                                    \
    {                                                                                              \
        if (ht_checking()) {                                                                       \
            ht_checked_free(block, ht_entry_caller(HT_CALLER));                                    \
        } else {                                                                                   \
            __real_##name(block);                                                                  \
        }                                                                                          \
    }

FREE_ENTRY(free)
FREE_ENTRY(cfree)
