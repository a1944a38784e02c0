/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Arguments: options in any place, "--name value", "--name=value", "-n value", "-nvalue", "--" ends
 * them; two words at most. Everything that does not belong is refused, before anything is done.
 */
#include <string.h>

#include "ht_console.h"

const ht_opt_info_t ht_opt_info[HT_OPTS] = {
#define HT_OPTION_INFO(id, name, letter, value, help)                                              \
    [HT_OPT_##id] = {name, HT_OR_NULL(letter), HT_OR_NULL(value), help},
    HT_OPTIONS(HT_OPTION_INFO)
#undef HT_OPTION_INFO
};

/** Go with every sub-command. */
#define COMMON (1U << HT_OPT_JSON | 1U << HT_OPT_COLOR | 1U << HT_OPT_WIDTH | 1U << HT_OPT_HELP)

typedef struct {
    ht_con_t *con;
    int argc;
    char *const *argv;
    int at;
    bool words_only;
} args_t;

const ht_sub_t *ht_sub_named(const char *name)
{
    for (uint32_t i = 0; i < ht_sub_count; i++) {
        if (strcmp(ht_subs[i].name, name) == 0) { return &ht_subs[i]; }
    }
    return NULL;
}

HT_APART bool ht_con_no_such_sub(ht_con_t *con, const char *word)
{
    const char *names[32];
    uint32_t count = ht_sub_count < 31U ? ht_sub_count : 31U;
    for (uint32_t i = 0; i < count; i++) {
        names[i] = ht_subs[i].name;
    }
    names[count] = NULL;
    return ht_con_complain(con, &(ht_complaint_t){.word = word,
                                                  .after = "is no sub-command; `heaptrail help` "
                                                           "lists them",
                                                  .near = ht_nearest(word, names)});
}

HT_APART static bool no_such_option(ht_con_t *con, const char *word, size_t length)
{
    const char *names[HT_OPTS + 1U];
    char typed[20];
    const char *near = NULL;
    for (uint32_t i = 0; i < HT_OPTS; i++) {
        names[i] = ht_opt_info[i].name;
    }
    names[HT_OPTS] = NULL;
    if (length > 2 && length - 2U < sizeof(typed)) {
        memcpy(typed, &word[2], length - 2U);
        typed[length - 2U] = '\0';
        near = ht_nearest(typed, names);
    }
    return ht_con_complain(
        con, &(ht_complaint_t){
                 .word = word, .word_length = length, .after = "is no option", .near = near});
}

/* --- one option --------------------------------------------------------------------------------
 */

static ht_opt_t option_named(const char *name, size_t length)
{
    for (uint32_t i = 0; i < HT_OPTS; i++) {
        const char *known = ht_opt_info[i].name;
        if (strlen(known) == length && memcmp(known, name, length) == 0) { return (ht_opt_t)i; }
    }
    return HT_OPTS;
}

static ht_opt_t option_of_letter(char letter)
{
    for (uint32_t i = 0; i < HT_OPTS; i++) {
        if (ht_opt_info[i].letter != NULL && ht_opt_info[i].letter[0] == letter) {
            return (ht_opt_t)i;
        }
    }
    return letter == '?' ? HT_OPT_HELP : HT_OPTS;
}

/* What follows is the value, unless it is plainly an option. ("-5" is a value, and a bad one.) */
static const char *next_value(args_t *args)
{
    const char *next = args->at + 1 < args->argc ? args->argv[args->at + 1] : NULL;
    bool is_option = next != NULL && next[0] == '-' && (next[1] < '0' || next[1] > '9');
    if (next == NULL || is_option) { return NULL; }
    args->at++;
    return next;
}

/* `value`: what was written behind '=' or the letter; NULL: nothing. */
static bool take_option(args_t *args, ht_opt_t opt, const char *value)
{
    ht_con_t *con = args->con;
    const ht_opt_info_t *info = &ht_opt_info[opt];
    if (ht_con_has(con, opt)) {
        return ht_con_complain(
            con, &(ht_complaint_t){.before = "--", .word = info->name, .after = "is given twice"});
    }
    if (info->value == NULL && value != NULL) {
        return ht_con_complain(
            con, &(ht_complaint_t){.before = "--", .word = info->name, .after = "takes no value"});
    }
    if (info->value != NULL && value == NULL) { value = next_value(args); }
    if (info->value != NULL && value == NULL) {
        return ht_con_complain(con, &(ht_complaint_t){.before = "--",
                                                      .word = info->name,
                                                      .after = "wants a value",
                                                      .say = info->value});
    }
    con->given |= 1U << opt;
    con->value[opt] = value;
    return true;
}

static bool take_long(args_t *args, const char *word)
{
    size_t length = strcspn(word, "=");
    ht_opt_t opt = option_named(&word[2], length - 2U);
    if (opt == HT_OPTS) { return no_such_option(args->con, word, length); }
    return take_option(args, opt, word[length] == '=' ? &word[length + 1U] : NULL);
}

static bool take_short(args_t *args, const char *word)
{
    ht_opt_t opt = option_of_letter(word[1]);
    if (opt == HT_OPTS) { return no_such_option(args->con, word, strlen(word)); }
    return take_option(args, opt, word[2] != '\0' ? &word[2] : NULL);
}

/* --- all of them -------------------------------------------------------------------------------
 */

static bool take_word(args_t *args, const char *word)
{
    ht_con_t *con = args->con;
    if (word[0] == '\0') {
        return ht_con_complain(con, &(ht_complaint_t){.before = "an argument is empty"});
    }
    if (con->sub == NULL) {
        con->sub = ht_sub_named(word);
        return con->sub != NULL || ht_con_no_such_sub(con, word);
    }
    if (con->sub->word == NULL || con->word != NULL) {
        return ht_con_complain(
            con, &(ht_complaint_t){.word = word, .after = "is one argument too many"});
    }
    con->word = word;
    return true;
}

static bool take(args_t *args)
{
    const char *word = args->argv[args->at];
    if (args->words_only || word[0] != '-' || word[1] == '\0') { return take_word(args, word); }
    if (strcmp(word, "--") == 0) {
        args->words_only = true;
        return true;
    }
    return word[1] == '-' ? take_long(args, word) : take_short(args, word);
}

/* Options may come before the sub-command, so whether they go with it is known at the end. */
static bool belongs(ht_con_t *con)
{
    uint32_t allowed = COMMON | (con->sub != NULL ? con->sub->options : 0U);
    for (uint32_t i = 0; i < HT_OPTS; i++) {
        if ((con->given & ~allowed & 1U << i) != 0) {
            return ht_con_complain(con, &(ht_complaint_t){.before = "--",
                                                          .word = ht_opt_info[i].name,
                                                          .after = "does not go with this"});
        }
    }
    bool needs_word = con->sub != NULL && con->sub->word != NULL && con->sub->word[0] != '[';
    if (needs_word && con->word == NULL && !ht_con_has(con, HT_OPT_HELP)) {
        return ht_con_complain(
            con, &(ht_complaint_t){.before = "something is missing", .say = con->sub->word});
    }
    if (ht_con_has(con, HT_OPT_ROWS) && ht_con_has(con, HT_OPT_ALL)) {
        return ht_con_complain(con, &(ht_complaint_t){.before = "--rows and --all exclude each "
                                                                "other"});
    }
    return true;
}

static bool take_color(ht_con_t *con)
{
    static const char *const whens[] = {"always", "never", "auto", NULL};
    const char *when = con->value[HT_OPT_COLOR];
    if (when == NULL || strcmp(when, "auto") == 0) { return true; }
    con->color = strcmp(when, "always") == 0;
    if (con->color || strcmp(when, "never") == 0) { return true; }
    return ht_con_complain(con, &(ht_complaint_t){.before = "--color",
                                                  .word = when,
                                                  .after = "is none of always, never, auto",
                                                  .near = ht_nearest(when, whens)});
}

static bool take_width(ht_con_t *con)
{
    uint64_t width = 0;
    const char *text = con->value[HT_OPT_WIDTH];
    if (text == NULL) { return true; }
    if (ht_value_number(text, 1000, &width) != HT_VALUE_GOOD || width < HT_OUT_MIN_WIDTH) {
        return ht_con_complain(con, &(ht_complaint_t){.before = "--width",
                                                      .word = text,
                                                      .after = "is no width",
                                                      .say = "40 to 1000"});
    }
    con->width = (uint16_t)width;
    return true;
}

/* Messages about the arguments are JSON already, wherever it says so. */
static bool wants_json(int argc, char *const *argv)
{
    for (int i = 1; i < argc && argv[i] != NULL; i++) {
        if (strcmp(argv[i], "--json") == 0) { return true; }
    }
    return false;
}

bool ht_con_parse(ht_con_t *con, int argc, char *const *argv)
{
    args_t args = {.con = con, .argc = argc, .argv = argv, .at = 1};
    con->json = wants_json(argc, argv);
    for (; args.at < argc && argv[args.at] != NULL; args.at++) {
        if (!take(&args)) { return false; }
    }
    con->json = ht_con_has(con, HT_OPT_JSON);
    return belongs(con) && take_color(con) && take_width(con);
}
