/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Files, pipes and standard input: they end, and do not come back. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ht_stream_private.h"

/* zstd's frame, or a skippable one of ours (SPEC.md 5.6): a recorded file. */
static bool is_recorded(int fd)
{
    static const uint8_t zstd[] = {0x28, 0xB5, 0x2F, 0xFD};
    uint8_t head[4];
    if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head)) { return false; } /* a pipe */
    return memcmp(head, zstd, sizeof(head)) == 0 ||
           (memcmp(head + 1, "\x2A\x4D\x18", 3) == 0 && head[0] >= 0x50 && head[0] <= 0x5F);
}

static bool open_file(ht_stream_t *stream, char *error, size_t error_size)
{
    if (strcmp(stream->path, "-") == 0) {
        stream->fd = STDIN_FILENO;
        snprintf(stream->name, sizeof(stream->name), "standard input");
        return true;
    }
    struct stat what;
    stream->fd = open(stream->path, O_RDONLY | O_CLOEXEC);
    if (stream->fd < 0) {
        snprintf(error, error_size, "cannot open %s: %s%s", stream->path, strerror(errno),
                 errno == EACCES ? " (a member of which group may read it? ls -l says)" : "");
        return false;
    }
    if (fstat(stream->fd, &what) == 0 && S_ISDIR(what.st_mode)) {
        snprintf(error, error_size, "%s is a directory", stream->path);
        return false;
    }
    if (is_recorded(stream->fd)) {
        snprintf(error, error_size,
                 "%s is recorded already, or compressed: heaptrail report reads it as it is",
                 stream->path);
        return false;
    }
    return true;
}

static void close_file(ht_stream_t *stream)
{
    ht_stream_close_fd(stream);
}

const ht_stream_kind_t ht_stream_file = {
    .open = open_file, .close = close_file, .comes_back = false};
