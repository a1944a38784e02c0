/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What all sinks have in common, and those that need no network: descriptors, files, RAM. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ht_sink.h"

#define FILE_MODE 0644

void ht_sink_begin(heaptrail_sink_t *sink)
{
    memset(sink, 0, sizeof(*sink));
    sink->fd = -1;
    sink->listener = -1;
}

size_t heaptrail_sink_write(void *context, const void *bytes, size_t length)
{
    heaptrail_sink_t *sink = context;
    if (sink == NULL || sink->write == NULL || bytes == NULL) { return 0; }
    size_t taken = sink->write(sink, bytes, length);
    sink->bytes += taken;
    return taken;
}

void heaptrail_sink_close(heaptrail_sink_t *sink)
{
    if (sink == NULL) { return; }
    if (sink->close != NULL) { sink->close(sink); }
    sink->write = NULL;
    sink->close = NULL;
}

heaptrail_sink_status_t heaptrail_sink_status(const heaptrail_sink_t *sink)
{
    if (sink == NULL) { return (heaptrail_sink_status_t){0}; }
    bool has_end = sink->fd >= 0 || sink->memory != NULL;
    return (heaptrail_sink_status_t){.bytes = sink->bytes,
                                     .connected =
                                         sink->write != NULL && has_end && !sink->connecting,
                                     .connections = sink->connections,
                                     .error = sink->error};
}

/* --- descriptors and files --- */

static size_t write_fd(heaptrail_sink_t *sink, const void *bytes, size_t length)
{
    ssize_t done = write(sink->fd, bytes, length);
    if (done >= 0) { return (size_t)done; }
    if (errno != EAGAIN && errno != EINTR) { sink->error = errno; }
    return 0;
}

esp_err_t heaptrail_sink_fd(heaptrail_sink_t *sink, int fd)
{
    if (sink == NULL || fd < 0) { return ESP_ERR_INVALID_ARG; }
    ht_sink_begin(sink);
    sink->fd = fd;
    sink->write = write_fd;
    return ESP_OK;
}

static void close_file(heaptrail_sink_t *sink)
{
    if (sink->fd >= 0 && close(sink->fd) != 0) { sink->error = errno; }
    sink->fd = -1;
}

esp_err_t heaptrail_sink_path(heaptrail_sink_t *sink, const char *path, bool append)
{
    if (sink == NULL || path == NULL) { return ESP_ERR_INVALID_ARG; }
    ht_sink_begin(sink);
    sink->fd = open(path, O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC), FILE_MODE);
    if (sink->fd < 0) {
        sink->error = errno;
        return ESP_ERR_NOT_FOUND;
    }
    sink->write = write_fd;
    sink->close = close_file;
    return ESP_OK;
}

/* --- RAM --- */

static size_t write_ram(heaptrail_sink_t *sink, const void *bytes, size_t length)
{
    size_t left = sink->memory_bytes - (size_t)sink->bytes;
    if (length > left) { length = left; }
    memcpy(sink->memory + sink->bytes, bytes, length);
    return length;
}

esp_err_t heaptrail_sink_ram(heaptrail_sink_t *sink, void *memory, size_t bytes)
{
    if (sink == NULL || memory == NULL || bytes == 0) { return ESP_ERR_INVALID_ARG; }
    ht_sink_begin(sink);
    sink->memory = memory;
    sink->memory_bytes = bytes;
    sink->write = write_ram;
    return ESP_OK;
}
