/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * getline() and getdelim() grow the block that they are given, inside libc, where the linker
 * redirects nothing and a block with redzones is not one. So they get a block of libc's own, with
 * the same content; the firmware may free it as ever.
 */
#include <stdio.h>
#include <string.h>

#include "ht_checked.h"
#include "ht_port.h"

ssize_t __real_getline(char **line, size_t *bytes, FILE *stream);
ssize_t __wrap_getline(char **line, size_t *bytes, FILE *stream);
ssize_t __real_getdelim(char **line, size_t *bytes, int delimiter, FILE *stream);
ssize_t __wrap_getdelim(char **line, size_t *bytes, int delimiter, FILE *stream);

/* False: no memory. */
static bool give_plain_block(char **line, size_t *bytes, uintptr_t caller)
{
    size_t usable;
    if (line == NULL || bytes == NULL || *line == NULL || !ht_checking() ||
        !ht_checked_size(*line, &usable)) {
        return true;
    }
    char *plain = ht_port_raw_heap.alloc(usable + 1U, 0);
    if (plain == NULL) { return false; }
    memcpy(plain, *line, usable);
    ht_checked_free(*line, caller);
    *line = plain;
    *bytes = usable + 1U;
    return true;
}

#define CALLER ((uintptr_t)__builtin_return_address(0))

ssize_t __wrap_getline(char **line, size_t *bytes, FILE *stream)
{
    return give_plain_block(line, bytes, CALLER) ? __real_getline(line, bytes, stream) : -1;
}

ssize_t __wrap_getdelim(char **line, size_t *bytes, int delimiter, FILE *stream)
{
    return give_plain_block(line, bytes, CALLER) ? __real_getdelim(line, bytes, delimiter, stream)
                                                 : -1;
}
