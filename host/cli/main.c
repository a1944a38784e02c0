/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* heaptrail: record anywhere, answer at the desk. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "ht_cli.h"

static char s_called[64] = "heaptrail";

static void print_verbs(FILE *file)
{
    fputs("Usage: heaptrail VERB [OPTION...] [ARGUMENT...]\n"
          "Who holds the heap: records what a firmware or a Linux program allocates, and "
          "answers.\n\n",
          file);
    for (const ht_verb_t *verb = ht_verbs; verb->name != NULL; verb++) {
        fprintf(file, "  %-8s %s\n", verb->name, verb->words);
    }
    fputs(
        "\n`heaptrail VERB --help' tells a verb's options; heaptrail(1) all of it.\n"
        "Exit codes: 0 good, 1 limits exceeded or differences, 2 wrong usage, 3 unreadable input,\n"
        "4 unwritable output, 5 no memory.\n",
        file);
}

static const ht_verb_t *find_verb(const char *name)
{
    for (const ht_verb_t *verb = ht_verbs; verb->name != NULL; verb++) {
        if (strcmp(verb->name, name) == 0) { return verb; }
    }
    return NULL;
}

/* argp words its complaints and its help with argv[0]. */
static int run_verb(const ht_verb_t *verb, int argc, char **argv)
{
    snprintf(s_called, sizeof(s_called), "heaptrail %s", verb->name);
    argv[0] = s_called;
    program_invocation_name = s_called;
    program_invocation_short_name = s_called;
    int code = verb->run(argc, argv);
    int end = ht_output_end();
    return code != HT_EXIT_OK ? code : end;
}

static int unknown_verb(const char *name)
{
    return ht_complain(HT_EXIT_USAGE, "there is no verb '%s'; `heaptrail help' lists them", name);
}

int ht_cmd_help(int argc, char **argv)
{
    if (argc < 2) {
        print_verbs(stdout);
        return HT_EXIT_OK;
    }
    if (argc > 2) { return ht_complain(HT_EXIT_USAGE, "one verb at a time"); }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        puts("Usage: heaptrail help [VERB]\nTells the verbs, or what one of them does.");
        return HT_EXIT_OK;
    }
    const ht_verb_t *verb = find_verb(argv[1]);
    char help[] = "--help";
    return verb != NULL ? run_verb(verb, 2, (char *[]){argv[0], help, NULL})
                        : unknown_verb(argv[1]);
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    /* Errors that are told, not signals: a pipe that nobody reads, a file that may not grow. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    argp_err_exit_status = HT_EXIT_USAGE;
    argp_program_version = "heaptrail " HEAPTRAIL_VERSION;
    program_invocation_name = s_called;
    program_invocation_short_name = s_called;
    if (argc < 2) {
        print_verbs(stderr);
        return HT_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_verbs(stdout);
        return ht_output_end();
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts(argp_program_version);
        return ht_output_end();
    }
    const ht_verb_t *verb = find_verb(argv[1]);
    return verb != NULL ? run_verb(verb, argc - 1, argv + 1) : unknown_verb(argv[1]);
}
