/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Writing a recorded file: chunks, checkpoints between them, the index. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "ht_keeper.h"
#include "ht_reader.h"
#include "ht_trace_private.h"
#include "ht_writer.h"

#define DEFAULT_LEVEL 3
#define DEFAULT_CHUNK (1U << 20)
#define DEFAULT_CHECKPOINT (4U << 20)
/* Bytes of a frame on the wire with its two 00, at most. */
#define FRAME_WIRE_MAX (2U * HT_FRAME_MAX + 2U)
/* A checkpoint comes after so many times the bytes of the one before. */
#define CHECKPOINT_SHARE 8U

/* Bytes that grow. */
typedef struct {
    uint8_t *at;
    size_t length, room;
    bool no_memory;
} buffer_t;

struct ht_trace_writer {
    int fd;
    ht_trace_options_t options;
    ht_trace_error_t error;
    ZSTD_CCtx *zstd;
    ht_keeper_t *keeper;
    ht_trace_index_t index;
    uint64_t begin; /* where in the file descriptor it began */
    buffer_t chunk; /* not written yet */
    buffer_t packed;
    buffer_t checkpoint;
    ht_trace_entry_t entry; /* of the chunk; its kind, boot and times */
    bool timed;             /* the chunk's first time is known */
    bool ended;
    ht_event_t last;              /* its head: boot, pointer's size, time */
    uint64_t next_sequence;       /* of the boot's frames */
    uint64_t since_checkpoint;    /* bytes of the file */
    uint64_t wire_since;          /* of the wire */
    size_t checkpoint_file_bytes; /* of the last one */
    ht_trace_written_t written;
};

/* --- buffers -------------------------------------------------------------------------------------
 */

static bool reserve(buffer_t *buffer, size_t room)
{
    if (room <= buffer->room) { return true; }
    size_t doubled = buffer->room * 2 > room ? buffer->room * 2 : room;
    uint8_t *more = realloc(buffer->at, doubled);
    buffer->no_memory |= more == NULL;
    if (more == NULL) { return false; }
    buffer->at = more;
    buffer->room = doubled;
    return true;
}

static bool append(buffer_t *buffer, const void *bytes, size_t length)
{
    if (!reserve(buffer, buffer->length + length)) { return false; }
    memcpy(buffer->at + buffer->length, bytes, length);
    buffer->length += length;
    return true;
}

/* --- life ----------------------------------------------------------------------------------------
 */

ht_trace_writer_t *ht_trace_writer_new(int fd, const ht_trace_options_t *options)
{
    ht_trace_writer_t *writer = calloc(1, sizeof(*writer));
    if (writer == NULL) { return NULL; }
    if (options != NULL) { writer->options = *options; }
    ht_trace_options_t *o = &writer->options;
    if (o->level == 0) { o->level = DEFAULT_LEVEL; }
    if (o->chunk_bytes == 0) { o->chunk_bytes = DEFAULT_CHUNK; }
    if (o->checkpoint_bytes == 0) { o->checkpoint_bytes = DEFAULT_CHECKPOINT; }
    writer->fd = fd;
    off_t begin = lseek(fd, 0, SEEK_CUR);
    writer->begin = begin < 0 ? 0 : (uint64_t)begin;
    writer->zstd = ZSTD_createCCtx();
    writer->keeper = ht_keeper_new();
    if (writer->zstd == NULL || writer->keeper == NULL) {
        ht_trace_writer_free(writer);
        return NULL;
    }
    ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_compressionLevel, o->level);
    ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_checksumFlag, 1);
    return writer;
}

void ht_trace_writer_free(ht_trace_writer_t *writer)
{
    if (writer == NULL) { return; }
    ZSTD_freeCCtx(writer->zstd);
    ht_keeper_free(writer->keeper);
    free(writer->index.entry);
    free(writer->chunk.at);
    free(writer->packed.at);
    free(writer->checkpoint.at);
    free(writer);
}

ht_trace_written_t ht_trace_writer_status(const ht_trace_writer_t *writer)
{
    return writer->written;
}

const ht_trace_error_t *ht_trace_writer_error(const ht_trace_writer_t *writer)
{
    return &writer->error;
}

/* --- the file ------------------------------------------------------------------------------------
 */

