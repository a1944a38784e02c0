/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_stream_private.h  What the kinds of streams have in common: a descriptor to poll. */
#pragma once

#include "ht_stream.h"

/** One kind of stream. */
typedef struct {
    /** Get a descriptor into stream->fd. False: `error` says why. */
    bool (*open)(ht_stream_t *stream, char *error, size_t error_size);
    void (*close)(ht_stream_t *stream);
    bool comes_back; /**< when its bytes end it has vanished, and may return */
} ht_stream_kind_t;

struct ht_stream {
    const ht_stream_kind_t *kind;
    ht_stream_options_t options;
    int fd;        /**< -1: none now */
    int listener;  /**< -1: none */
    void *port;    /**< of libserialport; NULL: none */
    char *path;    /**< device, file, or host */
    char *service; /**< TCP port, or NULL */
    char name[HT_STREAM_ERROR_MAX];
};

extern const ht_stream_kind_t ht_stream_serial;
extern const ht_stream_kind_t ht_stream_tcp_connect;
extern const ht_stream_kind_t ht_stream_tcp_listen;
extern const ht_stream_kind_t ht_stream_file;

/** Close stream->fd if there is one. */
void ht_stream_close_fd(ht_stream_t *stream);

/** Is there a terminal at this path? */
bool ht_stream_is_terminal(const char *path);
