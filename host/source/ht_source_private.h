/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_source_private.h  What the kinds of sources have in common: a descriptor to poll. */
#pragma once

#include "ht_source.h"

/** One kind of source. */
typedef struct {
    /** Get a descriptor into source->fd. False: `error` says why. */
    bool (*open)(ht_source_t *source, char *error, size_t error_size);
    void (*close)(ht_source_t *source);
    bool comes_back; /**< when its bytes end it has vanished, and may return */
} ht_source_kind_t;

struct ht_source {
    const ht_source_kind_t *kind;
    ht_source_options_t options;
    int fd;        /**< -1: none now */
    int listener;  /**< -1: none */
    void *port;    /**< of libserialport; NULL: none */
    char *path;    /**< device, file, or host */
    char *service; /**< TCP port, or NULL */
    char name[HT_SOURCE_ERROR_MAX];
};

extern const ht_source_kind_t ht_source_serial;
extern const ht_source_kind_t ht_source_tcp_connect;
extern const ht_source_kind_t ht_source_tcp_listen;
extern const ht_source_kind_t ht_source_file;

/** Close source->fd if there is one. */
void ht_source_close_fd(ht_source_t *source);

/** Is there a terminal at this path? */
bool ht_source_is_terminal(const char *path);
