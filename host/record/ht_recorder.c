/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_recorder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ht_format.h"

struct ht_recorder {
    ht_recorder_plan_t plan;
    ht_decoder_t *decoder;
    ht_trace_writer_t *writer; /* NULL: raw, or nothing is kept */
    ht_recorder_status_t status;
    bool failed;
    char error[256];
};

/* --- what the decoder says
 * ------------------------------------------------------------------------
 */

/* Frames as they are. */
static bool write_raw(ht_recorder_t *recorder, const uint8_t *wire, size_t length)
{
    while (length > 0) {
        ssize_t done = write(recorder->plan.fd, wire, length);
        if (done < 0 && errno == EINTR) { continue; }
        if (done <= 0) {
            snprintf(recorder->error, sizeof(recorder->error), "cannot write: %s", strerror(errno));
            return false;
        }
        recorder->status.file_bytes += (uint64_t)done;
        wire += done;
        length -= (size_t)done;
    }
    return true;
}

static void on_frame(void *context, const uint8_t *wire, size_t length)
{
    ht_recorder_t *recorder = context;
    if (recorder->failed || recorder->plan.fd < 0) { return; }
    bool written = recorder->writer != NULL ? ht_trace_writer_frame(recorder->writer, wire, length)
                                            : write_raw(recorder, wire, length);
    recorder->failed = !written;
}

static void count(ht_recorder_t *recorder, const ht_event_t *event)
{
    ht_recorder_status_t *status = &recorder->status;
    status->time_us = event->time_us;
    switch (event->kind) {
    case HT_EVENT_ALLOC:
        status->allocations++;
        break;
    case HT_EVENT_FREE:
        status->frees++;
        break;
    case HT_EVENT_BOOT:
        if (status->boots++ > 0 && recorder->plan.rebooted != NULL) {
            recorder->plan.rebooted(recorder->plan.context, event->boot);
        }
        status->ended = false;
        break;
    case HT_EVENT_LOSS:
        if (event->loss.cause <= HT_LOSS_NOT_WRITTEN) { status->lost += event->loss.count; }
        break;
    case HT_EVENT_COUNTERS:
        status->counted = true;
        status->live_blocks = event->counters.live_blocks;
        status->live_bytes = event->counters.live_bytes;
        break;
    case HT_EVENT_END:
        status->ended = event->end != HT_END_PAUSED;
        break;
    default:
        break;
    }
}

static void on_event(void *context, const ht_event_t *event)
{
    ht_recorder_t *recorder = context;
    count(recorder, event);
    if (recorder->writer != NULL && !recorder->failed) {
        ht_trace_writer_event(recorder->writer, event);
    }
}

static void on_text(void *context, const uint8_t *bytes, size_t length)
{
    const ht_recorder_t *recorder = context;
    if (recorder->plan.text != NULL) { recorder->plan.text(recorder->plan.context, bytes, length); }
}

static void on_damage(void *context, const ht_damage_t *damage)
{
    ht_recorder_t *recorder = context;
    if (damage->kind == HT_DAMAGE_VERSION) { recorder->status.newer_version++; }
}

/* --- the public half
 * ------------------------------------------------------------------------------
 */

ht_recorder_t *ht_recorder_new(const ht_recorder_plan_t *plan)
{
    ht_recorder_t *recorder = calloc(1, sizeof(*recorder));
    if (recorder == NULL) { return NULL; }
    recorder->plan = *plan;
    recorder->decoder = ht_decoder_new(&(ht_decoder_sink_t){.event = on_event,
                                                            .text = on_text,
                                                            .damage = on_damage,
                                                            .frame = on_frame,
                                                            .context = recorder});
    bool keeps = plan->fd >= 0 && !plan->raw;
    if (keeps) { recorder->writer = ht_trace_writer_new(plan->fd, NULL); }
    if (recorder->decoder == NULL || (keeps && recorder->writer == NULL)) {
        ht_recorder_free(recorder);
        return NULL;
    }
    return recorder;
}

void ht_recorder_free(ht_recorder_t *recorder)
{
    if (recorder == NULL) { return; }
    ht_decoder_free(recorder->decoder);
    ht_trace_writer_free(recorder->writer);
    free(recorder);
}

bool ht_recorder_feed(ht_recorder_t *recorder, const uint8_t *bytes, size_t length)
{
    ht_decoder_feed(recorder->decoder, bytes, length);
    return !recorder->failed;
}

bool ht_recorder_flush(ht_recorder_t *recorder)
{
    if (!recorder->failed && recorder->writer != NULL) {
        recorder->failed = !ht_trace_writer_flush(recorder->writer);
    }
    return !recorder->failed;
}

bool ht_recorder_end(ht_recorder_t *recorder)
{
    ht_decoder_end(recorder->decoder);
    if (!recorder->failed && recorder->writer != NULL) {
        recorder->failed = !ht_trace_writer_end(recorder->writer);
    }
    return !recorder->failed;
}

ht_recorder_status_t ht_recorder_status(const ht_recorder_t *recorder)
{
    ht_recorder_status_t status = recorder->status;
    ht_decoder_status_t decoder = ht_decoder_status(recorder->decoder);
    status.bytes = decoder.bytes;
    status.text_bytes = decoder.text_bytes;
    status.frames = decoder.frames;
    status.events = decoder.events;
    status.lost_frames = decoder.lost_frames;
    status.damaged_frames = decoder.damaged_frames;
    if (recorder->writer != NULL) {
        status.file_bytes = ht_trace_writer_status(recorder->writer).file_bytes;
    }
    return status;
}

const char *ht_recorder_error(const ht_recorder_t *recorder)
{
    return recorder->writer != NULL ? ht_trace_writer_error(recorder->writer)->text
                                    : recorder->error;
}
