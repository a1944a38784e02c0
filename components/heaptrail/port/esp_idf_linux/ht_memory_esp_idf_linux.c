/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What the checks need of this target. libc's heap keeps its bookkeeping to itself. */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ht_port.h"

bool ht_port_header_ok(const void *raw, size_t bytes)
{
    (void)raw;
    (void)bytes;
    return true;
}

/* Addresses are random (ASLR) and so is the time of the start. */
uint32_t ht_port_seed(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t mixed = (uint64_t)now.tv_nsec * 1000003U ^ (uint64_t)(uintptr_t)&now >> 4 ^
                     (uint64_t)getpid() << 16;
    return (uint32_t)(mixed ^ mixed >> 32);
}

uint32_t ht_port_image(void)
{
    return 0; /* nothing outlives the process */
}

/* The program's segments, from the linker. */
extern const char __executable_start[] __attribute__((weak));
extern const char __data_start[] __attribute__((weak));
extern const char _end[] __attribute__((weak));

/* glibc's: where the main thread's stack began. */
extern void *__libc_stack_end __attribute__((weak));

/* glibc keeps a thread's own data, which pthread_self() is the address of, at the top of its stack;
 * the main thread's lies far below its stack. Exact: right behind a stack may lie a block of
 * libc's. */
static bool is_on_this_stack(uintptr_t address)
{
    uintptr_t here = ht_port_stack_pointer();
    uintptr_t end = (uintptr_t)pthread_self();
    if (end < here) { end = &__libc_stack_end != NULL ? (uintptr_t)__libc_stack_end : 0; }
    return address >= here && address < end;
}

/* A sanitizer's heap, if there is one, is asked instead of glibc's. */
extern int __sanitizer_get_ownership(const volatile void *block) __attribute__((weak));

#ifdef __GLIBC__
#define GLIBC_CHUNK_MIN (4U * sizeof(size_t))
#define GLIBC_CHUNK_MAX ((size_t)1 << (sizeof(size_t) == 8 ? 40 : 30)) /* pointers are more */
#define GLIBC_CHUNK_FLAGS 7U

/*
 * The word in front of each block of glibc's is its size, a multiple of 16 but for the flags;
 * free() would read it, too. Where a redzone was when ours was made, its canary is left, or a
 * random number, or a pointer. (In 32 bits each eighth canary looks like a size.)
 */
static bool may_be_chunk(uintptr_t address, uint32_t canary)
{
    if (canary != 0 && *(const volatile uint32_t *)(address - 4U) == canary) { return false; }
    size_t size = *(const volatile size_t *)(address - sizeof(size_t)) & ~(size_t)GLIBC_CHUNK_FLAGS;
    return size >= GLIBC_CHUNK_MIN && size < GLIBC_CHUNK_MAX && size % HT_PORT_ALIGN == 0;
}
#else
static bool may_be_chunk(uintptr_t address, uint32_t canary)
{
    (void)address;
    (void)canary;
    return true;
}
#endif

bool ht_port_may_be_block(uintptr_t address, uint32_t canary)
{
    if (&__sanitizer_get_ownership != NULL) {
        return __sanitizer_get_ownership((const volatile void *)address) != 0;
    }
    return may_be_chunk(address, canary);
}

ht_port_place_t ht_port_place(uintptr_t address)
{
    if (is_on_this_stack(address)) { return HT_PORT_PLACE_STACK; }
    if (address >= (uintptr_t)__executable_start && address < (uintptr_t)__data_start) {
        return HT_PORT_PLACE_READ_ONLY;
    }
    if (address >= (uintptr_t)__data_start && address < (uintptr_t)_end) {
        return HT_PORT_PLACE_STATIC;
    }
    return HT_PORT_PLACE_UNKNOWN;
}

bool ht_port_task_stack(uintptr_t key, ht_port_task_stack_t *stack)
{
    (void)key;
    (void)stack;
    return false;
}

bool ht_port_walk_heap(uintptr_t start, ht_port_heap_block_fn fn, void *context)
{
    (void)start;
    (void)fn;
    (void)context;
    return false;
}

bool ht_port_heap_sound(uintptr_t start)
{
    (void)start;
    return true;
}

/* By the system call: from ESP-IDF 6.1 on write() may be the virtual file system's, which takes
 * locks and knows another descriptor 2. */
#ifdef __linux__
static ssize_t put(const char *text, size_t length)
{
    return syscall(SYS_write, STDERR_FILENO, text, length);
}
#else
static ssize_t put(const char *text, size_t length)
{
    return write(STDERR_FILENO, text, length);
}
#endif

void ht_port_emergency_write(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = put(text, length);
        if (written < 0 && errno == EINTR) { continue; }
        if (written <= 0) { return; }
        text += written;
        length -= (size_t)written;
    }
}

_Noreturn void ht_port_abort(void)
{
    abort();
}

bool ht_port_can_report(void)
{
    return true;
}
