/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* heaptrail diff: two traces beside each other. */
#include <string.h>

#include "ht_compare.h"
#include "ht_desk_cli.h"
#include "ht_parse.h"

enum { KEY_BY = 0x500, KEY_TOP, KEY_METRIC, KEY_LEAST, KEY_SINCE };

typedef struct {
    ht_desk_options_t desk;
    const char *path[2];
    ht_metric_t metric;
    uint64_t least;
} options_t;

static const struct argp_option s_options[] = {
    {"by", KEY_BY, "WHAT", 0,
     "Compare by site (the default), function, file, component, library or task", 0},
    {"metric", KEY_METRIC, "WHAT", 0, "Compare live bytes (the default), peak or total", 0},
    {"at-least", KEY_LEAST, "SIZE", 0, "Differences of so many bytes or more count", 0},
    {"top", KEY_TOP, "N", 0, "Rows; 0: all (default 20)", 0},
    {"since", KEY_SINCE, "MARK", 0, "Live bytes: only blocks younger than this mark or time", 0},
    {0},
};

static void parse_metric(struct argp_state *state, options_t *options, const char *text)
{
    for (unsigned i = 0; i < HT_METRICS; i++) {
        if (strcmp(text, ht_metric_name((ht_metric_t)i)) == 0) {
            options->metric = (ht_metric_t)i;
            return;
        }
    }
    argp_error(state, "--metric takes live, peak or total, not '%s'", text);
}

static void parse_path(struct argp_state *state, options_t *options, const char *path)
{
    unsigned at = options->path[0] == NULL ? 0 : 1;
    if (options->path[1] != NULL) { argp_error(state, "two traces, not more"); }
    options->path[at] = path;
}

static void parse_by(struct argp_state *state, options_t *options, const char *text)
{
    if (!ht_by_parse(text, &options->desk.by) || options->desk.by == HT_BY_STACK) {
        argp_error(state, "--by takes site, function, file, component, library or task, not '%s'",
                   text);
    }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    options_t *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        ht_desk_inputs(state, &options->desk);
        return 0;
    case KEY_BY:
        parse_by(state, options, argument);
        return 0;
    case KEY_METRIC:
        parse_metric(state, options, argument);
        return 0;
    case KEY_LEAST:
        if (!ht_parse_size(argument, &options->least)) {
            argp_error(state, "--at-least takes a size as 100, 4k or 1M, not '%s'", argument);
        }
        return 0;
    case KEY_TOP:
        ht_take_count(state, "--top", argument, &options->desk.top);
        return 0;
    case KEY_SINCE:
        ht_take_since(state, argument, &options->desk);
        return 0;
    case ARGP_KEY_ARG:
        parse_path(state, options, argument);
        return 0;
    case ARGP_KEY_END:
        if (options->path[1] == NULL) { argp_error(state, "which two traces?"); }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int answer(const options_t *options, ht_desk_t *a, ht_desk_t *b)
{
    ht_comparison_t comparison;
    bool good = ht_compare(&comparison, a, b, options->metric);
    bool differ = good && ht_comparison_differing(&comparison, options->metric, options->least);
    if (good && options->desk.output.json) {
        json_t *tree = ht_tree_report("diff");
        ht_comparison_tree(&comparison, a, b, options->metric, options->least, tree);
        good = ht_tree_write(tree, stdout);
    } else if (good) {
        ht_output_begin(&a->r.out, &options->desk.output, stdout);
        ht_comparison_text(&comparison, a, b, options->metric, options->least);
    }
    ht_comparison_free(&comparison);
    if (!good) { return ht_complain(HT_EXIT_MEMORY, "no memory"); }
    return differ ? HT_EXIT_FOUND : HT_EXIT_OK;
}

int ht_cmd_diff(int argc, char **argv)
{
    static const struct argp_child children[] = {{&ht_session_argp, 0, "Which part of both:", 1},
                                                 {&ht_choice_argp, 0, "Only some blocks:", 2},
                                                 {&ht_naming_argp, 0, "Names:", 3},
                                                 {&ht_output_argp, 0, "Output:", 4},
                                                 {0}};
    static const struct argp argp = {
        s_options,
        parse,
        "A B",
        "What trace B has more or less than trace A. Sites are matched by their names, so that two "
        "builds compare.\vExits with 1 if there are differences.",
        children,
        NULL,
        NULL};
    options_t options = {.desk = {.top = 20, .all_names = true}};
    ht_desk_cli_t a = {0}, b = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    options.desk.session.path = options.path[0];
    int code = ht_desk_cli_open(&a, &options.desk);
    options.desk.session.path = options.path[1];
    if (code == HT_EXIT_OK) { code = ht_desk_cli_open(&b, &options.desk); }
    if (code == HT_EXIT_OK) { code = answer(&options, &a.desk, &b.desk); }
    ht_desk_cli_close(&a);
    ht_desk_cli_close(&b);
    return code;
}
