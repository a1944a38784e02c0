/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Which return addresses lie in operator new: then the method is new, and the site is its caller.
 * And in operator delete, for the stacks of who freed a block. */
#include <string.h>

#include "ht_posix.h"
#include "ht_posix_elf.h"

#define RANGES_MAX 64U

typedef struct {
    uintptr_t start;
    uintptr_t end;
    uint32_t method;
} range_t;

static struct {
    ht_port_lock_t lock; /* of additions; readers need none: count is written last */
    uint32_t count;
    range_t range[RANGES_MAX];
    uintptr_t low;
    uintptr_t high;
} s_new;

static const struct {
    const char *name;
    uint32_t method;
} s_names[] = {
    {"_Znwm", HEAPTRAIL_METHOD_NEW},
    {"_ZnwmRKSt9nothrow_t", HEAPTRAIL_METHOD_NEW},
    {"_ZnwmSt11align_val_t", HEAPTRAIL_METHOD_NEW},
    {"_ZnwmSt11align_val_tRKSt9nothrow_t", HEAPTRAIL_METHOD_NEW},
    {"_Znam", HEAPTRAIL_METHOD_NEW_ARRAY},
    {"_ZnamRKSt9nothrow_t", HEAPTRAIL_METHOD_NEW_ARRAY},
    {"_ZnamSt11align_val_t", HEAPTRAIL_METHOD_NEW_ARRAY},
    {"_ZnamSt11align_val_tRKSt9nothrow_t", HEAPTRAIL_METHOD_NEW_ARRAY},
    /* The same for who frees: operator delete, and its caller. */
    {"_ZdlPv", HEAPTRAIL_METHOD_FREE},
    {"_ZdlPvm", HEAPTRAIL_METHOD_FREE},
    {"_ZdlPvRKSt9nothrow_t", HEAPTRAIL_METHOD_FREE},
    {"_ZdlPvSt11align_val_t", HEAPTRAIL_METHOD_FREE},
    {"_ZdlPvmSt11align_val_t", HEAPTRAIL_METHOD_FREE},
    {"_ZdlPvSt11align_val_tRKSt9nothrow_t", HEAPTRAIL_METHOD_FREE},
    {"_ZdaPv", HEAPTRAIL_METHOD_FREE},
    {"_ZdaPvm", HEAPTRAIL_METHOD_FREE},
    {"_ZdaPvRKSt9nothrow_t", HEAPTRAIL_METHOD_FREE},
    {"_ZdaPvSt11align_val_t", HEAPTRAIL_METHOD_FREE},
    {"_ZdaPvmSt11align_val_t", HEAPTRAIL_METHOD_FREE},
    {"_ZdaPvSt11align_val_tRKSt9nothrow_t", HEAPTRAIL_METHOD_FREE},
};

bool ht_posix_new_near(uintptr_t address)
{
    return address >= __atomic_load_n(&s_new.low, __ATOMIC_RELAXED) &&
           address < __atomic_load_n(&s_new.high, __ATOMIC_RELAXED);
}

/* The range that an address lies in, or NULL. A return address may be the byte after its function.
 */
static const range_t *find_range(uintptr_t address)
{
    uint32_t count = __atomic_load_n(&s_new.count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count; i++) {
        if (address > s_new.range[i].start && address <= s_new.range[i].end) {
            return &s_new.range[i];
        }
    }
    return NULL;
}

unsigned ht_posix_new_skip(const uintptr_t *frames, unsigned count, uint32_t *method)
{
    unsigned skip = 0;
    for (const range_t *range; skip < count && (range = find_range(frames[skip])) != NULL; skip++) {
        *method = range->method; /* the outermost one: new[] calls new */
    }
    return skip;
}

/* Lock held. */
static bool add_range(const ht_elf_symbol_t *symbol, uint32_t method)
{
    if (s_new.count == RANGES_MAX || find_range(symbol->start + 1U) != NULL) { return false; }
    uintptr_t end = symbol->start + symbol->size;
    s_new.range[s_new.count] = (range_t){symbol->start, end, method};
    if (s_new.low == 0 || symbol->start < s_new.low) {
        __atomic_store_n(&s_new.low, symbol->start, __ATOMIC_RELAXED);
    }
    if (end + 1U > s_new.high) { __atomic_store_n(&s_new.high, end + 1U, __ATOMIC_RELAXED); }
    __atomic_store_n(&s_new.count, s_new.count + 1U, __ATOMIC_RELEASE);
    return true;
}

bool ht_posix_new_learn(uintptr_t address)
{
    ht_elf_object_t object;
    ht_elf_symbol_t symbol;
    if (!ht_elf_object(address, &object) ||
        !ht_elf_symbol_named(&object, s_names[0].name, &symbol)) {
        return false;
    }
    bool learned = false;
    ht_port_irq_t irq = ht_port_lock(&s_new.lock);
    for (size_t i = 0; i < sizeof(s_names) / sizeof(s_names[0]); i++) {
        if (ht_elf_symbol_named(&object, s_names[i].name, &symbol)) {
            learned |= add_range(&symbol, s_names[i].method);
        }
    }
    ht_port_unlock(&s_new.lock, irq);
    return learned;
}
