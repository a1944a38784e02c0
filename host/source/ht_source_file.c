/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Files, pipes and standard input: they end, and do not come back. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ht_source_private.h"

static bool open_file(ht_source_t *source, char *error, size_t error_size)
{
    if (strcmp(source->path, "-") == 0) {
        source->fd = STDIN_FILENO;
        snprintf(source->name, sizeof(source->name), "standard input");
        return true;
    }
    struct stat what;
    source->fd = open(source->path, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0) {
        snprintf(error, error_size, "cannot open %s: %s%s", source->path, strerror(errno),
                 errno == EACCES ? " (a member of which group may read it? ls -l says)" : "");
        return false;
    }
    if (fstat(source->fd, &what) == 0 && S_ISDIR(what.st_mode)) {
        snprintf(error, error_size, "%s is a directory", source->path);
        return false;
    }
    return true;
}

static void close_file(ht_source_t *source)
{
    ht_source_close_fd(source);
}

const ht_source_kind_t ht_source_file = {
    .open = open_file, .close = close_file, .comes_back = false};
