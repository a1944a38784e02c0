/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* heaptrail check: does a trace keep its limits? For CI. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ht_desk_cli.h"
#include "ht_limits.h"
#include "ht_parse.h"

enum { KEY_LIMIT = 0x500, KEY_LIMITS = 0x600, KEY_JUNIT, KEY_SINCE };

typedef struct {
    ht_desk_options_t desk;
    ht_limits_t limits;
    const char *junit;
    bool no_memory;
} options_t;

/* Each kind is an option. */
static struct argp_option s_options[HT_LIMITS + 5];

static void make_options(void)
{
    static const char *const words[HT_LIMITS] = {
        [HT_LIMIT_LEAKED_BYTES] = "Bytes that live at the end, or were made since --since",
        [HT_LIMIT_LEAKED_BLOCKS] = "Blocks that live at the end, or were made since --since",
        [HT_LIMIT_UNREACHABLE_BYTES] = "Bytes that nothing points to any more, as the device's "
                                       "latest scan says",
        [HT_LIMIT_UNREACHABLE_BLOCKS] = "Blocks that nothing points to any more",
        [HT_LIMIT_PEAK] = "Most live bytes at once",
        [HT_LIMIT_GROWTH] = "Bytes per hour, of each site that keeps growing",
        [HT_LIMIT_ALLOCATIONS] = "Allocations",
        [HT_LIMIT_TEMPORARY] = "Temporary ones, in percent of the allocations",
        [HT_LIMIT_FAILURES] = "Failed allocations",
        [HT_LIMIT_ERRORS] = "Memory errors",
        [HT_LIMIT_LOST] = "Whatever is missing in the trace: events, frames, bytes",
    };
    static const struct argp_option others[] = {
        {NULL, 0, NULL, 0, "More of them:", 2},
        {"limits", KEY_LIMITS, "FILE", 0,
         "Limits from a file, one a line: max-peak 200k, task net max-leaked-bytes 4k", 2},
        {"junit", KEY_JUNIT, "FILE", 0, "Write the result as JUnit's XML, too", 2},
        {"since", KEY_SINCE, "MARK", 0, "Leaks: only blocks younger than this mark or time", 2},
        {0},
    };
    for (unsigned i = 0; i < HT_LIMITS; i++) {
        ht_limit_kind_t kind = (ht_limit_kind_t)i;
        s_options[i] = (struct argp_option){.name = ht_limit_name(kind),
                                            .key = KEY_LIMIT + (int)i,
                                            .arg = ht_limit_is_size(kind) ? "SIZE" : "N",
                                            .doc = words[i],
                                            .group = 1};
    }
    memcpy(&s_options[HT_LIMITS], others, sizeof(others));
}

static bool parse_most(ht_limit_kind_t kind, const char *text, uint64_t *most)
{
    return ht_limit_is_size(kind) ? ht_parse_size(text, most) : ht_parse_number(text, most);
}

static const char *example(ht_limit_kind_t kind)
{
    return ht_limit_is_size(kind) ? "a size as 100, 4k or 1M" : "a number";
}

static void parse_limit(struct argp_state *state, options_t *options, ht_limit_kind_t kind,
                        const char *text)
{
    ht_limit_t limit = {.kind = kind};
    if (!parse_most(kind, text, &limit.most)) {
        argp_error(state, "--%s takes %s, not '%s'", ht_limit_name(kind), example(kind), text);
    }
    options->no_memory |= !ht_limits_add(&options->limits, &limit);
}

/* --- a file of limits ---------------------------------------------------------------------------
 */

enum { WORDS_MAX = 5 };

/* Words of a line, up to a #. */
static size_t split(char *line, char *word[WORDS_MAX])
{
    size_t count = 0;
    char *save = NULL;
    line[strcspn(line, "#\r\n")] = '\0';
    for (char *at = strtok_r(line, " \t", &save); at != NULL && count < WORDS_MAX;
         at = strtok_r(NULL, " \t", &save)) {
        word[count++] = at;
    }
    return count;
}

/* NULL: good. Otherwise what is wrong; a format with the word in question. */
static const char *parse_words(char **word, size_t count, ht_limit_t *limit, const char **which)
{
    size_t scoped = count == 4 ? 2 : 0;
    *which = word[0];
    if (count != 2 && count != 4) {
        return "a limit is [site|task|... NAME] LIMIT VALUE, not '%s'";
    }
    if (scoped != 0 && !ht_limit_scope_find(word[0], &limit->scope)) {
        return "there is no scope '%s': site, function, file, component, library, task, heap";
    }
    limit->pattern = scoped != 0 ? word[1] : NULL;
    *which = word[scoped];
    if (!ht_limit_find(word[scoped], &limit->kind)) { return "there is no limit '%s'"; }
    if (!ht_limit_has_scope(limit->kind, limit->scope)) { return "'%s' is of all, not of a part"; }
    *which = word[scoped + 1U];
    return parse_most(limit->kind, word[scoped + 1U], &limit->most)
               ? NULL
               : "'%s' is no value for this limit";
}

