/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_cli.h
 * What the verbs of `heaptrail` have in common: exit codes, complaints, options, output, progress.
 *
 * A verb is a function and a row in ht_verbs.c. It parses its arguments with glibc's argp and adds
 * the options it shares with others as children:
 *
 *   static const struct argp_child s_children[] = {{&ht_output_argp, 0, "Output:", 1}, {0}};
 *   ... case ARGP_KEY_INIT: state->child_inputs[0] = &options->output; return 0;
 */
#pragma once

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ht_out.h"

/** What the program ends with. Documented in heaptrail(1): never given another meaning. */
typedef enum {
    HT_EXIT_OK = 0,
    HT_EXIT_FOUND = 1,  /**< limits exceeded, differences, an address that nobody knows */
    HT_EXIT_USAGE = 2,  /**< an option or argument that makes no sense */
    HT_EXIT_INPUT = 3,  /**< a file, port or program that cannot be read */
    HT_EXIT_OUTPUT = 4, /**< what was asked for cannot be written */
    HT_EXIT_MEMORY = 5,
} ht_exit_t;

typedef struct {
    const char *name;
    const char *words; /**< one line for `heaptrail help` */
    /** argv[0] is "heaptrail VERB". @return the exit code. */
    int (*run)(int argc, char **argv);
} ht_verb_t;

/** The verbs, the last one with a NULL name. */
extern const ht_verb_t ht_verbs[];

int ht_cmd_help(int argc, char **argv);
int ht_cmd_report(int argc, char **argv);
int ht_cmd_diff(int argc, char **argv);
int ht_cmd_check(int argc, char **argv);
int ht_cmd_whois(int argc, char **argv);
int ht_cmd_info(int argc, char **argv);
int ht_cmd_core(int argc, char **argv);
int ht_cmd_export(int argc, char **argv);
int ht_cmd_record(int argc, char **argv);
int ht_cmd_run(int argc, char **argv);

/** Microseconds of a clock that never goes back. */
uint64_t ht_now_us(void);

/** "heaptrail VERB: words" on stderr, which are the application's too: made harmless. @return
 * `code`, so that a verb can `return ht_complain(...)`. */
int ht_complain(ht_exit_t code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The same without an end: "heaptrail VERB: note: words". Nothing when `quiet`. */
void ht_note_stderr(bool quiet, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- output: --json, --color, --width, --quiet ---------------------------------------------------
 */

typedef enum { HT_COLOR_AUTO = 0, HT_COLOR_ALWAYS, HT_COLOR_NEVER } ht_color_t;

/** All zero is what the terminal suggests. */
typedef struct {
    bool json;
    bool quiet; /**< no progress, no notes */
    ht_color_t color;
    uint16_t width; /**< columns; 0: the terminal's, or 100 */
} ht_output_options_t;

/** Its input is an ht_output_options_t. */
extern const struct argp ht_output_argp;

/** Begin writing text for people to a file: colour and width are decided here. */
void ht_output_begin(ht_out_t *out, const ht_output_options_t *options, FILE *file);

/** The end of standard output. @return HT_EXIT_OK, or a complaint's code when something was not
 * written (a full disk, a closed pipe). */
int ht_output_end(void);

/* --- progress ------------------------------------------------------------------------------------
 */

/** All zero is silent. */
typedef struct {
    const char *words; /**< what is being done: "reading node.htz" */
    uint64_t total;    /**< 0: not known */
    uint64_t began_us, said_us;
    bool enabled;
    bool shown;
} ht_progress_t;

/** Only on a terminal, only after a second, at most four times a second. */
void ht_progress_begin(ht_progress_t *progress, const ht_output_options_t *options,
                       const char *words, uint64_t total);
void ht_progress_update(ht_progress_t *progress, uint64_t done);

/** Take the line away again. Call it before anything else is written. */
void ht_progress_end(ht_progress_t *progress);