/* Nothing more is written; a piece that was begun goes away again. */
static bool fail(ht_trace_writer_t *writer, int reason)
{
    uint64_t whole = writer->written.file_bytes;
    struct stat status;
    if (fstat(writer->fd, &status) == 0 && S_ISREG(status.st_mode)) {
        off_t end = (off_t)(writer->begin + whole);
        if (ftruncate(writer->fd, end) == 0) { (void)lseek(writer->fd, end, SEEK_SET); }
    }
    return ht_trace_fail(&writer->error, HT_TRACE_UNWRITABLE, whole,
                         "cannot be written beyond byte %" PRIu64 ": %s", whole, strerror(reason));
}

static bool no_memory(ht_trace_writer_t *writer)
{
    return ht_trace_fail(&writer->error, HT_TRACE_NO_MEMORY, writer->written.file_bytes,
                         "no memory to write the trace with");
}

static bool write_all(ht_trace_writer_t *writer, const uint8_t *bytes, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t count = write(writer->fd, bytes + done, length - done);
        if (count < 0 && errno == EINTR) { continue; }
        if (count <= 0) { return fail(writer, count == 0 ? ENOSPC : errno); }
        done += (size_t)count;
    }
    writer->written.file_bytes += length;
    writer->since_checkpoint += length;
    return true;
}

/* Compress into `packed`, behind `head` bytes that are left free. */
static bool pack(ht_trace_writer_t *writer, const buffer_t *from, size_t head)
{
    buffer_t *packed = &writer->packed;
    if (!reserve(packed, head + ZSTD_compressBound(from->length))) { return no_memory(writer); }
    size_t count = ZSTD_compress2(writer->zstd, packed->at + head, packed->room - head, from->at,
                                  from->length);
    if (ZSTD_isError(count)) { return no_memory(writer); } /* the only reason that is left */
    packed->length = head + count;
    return true;
}

/* --- chunks and checkpoints
 * ------------------------------------------------------------------------ */

static bool write_chunk(ht_trace_writer_t *writer)
{
    if (writer->chunk.length == 0) { return true; }
    if (!pack(writer, &writer->chunk, 0)) { return false; }
    writer->entry.offset = writer->written.file_bytes;
    if (!write_all(writer, writer->packed.at, writer->packed.length)) { return false; }
    if (!ht_trace_index_add(&writer->index, &writer->entry)) { return no_memory(writer); }
    writer->written.chunks++;
    writer->written.wire_bytes += writer->chunk.length;
    writer->wire_since += writer->chunk.length;
    writer->chunk.length = 0;
    return true;
}

static void into_checkpoint(void *context, const uint8_t *wire, size_t length)
{
    (void)append(context, wire, length);
}

/* What a reader has to know who goes on with the next chunk, as bytes of the wire. */
static bool make_checkpoint(ht_trace_writer_t *writer)
{
    writer->checkpoint.length = 0;
    const ht_writer_config_t config = {
        .boot = writer->last.boot,
        .flags = HT_FRAME_COMPLETE | (writer->last.pointer_bytes == 8 ? HT_FRAME_POINTER_64 : 0),
        .sink = into_checkpoint,
        .context = &writer->checkpoint,
    };
    ht_writer_t *frames = ht_writer_new(&config);
    if (frames == NULL) { return false; }
    bool whole = ht_keeper_write(writer->keeper, frames);
    ht_writer_free(frames);
    return whole && !writer->checkpoint.no_memory;
}

static bool write_checkpoint(ht_trace_writer_t *writer)
{
    const size_t head = HT_SKIPPABLE_HEAD + HT_CHECKPOINT_HEAD;
    if (!make_checkpoint(writer) || !pack(writer, &writer->checkpoint, head)) {
        return no_memory(writer);
    }
    uint8_t *at = writer->packed.at;
    ht_put_le(at, HT_FILE_CHECKPOINT_MAGIC, 4);
    ht_put_le(at + 4, writer->packed.length - HT_SKIPPABLE_HEAD, 4);
    memcpy(at + 8, HT_FILE_CHECKPOINT_NAME, 4);
    ht_put_le(at + 12, HT_FILE_VERSION, 4);
    ht_put_le(at + 16, writer->last.boot, 4);
    ht_put_le(at + 20, writer->last.time_us, 8);
    ht_put_le(at + 28, writer->next_sequence, 8);
    const ht_trace_entry_t entry = {
        .kind = HT_ENTRY_CHECKPOINT,
        .boot = writer->last.boot,
        .offset = writer->written.file_bytes,
        .first_us = writer->last.time_us,
        .last_us = writer->last.time_us,
        .wire_offset = writer->written.wire_bytes,
    };
    if (!write_all(writer, at, writer->packed.length)) { return false; }
    if (!ht_trace_index_add(&writer->index, &entry)) { return no_memory(writer); }
    writer->written.checkpoints++;
    writer->checkpoint_file_bytes = writer->packed.length;
    writer->since_checkpoint = 0;
    writer->wire_since = 0;
    return true;
}

