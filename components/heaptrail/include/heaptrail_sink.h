/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file heaptrail_sink.h
 * Where a trace goes: the console, a serial port, a file, TCP, RAM.
 *
 *     static heaptrail_sink_t sink;
 *     heaptrail_sink_tcp_connect(&sink, "192.168.1.5", 7070);
 *
 * and heaptrail_sink_write() with &sink is the write function of the trace (heaptrail_trace.h). A
 * function of your own does as well: it takes some bytes, or all, or none for now.
 *
 * From tasks only (what drains the trace is one), one at a time per sink. A sink may block its
 * task, never anybody else: a console for as long as the line takes, TCP not at all. What it
 * allocates is its library's (lwIP's buffers, a file system's), is traced like everything else, and
 * stays small, because it is handed whole frames of about 1 KB.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "esp_err.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Words for a socket's address, of any kind. */
#define HEAPTRAIL_SINK_ADDRESS_WORDS 16

/** A sink. Your memory, static as a rule; all zero: takes nothing. Do not touch the fields. */
typedef struct heaptrail_sink {
    size_t (*write)(struct heaptrail_sink *sink, const void *bytes, size_t length);
    void (*close)(struct heaptrail_sink *sink);
    int fd;
    int listener;
    bool connecting;
    uint32_t address_bytes;
    uint32_t skip; /**< calls until the next attempt to connect */
    uint32_t patience;
    uint64_t address[HEAPTRAIL_SINK_ADDRESS_WORDS];
    uint8_t *memory;
    size_t memory_bytes;
    uint64_t bytes;
    uint32_t connections;
    int error;
} heaptrail_sink_t;

/** What became of what a sink was given. */
typedef struct {
    uint64_t bytes;       /**< taken so far */
    bool connected;       /**< it can take bytes; of TCP: somebody is at the other end */
    uint32_t connections; /**< of TCP: made so far */
    int error;            /**< the last errno; 0: none */
} heaptrail_sink_status_t;

/**
 * A file descriptor that is open already: fileno(stdout) for the console, whatever that is (UART,
 * USB-Serial-JTAG, USB CDC; ESP-IDF's VFS keeps each write whole among log lines, and its LF to
 * CR LF does no harm to frames), a socket, a pipe. Stays open when the sink is closed.
 * ESP_ERR_INVALID_ARG: `fd` is negative.
 */
esp_err_t heaptrail_sink_fd(heaptrail_sink_t *sink, int fd);

/**
 * A path: a file ("/sdcard/boot7.heaptrail"), or a device ("/dev/uart/1"). `append`: keep what is
 * in it, as several boots in one file may be. ESP_ERR_NOT_FOUND: it cannot be opened; errno, which
 * heaptrail_sink_status() tells, says why.
 */
esp_err_t heaptrail_sink_path(heaptrail_sink_t *sink, const char *path, bool append);

/**
 * TCP, the device calls: `heaptrail record listen:PORT` at the desk. Resolves the name, which may
 * take seconds; connects when the first bytes come, and again when the connection is lost.
 * ESP_ERR_NOT_FOUND: no such host, or the network is not up. ESP_ERR_INVALID_ARG: no host, port 0.
 * ESP_ERR_NOT_SUPPORTED: built without CONFIG_HEAPTRAIL_SINK_TCP.
 */
esp_err_t heaptrail_sink_tcp_connect(heaptrail_sink_t *sink, const char *host, uint16_t port);

/**
 * TCP, the device listens: `heaptrail record tcp:DEVICE:PORT`. One desk at a time, the next when it
 * is gone. ESP_FAIL: the port is taken. ESP_ERR_NOT_SUPPORTED: as above.
 */
esp_err_t heaptrail_sink_tcp_listen(heaptrail_sink_t *sink, uint16_t port);

/** Your memory, filled once from the front; heaptrail_sink_status() says how far. */
esp_err_t heaptrail_sink_ram(heaptrail_sink_t *sink, void *memory, size_t bytes);

/** Give bytes to a sink (`context`: a heaptrail_sink_t). Returns how many it took: fewer than
 * `length` when the other end is slow, away, or full. O(length). */
size_t heaptrail_sink_write(void *context, const void *bytes, size_t length);

/** Close what the sink opened. Then it takes nothing. NULL and a closed one are fine. */
void heaptrail_sink_close(heaptrail_sink_t *sink);

/** How far a sink is. From the task that gives it bytes. NULL gives all zero. O(1). */
heaptrail_sink_status_t heaptrail_sink_status(const heaptrail_sink_t *sink);

#ifdef __cplusplus
}
#endif
