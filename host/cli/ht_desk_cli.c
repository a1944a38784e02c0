/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ht_desk_cli.h"

#include <langinfo.h>
#include <string.h>

#include "ht_parse.h"

/* --- options ------------------------------------------------------------------------------------
 */

enum {
    KEY_SITE = 0x400,
    KEY_FUNCTION,
    KEY_FILE,
    KEY_COMPONENT,
    KEY_LIBRARY,
    KEY_TASK,
    KEY_HEAP,
    KEY_CAPS
};

static const struct argp_option s_options[] = {
    {"site", KEY_SITE, "FILE:LINE", 0, "Only blocks of this site; or FUNCTION, 0xADDRESS, #ID", 0},
    {"function", KEY_FUNCTION, "NAME", 0,
     "Only blocks with such a function in their stack: a part of its name, or a pattern with * and "
     "?",
     0},
    {"file", KEY_FILE, "FILE", 0, "Only blocks with this source file in their stack", 0},
    {"component", KEY_COMPONENT, "NAME", 0, "Only blocks of this component", 0},
    {"library", KEY_LIBRARY, "NAME", 0, "Only blocks of this library", 0},
    {"task", KEY_TASK, "NAME", 0, "Only blocks of this task", 0},
    {"heap", KEY_HEAP, "NAME", 0, "Only blocks in this heap", 0},
    {"caps", KEY_CAPS, "CAPS", 0, "Only blocks in heaps that offer these: DMA,INTERNAL", 0},
    {0},
};

static error_t parse_choice(int key, char *argument, struct argp_state *state)
{
    ht_choice_t *choice = state->input;
    const struct {
        int key;
        const char **to;
    } texts[] = {{KEY_SITE, &choice->site},       {KEY_FUNCTION, &choice->function},
                 {KEY_FILE, &choice->file},       {KEY_COMPONENT, &choice->component},
                 {KEY_LIBRARY, &choice->library}, {KEY_TASK, &choice->task},
                 {KEY_HEAP, &choice->heap}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].key != key) { continue; }
        if (*argument == '\0') { argp_error(state, "a name to choose by may not be empty"); }
        *texts[i].to = argument;
        return 0;
    }
    if (key != KEY_CAPS) { return ARGP_ERR_UNKNOWN; }
    if (!ht_parse_caps(argument, &choice->caps)) {
        argp_error(state, "--caps takes names as DMA,INTERNAL or a number, not '%s'", argument);
    }
    return 0;
}

const struct argp ht_choice_argp = {s_options, parse_choice, NULL, NULL, NULL, NULL, NULL};

void ht_desk_inputs(struct argp_state *state, ht_desk_options_t *options)
{
    state->child_inputs[0] = &options->session;
    state->child_inputs[1] = &options->choice;
    state->child_inputs[2] = &options->naming;
    state->child_inputs[3] = &options->output;
}

void ht_take_count(struct argp_state *state, const char *option, const char *text, uint32_t *count)
{
    uint64_t number;
    if (!ht_parse_number(text, &number) || number > 1000000U) {
        argp_error(state, "%s takes a number up to 1000000, not '%s'", option, text);
        return;
    }
    *count = (uint32_t)number;
}

void ht_take_since(struct argp_state *state, const char *text, ht_desk_options_t *options)
{
    options->since_text = text;
    if (!ht_moment_parse(text, &options->since)) {
        argp_error(state, "--since takes a mark or a time, not '%s'", text);
    }
}

void ht_take_trace(struct argp_state *state, const char *path, ht_desk_options_t *options)
{
    if (options->session.path != NULL) { argp_error(state, "one trace at a time"); }
    options->session.path = path;
}

bool ht_by_parse(const char *text, ht_by_t *by)
{
    for (unsigned i = HT_BY_SITE; i <= HT_BY_TASK; i++) {
        if (strcmp(text, ht_desk_noun((ht_by_t)i)) == 0) {
            *by = (ht_by_t)i;
            return true;
        }
    }
    return false;
}

/* --- a desk -------------------------------------------------------------------------------------
 */

static int since(ht_desk_cli_t *cli, const ht_desk_options_t *options)
{
    ht_desk_t *desk = &cli->desk;
    if (!options->since.given) { return HT_EXIT_OK; }
    desk->since = true;
    desk->since_words = options->since_text;
    desk->since_us = options->since.time_us;
    if (options->since.mark == NULL) { return HT_EXIT_OK; }
    if (!ht_session_find_mark(&cli->session, &options->since, &desk->since_marks)) {
        return ht_complain(HT_EXIT_USAGE, "--since: there is no mark '%s' in this boot",
                           options->since.mark);
    }
    desk->since_us = 0;
    return HT_EXIT_OK;
}

static void set_up(ht_desk_cli_t *cli, const ht_desk_options_t *options)
{
    ht_desk_t *desk = &cli->desk;
    const ht_input_status_t *input = &cli->session.input;
    desk->model = cli->session.model;
    desk->view = cli->session.view;
    desk->names = cli->naming.names;
    desk->choice = options->choice;
    desk->by = options->by;
    desk->top = options->top;
    desk->frames = options->frames;
    desk->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    desk->about = (ht_about_t){.path = options->session.path,
                               .boot = cli->session.shown,
                               .boots = cli->session.boots,
                               .damages = input->damages,
                               .damage_bytes = input->damage_bytes,
                               .lost_frames = input->decoder.lost_frames,
                               .read_bytes = input->file_bytes,
                               .of_some_sizes = options->session.model.size_min != 0 ||
                                                options->session.model.size_max != 0,
                               .names_hint = cli->naming.hint};
    if (options->session.from.given && !options->since.given) {
        desk->since = true;
        desk->since_us = desk->view.window_us;
        desk->since_words = "the beginning of this time";
    }
}

int ht_desk_cli_open(ht_desk_cli_t *cli, const ht_desk_options_t *options)
{
    return ht_desk_cli_open_watched(cli, options, NULL, NULL);
}

int ht_desk_cli_open_watched(ht_desk_cli_t *cli, const ht_desk_options_t *options,
                             ht_session_watch_t watch, void *context)
{
    *cli = (ht_desk_cli_t){0};
    int code = ht_session_open(&cli->session, &options->session, &options->output, watch, context);
    if (code != HT_EXIT_OK) { return code; }
    code = ht_naming_open(&cli->naming, &options->naming, &options->output, &cli->session.view);
    if (code != HT_EXIT_OK) { return code; }
    if (options->all_names) {
        ht_naming_look_up_all(&cli->naming, &options->output, &cli->session.view);
    }
    set_up(cli, options);
    if (!ht_desk_begin(&cli->desk)) { return ht_complain(HT_EXIT_MEMORY, "no memory"); }
    return since(cli, options);
}

void ht_desk_cli_close(ht_desk_cli_t *cli)
{
    ht_desk_end(&cli->desk);
    ht_naming_close(&cli->naming);
    ht_session_close(&cli->session);
}
