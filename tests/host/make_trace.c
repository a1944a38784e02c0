/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* A story (story.h) as a file: for golden traces, the fuzzers' corpus, and the bench. */
#include <argp.h>
#include <stdlib.h>

#include "event_text.h"
#include "ht_format.h"
#include "ht_trace_file.h"
#include "ht_writer.h"
#include "story.h"

typedef enum { WIRE, NOISY, RECORDED, TEXT } format_t;

typedef struct {
    story_config_t story;
    format_t format;
    size_t frame_max;
    const char *path;
} options_t;

static const struct argp_option s_options[] = {
    {"seed", 's', "N", 0, "of the story", 0},
    {"events", 'n', "N", 0, "allocations and frees, about", 0},
    {"origins", 'o', "N", 0, "call sites", 0},
    {"tasks", 't', "N", 0, "tasks", 0},
    {"rare", 'r', "N", 0, "something else after so many events", 0},
    {"frame", 'f', "BYTES", 0, "longest frame", 0},
    {"wide", 'w', NULL, 0, "64-bit pointers", 0},
    {"noisy", 'N', NULL, 0, "with a console's text, and every kind of damage", 0},
    {"recorded", 'R', NULL, 0, "a recorded file, not the wire's bytes", 0},
    {"text", 'T', NULL, 0, "the events in words", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    options_t *o = state->input;
    switch (key) {
    case 's':
        o->story.seed = strtoull(argument, NULL, 0);
        return 0;
    case 'n':
        o->story.events = strtoull(argument, NULL, 0);
        return 0;
    case 'o':
        o->story.origins = (uint32_t)strtoul(argument, NULL, 0);
        return 0;
    case 't':
        o->story.tasks = (uint32_t)strtoul(argument, NULL, 0);
        return 0;
    case 'r':
        o->story.rare = (uint32_t)strtoul(argument, NULL, 0);
        return 0;
    case 'f':
        o->frame_max = strtoul(argument, NULL, 0);
        return 0;
    case 'w':
        o->story.wide = true;
        return 0;
    case 'N':
        o->format = NOISY;
        return 0;
    case 'R':
        o->format = RECORDED;
        return 0;
    case 'T':
        o->format = TEXT;
        return 0;
    case ARGP_KEY_ARG:
        o->path = argument;
        return 0;
    case ARGP_KEY_END:
        if (o->path == NULL || o->story.origins == 0 || o->story.tasks == 0) { argp_usage(state); }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

typedef struct {
    FILE *file;
    unsigned frames;
    ht_writer_t *frames_out;
    ht_trace_writer_t *recorded;
} output_t;

static void on_event(void *context, const ht_event_t *event)
{
    output_t *output = context;
    if (output->frames_out == NULL) {
        event_text(output->file, event);
    } else if (!ht_writer_event(output->frames_out, event)) {
        abort();
    }
}

static void on_frame(void *context, const uint8_t *wire, size_t length)
{
    output_t *output = context;
    (void)fwrite(wire, 1, length, output->file);
}

/* Two of seven frames come through as they should, one behind a line of text. */
static void on_noisy_frame(void *context, const uint8_t *wire, size_t length)
{
    output_t *output = context;
    FILE *file = output->file;
    size_t half = length / 2;
    switch (output->frames++ % 7U) {
    case 1:
        fputs("I (1200) wifi: connected\r\n", file);
        break;
    case 2: /* a log line in the middle of it */
        fwrite(wire, 1, half, file);
        fputs("E (1201) dma: overrun\n", file);
        fwrite(wire + half, 1, length - half, file);
        return;
    case 3: /* a wrong bit */
        fwrite(wire, 1, half, file);
        fputc(wire[half] ^ 0x04, file);
        fwrite(wire + half + 1, 1, length - half - 1, file);
        return;
    case 4:
        return; /* lost */
    case 5:     /* its end is missing: a reset */
        fwrite(wire, 1, half, file);
        fputs("ESP-ROM:esp32s3-20210327\r\nrst:0x1 (POWERON)\r\n", file);
        return;
    default:
        break;
    }
    fwrite(wire, 1, length, file);
}

/* The recorder sees what every reader would: the frame, and the events decoded from it. */
static void feed_decoder(void *context, const uint8_t *wire, size_t length)
{
    ht_decoder_feed(context, wire, length);
}

static void record_frame(void *context, const uint8_t *wire, size_t length)
{
    ht_trace_writer_frame(((output_t *)context)->recorded, wire, length);
}

static void record_event(void *context, const ht_event_t *event)
{
    ht_trace_writer_event(((output_t *)context)->recorded, event);
}

static bool tell_recorded(const options_t *options, output_t *output, ht_writer_config_t *config)
{
    const ht_decoder_sink_t sink = {
        .frame = record_frame, .event = record_event, .context = output};
    ht_decoder_t *decoder = ht_decoder_new(&sink);
    output->recorded = ht_trace_writer_new(fileno(output->file), NULL);
    config->sink = feed_decoder;
    config->context = decoder;
    output->frames_out = ht_writer_new(config);
    story_tell(&options->story, on_event, output);
    ht_writer_flush(output->frames_out);
    bool good = ht_trace_writer_end(output->recorded);
    if (!good) { fprintf(stderr, "%s\n", ht_trace_writer_error(output->recorded)->text); }
    ht_trace_writer_free(output->recorded);
    ht_decoder_free(decoder);
    return good;
}

int main(int argc, char **argv)
{
    static const struct argp argp = {s_options, parse, "OUT", "A random trace.", NULL, NULL, NULL};
    options_t options = {.story = {.seed = 1, .events = 1000, .origins = 100, .tasks = 5}};
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    output_t output = {.file = fopen(options.path, "wb")};
    if (output.file == NULL) {
        perror(options.path);
        return 1;
    }
    bool good = true;
    ht_writer_config_t config = {
        .flags = options.story.wide ? HT_FRAME_POINTER_64 | HT_FRAME_UNIT_16 : 0,
        .frame_max = options.frame_max,
        .sink = on_frame,
        .context = &output};
    if (options.format == RECORDED) {
        good = tell_recorded(&options, &output, &config);
    } else {
        if (options.format == NOISY) { config.sink = on_noisy_frame; }
        if (options.format != TEXT) { output.frames_out = ht_writer_new(&config); }
        story_tell(&options.story, on_event, &output);
        if (output.frames_out != NULL) { ht_writer_flush(output.frames_out); }
    }
    ht_writer_free(output.frames_out);
    return fclose(output.file) == 0 && good ? 0 : 1;
}
