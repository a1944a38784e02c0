/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_trace_file.h
 * Traces in files: the recorded file of SPEC.md 5.6, written and read, and bytes of the wire as
 * they came (a console's log with frames in it), read.
 */
#pragma once

#include "ht_decode.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    HT_TRACE_OK = 0,
    HT_TRACE_UNREADABLE, /**< no such file, no permission, an error of the disk */
    HT_TRACE_FOREIGN,    /**< a file of another kind: the text says which */
    HT_TRACE_DAMAGED,    /**< of this kind; a piece of it could not be read, the rest was */
    HT_TRACE_UNWRITABLE, /**< a full disk, say; what was written before is whole */
    HT_TRACE_NO_MEMORY
} ht_trace_code_t;

typedef struct {
    ht_trace_code_t code;
    uint64_t offset; /**< in the file: of the first byte that makes no sense, or was not written */
    char text[256];  /**< a sentence */
} ht_trace_error_t;

/* --- writing ------------------------------------------------------------------------------------
 */

/** All zero is good. */
typedef struct {
    int level;          /**< of zstd, 1 to 19; 0: 3 */
    size_t chunk_bytes; /**< before compression; 0: 1 MiB */
    /** Of the wire between two checkpoints, at least; 0: 4 MiB. They take an eighth of the file at
     * most: the next one waits until eight times the bytes of the last one were written. */
    uint64_t checkpoint_bytes;
} ht_trace_options_t;

typedef struct ht_trace_writer ht_trace_writer_t;

/**
 * Write a recorded file to `fd`, from where it stands; the caller closes it. NULL: no memory. To be
 * freed with ht_trace_writer_free(). `options` may be NULL.
 *
 * What follows returns false after an error, which ht_trace_writer_error() has; nothing more is
 * written then, and a regular file was cut behind the last whole piece, so that it stays readable.
 */
ht_trace_writer_t *ht_trace_writer_new(int fd, const ht_trace_options_t *options);
void ht_trace_writer_free(ht_trace_writer_t *writer);

/** A frame as it came, with both its 00, as ht_decoder_sink_t.frame has it; its events, in order,
 * before the next frame. */
bool ht_trace_writer_frame(ht_trace_writer_t *writer, const uint8_t *wire, size_t length);
void ht_trace_writer_event(ht_trace_writer_t *writer, const ht_event_t *event);

/** What was not written yet goes into the file now, as a chunk of its own. For who fears to be
 * killed; each costs some compression. */
bool ht_trace_writer_flush(ht_trace_writer_t *writer);

/** The last chunk and the index. Nothing may follow. */
bool ht_trace_writer_end(ht_trace_writer_t *writer);

typedef struct {
    uint64_t events;
    uint64_t wire_bytes;
    uint64_t file_bytes;
    uint32_t chunks;
    uint32_t checkpoints;
} ht_trace_written_t;

ht_trace_written_t ht_trace_writer_status(const ht_trace_writer_t *writer);
const ht_trace_error_t *ht_trace_writer_error(const ht_trace_writer_t *writer);

/* --- reading ------------------------------------------------------------------------------------
 */

typedef enum {
    HT_TRACE_RECORDED, /**< SPEC.md 5.6 */
    HT_TRACE_WIRE      /**< bytes of the wire: 5.1 */
} ht_trace_kind_t;

/** What is known before anything was read. */
typedef struct {
    ht_trace_kind_t kind;
    uint64_t bytes; /**< of the file; 0: not known (a pipe) */
    bool indexed;   /**< then the following are known, too */
    uint32_t chunks, checkpoints;
    uint32_t boot;              /**< of the last run */
    uint64_t first_us, last_us; /**< of the last run */
    uint64_t events;            /**< of all runs */
    uint64_t wire_bytes;
} ht_trace_info_t;

typedef struct ht_trace_reader ht_trace_reader_t;

/** Open a file, "-": standard input. NULL: `error` says why. To be freed with
 * ht_trace_reader_free(). */
ht_trace_reader_t *ht_trace_reader_open(const char *path, ht_trace_error_t *error);
void ht_trace_reader_free(ht_trace_reader_t *reader);

const ht_trace_info_t *ht_trace_reader_info(const ht_trace_reader_t *reader);

/** Does a thread of its own read, decompress and decode, ahead of the caller's? Never on a pipe or
 * standard input. The sink and `progress` are called in the caller's thread in any case. */
typedef enum {
    HT_TRACE_AHEAD_AS_NEEDED, /**< for files of a MiB and more */
    HT_TRACE_AHEAD_NEVER,
    HT_TRACE_AHEAD_ALWAYS /**< if a thread can be had */
} ht_trace_ahead_t;

/** All zero: everything. */
typedef struct {
    /**
     * Times of the last run. With an index, reading begins at the last checkpoint that is not
     * later than `from_us` (HT_EVENT_BOOT and everything that it holds come first, as events), and
     * ends behind the chunk that `until_us` is in. Events before and after come, too: to leave them
     * out is the caller's business. Without an index everything is read. from_us 0: from the
     * beginning, all runs; until_us 0: to the end.
     */
    uint64_t from_us, until_us;

    /** Now and then, with the bytes of the file that were read, and how many there are to read
     * (0: not known). False ends the reading: nothing is told any more, and the result is that of
     * this moment. NULL: nobody wants to know. */
    bool (*progress)(void *context, uint64_t done, uint64_t total);
    void *progress_context;

    ht_trace_ahead_t ahead;
} ht_trace_request_t;

typedef struct {
    uint64_t bytes_read; /**< of the file: how much was needed */
    bool from_checkpoint;
    bool stopped;                /**< by `progress` */
    ht_decoder_status_t decoder; /**< of what was read */
} ht_trace_result_t;

/**
 * Read, and tell `sink`. False: `error` says what was wrong and where; HT_TRACE_DAMAGED means that
 * there was a piece that could not be read, and that everything else was. A file that can be read
 * from anywhere may be read again. `request` and `result` may be NULL.
 *
 * The callbacks must return (no longjmp(), no exception), and must not use this reader.
 *
 * Offsets of events and damages count the bytes of the wire, after decompression.
 */
bool ht_trace_reader_read(ht_trace_reader_t *reader, const ht_decoder_sink_t *sink,
                          const ht_trace_request_t *request, ht_trace_result_t *result,
                          ht_trace_error_t *error);

#ifdef __cplusplus
}
#endif
