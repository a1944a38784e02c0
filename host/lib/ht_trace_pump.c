/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* From the file's bytes to the decoder: reading, decompressing, and finding the way again where a
 * piece cannot be decompressed. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ht_trace_read_private.h"

/* A frame of zstd that asks for more memory than this is not ours. */
#define WINDOW_LOG_MAX 27
/* After so many broken pieces their insides are not searched any more: bounds the work. */
#define RESCANS_MAX 256U

/* --- input
 * ----------------------------------------------------------------------------------------- */

bool ht_trace_input_range(ht_trace_input_t *input, uint64_t from, uint64_t to)
{
    input->limit = to;
    if (!input->seekable) { return from == input->offset && input->at == 0; }
    input->offset = from;
    input->at = 0;
    input->end = 0;
    return true;
}

bool ht_trace_input_fill(ht_trace_input_t *input, ht_trace_error_t *error)
{
    input->offset += input->end;
    input->at = 0;
    input->end = 0;
    uint64_t room = input->limit > input->offset ? input->limit - input->offset : 0;
    if (room > sizeof(input->buffer)) { room = sizeof(input->buffer); }
    ssize_t count = 0;
    do {
        count = input->seekable
                    ? pread(input->fd, input->buffer, (size_t)room, (off_t)input->offset)
                    : read(input->fd, input->buffer, (size_t)room);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return ht_trace_fail(error, HT_TRACE_UNREADABLE, input->offset,
                             "cannot be read beyond byte %" PRIu64 ": %s", input->offset,
                             strerror(errno));
    }
    input->end = (size_t)count;
    return true;
}

static uint64_t position(const ht_trace_pump_t *pump)
{
    return pump->reader->input.offset + pump->reader->input.at;
}

/* Are there bytes in the buffer, be it that they are read now? */
static bool has_more(ht_trace_pump_t *pump)
{
    ht_trace_input_t *input = &pump->reader->input;
    const ht_trace_request_t *request = pump->request;
    if (input->at < input->end) { return true; }
    if (pump->outcome->result.stopped) { return false; }
    if (!ht_trace_input_fill(input, pump->outcome->error.code == HT_TRACE_OK ? &pump->outcome->error
                                                                             : NULL)) {
        return false;
    }
    pump->outcome->result.bytes_read += input->end;
    pump->outcome->result.decoder = ht_decoder_status(pump->decoder);
    if (request->progress != NULL &&
        !request->progress(request->progress_context, pump->outcome->result.bytes_read,
                           pump->reader->info.bytes)) {
        pump->outcome->result.stopped = true;
    }
    return input->end != 0 && !pump->outcome->result.stopped;
}

/* The first error is the one that is told. */
static void damaged(ht_trace_pump_t *pump, uint64_t offset, const char *words, const char *why)
{
    if (pump->outcome->error.code != HT_TRACE_OK) { return; }
    (void)ht_trace_fail(&pump->outcome->error, HT_TRACE_DAMAGED, offset,
                        "%s: byte %" PRIu64 ": %s%s%s", pump->reader->name, offset, words,
                        why[0] == '\0' ? "" : ": ", why);
}

/* --- bytes of the wire, as they are
 * ---------------------------------------------------------------- */

static void pump_wire(ht_trace_pump_t *pump)
{
    ht_trace_input_t *input = &pump->reader->input;
    while (has_more(pump)) {
        ht_decoder_feed(pump->decoder, input->buffer + input->at, input->end - input->at);
        input->at = input->end;
    }
}

/* --- pieces of zstd
 * ---------------------------------------------------------------------------------- */

/* The first bytes of the stream tell whether it is one of ours. */
static bool is_ours(ht_trace_pump_t *pump, const uint8_t *bytes, size_t length)
{
    if (pump->seen || length == 0) { return true; }
    pump->seen = true;
    const char *foreign = ht_trace_foreign_text(bytes, length);
    if (foreign == NULL) { foreign = ht_trace_foreign(bytes, length); }
    if (foreign == NULL) { return true; }
    return ht_trace_fail(&pump->outcome->error, HT_TRACE_FOREIGN, 0,
                         "%s: not a trace: %s, compressed", pump->reader->name, foreign);
}

/* Decompress what `in` has, and decode it. SIZE_MAX: it is foreign. Else what zstd says: an error,
 * 0: a piece is complete. */
static size_t decompress(ht_trace_pump_t *pump, ZSTD_inBuffer *in)
{
    ZSTD_outBuffer out;
    size_t left = 0;
    do {
        out = (ZSTD_outBuffer){pump->plain, pump->plain_size, 0};
        left = ZSTD_decompressStream(pump->zstd, &out, in);
        if (ZSTD_isError(left)) { return left; }
        if (!is_ours(pump, pump->plain, out.pos)) { return SIZE_MAX; }
        ht_decoder_feed(pump->decoder, pump->plain, out.pos);
    } while (left != 0 && (in->pos < in->size || out.pos == out.size));
    return left;
}

static bool is_magic(uint32_t word)
{
    return word == HT_ZSTD_MAGIC || word == HT_FILE_CHECKPOINT_MAGIC || word == HT_FILE_INDEX_MAGIC;
}

