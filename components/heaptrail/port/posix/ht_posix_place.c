/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What an address is, by the kernel's list of this process's mappings. Reads it without stdio, and
 * allocates nothing. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ht_posix.h"
#include "ht_posix_elf.h"

/* A line of /proc/self/maps: "start-end rwxp offset device inode   name" */
typedef struct {
    uintptr_t start;
    uintptr_t end;
    bool readable;
    bool writable;
    bool is_stack;   /* the first thread's */
    bool is_kernels; /* the vDSO */
} mapping_t;

/* The part of a line that is looked at: names of files are not. */
#define LINE_MAX_BYTES 96U

static const char *read_hex(const char *text, uintptr_t *number)
{
    *number = 0;
    for (;; text++) {
        unsigned digit = (unsigned)(unsigned char)*text - '0';
        if (digit > 9U) { digit = (unsigned)(unsigned char)*text - 'a' + 10U; }
        if (digit > 15U) { return text; }
        *number = *number << 4 | digit;
    }
}

static void read_line(const char *line, mapping_t *mapping)
{
    const char *at = read_hex(line, &mapping->start);
    at = read_hex(at + (*at == '-'), &mapping->end);
    mapping->readable = at[0] == ' ' && at[1] == 'r';
    mapping->writable = mapping->readable && at[2] == 'w';
    const char *name = strchr(at, '[');
    mapping->is_stack = name != NULL && strncmp(name, "[stack", 6) == 0;
    mapping->is_kernels = name != NULL && strncmp(name, "[v", 2) == 0;
}

/* Not open() and read(): these are points where a thread can be cancelled, and free() is none. */
static bool find_mapping(uintptr_t address, mapping_t *mapping)
{
    char buffer[1024];
    char line[LINE_MAX_BYTES];
    size_t length = 0;
    bool found = false;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
    for (long got; fd >= 0 && !found;) {
        got = syscall(SYS_read, fd, buffer, sizeof(buffer));
        if (got <= 0 && !(got < 0 && errno == EINTR)) { break; }
        for (long i = 0; i < got && !found; i++) {
            if (buffer[i] != '\n') {
                if (length < sizeof(line) - 1U) { line[length++] = buffer[i]; }
                continue;
            }
            line[length] = '\0';
            length = 0;
            read_line(line, mapping);
            found = address >= mapping->start && address < mapping->end;
        }
    }
    if (fd >= 0) { syscall(SYS_close, fd); }
    return found;
}

/* glibc puts what the thread pointer points to on top of a thread's stack. The calling thread may
 * not have allocated yet: then it is in no list. */
static bool is_on_stack(uintptr_t address, const mapping_t *mapping)
{
    uintptr_t top = (uintptr_t)__builtin_thread_pointer();
    bool is_own = address < top && top > mapping->start && top <= mapping->end;
    return (is_own && ht_port_stack_pointer() - mapping->start < mapping->end - mapping->start) ||
           ht_posix_thread_on_stack(address, mapping->start, mapping->end);
}

ht_port_place_t ht_port_place(uintptr_t address)
{
    int saved_errno = errno;
    mapping_t mapping;
    ht_elf_object_t object;
    bool found = find_mapping(address, &mapping);
    errno = saved_errno;
    if (!found || !mapping.readable) { return HT_PORT_PLACE_UNKNOWN; }
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
