/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_input.h
 * A trace's events from a file, a pipe or standard input. Says what is wrong with it.
 */
#pragma once

#include "ht_cli.h"
#include "ht_trace_file.h"

/** Who is told. `event` returns false when it has seen enough: then reading ends well. */
typedef struct {
    bool (*event)(void *context, const ht_event_t *event);
    /** As in ht_decoder_sink_t. NULL: they come as events. */
    void (*briefs)(void *context, const ht_event_t *head, const ht_brief_t *brief, size_t count);
    void *context;
    uint64_t from_us, until_us; /**< as in ht_trace_request_t */
} ht_input_reader_t;

/** What reading was like. */
typedef struct {
    ht_decoder_status_t decoder;
    ht_trace_info_t info;
    uint64_t file_bytes;   /**< read */
    uint64_t damage_bytes; /**< not decoded, of all damages */
    uint64_t damages;
    ht_damage_t first_damage;
    bool stopped;         /**< by the reader, before the end */
    bool from_checkpoint; /**< not from the beginning */
} ht_input_status_t;

/**
 * Read a trace, or what of it a time needs; "-" is standard input.
 * @return HT_EXIT_OK, also for a damaged trace of which something was decoded (with a note on
 * stderr); HT_EXIT_INPUT with a complaint for a file that cannot be read, or that is no trace; it
 * says what it is.
 */
int ht_input_read(const char *path, const ht_output_options_t *options,
                  const ht_input_reader_t *reader, ht_input_status_t *status);
