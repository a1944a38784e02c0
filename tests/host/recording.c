/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "recording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "event_text.h"

char recording_path[] = "/tmp/heaptrail-file-XXXXXX";

/* --- making --------------------------------------------------------------------------------------
 */

const story_config_t recording_story = {
    .seed = 7, .events = 20000, .origins = 60, .tasks = 4, .rare = 400, .boot = 0x1234};

/* Chunks and checkpoints so small that there are many. */
const ht_trace_options_t recording_small = {.chunk_bytes = 8192, .checkpoint_bytes = 32768};

static void on_story_event(void *context, const ht_event_t *event)
{
    assert_true(ht_writer_event(context, event));
}

capture_bytes_t recording_wire(const story_config_t *config)
{
    capture_bytes_t wire = {0};
    const ht_writer_config_t writer_config = {
        .frame_max = 1024, .sink = capture_frame, .context = &wire};
    ht_writer_t *writer = ht_writer_new(&writer_config);
    assert_non_null(writer);
    story_tell(config, on_story_event, writer);
    ht_writer_flush(writer);
    ht_writer_free(writer);
    return wire;
}

static void to_file_frame(void *context, const uint8_t *wire, size_t length)
{
    ht_trace_writer_frame(context, wire, length);
}

static void to_file_event(void *context, const ht_event_t *event)
{
    ht_trace_writer_event(context, event);
}

/* The wire's bytes, with text in front, as a recorded file at recording_path. Returns the writer,
 * to be asked and freed. `end`: with its index. */
ht_trace_writer_t *recording_make(const capture_bytes_t *wire, const ht_trace_options_t *options,
                                  bool end)
{
    FILE *file = fopen(recording_path, "wb");
    assert_non_null(file);
    ht_trace_writer_t *writer = ht_trace_writer_new(fileno(file), options);
    assert_non_null(writer);
    const ht_decoder_sink_t sink = {
        .event = to_file_event, .frame = to_file_frame, .context = writer};
    ht_decoder_t *decoder = ht_decoder_new(&sink);
    ht_decoder_feed(decoder, (const uint8_t *)"console\r\n", 9);
    ht_decoder_feed(decoder, wire->bytes, wire->length);
    ht_decoder_end(decoder);
    ht_decoder_free(decoder);
    if (end) { ht_trace_writer_end(writer); }
    fclose(file);
    return writer;
}

capture_bytes_t recording_bytes(void)
{
    capture_bytes_t bytes = {0};
    FILE *file = fopen(recording_path, "rb");
    assert_non_null(file);
    uint8_t buffer[4096];
    for (size_t count; (count = fread(buffer, 1, sizeof(buffer), file)) != 0;) {
        capture_append(&bytes, buffer, count);
    }
    fclose(file);
    return bytes;
}

void recording_write(const void *bytes, size_t length)
{
    FILE *file = fopen(recording_path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

/* --- reading
 * -------------------------------------------------------------------------------------- */

static void print_event(void *context, const ht_event_t *event)
{
    event_text(context, event);
}

reading_t recording_read(uint64_t from_us, uint64_t until_us)
{
    reading_t reading = {0};
    ht_trace_reader_t *reader = ht_trace_reader_open(recording_path, &reading.error);
    reading.opened = reader != NULL;
    if (reader == NULL) { return reading; }
    reading.info = *ht_trace_reader_info(reader);
    size_t ignored;
    FILE *out = open_memstream(&reading.events, &ignored);
    const ht_decoder_sink_t sink = {.event = print_event, .context = out};
    const ht_trace_request_t request = {.from_us = from_us, .until_us = until_us};
    reading.good = ht_trace_reader_read(reader, &sink, &request, &reading.result, &reading.error);
    fclose(out);
    ht_trace_reader_free(reader);
    return reading;
}

int recording_make_path(void **state)
{
    (void)state;
    int fd = mkstemp(recording_path);
    return fd < 0 ? -1 : close(fd);
}

int recording_remove_path(void **state)
{
    (void)state;
    return unlink(recording_path);
}
