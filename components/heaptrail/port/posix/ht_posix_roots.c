/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Where a process keeps its pointers: whatever it may write, by the kernel's list of mappings.
 *
 *   variables of loaded objects, the dynamic linker's own memory, mmap()ed memory    read
 *   stacks, and on top of them thread control blocks and static thread-local storage read, but
 *                                                        not what is below a stopped thread's sp
 *   glibc's heaps (brk's, and those of threads' arenas)  not read: blocks are, when they are
 * reached heaptrail's memory and variables, files and devices that are shared              not read
 *
 * The list tells what is there, so no lock of the dynamic linker's or the C library's is needed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ht_port.h"
#include "ht_posix.h"
#include "ht_posix_elf.h"
#include "ht_posix_maps.h"
#include "ht_posix_own.h"
#include "ht_posix_stop.h"

/* glibc's HEAP_MAX_SIZE: the heaps of arenas begin at multiples of it. */
#define ARENA_BYTES ((uintptr_t)64 << 20)

/* What lies at and above a thread pointer: its control block, static TLS on some machines. */
#define ABOVE_TOP_BYTES ((uintptr_t)64 << 10)

/* --- heaptrail's own memory ---------------------------------------------------------------------
 */

typedef struct {
    uintptr_t start, end;
} area_t;

#define OWN_MAX 64U

static struct {
    ht_port_lock_t lock;
    area_t area[OWN_MAX]; /* from ht_posix_pages(); start 0: free */
} s_own;

static void remember(uintptr_t start, size_t bytes)
{
    ht_port_irq_t irq = ht_port_lock(&s_own.lock);
    for (uint32_t i = 0; i < OWN_MAX; i++) {
        if (s_own.area[i].start == 0) {
            s_own.area[i] = (area_t){start, start + bytes};
            break;
        }
    }
    ht_port_unlock(&s_own.lock, irq);
}

static void forget(uintptr_t start)
{
    ht_port_irq_t irq = ht_port_lock(&s_own.lock);
    for (uint32_t i = 0; i < OWN_MAX; i++) {
        if (s_own.area[i].start == start) { s_own.area[i].start = 0; }
    }
    ht_port_unlock(&s_own.lock, irq);
}

void *ht_posix_pages(size_t bytes)
{
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED) { return NULL; }
    remember((uintptr_t)pages, bytes);
    return pages;
}

void ht_posix_pages_free(void *pages, size_t bytes)
{
    forget((uintptr_t)pages);
    munmap(pages, bytes);
}

/* The variables of libheaptrail.so. Linked into a program, they lie among its own. */
static area_t own_object(void)
{
    ht_elf_object_t own;
    bool is_library = ht_elf_object((uintptr_t)&s_own, &own) && own.path[0] != '\0';
    return is_library ? (area_t){own.start, own.end} : (area_t){0};
}

/* The first of heaptrail's areas that [start, end) meets. */
static area_t first_own(uintptr_t start, uintptr_t end, area_t object)
{
    area_t first = {end, end};
    area_t span = {ht_posix_own_start, ht_posix_own_start + ht_posix_own_span};
    for (uint32_t i = 0; i < OWN_MAX + 2U; i++) {
        area_t area = i == OWN_MAX ? object : i > OWN_MAX ? span : s_own.area[i];
        if (area.start != 0 && area.start < end && area.end > start && area.start < first.start) {
            first = area;
        }
    }
    return first;
}

/* --- variables and everything else that may be written ------------------------------------------
 */

typedef struct {
    ht_port_root_fn fn;
    void *context;
    area_t object;
    ht_posix_mapping_t before; /* the mapping below */
} walk_t;

static void tell_without_own(walk_t *walk, uintptr_t start, uintptr_t end)
{
    while (start < end) {
        area_t own = first_own(start, end, walk->object);
        if (own.start > start) { walk->fn(walk->context, start, own.start - start); }
        start = own.end;
    }
}

/* A heap of an arena begins with [arena | previous heap | bytes | bytes that may be used]. */
static uintptr_t arena_bytes(uintptr_t at, uintptr_t end)
{
    const uintptr_t *head = (const uintptr_t *)at;
    uintptr_t page = (uintptr_t)getpagesize();
    if (at % ARENA_BYTES != 0 || end - at < page) { return 0; }
    bool is_one = head[0] != 0 && head[0] % sizeof(uintptr_t) == 0 && head[2] >= page &&
                  head[2] % page == 0 && head[3] >= head[2] && head[3] % page == 0 &&
                  head[3] <= ARENA_BYTES && head[3] <= end - at;
    return is_one ? head[3] : 0;
}

static void tell_without_arenas(walk_t *walk, uintptr_t start, uintptr_t end)
{
    while (start < end) {
        uintptr_t at = start;
        uintptr_t arena = 0;
        for (; at < end && arena == 0; at = (at | (ARENA_BYTES - 1U)) + 1U) {
            arena = arena_bytes(at, end);
            if (arena != 0) { break; }
        }
        if (at > end || at == 0) { at = end; }
        tell_without_own(walk, start, at);
        start = at + arena;
    }
}

typedef struct {
    const ht_posix_mapping_t *mapping;
    bool has_guard;
    uintptr_t lowest; /* stack pointer in it */
} dead_t;

static bool find_lowest(void *context, const ht_posix_still_t *thread)
{
    dead_t *dead = context;
    const ht_posix_mapping_t *mapping = dead->mapping;
    bool is_here = thread->sp >= mapping->start && thread->sp < mapping->end;
    bool is_own = mapping->is_stack ||
                  (dead->has_guard && thread->top > thread->sp && thread->top < mapping->end);
    if (is_here && is_own && thread->sp < dead->lowest) { dead->lowest = thread->sp; }
    return true;
}