/* After an error in the piece that begins at `piece`: to the beginning of another one, the magic of
 * which is given to zstd already. Returns where it begins, UINT64_MAX: there is none. */
static uint64_t find_piece(ht_trace_pump_t *pump, uint64_t piece)
{
    ht_trace_input_t *input = &pump->reader->input;
    if (input->seekable && pump->rescans < RESCANS_MAX) {
        pump->rescans++;
        (void)ht_trace_input_range(input, piece + 4, input->limit);
    }
    (void)ZSTD_DCtx_reset(pump->zstd, ZSTD_reset_session_only);
    uint32_t word = 0;
    while (has_more(pump)) {
        if (position(pump) < piece + 4) { /* zstd took nothing of it: not this piece again */
            input->at++;
            continue;
        }
        word = word >> 8 | (uint32_t)input->buffer[input->at++] << 24;
        if (!is_magic(word)) { continue; }
        uint8_t magic[4];
        ht_put_le(magic, word, 4);
        ZSTD_inBuffer in = {magic, sizeof(magic), 0};
        (void)decompress(pump, &in);
        return position(pump) - 4;
    }
    return UINT64_MAX;
}

static void pump_zstd(ht_trace_pump_t *pump)
{
    ht_trace_input_t *input = &pump->reader->input;
    uint64_t piece = position(pump);
    size_t left = 0;
    (void)ZSTD_DCtx_reset(pump->zstd, ZSTD_reset_session_only);
    while (has_more(pump)) {
        ZSTD_inBuffer in = {input->buffer, input->end, input->at};
        left = decompress(pump, &in);
        input->at = in.pos;
        if (left == SIZE_MAX) { return; }
        if (ZSTD_isError(left)) {
            damaged(pump, piece, "a piece that cannot be decompressed", ZSTD_getErrorName(left));
            piece = find_piece(pump, piece);
            if (piece == UINT64_MAX) { return; }
        } else if (left == 0) {
            piece = position(pump);
        }
    }
    if (left != 0 && !pump->outcome->result.stopped) {
        damaged(pump, position(pump), "the file ends inside a piece; what is before was read", "");
    }
}

/* --- one reading
 * --------------------------------------------------------------------------------------- */

bool ht_trace_pump_begin(ht_trace_pump_t *pump, const ht_decoder_sink_t *sink)
{
    pump->decoder = ht_decoder_new(sink);
    pump->zstd = ZSTD_createDCtx();
    pump->plain_size = ZSTD_DStreamOutSize();
    pump->plain = malloc(pump->plain_size);
    if (pump->decoder == NULL || pump->zstd == NULL || pump->plain == NULL) {
        return ht_trace_fail(&pump->outcome->error, HT_TRACE_NO_MEMORY, 0,
                             "no memory to read %s with", pump->reader->name);
    }
    (void)ZSTD_DCtx_setParameter(pump->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    return true;
}

bool ht_trace_pump_range(ht_trace_pump_t *pump, uint64_t from, uint64_t to)
{
    if (!ht_trace_input_range(&pump->reader->input, from, to)) {
        return ht_trace_fail(&pump->outcome->error, HT_TRACE_UNREADABLE, 0,
                             "%s can be read only once", pump->reader->name);
    }
    pump->outcome->result.bytes_read +=
        pump->reader->input.end; /* of a pipe, read by the opening */
    (pump->reader->info.kind == HT_TRACE_WIRE ? pump_wire : pump_zstd)(pump);
    return pump->outcome->error.code == HT_TRACE_OK;
}

/* Something was read, but not one frame. */
static bool is_foreign(const ht_trace_pump_t *pump)
{
    const ht_decoder_status_t *status = &pump->outcome->result.decoder;
    return pump->outcome->error.code == HT_TRACE_OK && !pump->outcome->result.stopped &&
           status->frames == 0 && status->bytes != 0;
}

static void tell_foreign(ht_trace_pump_t *pump)
{
    const ht_decoder_status_t *status = &pump->outcome->result.decoder;
    (void)ht_trace_fail(&pump->outcome->error, HT_TRACE_FOREIGN, 0,
                        "%s: not a trace: %" PRIu64 " bytes without a whole frame, %" PRIu64
                        " damaged ones in them",
                        pump->reader->name, status->bytes, status->damaged_frames);
}

bool ht_trace_pump_end(ht_trace_pump_t *pump)
{
    ht_trace_outcome_t *outcome = pump->outcome;
    const bool silent = outcome->result.stopped || outcome->error.code == HT_TRACE_FOREIGN;
    if (pump->decoder != NULL) {
        if (!silent) { ht_decoder_end(pump->decoder); }
        outcome->result.decoder = ht_decoder_status(pump->decoder);
        if (is_foreign(pump)) { tell_foreign(pump); }
    }
    ht_decoder_free(pump->decoder);
    (void)ZSTD_freeDCtx(pump->zstd);
    free(pump->plain);
    return outcome->error.code == HT_TRACE_OK;
}
