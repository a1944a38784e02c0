/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* heaptrail report: what a trace says. */
#include <string.h>

#include "ht_desk_cli.h"
#include "ht_parse.h"

enum { KEY_SECTION = 0x500, KEY_BY = 0x600, KEY_TOP, KEY_FRAMES, KEY_SINCE, KEY_ALL };
enum { SECTIONS_MAX = 24, TOP = 10, FRAMES = 6 };

typedef struct {
    ht_desk_options_t desk;
    bool chosen[SECTIONS_MAX];
    bool any, all;
} options_t;

static struct argp_option s_options[SECTIONS_MAX + 8];

/* Each section is an option. */
static void make_options(void)
{
    static const struct argp_option others[] = {
        {"all", KEY_ALL, NULL, 0, "All of these sections", 1},
        {NULL, 0, NULL, 0, "What the tables show:", 2},
        {"by", KEY_BY, "WHAT", 0,
         "Sum up by site (the default), stack, function, file, component, library or task", 2},
        {"top", KEY_TOP, "N", 0, "Rows of a table; 0: all (default 10)", 2},
        {"frames", KEY_FRAMES, "N", 0, "Lines of a stack (default 6)", 2},
        {"since", KEY_SINCE, "MARK", 0, "Leaks: only blocks younger than this mark or time", 2},
        {0},
    };
    size_t count = 0;
    for (; ht_sections[count].name != NULL; count++) {
        s_options[count] = (struct argp_option){.name = ht_sections[count].name,
                                                .key = KEY_SECTION + (int)count,
                                                .doc = ht_sections[count].words,
                                                .group = 1};
    }
    memcpy(&s_options[count], others, sizeof(others));
}

static error_t parse_table(int key, char *argument, struct argp_state *state, options_t *options)
{
    switch (key) {
    case KEY_BY:
        if (!ht_by_parse(argument, &options->desk.by)) {
            argp_error(state,
                       "--by takes site, stack, function, file, component, library or task, "
                       "not '%s'",
                       argument);
        }
        return 0;
    case KEY_TOP:
        ht_take_count(state, "--top", argument, &options->desk.top);
        return 0;
    case KEY_FRAMES:
        ht_take_count(state, "--frames", argument, &options->desk.frames);
        return 0;
    case KEY_SINCE:
        ht_take_since(state, argument, &options->desk);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    options_t *options = state->input;
    if (key >= KEY_SECTION && key < KEY_SECTION + SECTIONS_MAX) {
        options->chosen[key - KEY_SECTION] = options->any = true;
        return 0;
    }
    switch (key) {
    case ARGP_KEY_INIT:
        ht_desk_inputs(state, &options->desk);
        return 0;
    case KEY_ALL:
        options->all = true;
        return 0;
    case ARGP_KEY_ARG:
        ht_take_trace(state, argument, &options->desk);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which trace? (- is standard input)");
        return 0;
    default:
        return parse_table(key, argument, state, options);
    }
}

static bool is_chosen(const options_t *options, size_t section)
{
    if (options->all) { return true; }
    return options->any ? options->chosen[section] : ht_sections[section].usual;
}

static bool write_text(ht_desk_t *desk, const options_t *options)
{
    bool first = true;
    ht_output_begin(&desk->r.out, &options->desk.output, stdout);
    for (size_t i = 0; ht_sections[i].name != NULL; i++) {
        if (!is_chosen(options, i)) { continue; }
        if (!first) { ht_out_line(&desk->r.out); }
        first = false;
        if (!ht_sections[i].text(desk)) { return false; }
    }
    if (ht_names_has_derived(desk->names)) {
        ht_desk_note(desk, HT_STYLE_DIM,
                     "(name): no macro recorded it; read from the source line of the call.");
    }
    return true;
}

static bool write_json(ht_desk_t *desk, const options_t *options)
{
    json_t *tree = ht_tree_report("trace");
    ht_tree_text(tree, "trace", desk->about.path);
    ht_tree_number(tree, "read_bytes", desk->about.read_bytes);
    for (size_t i = 0; ht_sections[i].name != NULL; i++) {
        if (!is_chosen(options, i)) { continue; }
        if (!ht_sections[i].tree(desk, ht_tree_object(tree, ht_sections[i].name))) {
            json_decref(tree);
            return false;
        }
    }
    return ht_tree_write(tree, stdout);
}

int ht_cmd_report(int argc, char **argv)
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
        "What a trace says about the heap.\vWithout a section: summary, leaks, peak, temporary, "
        "failures, errors, growth.",
        children,
        NULL,
        NULL};
    options_t options = {.desk = {.top = TOP, .frames = FRAMES}};
    ht_desk_cli_t cli;
    make_options();
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    for (size_t i = 0; ht_sections[i].name != NULL; i++) {
        options.desk.all_names |= ht_sections[i].by_names && is_chosen(&options, i);
    }
    int code = ht_desk_cli_open(&cli, &options.desk);
    if (code == HT_EXIT_OK) {
        bool good = options.desk.output.json ? write_json(&cli.desk, &options)
                                             : write_text(&cli.desk, &options);
        code = good ? HT_EXIT_OK : ht_complain(HT_EXIT_MEMORY, "no memory");
    }
    ht_desk_cli_close(&cli);
    return code;
}
