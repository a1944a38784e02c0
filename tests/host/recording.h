/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file recording.h A recorded file that tests write, spoil and read; failures fail the test. */
#pragma once

#include "capture.h"
#include "ht_trace_file.h"
#include "story.h"

/** Where it is: made by recording_make_path(), a group's set-up. */
extern char recording_path[];
int recording_make_path(void **state);
int recording_remove_path(void **state);

extern const story_config_t recording_story;

/** Chunks and checkpoints so small that there are many. */
extern const ht_trace_options_t recording_small;

/** A story's bytes of the wire. */
capture_bytes_t recording_wire(const story_config_t *config);

/** These bytes, with text in front, as a recorded file. Returns the writer, to be asked and freed;
 * the file is closed. `end`: with its index. */
ht_trace_writer_t *recording_make(const capture_bytes_t *wire, const ht_trace_options_t *options,
                                  bool end);

/** All of the file. */
capture_bytes_t recording_bytes(void);
void recording_write(const void *bytes, size_t length);

typedef struct {
    char *events;
    ht_trace_result_t result;
    ht_trace_error_t error;
    ht_trace_info_t info;
    bool opened, good;
} reading_t;

/** Read the file. `events` is to be freed. */
reading_t recording_read(uint64_t from_us, uint64_t until_us);
