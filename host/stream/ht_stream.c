/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What all streams do alike: the name, the wait, the bytes. */
#include "ht_stream_private.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BAUD_DEFAULT 115200U
#define CONNECT_MS_DEFAULT 5000U
#define FOLLOW_STEP_MS 100

void ht_stream_close_fd(ht_stream_t *stream)
{
    if (stream->fd >= 0 && stream->fd != STDIN_FILENO) { close(stream->fd); }
    stream->fd = -1;
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* A number that is no port would be cut to one. */
static bool is_port(const char *text)
{
    char *end = NULL;
    unsigned long number = strtoul(text, &end, 10);
    return *text != '\0' && (*end != '\0' || number <= UINT16_MAX);
}

/* HOST:PORT, [HOST]:PORT or PORT alone, into path and service. */
static bool split_address(ht_stream_t *stream, const char *address)
{
    const char *colon = strrchr(address, ':');
    const char *port = colon != NULL ? colon + 1 : address;
    size_t length = colon != NULL ? (size_t)(colon - address) : 0;
    if (length >= 2 && address[0] == '[' && address[length - 1] == ']') {
        address++;
        length -= 2;
    }
    if (!is_port(port)) { return false; }
    stream->path = length != 0 ? strndup(address, length) : NULL;
    stream->service = strdup(port);
    return stream->service != NULL && (length == 0 || stream->path != NULL);
}

/* Find out what kind of stream `name` means. */
static bool choose_kind(ht_stream_t *stream, const char *name, char *error, size_t error_size)
{
    bool connects = begins_with(name, "tcp:");
    if (connects || begins_with(name, "listen:")) {
        stream->kind = connects ? &ht_stream_tcp_connect : &ht_stream_tcp_listen;
        bool split = split_address(stream, strchr(name, ':') + 1);
        if (split && (!connects || stream->path != NULL)) { return true; }
        snprintf(error, error_size, "'%s' is no address: %s", name,
                 connects ? "tcp:HOST:PORT" : "listen:PORT or listen:HOST:PORT");
        return false;
    }
    stream->kind = ht_stream_is_terminal(name) ? &ht_stream_serial : &ht_stream_file;
    stream->path = strdup(name);
    return stream->path != NULL;
}

ht_stream_t *ht_stream_open(const char *name, const ht_stream_options_t *options, char *error,
                            size_t error_size)
{
    ht_stream_t *stream = calloc(1, sizeof(*stream));
    if (stream == NULL) {
        snprintf(error, error_size, "no memory");
        return NULL;
    }
    stream->options = options != NULL ? *options : (ht_stream_options_t){0};
    if (stream->options.baud == 0) { stream->options.baud = BAUD_DEFAULT; }
    if (stream->options.timeout_ms == 0) { stream->options.timeout_ms = CONNECT_MS_DEFAULT; }
    stream->fd = -1;
    stream->listener = -1;
    snprintf(stream->name, sizeof(stream->name), "%s", name);
    snprintf(error, error_size, "no memory");
    if (!choose_kind(stream, name, error, error_size) ||
        !stream->kind->open(stream, error, error_size)) {
        ht_stream_free(stream);
        return NULL;
    }
    return stream;
}

void ht_stream_free(ht_stream_t *stream)
{
    if (stream == NULL) { return; }
    if (stream->kind != NULL) { stream->kind->close(stream); }
    ht_stream_close_fd(stream);
    if (stream->listener >= 0) { close(stream->listener); }
    free(stream->path);
    free(stream->service);
    free(stream);
}

const char *ht_stream_name(const ht_stream_t *stream)
{
    return stream->name;
}

/* The other end is gone, or the file has ended. */
static ht_stream_state_t ended(ht_stream_t *stream)
{
    if (!stream->kind->comes_back) { return HT_STREAM_END; }
    stream->kind->close(stream);
    ht_stream_close_fd(stream);
    return HT_STREAM_GONE;
}

/* A file that is followed has no end: poll() finds it readable at once, so this waits by itself. */
static ht_stream_state_t wait_for_more(int timeout_ms)
{
    int step = timeout_ms < 0 || timeout_ms > FOLLOW_STEP_MS ? FOLLOW_STEP_MS : timeout_ms;
    nanosleep(&(struct timespec){.tv_nsec = step * 1000000L}, NULL);
    return HT_STREAM_NOTHING;
}

ht_stream_state_t ht_stream_read(ht_stream_t *stream, uint8_t *bytes, size_t size, int timeout_ms,
                                 size_t *length)
{
    *length = 0;
    if (stream->fd < 0) { return HT_STREAM_GONE; }
    struct pollfd ready = {.fd = stream->fd, .events = POLLIN};
    int count = poll(&ready, 1, timeout_ms);
    if (count == 0 || (count < 0 && errno == EINTR)) { return HT_STREAM_NOTHING; }
    if (count < 0) { return ended(stream); }
    ssize_t got = read(stream->fd, bytes, size);
    if (got > 0) {
        *length = (size_t)got;
        return HT_STREAM_BYTES;
    }
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) { return HT_STREAM_NOTHING; }
    if (got == 0 && stream->options.follow && !stream->kind->comes_back) {
        return wait_for_more(timeout_ms);
    }
    return ended(stream);
}

bool ht_stream_reopen(ht_stream_t *stream)
{
    char error[HT_STREAM_ERROR_MAX];
    if (!stream->kind->comes_back) { return false; }
    return stream->fd >= 0 || stream->kind->open(stream, error, sizeof(error));
}

bool ht_stream_write(ht_stream_t *stream, const uint8_t *bytes, size_t length)
{
    if (stream->fd < 0 || !stream->kind->comes_back) { return false; }
    while (length > 0) {
        ssize_t done = write(stream->fd, bytes, length);
        if (done < 0 && errno == EINTR) { continue; }
        if (done <= 0) { return false; }
        bytes += done;
        length -= (size_t)done;
    }
    return true;
}
