/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE
#include "traced.h"

#include <limits.h>
#include <link.h>
#include <stddef.h>
#include <unistd.h>

static traced_call_t s_call[8];
static uint32_t s_calls;

/* Not the library's: it notes who called, and who called that. */
#define malloc(size) traced_malloc((size), __builtin_return_address(0))

static __attribute__((noinline)) void *traced_malloc(uint32_t size, const void *outer)
{
    traced_call_t *call = &s_call[s_calls++ % 8U];
    call->frames[0] = (uint64_t)(uintptr_t)__builtin_return_address(0);
    call->frames[1] = (uint64_t)(uintptr_t)outer;
    call->size = size;
    call->method = 1;
    return call;
}

typedef struct {
    void *rx_buffer;
    void *name;
} session_t;

static session_t s_session;
static void *volatile s_seen;

static __attribute__((noinline)) void session_open(session_t *session)
{
    session->rx_buffer = malloc(4096);
    session->name = malloc(24);
    __asm__ volatile("" ::: "memory");
}

static inline __attribute__((always_inline)) void *inlined_helper(uint32_t size)
{
    void *helper_block = malloc(size);
    __asm__ volatile("" : "+r"(helper_block));
    return helper_block;
}

static __attribute__((noinline)) void calls_inlined(void)
{
    s_seen = inlined_helper(77);
}

uint32_t traced_run(void)
{
    s_calls = 0;
    session_open(&s_session);
    calls_inlined();
    __asm__ volatile("" ::: "memory");
    return s_calls;
}

const traced_call_t *traced_call(uint32_t number)
{
    return &s_call[number];
}

static int find_program(struct dl_phdr_info *info, size_t size, void *context)
{
    traced_object_t *object = context;
    (void)size;
    object->bias = info->dlpi_addr;
    object->start = UINT64_MAX;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type != PT_LOAD) { continue; }
        uint64_t start = info->dlpi_addr + header->p_vaddr;
        object->start = start < object->start ? start : object->start;
        object->end = start + header->p_memsz > object->end ? start + header->p_memsz : object->end;
    }
    return 1; /* the program is the first one */
}

traced_object_t traced_object(void)
{
    static char path[PATH_MAX];
    traced_object_t object = {.path = path};
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1U);
    path[length > 0 ? length : 0] = '\0';
    dl_iterate_phdr(find_program, &object);
    return object;
}
