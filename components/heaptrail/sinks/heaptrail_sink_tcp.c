/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * TCP by the BSD socket functions that lwIP and Linux share. Nothing waits but the look-up of the
 * host's name: a connection is begun in one call and found ready in a later one. Without a network
 * in the build (CONFIG_HEAPTRAIL_SINK_TCP) the functions are here and say so.
 *
 *   away --begin--> connecting --ready--> connected --lost--> away
 *   away: every call begins; after each failure twice as many calls pass before the next attempt
 */
#include "heaptrail_sink.h"
#include "ht_config.h"

#if HT_CONFIG_SINK_TCP && defined(__has_include)
#if __has_include(<netdb.h>) && __has_include(<sys/socket.h>)
#define HT_SINK_TCP_HERE 1
#endif
#endif

#ifdef HT_SINK_TCP_HERE

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ht_sink.h"

#define PATIENCE_MAX 64U

static_assert(sizeof(struct sockaddr_in6) <= sizeof(((heaptrail_sink_t *)0)->address),
              "an address of either family has room in a sink");

static void lose(heaptrail_sink_t *sink, int why)
{
    if (why != 0) { sink->error = why; }
    if (sink->fd >= 0) { close(sink->fd); }
    sink->fd = -1;
    sink->connecting = false;
}

static void set_nonblocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL, 0) | O_NONBLOCK);
}

static void connected(heaptrail_sink_t *sink)
{
    sink->connecting = false;
    sink->connections++;
    sink->patience = 0;
}

/* The attempt failed: leave the other end alone for a while. */
static void fail(heaptrail_sink_t *sink, int why)
{
    lose(sink, why);
    sink->patience = sink->patience == 0 ? 1U : sink->patience * 2U;
    if (sink->patience > PATIENCE_MAX) { sink->patience = PATIENCE_MAX; }
    sink->skip = sink->patience;
}

static void begin_connecting(heaptrail_sink_t *sink)
{
    if (sink->skip > 0) {
        sink->skip--;
        return;
    }
    const struct sockaddr *address = (const struct sockaddr *)sink->address;
    sink->fd = socket(address->sa_family, SOCK_STREAM, 0);
    if (sink->fd < 0) {
        fail(sink, errno);
        return;
    }
    if (sink->fd >= FD_SETSIZE) { /* select() writes beyond its set */
        fail(sink, EMFILE);
        return;
    }
    set_nonblocking(sink->fd);
    if (connect(sink->fd, address, (socklen_t)sink->address_bytes) == 0) {
        connected(sink);
    } else if (errno == EINPROGRESS) {
        sink->connecting = true;
    } else {
        fail(sink, errno);
    }
}

/* Has the connection that was begun been made? */
static void finish_connecting(heaptrail_sink_t *sink)
{
    fd_set writable;
    struct timeval now = {0};
    int why = 0;
    socklen_t size = sizeof(why);
    FD_ZERO(&writable);
    FD_SET(sink->fd, &writable);
    if (select(sink->fd + 1, NULL, &writable, NULL, &now) <= 0) { return; }
    if (getsockopt(sink->fd, SOL_SOCKET, SO_ERROR, &why, &size) != 0) { why = errno; }
    if (why == 0) {
        connected(sink);
    } else {
        fail(sink, why);
    }
}

/* What the desk sends (keys of a monitor) is read and dropped: so is learned that it is gone. */
static bool is_there(heaptrail_sink_t *sink)
{
    char dropped[32];
    ssize_t got = 0;
    do {
        got = recv(sink->fd, dropped, sizeof(dropped), MSG_DONTWAIT);
    } while (got > 0);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

static size_t send_some(heaptrail_sink_t *sink, const void *bytes, size_t length)
{
    if (!is_there(sink)) {
        lose(sink, 0);
        return 0;
    }
    ssize_t sent = send(sink->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) { return (size_t)sent; }
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) { lose(sink, errno); }
    return 0;
}

static size_t write_client(heaptrail_sink_t *sink, const void *bytes, size_t length)
{
    if (sink->fd < 0) { begin_connecting(sink); }
    if (sink->connecting) { finish_connecting(sink); }
    return sink->fd >= 0 && !sink->connecting ? send_some(sink, bytes, length) : 0;
}

static void accept_one(heaptrail_sink_t *sink)
{
    sink->fd = accept(sink->listener, NULL, NULL);
    if (sink->fd < 0) { return; }
    set_nonblocking(sink->fd);
    connected(sink);
}

static size_t write_server(heaptrail_sink_t *sink, const void *bytes, size_t length)
{
    if (sink->fd < 0) { accept_one(sink); }
    return sink->fd >= 0 ? send_some(sink, bytes, length) : 0;
}

static void close_sockets(heaptrail_sink_t *sink)
{
    lose(sink, 0);
    if (sink->listener >= 0) { close(sink->listener); }
    sink->listener = -1;
}

/* --- the public half --- */

/* Decimal digits of a port. */
static void port_text(char text[6], uint16_t port)
{
    char *end = text + 5;
    *end = '\0';
    do {
        *--end = (char)('0' + port % 10U);
        port = (uint16_t)(port / 10U);
    } while (port != 0);
    memmove(text, end, strlen(end) + 1);
}

static bool resolve(heaptrail_sink_t *sink, const char *host, uint16_t port)
{
    char service[6];
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    port_text(service, port);
    if (getaddrinfo(host, service, &hints, &found) != 0 || found == NULL) { return false; }
    bool fits = found->ai_addrlen <= sizeof(sink->address);
    if (fits) {
        memcpy(sink->address, found->ai_addr, found->ai_addrlen);
        sink->address_bytes = (uint32_t)found->ai_addrlen;
    }
    freeaddrinfo(found);
    return fits;
}

esp_err_t heaptrail_sink_tcp_connect(heaptrail_sink_t *sink, const char *host, uint16_t port)
{
    if (sink == NULL || host == NULL || *host == '\0' || port == 0) { return ESP_ERR_INVALID_ARG; }
    ht_sink_begin(sink);
    if (!resolve(sink, host, port)) { return ESP_ERR_NOT_FOUND; }
    sink->write = write_client;
    sink->close = close_sockets;
    return ESP_OK;
}

esp_err_t heaptrail_sink_tcp_listen(heaptrail_sink_t *sink, uint16_t port)
{
    if (sink == NULL) { return ESP_ERR_INVALID_ARG; }
    ht_sink_begin(sink);
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(port)};
    int on = 1;
    sink->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (sink->listener >= 0) {
        setsockopt(sink->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        set_nonblocking(sink->listener);
    }
    if (sink->listener < 0 || bind(sink->listener, (struct sockaddr *)&own, sizeof(own)) != 0 ||
        listen(sink->listener, 1) != 0) {
        sink->error = errno;
        close_sockets(sink);
        return ESP_FAIL;
    }
    sink->write = write_server;
    sink->close = close_sockets;
    return ESP_OK;
}

#else

esp_err_t heaptrail_sink_tcp_connect(heaptrail_sink_t *sink, const char *host, uint16_t port)
{
    (void)sink;
    (void)host;
    (void)port;
    return ESP_ERR_NOT_SUPPORTED;
}

esp_err_t heaptrail_sink_tcp_listen(heaptrail_sink_t *sink, uint16_t port)
{
    (void)sink;
    (void)port;
    return ESP_ERR_NOT_SUPPORTED;
}

#endif
