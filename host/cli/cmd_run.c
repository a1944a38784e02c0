/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* heaptrail run: a Linux program under the preload library, its trace into a file. */
#include <errno.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ht_child.h"
#include "ht_parse.h"
#include "ht_preload.h"
#include "ht_recording.h"

enum { STEP_MS = 50, STACKS_MAX = 32, KEY_OPTIONS = 0x200, KEY_LEAKS };

typedef struct {
    ht_recording_plan_t plan;
    uint64_t stacks;
    bool leaks;
    const char *more; /* options for the library */
    char **command;
} options_t;

static const struct argp_option s_options[] = {
    {"stacks", 's', "FRAMES", 0,
     "Return addresses per allocation, 0 to 32 (16); 0 or 1: the "
     "caller only",
     0},
    {"leaks", KEY_LEAKS, NULL, 0,
     "Scan for what nothing points to when it ends: a report on standard error, and in the trace",
     0},
    {"options", KEY_OPTIONS, "TEXT", 0, "More of HEAPTRAIL_OPTIONS, such as checks=full", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    options_t *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->plan;
        return 0;
    case 's':
        if (!ht_parse_number(argument, &options->stacks) || options->stacks > STACKS_MAX) {
            argp_error(state, "--stacks takes 0 to 32, not '%s'", argument);
        }
        return 0;
    case KEY_LEAKS:
        options->leaks = true;
        return 0;
    case KEY_OPTIONS:
        options->more = argument;
        return 0;
    case ARGP_KEY_ARG:
        /* The program's name: what follows is its own, options too. */
        options->command = &state->argv[state->next - 1];
        state->next = state->argc;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which program? heaptrail run -- PROGRAM ARGUMENTS");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child s_children[] = {{&ht_recording_argp, 0, "Output:", 1}, {0}};

static const struct argp s_argp = {
    s_options,
    parse,
    "[--] PROGRAM [ARGUMENT...]",
    "Run a Linux program and record what it allocates.\v"
    "The program's input, output and arguments are its own; so is the exit code. Processes that it "
    "starts are not traced, but a program that it turns into by exec() is. Needs no recompilation; "
    "programs that are linked statically or bring their own malloc() cannot be seen.\n\n"
    "Exit codes: the program's, 128 + N if signal N ended it, with a trace or before; 2 wrong "
    "usage, 3 it cannot be started or no trace came, 4 the file cannot be written.",
    s_children,
    NULL,
    NULL};

/* --- the program runs
 * ------------------------------------------------------------------------------
 */

/* Read what there is. False: nothing more for now. */
static bool read_some(const ht_child_t *child, ht_recording_t *recording, int *code)
{
    uint8_t bytes[65536];
    ssize_t length = read(child->trace, bytes, sizeof(bytes));
    if (length < 0 && errno == EINTR) { return true; }
    if (length <= 0) { return false; }
    /* A file that cannot be written does not stop the program: it would wait for its pipe. */
    if (*code == HT_EXIT_OK) { *code = ht_recording_feed(recording, bytes, (size_t)length); }
    return true;
}

/* The trace ends with the program, whoever else holds the pipe. */
static int follow(ht_child_t *child, ht_recording_t *recording)
{
    int code = HT_EXIT_OK;
    bool ended = false;
    while (!ended) {
        struct pollfd ready = {.fd = child->trace, .events = POLLIN};
        int count = poll(&ready, 1, STEP_MS);
        bool closed = count > 0 && (ready.revents & POLLIN) == 0;
        ended = ht_child_ended(child);
        while (read_some(child, recording, &code)) {}
        if (closed && !ended) { poll(NULL, 0, STEP_MS); }
        if (code == HT_EXIT_OK) { code = ht_recording_tick(recording); }
    }
    return code;
}

/* Ctrl-C is the program's to answer. What asks us to end is passed on to it. */
static volatile pid_t s_child; /* for the signal's handler */

static void pass_on(int number)
{
    if (s_child > 0) { kill(s_child, number); }
}

/* `ignored`: it was before, in the background of a script. */
static void ignore(int number, sigset_t *ignored)
{
    if (signal(number, SIG_IGN) == SIG_IGN) { sigaddset(ignored, number); }
}

/* Signals that come before there is somebody to pass them on to wait until there is. */
static bool start(ht_child_t *child, ht_child_plan_t plan, char *error, size_t error_size)
{
    sigset_t passed;
    sigset_t before;
    sigset_t ignored;
    sigemptyset(&ignored);
    sigemptyset(&passed);
    sigaddset(&passed, SIGTERM);
    sigaddset(&passed, SIGHUP);
    sigprocmask(SIG_BLOCK, &passed, &before);
    plan.signals = &before;
    ignore(SIGINT, &ignored);
    ignore(SIGQUIT, &ignored);
    plan.ignored = &ignored;
    bool started = ht_child_start(child, &plan, error, error_size);
    if (started) {
        s_child = child->pid;
        signal(SIGTERM, pass_on);
        signal(SIGHUP, pass_on);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return started;
}

/* A program that is killed early has not written anything: then its end says more. */
static int exit_code(const ht_child_t *child, int code, int end)
{
    if (code != HT_EXIT_OK) { return code; }
    bool killed = end == HT_EXIT_INPUT && WIFSIGNALED(child->status);
    return end == HT_EXIT_OK || killed ? ht_child_exit_code(child) : end;
}

static int run(const options_t *options, const char *preload, ht_recording_t *recording)
{
    char error[512];
    char *library = NULL;
    ht_child_t child;
    if (asprintf(&library, "stacks=%u%s%s%s", (unsigned)options->stacks,
                 options->leaks ? ":leaks=exit" : "", options->more != NULL ? ":" : "",
                 options->more != NULL ? options->more : "") < 0) {
        ht_recording_end(recording);
        return ht_complain(HT_EXIT_MEMORY, "no memory");
    }
    const ht_child_plan_t plan = {
        .preload = preload, .options = library, .command = options->command};
    bool started = start(&child, plan, error, sizeof(error));
    free(library);
    if (!started) {
        recording->quiet = true;
        ht_recording_end(recording);
        return ht_complain(HT_EXIT_INPUT, "%s", error);
    }
    int code = follow(&child, recording);
    s_child = 0; /* its number may be another process's now */
    close(child.trace);
    return exit_code(&child, code, ht_recording_end(recording));
}

int ht_cmd_run(int argc, char **argv)
{
    options_t options = {.stacks = 16};
    char error[512];
    ht_recording_t recording;
    argp_parse(&s_argp, argc, argv, ARGP_IN_ORDER, NULL, &options);
    char *program = strdup(options.command[0]);
    char *preload = program != NULL ? ht_preload_find(error, sizeof(error)) : NULL;
    if (preload == NULL) {
        free(program);
        return ht_complain(HT_EXIT_INPUT, "%s", program != NULL ? error : "no memory");
    }
    options.plan.stem = basename(program);
    int code = ht_recording_begin(&recording, &options.plan);
    if (code == HT_EXIT_OK) { code = run(&options, preload, &recording); }
    free(preload);
    free(program);
    return code;
}
