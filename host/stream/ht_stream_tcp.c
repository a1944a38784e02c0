/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* TCP, called or calling. One device at a time. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ht_stream_private.h"

/* Wait for a connection that is being made. */
static bool finish_connect(int fd, uint32_t timeout_ms)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    int count = poll(&ready, 1, (int)timeout_ms);
    int reason = 0;
    socklen_t size = sizeof(reason);
    if (count <= 0) {
        errno = count == 0 ? ETIMEDOUT : errno;
        return false;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &size) != 0) { return false; }
    errno = reason;
    return reason == 0;
}

static int connect_to(const struct addrinfo *address, uint32_t timeout_ms)
{
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    address->ai_protocol);
    if (fd < 0) { return -1; }
    bool done = connect(fd, address->ai_addr, address->ai_addrlen) == 0 ||
                (errno == EINPROGRESS && finish_connect(fd, timeout_ms));
    if (!done) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int));
    return fd;
}

static int listen_at(const struct addrinfo *address, uint32_t timeout_ms)
{
    (void)timeout_ms;
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
    if (fd < 0) { return -1; }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, 1) == 0) { return fd; }
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

/* Try each address that the name has. -1: `error` says why the last one failed. */
static int try_all(const ht_stream_t *stream, bool passive,
                   int (*one)(const struct addrinfo *, uint32_t), char *error, size_t error_size)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = passive ? AI_PASSIVE : 0};
    if (passive && stream->path == NULL) { hints.ai_family = AF_INET; }
    struct addrinfo *found = NULL;
    int wrong = getaddrinfo(stream->path, stream->service, &hints, &found);
    if (wrong != 0) {
        snprintf(error, error_size, "%s: %s", stream->name, gai_strerror(wrong));
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
        fd = one(at, stream->options.timeout_ms);
    }
    if (fd < 0) { snprintf(error, error_size, "%s: %s", stream->name, strerror(errno)); }
    freeaddrinfo(found);
    return fd;
}

static bool open_connection(ht_stream_t *stream, char *error, size_t error_size)
{
    stream->fd = try_all(stream, false, connect_to, error, error_size);
    return stream->fd >= 0;
}

/* Port 0: the system chooses one, and the name says which. */
static void name_port(ht_stream_t *stream)
{
    struct sockaddr_storage own;
    socklen_t size = sizeof(own);
    char port[NI_MAXSERV];
    if (getsockname(stream->listener, (struct sockaddr *)&own, &size) == 0 &&
        getnameinfo((struct sockaddr *)&own, size, NULL, 0, port, sizeof(port), NI_NUMERICSERV) ==
            0) {
        snprintf(stream->name, sizeof(stream->name), "listen:%s%s%s",
                 stream->path != NULL ? stream->path : "", stream->path != NULL ? ":" : "", port);
    }
}

/* The first open only listens: bytes come once someone has called, see ht_stream_reopen(). */
static bool open_listener(ht_stream_t *stream, char *error, size_t error_size)
{
    if (stream->listener < 0) {
        stream->listener = try_all(stream, true, listen_at, error, error_size);
        if (stream->listener >= 0) { name_port(stream); }
        return stream->listener >= 0;
    }
    struct pollfd ready = {.fd = stream->listener, .events = POLLIN};
    if (poll(&ready, 1, 0) != 1) { return false; }
    stream->fd = accept4(stream->listener, NULL, NULL, SOCK_CLOEXEC);
    if (stream->fd < 0) { return false; }
    setsockopt(stream->fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int));
    return true;
}

static void close_connection(ht_stream_t *stream)
{
    ht_stream_close_fd(stream);
}

const ht_stream_kind_t ht_stream_tcp_connect = {
    .open = open_connection, .close = close_connection, .comes_back = true};
const ht_stream_kind_t ht_stream_tcp_listen = {
    .open = open_listener, .close = close_connection, .comes_back = true};