static int complain_line(const char *path, unsigned number, const char *format, const char *which)
{
    char text[256];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof(text), format, which);
#pragma GCC diagnostic pop
    return ht_complain(HT_EXIT_USAGE, "%s:%u: %s", path, number, text);
}

static int read_lines(options_t *options, const char *path, FILE *file)
{
    char *line = NULL, *word[WORDS_MAX];
    size_t size = 0;
    int code = HT_EXIT_OK;
    for (unsigned number = 1; code == HT_EXIT_OK && getline(&line, &size, file) >= 0; number++) {
        ht_limit_t limit = {.scope = HT_SCOPE_ALL};
        const char *which;
        size_t count = split(line, word);
        if (count == 0) { continue; }
        const char *wrong = parse_words(word, count, &limit, &which);
        if (wrong != NULL) {
            code = complain_line(path, number, wrong, which);
        } else {
            options->no_memory |= !ht_limits_add(&options->limits, &limit);
        }
    }
    if (code == HT_EXIT_OK && ferror(file) != 0) {
        code = ht_complain(HT_EXIT_INPUT, "%s: %s", path, strerror(errno));
    }
    free(line);
    return code;
}

static int read_limits(options_t *options, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) { return ht_complain(HT_EXIT_INPUT, "%s: %s", path, strerror(errno)); }
    int code = read_lines(options, path, file);
    fclose(file);
    return code;
}

/* --- the verb -----------------------------------------------------------------------------------
 */

static error_t parse(int key, char *argument, struct argp_state *state)
{
    options_t *options = state->input;
    if (key >= KEY_LIMIT && key < KEY_LIMIT + HT_LIMITS) {
        parse_limit(state, options, (ht_limit_kind_t)(key - KEY_LIMIT), argument);
        return 0;
    }
    switch (key) {
    case ARGP_KEY_INIT:
        ht_desk_inputs(state, &options->desk);
        return 0;
    case KEY_LIMITS: {
        int code = read_limits(options, argument);
        if (code != HT_EXIT_OK) { exit(code); }
        return 0;
    }
    case KEY_JUNIT:
        options->junit = argument;
        return 0;
    case KEY_SINCE:
        ht_take_since(state, argument, &options->desk);
        return 0;
    case ARGP_KEY_ARG:
        ht_take_trace(state, argument, &options->desk);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which trace? (- is standard input)");
        return 0;
    case ARGP_KEY_END:
        if (options->limits.count == 0) { argp_error(state, "no limit was given"); }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int answer(options_t *options, ht_desk_t *desk)
{
    bool good = !options->no_memory && ht_limits_measure(&options->limits, desk);
    if (good && options->junit != NULL &&
        !ht_limits_junit(&options->limits, desk, options->junit)) {
        return ht_complain(HT_EXIT_OUTPUT, "%s: %s", options->junit, strerror(errno));
    }
    if (good && options->desk.output.json) {
        json_t *tree = ht_tree_report("check");
        ht_limits_tree(&options->limits, desk, tree);
        good = ht_tree_write(tree, stdout);
    } else if (good) {
        ht_output_begin(&desk->r.out, &options->desk.output, stdout);
        ht_limits_text(&options->limits, desk);
    }
    if (!good) { return ht_complain(HT_EXIT_MEMORY, "no memory"); }
    return ht_limits_exceeded(&options->limits) != 0 ? HT_EXIT_FOUND : HT_EXIT_OK;
}

int ht_cmd_check(int argc, char **argv)
{
    static const struct argp_child children[] = {{&ht_session_argp, 0, "Which part of it:", 3},
                                                 {&ht_choice_argp, 0, "Only some blocks:", 4},
                                                 {&ht_naming_argp, 0, "Names:", 5},
                                                 {&ht_output_argp, 0, "Output:", 6},
                                                 {0}};
    static const struct argp argp = {
        s_options,
        parse,
        "TRACE",
        "Whether a trace keeps limits.\vExits with 1 if one is exceeded, or cannot be told.",
        children,
        NULL,
        NULL};
    options_t options = {0};
    ht_desk_cli_t cli;
    make_options();
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    int code = ht_desk_cli_open(&cli, &options.desk);
    if (code == HT_EXIT_OK) { code = answer(&options, &cli.desk); }
    ht_desk_cli_close(&cli);
    ht_limits_free(&options.limits);
    return code;
}
