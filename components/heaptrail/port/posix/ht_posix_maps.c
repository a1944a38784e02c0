/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE
#include "ht_posix_maps.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The part of a line that is looked at: of files' names, the beginning. The kernel pads what stands
 * before them to 73 bytes. */
#define LINE_MAX_BYTES 512U

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

static bool begins(const char *text, const char *with)
{
    return text != NULL && strncmp(text, with, strlen(with)) == 0;
}

static void read_line(const char *line, ht_posix_mapping_t *mapping)
{
    const char *at = read_hex(line, &mapping->start);
    at = read_hex(at + (*at == '-'), &mapping->end);
    mapping->readable = at[0] == ' ' && at[1] == 'r';
    mapping->writable = mapping->readable && at[2] == 'w';
    mapping->executable = strnlen(at, 4) == 4 && at[3] == 'x';
    mapping->is_shared = strnlen(at, 5) == 5 && at[4] == 's';
    const char *path = strchr(at, '/');
    const char *name = strchr(at, '[');
    if (path != NULL) { name = NULL; }
    /* Memory that is shared with children is a file of this name to the kernel. */
    mapping->path = path;
    mapping->is_file = path != NULL && !begins(path, "/dev/zero");
    mapping->is_device = mapping->is_file && begins(path, "/dev/");
    mapping->is_stack = begins(name, "[stack");
    mapping->is_heap = begins(name, "[heap");
    mapping->is_kernels = begins(name, "[v");
}

typedef struct {
    ht_posix_mapping_fn fn;
    void *context;
    size_t length;
    char line[LINE_MAX_BYTES];
} walk_t;

/* False: enough. */
static bool take(walk_t *walk, const char *text, long length)
{
    for (long i = 0; i < length; i++) {
        if (text[i] != '\n') {
            if (walk->length < sizeof(walk->line) - 1U) { walk->line[walk->length++] = text[i]; }
            continue;
        }
        ht_posix_mapping_t mapping;
        walk->line[walk->length] = '\0';
        walk->length = 0;
        read_line(walk->line, &mapping);
        if (!walk->fn(walk->context, &mapping)) { return false; }
    }
    return true;
}

/* Not open() and read(): these are points where a thread can be cancelled, and free() is none. */
bool ht_posix_maps(ht_posix_mapping_fn fn, void *context)
{
    int saved_errno = errno;
    char buffer[1024];
    walk_t walk = {.fn = fn, .context = context};
    int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
    bool good = fd >= 0;
    while (good) {
        long got = syscall(SYS_read, fd, buffer, sizeof(buffer));
        if (got < 0 && errno == EINTR) { continue; }
        good = got >= 0;
        if (got <= 0 || !take(&walk, buffer, got)) { break; }
    }
    if (fd >= 0) { syscall(SYS_close, fd); }
    errno = saved_errno;
    return good;
}
