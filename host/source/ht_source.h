/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_source.h
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
 * A source can vanish (unplugged, connection lost) and come back; a file just ends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HT_SOURCE_ERROR_MAX 256

typedef struct {
    uint32_t baud;       /**< of a serial port; 0: 115200 */
    bool reset;          /**< pulse RTS as esptool does, so that the chip starts anew */
    bool follow;         /**< at the end of a file wait for more, as `tail -f` does */
    uint32_t timeout_ms; /**< for a connection to be made; 0: 5000 */
} ht_source_options_t;

typedef enum {
    HT_SOURCE_BYTES,   /**< there are some */
    HT_SOURCE_NOTHING, /**< not within the time */
    HT_SOURCE_GONE,    /**< vanished; ht_source_reopen() may bring it back */
    HT_SOURCE_END      /**< there will never be more */
} ht_source_state_t;

typedef struct ht_source ht_source_t;

/** Open what `name` says. NULL: `error` has a sentence. Free it with ht_source_free(). */
ht_source_t *ht_source_open(const char *name, const ht_source_options_t *options, char *error,
                            size_t error_size);
void ht_source_free(ht_source_t *source);

/** Up to `size` bytes, waiting at most `timeout_ms` (negative: for ever). A signal ends the wait
 * (HT_SOURCE_NOTHING). */
ht_source_state_t ht_source_read(ht_source_t *source, uint8_t *bytes, size_t size, int timeout_ms,
                                 size_t *length);

/** After HT_SOURCE_GONE: try once to get it back. False: not yet. Waits no longer than a connection
 * takes. */
bool ht_source_reopen(ht_source_t *source);

/** Send bytes to the other end (keys of a monitor). False: it takes none. */
bool ht_source_write(ht_source_t *source, const uint8_t *bytes, size_t length);

/** For messages: "/dev/ttyUSB0 at 115200 baud". Valid as long as the source. */
const char *ht_source_name(const ht_source_t *source);

#ifdef __cplusplus
}
#endif