static bool is_checkpoint_due(const ht_trace_writer_t *writer)
{
    return writer->wire_since >= writer->options.checkpoint_bytes &&
           writer->since_checkpoint >= CHECKPOINT_SHARE * writer->checkpoint_file_bytes &&
           ht_keeper_is_whole(writer->keeper);
}

/* --- frames in -----------------------------------------------------------------------------------
 */

/* Boot and sequence out of a frame's head. */
static void read_head(const uint8_t *wire, size_t length, uint32_t *boot, uint64_t *sequence)
{
    uint8_t body[HT_FRAME_FIXED_BYTES + HT_VARINT_MAX] = {0};
    size_t at = 1;
    for (size_t i = 0; i < sizeof(body) && at + 1 < length; i++, at++) {
        bool escaped = wire[at] == HT_WIRE_ESCAPE;
        at += escaped;
        body[i] = wire[at] ^ HT_WIRE_MASK ^ (escaped ? HT_WIRE_ESCAPED : 0U);
    }
    ht_reader_t reader = {body + HT_FRAME_FIXED_BYTES, body + sizeof(body), false};
    *boot = (uint32_t)body[4] | (uint32_t)body[5] << 8;
    *sequence = ht_reader_varint(&reader);
}

bool ht_trace_writer_frame(ht_trace_writer_t *writer, const uint8_t *wire, size_t length)
{
    if (writer->error.code != HT_TRACE_OK || writer->ended) { return false; }
    if (length < 2 || length > FRAME_WIRE_MAX) { return true; } /* no frame */
    uint32_t boot;
    uint64_t sequence;
    read_head(wire, length, &boot, &sequence);
    const bool another = writer->chunk.length != 0 && writer->entry.boot != boot;
    if (another || writer->chunk.length + length > writer->options.chunk_bytes) {
        if (!write_chunk(writer)) { return false; }
        if (!another && is_checkpoint_due(writer) && !write_checkpoint(writer)) { return false; }
    }
    if (writer->chunk.length == 0) {
        writer->entry = (ht_trace_entry_t){
            .kind = HT_ENTRY_CHUNK, .boot = boot, .wire_offset = writer->written.wire_bytes};
        writer->timed = false;
    }
    writer->next_sequence = sequence + 1;
    return append(&writer->chunk, wire, length) || no_memory(writer);
}

void ht_trace_writer_event(ht_trace_writer_t *writer, const ht_event_t *event)
{
    if (!writer->timed) {
        writer->timed = true;
        writer->entry.first_us = event->time_us;
        writer->entry.last_us = event->time_us;
    }
    if (event->time_us > writer->entry.last_us) { writer->entry.last_us = event->time_us; }
    writer->entry.events++;
    writer->written.events++;
    writer->last.boot = event->boot;
    writer->last.pointer_bytes = event->pointer_bytes;
    writer->last.time_us = event->time_us;
    ht_keeper_event(writer->keeper, event);
}

bool ht_trace_writer_flush(ht_trace_writer_t *writer)
{
    return writer->error.code == HT_TRACE_OK && write_chunk(writer);
}

bool ht_trace_writer_end(ht_trace_writer_t *writer)
{
    if (writer->ended || !ht_trace_writer_flush(writer)) { return false; }
    writer->ended = true;
    size_t length = 0;
    uint8_t *index = ht_trace_index_encode(&writer->index, writer->written.file_bytes, &length);
    if (index == NULL) { return no_memory(writer); }
    bool good = write_all(writer, index, length);
    free(index);
    return good;
}
