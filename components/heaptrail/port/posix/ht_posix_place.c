/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What an address is, by the kernel's list of this process's mappings. Allocates nothing. */
#include "ht_posix.h"
#include "ht_posix_elf.h"
#include "ht_posix_maps.h"

typedef struct {
    uintptr_t address;
    bool found;
    ht_posix_mapping_t mapping;
} search_t;

static bool contains(void *context, const ht_posix_mapping_t *mapping)
{
    search_t *search = context;
    search->found = search->address >= mapping->start && search->address < mapping->end;
    search->mapping = *mapping;
    return !search->found;
}

/* glibc puts what the thread pointer points to on top of a thread's stack. The calling thread may
 * not have allocated yet: then it is in no list. */
static bool is_on_stack(uintptr_t address, const ht_posix_mapping_t *mapping)
{
    uintptr_t top = (uintptr_t)__builtin_thread_pointer();
    bool is_own = address < top && top > mapping->start && top <= mapping->end;
    return (is_own && ht_port_stack_pointer() - mapping->start < mapping->end - mapping->start) ||
           ht_posix_thread_on_stack(address, mapping->start, mapping->end);
}

ht_port_place_t ht_port_place(uintptr_t address)
{
    search_t search = {.address = address};
    ht_elf_object_t object;
    (void)ht_posix_maps(contains, &search);
    const ht_posix_mapping_t mapping = search.mapping;
    if (!search.found || !mapping.readable) { return HT_PORT_PLACE_UNKNOWN; }
    if (mapping.is_stack) { return HT_PORT_PLACE_STACK; }
    if (mapping.is_kernels) { return HT_PORT_PLACE_READ_ONLY; }
    if (ht_elf_object(address, &object)) {
        return mapping.writable ? HT_PORT_PLACE_STATIC : HT_PORT_PLACE_READ_ONLY;
    }
    return is_on_stack(address, &mapping) ? HT_PORT_PLACE_STACK : HT_PORT_PLACE_OTHER;
}

bool ht_port_task_stack(uintptr_t key, ht_port_task_stack_t *stack)
{
    (void)key;
    (void)stack;
    return false; /* threads' stacks come from mmap(), with a guard page below: none is a block */
}
