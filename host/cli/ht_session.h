/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_session.h
 * A trace read into a model: which boot, up to when, from when.
 */
#pragma once

#include "ht_input.h"
#include "ht_model.h"

/** A moment: a time since boot, or a mark by name or "#number". */
typedef struct {
    bool given;
    const char *mark; /**< NULL: `time_us` */
    uint64_t time_us;
} ht_moment_t;

/** All zero: all of the last boot. */
typedef struct {
    const char *path;
    uint64_t boot;    /**< 1 is the first in the trace; 0: the last */
    ht_moment_t from; /**< totals count from here */
    ht_moment_t to;   /**< nothing after it */
    ht_model_options_t model;
} ht_session_options_t;

/** --boot, --at, --between, --min-size, --max-size. Its input is an ht_session_options_t. */
extern const struct argp ht_session_argp;

/** "12.5s", "1h2m", "mark:warm", "warm", "#3". False: empty. */
bool ht_moment_parse(const char *text, ht_moment_t *moment);

typedef struct {
    uint32_t boot;
    bool before_reset;
    uint64_t events, first_us, last_us;
} ht_session_boot_t;

typedef struct {
    ht_model_t *model;
    ht_model_view_t view; /**< of the end of reading */
    ht_input_status_t input;
    ht_session_boot_t *boot;
    size_t boots, boot_capacity;
    size_t shown; /**< 1 is the first boot */
} ht_session_t;

/** Called for each event of the chosen time before the model sees it; may be NULL. */
typedef void (*ht_session_watch_t)(void *context, const ht_event_t *event);

/**
 * Read a trace. Complains by itself.
 * @return HT_EXIT_OK, or the exit code. ht_session_close() in any case.
 */
int ht_session_open(ht_session_t *session, const ht_session_options_t *options,
                    const ht_output_options_t *output, ht_session_watch_t watch, void *context);
void ht_session_close(ht_session_t *session);

/** The mark of a moment: how many marks came before the blocks that are younger than it; or false.
 * A moment that is a time is `time_us`. */
bool ht_session_find_mark(const ht_session_t *session, const ht_moment_t *moment, uint32_t *marks);
