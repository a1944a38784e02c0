/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Opening a file with a trace in it, and choosing what to read of it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ht_trace_ahead.h"
#include "ht_trace_read_private.h"

/* An index larger than this is none: a hundred thousand chunks. */
#define INDEX_BYTES_MAX (16U << 20)
/* A smaller file is read before a second thread has got going. */
#define BYTES_FOR_A_THREAD (1U << 20)

/* --- opening
 * --------------------------------------------------------------------------------------- */

static bool read_at(const ht_trace_reader_t *reader, uint64_t offset, void *to, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t count =
            pread(reader->fd, (uint8_t *)to + done, length - done, (off_t)(offset + done));
        if (count < 0 && errno == EINTR) { continue; }
        if (count <= 0) { return false; }
        done += (size_t)count;
    }
    return true;
}

static bool read_index(ht_trace_reader_t *reader)
{
    uint8_t tail[HT_INDEX_TAIL];
    const uint64_t bytes = reader->info.bytes;
    if (bytes < sizeof(tail) || !read_at(reader, bytes - sizeof(tail), tail, sizeof(tail))) {
        return false;
    }
    size_t length = ht_trace_index_length(tail);
    if (length == 0 || length > bytes || length > INDEX_BYTES_MAX) { return false; }
    uint8_t *encoded = malloc(length);
    bool good = encoded != NULL && read_at(reader, bytes - length, encoded, length) &&
                ht_trace_index_decode(&reader->index, encoded, length, bytes - length);
    free(encoded);
    reader->pieces_end = bytes - length;
    return good;
}

/* Where the last run begins among the entries: the boot is the same from there on, and time goes
 * forward. */
static size_t last_run(const ht_trace_index_t *index)
{
    size_t i = index->count - 1;
    while (i > 0 && index->entry[i - 1].boot == index->entry[i].boot &&
           index->entry[i - 1].first_us <= index->entry[i].first_us) {
        i--;
    }
    return i;
}

static void describe_index(ht_trace_reader_t *reader)
{
    ht_trace_info_t *info = &reader->info;
    const ht_trace_index_t *index = &reader->index;
    info->indexed = true;
    for (size_t i = 0; i < index->count; i++) {
        bool chunk = index->entry[i].kind == HT_ENTRY_CHUNK;
        info->chunks += chunk;
        info->checkpoints += !chunk;
        info->events += index->entry[i].events;
    }
    if (index->count == 0) { return; }
    reader->run = last_run(index);
    info->boot = index->entry[reader->run].boot;
    info->first_us = index->entry[reader->run].first_us;
    for (size_t i = reader->run; i < index->count; i++) {
        if (index->entry[i].last_us > info->last_us) { info->last_us = index->entry[i].last_us; }
    }
}

static bool find_kind(ht_trace_reader_t *reader, const char *path, ht_trace_error_t *error)
{
    ht_trace_input_t *input = &reader->input;
    (void)ht_trace_input_range(input, 0, UINT64_MAX);
    if (!ht_trace_input_fill(input, error)) { return false; }
    const uint8_t *bytes = input->buffer;
    if (input->end == 0) { return ht_trace_fail(error, HT_TRACE_FOREIGN, 0, "%s: empty", path); }
    const char *foreign = ht_trace_foreign(bytes, input->end);
    if (foreign != NULL) {
        return ht_trace_fail(error, HT_TRACE_FOREIGN, 0, "%s: not a trace: %s", path, foreign);
    }
    uint64_t magic = input->end >= 4 ? ht_get_le(bytes, 4) : 0;
    bool recorded =
        magic == HT_ZSTD_MAGIC || magic == HT_FILE_CHECKPOINT_MAGIC || magic == HT_FILE_INDEX_MAGIC;
    reader->info.kind = recorded ? HT_TRACE_RECORDED : HT_TRACE_WIRE;
    return true;
}

static bool open_file(ht_trace_reader_t *reader, const char *path, ht_trace_error_t *error)
{
    const bool standard = strcmp(path, "-") == 0;
    reader->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (reader->fd < 0 || fstat(reader->fd, &status) != 0) {
        return ht_trace_fail(error, HT_TRACE_UNREADABLE, 0, "%s: %s", path, strerror(errno));
    }
    if (S_ISDIR(status.st_mode)) {
        return ht_trace_fail(error, HT_TRACE_UNREADABLE, 0, "%s: a directory", path);
    }
    reader->input.fd = reader->fd;
    /* Standard input may stand in the middle of a file: it is read on from there. */
    reader->input.seekable = S_ISREG(status.st_mode) && !standard;
    reader->info.bytes = reader->input.seekable ? (uint64_t)status.st_size : 0;
    return true;
}

ht_trace_reader_t *ht_trace_reader_open(const char *path, ht_trace_error_t *error)
{
    ht_trace_reader_t *reader = calloc(1, sizeof(*reader));
    if (reader != NULL) { reader->name = strdup(path); }
    if (reader == NULL || reader->name == NULL) {
        free(reader);
        (void)ht_trace_fail(error, HT_TRACE_NO_MEMORY, 0, "no memory to read %s with", path);
        return NULL;
    }
    if (!open_file(reader, path, error) || !find_kind(reader, path, error)) {
        ht_trace_reader_free(reader);
        return NULL;
    }
    if (reader->input.seekable && reader->info.kind == HT_TRACE_RECORDED) {
        if (read_index(reader)) { describe_index(reader); }
    }
    return reader;
}

