/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_recording.h
 * A recording as its user sees it: the file, the console's text, a live line, the last words.
 * `record` and `run` differ only in where the bytes come from.
 */
#pragma once

#include "ht_cli.h"
#include "ht_recorder.h"

typedef struct {
    char *path; /**< of the file, ours */
    int fd;
    int log; /**< console text goes there, too; -1: nowhere */
    const char *log_path;
    bool log_failed;
    bool failed; /**< the file cannot be written, which was said */
    bool shows_text;
    bool quiet;
    bool live;         /**< a live line is wanted, and standard error is a terminal */
    bool line_shown;   /**< it stands on the screen */
    bool in_line;      /**< the console's text is in the midst of a line */
    uint64_t said_us;  /**< when the live line was written */
    uint64_t saved_us; /**< when the file was */
    uint64_t began_us;
    ht_recorder_t *recorder;
} ht_recording_t;

typedef struct {
    const char *path; /**< NULL: a name from the time, `stem` and today */
    const char *stem; /**< of a name that is made up: the program's */
    const char *log;  /**< NULL: none */
    bool raw;
    bool force; /**< write over a file that is there */
    bool shows_text;
    bool quiet;
} ht_recording_plan_t;

/** --output, --raw, --force, --quiet. Its input is an ht_recording_plan_t. */
extern const struct argp ht_recording_argp;

/** @return HT_EXIT_OK, or what was complained about. */
int ht_recording_begin(ht_recording_t *recording, const ht_recording_plan_t *plan);

/** @return HT_EXIT_OK; HT_EXIT_OUTPUT: the file cannot be written any more, which was said. */
int ht_recording_feed(ht_recording_t *recording, const uint8_t *bytes, size_t length);

/** Now and then: the live line, and the file is brought up to date. */
int ht_recording_tick(ht_recording_t *recording);

/** A line of our own among the console's. */
void ht_recording_say(ht_recording_t *recording, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Finish the file, say what it holds. @return as ht_recording_feed(). */
int ht_recording_end(ht_recording_t *recording);