/*
 * What is below the stack pointer of a thread is left over from calls that have ended. Only where
 * it is certain that this is a stack: the first thread's, or one of glibc's, which has a guard
 * below it and the thread's control block on top. (Mappings that touch are one to the kernel, so
 * that two stacks without a guard between them may be: only the lowest one's is left out.)
 */
static uintptr_t live_start(const walk_t *walk, const ht_posix_mapping_t *mapping)
{
    const ht_posix_mapping_t *below = &walk->before;
    dead_t dead = {mapping, below->end == mapping->start && !below->readable, UINTPTR_MAX};
    if (ht_port_running_threads() != 0 && !mapping->is_stack) { return mapping->start; }
    ht_posix_each_still(find_lowest, &dead);
    return dead.lowest != UINTPTR_MAX ? dead.lowest : mapping->start;
}

static bool is_readable(uintptr_t page)
{
    char byte;
    struct iovec to = {&byte, 1};
    struct iovec from = {(void *)page, 1};
    return syscall(SYS_process_vm_readv, getpid(), &to, 1, &from, 1, 0) == 1;
}

/* A file that was cut short is mapped, and cannot be read: page by page. */
static void tell_file(walk_t *walk, const ht_posix_mapping_t *mapping)
{
    uintptr_t page = (uintptr_t)getpagesize();
    for (uintptr_t at = mapping->start; at < mapping->end; at += page) {
        if (is_readable(at)) { tell_without_own(walk, at, at + page); }
    }
}

static bool tell_mapping(void *context, const ht_posix_mapping_t *mapping)
{
    walk_t *walk = context;
    ht_elf_object_t object;
    bool has_pointers = mapping->writable && !mapping->is_heap && !mapping->is_kernels &&
                        !mapping->is_device && !(mapping->is_shared && mapping->is_file);
    if (has_pointers && mapping->is_file && !ht_elf_object(mapping->start, &object)) {
        tell_file(walk, mapping);
    } else if (has_pointers) {
        tell_without_arenas(walk, live_start(walk, mapping), mapping->end);
    }
    walk->before = *mapping;
    return true;
}

bool ht_port_static_roots(ht_port_root_fn fn, void *context)
{
    walk_t walk = {.fn = fn, .context = context, .object = own_object()};
    return ht_posix_maps(tell_mapping, &walk);
}

/* --- what cannot be read -------------------------------------------------------------------------
 */

typedef struct {
    ht_port_root_fn fn;
    void *context;
    uintptr_t end; /* of the mapping below */
} unreadable_t;

/* Pages without a right to read, and what is not mapped. */
static bool tell_unreadable(void *context, const ht_posix_mapping_t *mapping)
{
    unreadable_t *walk = context;
    if (mapping->start > walk->end) {
        walk->fn(walk->context, walk->end, mapping->start - walk->end);
    }
    if (!mapping->readable) {
        walk->fn(walk->context, mapping->start, mapping->end - mapping->start);
    }
    walk->end = mapping->end;
    return true;
}

void ht_port_unreadable(ht_port_root_fn fn, void *context)
{
    unreadable_t walk = {.fn = fn, .context = context};
    (void)ht_posix_maps(tell_unreadable, &walk);
}

/* --- stacks --------------------------------------------------------------------------------------
 */

typedef struct {
    uintptr_t sp, top;
    uintptr_t end;
} end_t;

static bool find_end(void *context, const ht_posix_mapping_t *mapping)
{
    end_t *found = context;
    uintptr_t sp = found->sp;
    uintptr_t top = found->top;
    if (sp < mapping->start || sp >= mapping->end) { return true; }
    found->end = mapping->end;
    if (top > sp && top < mapping->end && mapping->end - top > ABOVE_TOP_BYTES) {
        found->end = top + ABOVE_TOP_BYTES;
    }
    return false;
}

static uintptr_t stack_end(uintptr_t sp, uintptr_t top)
{
    end_t found = {.sp = sp, .top = top};
    (void)ht_posix_maps(find_end, &found);
    return found.end;
}

typedef struct {
    ht_port_root_fn fn;
    void *context;
} stacks_t;

static bool tell_stack(void *context, const ht_posix_still_t *thread)
{
    const stacks_t *stacks = context;
    if (thread->top == (uintptr_t)__builtin_thread_pointer()) { return true; } /* the caller's */
    uintptr_t end = stack_end(thread->sp, thread->top);
    if (end > thread->sp) { stacks->fn(stacks->context, thread->sp, end - thread->sp); }
    stacks->fn(stacks->context, (uintptr_t)thread->registers,
               thread->count * sizeof(thread->registers[0]));
    return true;
}

bool ht_port_stack_roots(ht_port_root_fn fn, void *context)
{
    stacks_t stacks = {fn, context};
    ht_posix_each_still(tell_stack, &stacks);
    return true;
}

uintptr_t ht_port_stack_end(void)
{
    return stack_end(ht_port_stack_pointer(), (uintptr_t)__builtin_thread_pointer());
}

/* --- memory of the scan --------------------------------------------------------------------------
 */

/* [ bytes | the memory: aligned as pages are, but for this ] */
void *ht_port_scratch(size_t bytes)
{
    size_t all = bytes + HT_PORT_ALIGN;
    size_t *pages = ht_posix_pages(all);
    if (pages == NULL) { return NULL; }
    *pages = all;
    return (char *)pages + HT_PORT_ALIGN;
}

void ht_port_scratch_free(void *memory)
{
    size_t *pages = (size_t *)(void *)((char *)memory - HT_PORT_ALIGN);
    ht_posix_pages_free(pages, *pages);
}