void ht_trace_reader_free(ht_trace_reader_t *reader)
{
    if (reader == NULL) { return; }
    if (reader->fd > STDIN_FILENO) { (void)close(reader->fd); }
    free(reader->index.entry);
    free(reader->name);
    free(reader);
}

const ht_trace_info_t *ht_trace_reader_info(const ht_trace_reader_t *reader)
{
    return &reader->info;
}

/* --- what to read
 * ------------------------------------------------------------------------------------ */

/* The last checkpoint of the last run that is not later; the run's beginning if there is none. */
static size_t first_entry(const ht_trace_reader_t *reader, uint64_t from_us)
{
    size_t found = reader->run;
    for (size_t i = reader->run; i < reader->index.count; i++) {
        const ht_trace_entry_t *entry = &reader->index.entry[i];
        if (entry->kind == HT_ENTRY_CHECKPOINT && entry->first_us <= from_us) { found = i; }
    }
    return found;
}

static uint64_t end_of(const ht_trace_reader_t *reader, size_t i)
{
    return i + 1 < reader->index.count ? reader->index.entry[i + 1].offset : reader->pieces_end;
}

/* What was known at a checkpoint; the stream goes on behind it. */
static bool read_checkpoint(ht_trace_pump_t *pump, size_t i)
{
    const ht_trace_reader_t *reader = pump->reader;
    const ht_trace_entry_t *entry = &reader->index.entry[i];
    uint8_t head[HT_SKIPPABLE_HEAD + HT_CHECKPOINT_HEAD];
    if (!read_at(reader, entry->offset, head, sizeof(head)) ||
        ht_get_le(head, 4) != HT_FILE_CHECKPOINT_MAGIC ||
        memcmp(head + 8, HT_FILE_CHECKPOINT_NAME, 4) != 0 ||
        ht_get_le(head + 12, 4) != HT_FILE_VERSION) {
        return ht_trace_fail(&pump->outcome->error, HT_TRACE_DAMAGED, entry->offset,
                             "a checkpoint that is none at byte %" PRIu64, entry->offset);
    }
    pump->outcome->result.bytes_read += sizeof(head);
    bool good = ht_trace_pump_range(pump, entry->offset + sizeof(head), end_of(reader, i));
    if (pump->outcome->result.stopped) { return good; }
    ht_decoder_end(pump->decoder);
    ht_decoder_seek(pump->decoder, entry->wire_offset);
    ht_decoder_expect(pump->decoder, ht_get_le(head + 28, 8));
    pump->outcome->result.from_checkpoint = true;
    return good;
}

/* The pieces that a time asks for. */
static bool read_pieces(ht_trace_pump_t *pump, const ht_trace_request_t *request)
{
    const ht_trace_reader_t *reader = pump->reader;
    const ht_trace_index_t *index = &reader->index;
    size_t i = request->from_us == 0 ? 0 : first_entry(reader, request->from_us);
    bool good = true;
    if (index->entry[i].kind == HT_ENTRY_CHECKPOINT) { good = read_checkpoint(pump, i++); }
    for (; i < index->count && (good || pump->outcome->error.code == HT_TRACE_DAMAGED); i++) {
        const ht_trace_entry_t *entry = &index->entry[i];
        bool late =
            request->until_us != 0 && i >= reader->run && entry->first_us > request->until_us;
        if (late || pump->outcome->result.stopped) { break; }
        if (entry->kind != HT_ENTRY_CHUNK) { continue; }
        good &= ht_trace_pump_range(pump, entry->offset, end_of(reader, i));
    }
    return good;
}

static bool read_chosen(ht_trace_pump_t *pump, const ht_trace_request_t *request)
{
    const ht_trace_reader_t *reader = pump->reader;
    bool choose = request->from_us != 0 || request->until_us != 0;
    if (choose && reader->info.indexed && reader->index.count != 0) {
        return read_pieces(pump, request);
    }
    return ht_trace_pump_range(pump, 0, UINT64_MAX);
}

/* --- one reading, by this thread or by another one ----------------------------------------------
 */

static void read_all(void *context, const ht_decoder_sink_t *sink,
                     const ht_trace_request_t *request, ht_trace_outcome_t *outcome)
{
    ht_trace_pump_t pump = {.reader = context, .request = request, .outcome = outcome};
    (void)(ht_trace_pump_begin(&pump, sink) && read_chosen(&pump, request));
    (void)ht_trace_pump_end(&pump);
}

/* Not of a pipe: what came is to be told although nothing more comes, and nobody could end a thread
 * that waits for more. */
static bool wants_thread(const ht_trace_reader_t *reader, const ht_trace_request_t *request)
{
    if (request->ahead == HT_TRACE_AHEAD_NEVER || !reader->input.seekable) { return false; }
    return request->ahead == HT_TRACE_AHEAD_ALWAYS || reader->info.bytes >= BYTES_FOR_A_THREAD;
}

bool ht_trace_reader_read(ht_trace_reader_t *reader, const ht_decoder_sink_t *sink,
                          const ht_trace_request_t *request, ht_trace_result_t *result,
                          ht_trace_error_t *error)
{
    static const ht_trace_request_t everything;
    ht_trace_outcome_t outcome = {0};
    if (request == NULL) { request = &everything; }
    if (!wants_thread(reader, request) ||
        !ht_trace_ahead(read_all, reader, sink, request, &outcome)) {
        read_all(reader, sink, request, &outcome);
    }
    const bool good = outcome.error.code == HT_TRACE_OK;
    if (result != NULL) { *result = outcome.result; }
    if (!good && error != NULL) { *error = outcome.error; }
    return good;
}
