/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_desk_cli.h
 * The options of reports, and a desk out of them: for report, diff and check.
 */
#pragma once

#include "ht_desk.h"
#include "ht_naming.h"
#include "ht_session.h"

typedef struct {
    ht_output_options_t output;
    ht_session_options_t session;
    ht_naming_options_t naming;
    ht_choice_t choice;
    ht_by_t by;
    ht_moment_t since;
    const char *since_text;
    uint32_t top, frames;
    bool all_names; /**< tables are summed up by names: each site's is needed */
} ht_desk_options_t;

/** --site, --function, --file, --component, --library, --task, --heap, --caps. Its input is an
 * ht_choice_t. */
extern const struct argp ht_choice_argp;

typedef struct {
    ht_session_t session;
    ht_naming_t naming;
    ht_desk_t desk;
} ht_desk_cli_t;

/** Read, name, make ready. Complains by itself. @return HT_EXIT_OK or the exit code.
 * ht_desk_cli_close() in any case. `desk.r.out` is for the caller to begin. */
int ht_desk_cli_open(ht_desk_cli_t *cli, const ht_desk_options_t *options);
/** The same; `watch` sees the events of the chosen time. */
int ht_desk_cli_open_watched(ht_desk_cli_t *cli, const ht_desk_options_t *options,
                             ht_session_watch_t watch, void *context);
void ht_desk_cli_close(ht_desk_cli_t *cli);

/** For a verb's parser: the inputs of session, choice, naming, output, in this order. */
void ht_desk_inputs(struct argp_state *state, ht_desk_options_t *options);

/** Arguments that several verbs have; what makes no sense ends the program with a usage error. */
void ht_take_count(struct argp_state *state, const char *option, const char *text, uint32_t *count);
void ht_take_since(struct argp_state *state, const char *text, ht_desk_options_t *options);
void ht_take_trace(struct argp_state *state, const char *path, ht_desk_options_t *options);

/** "function", "file", ...; false: none of them. */
bool ht_by_parse(const char *text, ht_by_t *by);
