/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_all(int file, char *text, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t count = read(file, text + done, size - done);
        if (count < 0 && errno != EINTR) { return false; }
        if (count == 0) { /* shorter than it was a moment ago */
            errno = EIO;
            return false;
        }
        if (count > 0) { done += (size_t)count; }
    }
    return true;
}

static char *load(int file, size_t most, size_t *size)
{
    struct stat about;
    if (fstat(file, &about) != 0) { return NULL; }
    bool is_regular = S_ISREG(about.st_mode);
    if (!is_regular || (size_t)about.st_size > most) {
        errno = S_ISDIR(about.st_mode) ? EISDIR : is_regular ? EFBIG : EINVAL;
        return NULL;
    }
    *size = (size_t)about.st_size;
    char *text = malloc(*size + 1);
    if (text == NULL) { return NULL; }
    text[*size] = '\0';
    if (read_all(file, text, *size)) { return text; }
    free(text);
    return NULL;
}

char *ht_load_file(const char *path, size_t most, size_t *size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not stop us */
    if (file < 0) { return NULL; }
    char *text = load(file, most, size);
    int reason = errno;
    (void)close(file);
    errno = reason;
    return text;
}
