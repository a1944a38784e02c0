/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_input.h"

#include <string.h>

typedef struct {
    const char *path;
    const ht_output_options_t *options;
    const ht_input_reader_t *reader;
    ht_input_status_t *status;
    ht_progress_t progress;
} run_t;

static void on_event(void *context, const ht_event_t *event)
{
    run_t *run = context;
    if (run->status->stopped) { return; }
    run->status->stopped = !run->reader->event(run->reader->context, event);
}

static void on_briefs(void *context, const ht_event_t *head, const ht_brief_t *brief, size_t count)
{
    run_t *run = context;
    if (!run->status->stopped) { run->reader->briefs(run->reader->context, head, brief, count); }
}

static void on_damage(void *context, const ht_damage_t *damage)
{
    ht_input_status_t *status = ((run_t *)context)->status;
    if (status->damages == 0) { status->first_damage = *damage; }
    status->damages++;
    status->damage_bytes += damage->bytes;
}

static bool on_progress(void *context, uint64_t done, uint64_t total)
{
    run_t *run = context;
    run->progress.total = total;
    ht_progress_update(&run->progress, done);
    return !run->status->stopped;
}

static void note_damage(const run_t *run)
{
    const ht_input_status_t *status = run->status;
    if (status->damages == 0) { return; }
    ht_note_stderr(
        run->options->quiet,
        "%s: damaged in %llu place%s, %llu bytes were not decoded; first at byte %llu: %s",
        run->path, (unsigned long long)status->damages, status->damages == 1 ? "" : "s",
        (unsigned long long)status->damage_bytes, (unsigned long long)status->first_damage.offset,
        status->first_damage.words);
}

/* Nothing could be decoded: what there was instead. */
static int complain_nothing(const run_t *run)
{
    const ht_input_status_t *status = run->status;
    if (status->damages == 0) {
        return ht_complain(HT_EXIT_INPUT, "%s: not a trace: there is no frame in it", run->path);
    }
    return ht_complain(HT_EXIT_INPUT, "%s: nothing of it can be decoded: at byte %llu, %s",
                       run->path, (unsigned long long)status->first_damage.offset,
                       status->first_damage.words);
}

static int exit_code(const ht_trace_error_t *error)
{
    return error->code == HT_TRACE_NO_MEMORY ? HT_EXIT_MEMORY : HT_EXIT_INPUT;
}

static int read_open(run_t *run, ht_trace_reader_t *file)
{
    ht_trace_error_t error = {HT_TRACE_OK, 0, ""};
    ht_trace_result_t result = {0};
    const ht_decoder_sink_t sink = {.event = on_event,
                                    .briefs = run->reader->briefs != NULL ? on_briefs : NULL,
                                    .damage = on_damage,
                                    .context = run};
    ht_trace_request_t request = {.from_us = run->reader->from_us,
                                  .until_us = run->reader->until_us,
                                  .progress = on_progress,
                                  .progress_context = run};
    char words[64];
    const char *name = strrchr(run->path, '/') != NULL ? strrchr(run->path, '/') + 1 : run->path;
    snprintf(words, sizeof(words), "reading %s", strcmp(name, "-") == 0 ? "standard input" : name);
    ht_progress_begin(&run->progress, run->options, words, 0);
    bool good = ht_trace_reader_read(file, &sink, &request, &result, &error);
    ht_progress_end(&run->progress);
    run->status->decoder = result.decoder;
    run->status->file_bytes = result.bytes_read;
    run->status->from_checkpoint = result.from_checkpoint;
    if (!good && (error.code != HT_TRACE_DAMAGED || result.decoder.frames == 0)) {
        return ht_complain(exit_code(&error), "%s", error.text);
    }
    if (result.decoder.frames == 0) { return complain_nothing(run); }
    if (!good) { ht_note_stderr(run->options->quiet, "%s", error.text); }
    note_damage(run);
    return HT_EXIT_OK;
}

int ht_input_read(const char *path, const ht_output_options_t *options,
                  const ht_input_reader_t *reader, ht_input_status_t *status)
{
    ht_trace_error_t error = {HT_TRACE_OK, 0, ""};
    run_t run = {.path = path, .options = options, .reader = reader, .status = status};
    *status = (ht_input_status_t){0};
    ht_trace_reader_t *file = ht_trace_reader_open(path, &error);
    if (file == NULL) { return ht_complain(exit_code(&error), "%s", error.text); }
    status->info = *ht_trace_reader_info(file);
    int code = read_open(&run, file);
    ht_trace_reader_free(file);
    return code;
}
