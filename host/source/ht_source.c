/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What all sources do alike: the name, the wait, the bytes. */
#include "ht_source_private.h"

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

void ht_source_close_fd(ht_source_t *source)
{
    if (source->fd >= 0 && source->fd != STDIN_FILENO) { close(source->fd); }
    source->fd = -1;
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* HOST:PORT, [HOST]:PORT or PORT alone, into path and service. */
static bool split_address(ht_source_t *source, const char *address)
{
    const char *colon = strrchr(address, ':');
    const char *port = colon != NULL ? colon + 1 : address;
    size_t length = colon != NULL ? (size_t)(colon - address) : 0;
    if (length >= 2 && address[0] == '[' && address[length - 1] == ']') {
        address++;
        length -= 2;
    }
    if (*port == '\0') { return false; }
    source->path = length != 0 ? strndup(address, length) : NULL;
    source->service = strdup(port);
    return source->service != NULL && (length == 0 || source->path != NULL);
}

/* Find out what kind of source `name` means. */
static bool choose_kind(ht_source_t *source, const char *name, char *error, size_t error_size)
{
    bool connects = begins_with(name, "tcp:");
    if (connects || begins_with(name, "listen:")) {
        source->kind = connects ? &ht_source_tcp_connect : &ht_source_tcp_listen;
        bool split = split_address(source, strchr(name, ':') + 1);
        if (split && (!connects || source->path != NULL)) { return true; }
        snprintf(error, error_size, "'%s' is no address: %s", name,
                 connects ? "tcp:HOST:PORT" : "listen:PORT or listen:HOST:PORT");
        return false;
    }
    source->kind = ht_source_is_terminal(name) ? &ht_source_serial : &ht_source_file;
    source->path = strdup(name);
    return source->path != NULL;
}

ht_source_t *ht_source_open(const char *name, const ht_source_options_t *options, char *error,
                            size_t error_size)
{
    ht_source_t *source = calloc(1, sizeof(*source));
    if (source == NULL) {
        snprintf(error, error_size, "no memory");
        return NULL;
    }
    source->options = options != NULL ? *options : (ht_source_options_t){0};
    if (source->options.baud == 0) { source->options.baud = BAUD_DEFAULT; }
    if (source->options.timeout_ms == 0) { source->options.timeout_ms = CONNECT_MS_DEFAULT; }
    source->fd = -1;
    source->listener = -1;
    snprintf(source->name, sizeof(source->name), "%s", name);
    snprintf(error, error_size, "no memory");
    if (!choose_kind(source, name, error, error_size) ||
        !source->kind->open(source, error, error_size)) {
        ht_source_free(source);
        return NULL;
    }
    return source;
}

void ht_source_free(ht_source_t *source)
{
    if (source == NULL) { return; }
    if (source->kind != NULL) { source->kind->close(source); }
    ht_source_close_fd(source);
    if (source->listener >= 0) { close(source->listener); }
    free(source->path);
    free(source->service);
    free(source);
}

const char *ht_source_name(const ht_source_t *source)
{
    return source->name;
}

/* The other end is gone, or the file has ended. */
static ht_source_state_t ended(ht_source_t *source)
{
    if (!source->kind->comes_back) { return HT_SOURCE_END; }
    source->kind->close(source);
    ht_source_close_fd(source);
    return HT_SOURCE_GONE;
}

/* A file that is followed has no end: poll() finds it readable at once, so this waits by itself. */
static ht_source_state_t wait_for_more(int timeout_ms)
{
    int step = timeout_ms < 0 || timeout_ms > FOLLOW_STEP_MS ? FOLLOW_STEP_MS : timeout_ms;
    nanosleep(&(struct timespec){.tv_nsec = step * 1000000L}, NULL);
    return HT_SOURCE_NOTHING;
}

ht_source_state_t ht_source_read(ht_source_t *source, uint8_t *bytes, size_t size, int timeout_ms,
                                 size_t *length)
{
    *length = 0;
    if (source->fd < 0) { return HT_SOURCE_GONE; }
    struct pollfd ready = {.fd = source->fd, .events = POLLIN};
    int count = poll(&ready, 1, timeout_ms);
    if (count == 0 || (count < 0 && errno == EINTR)) { return HT_SOURCE_NOTHING; }
    if (count < 0) { return ended(source); }
    ssize_t got = read(source->fd, bytes, size);
    if (got > 0) {
        *length = (size_t)got;
        return HT_SOURCE_BYTES;
    }
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) { return HT_SOURCE_NOTHING; }
    if (got == 0 && source->options.follow && !source->kind->comes_back) {
        return wait_for_more(timeout_ms);
    }
    return ended(source);
}

bool ht_source_reopen(ht_source_t *source)
{
    char error[HT_SOURCE_ERROR_MAX];
    if (!source->kind->comes_back) { return false; }
    return source->fd >= 0 || source->kind->open(source, error, sizeof(error));
}

bool ht_source_write(ht_source_t *source, const uint8_t *bytes, size_t length)
{
    if (source->fd < 0 || !source->kind->comes_back) { return false; }
    while (length > 0) {
        ssize_t done = write(source->fd, bytes, length);
        if (done < 0 && errno == EINTR) { continue; }
        if (done <= 0) { return false; }
        bytes += done;
        length -= (size_t)done;
    }
    return true;
}
