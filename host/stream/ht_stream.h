/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_stream.h
 * Where the bytes of a trace come from, named by one word:
 *
 *   /dev/ttyUSB0, /dev/ttyACM0, COM3    a serial port (libserialport)
 *   /dev/pts/4                          any other terminal
 *   tcp:HOST:PORT                       a device that listens
 *   listen:PORT, listen:HOST:PORT       a device that calls; one at a time, the next when it is
 * gone
 *   -                                   standard input
 *   PATH                                a file or a pipe
 *
 * A stream can vanish (unplugged, connection lost) and come back; a file just ends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HT_STREAM_ERROR_MAX 256

typedef struct {
    uint32_t baud;       /**< of a serial port; 0: 115200 */
    bool reset;          /**< pulse RTS as esptool does, so that the chip starts anew */
    bool follow;         /**< at the end of a file wait for more, as `tail -f` does */
    uint32_t timeout_ms; /**< for a connection to be made; 0: 5000 */
} ht_stream_options_t;

typedef enum {
    HT_STREAM_BYTES,   /**< there are some */
    HT_STREAM_NOTHING, /**< not within the time */
    HT_STREAM_GONE,    /**< vanished; ht_stream_reopen() may bring it back */
    HT_STREAM_END      /**< there will never be more */
} ht_stream_state_t;

typedef struct ht_stream ht_stream_t;

/** Open what `name` says. NULL: `error` has a sentence. Free it with ht_stream_free(). */
ht_stream_t *ht_stream_open(const char *name, const ht_stream_options_t *options, char *error,
                            size_t error_size);
void ht_stream_free(ht_stream_t *stream);

/** Up to `size` bytes, waiting at most `timeout_ms` (negative: for ever). A signal ends the wait
 * (HT_STREAM_NOTHING). */
ht_stream_state_t ht_stream_read(ht_stream_t *stream, uint8_t *bytes, size_t size, int timeout_ms,
                                 size_t *length);

/** After HT_STREAM_GONE: try once to get it back. False: not yet. Waits no longer than a connection
 * takes. */
bool ht_stream_reopen(ht_stream_t *stream);

/** Send bytes to the other end (keys of a monitor). False: it takes none. */
bool ht_stream_write(ht_stream_t *stream, const uint8_t *bytes, size_t length);

/** For messages: "/dev/ttyUSB0 at 115200 baud". Valid as long as the stream. */
const char *ht_stream_name(const ht_stream_t *stream);

#ifdef __cplusplus
}
#endif
