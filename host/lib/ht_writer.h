/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_writer.h
 * The way back: events in, frames of the wire out, as SPEC.md 5 says. For checkpoints in recorded
 * files, for who makes a trace of something else, and for tests. (The device has an encoder of its
 * own, which shares nothing with this one but the format's numbers.)
 */
#pragma once

#include "ht_event.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A frame with both its 00; valid while the function runs. */
typedef void (*ht_writer_sink_t)(void *context, const uint8_t *wire, size_t length);

typedef struct {
    uint32_t boot;     /**< 16 bits */
    uint8_t flags;     /**< HT_FRAME_UNIT_16 and so on */
    uint64_t sequence; /**< of the first frame */
    size_t frame_max;  /**< a frame ends when its body would be longer; 0: HT_FRAME_MAX */
    ht_writer_sink_t sink;
    void *context;
} ht_writer_config_t;

typedef struct ht_writer ht_writer_t;

/** NULL: no memory. Free it with ht_writer_free(). */
ht_writer_t *ht_writer_new(const ht_writer_config_t *config);
void ht_writer_free(ht_writer_t *writer);

/**
 * One event, into the frame that is being filled. HT_EVENT_BOOT ends it and begins a boot's
 * sequence anew, a loss of frames leaves that many numbers out. Of the event's head, task, core and
 * time count. Returns false if it is longer than a frame may be: then it was left out.
 */
bool ht_writer_event(ht_writer_t *writer, const ht_event_t *event);

/** The frame that is being filled goes out now. */
void ht_writer_flush(ht_writer_t *writer);

#ifdef __cplusplus
}
#endif
