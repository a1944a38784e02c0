/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* HEAPTRAIL_OPTIONS: one table says every option, its values, its default and its help. */
#include "ht_posix_options.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "ht_types.h"

typedef struct {
    const char *name;
    uint32_t value;
} choice_t;

typedef struct {
    const char *name;
    const char *values; /* for messages */
    const char *help;
    const choice_t *choices; /* ends with a NULL name; NULL: a number or a path */
    uint32_t min, max;       /* of a number; both 0: a path */
    size_t offset;           /* of the field in ht_posix_options_t */
    bool is_bool;
} option_t;

static const choice_t s_bool[] = {{"0", 0}, {"1", 1}, {"no", 0}, {"yes", 1}, {NULL, 0}};
static const choice_t s_report[] = {{"none", HT_POSIX_REPORT_NONE},
                                    {"exit", HT_POSIX_REPORT_EXIT},
                                    {"signal", HT_POSIX_REPORT_SIGNAL},
                                    {"both", HT_POSIX_REPORT_EXIT | HT_POSIX_REPORT_SIGNAL},
                                    {NULL, 0}};
static const choice_t s_show[] = {{"summary", HEAPTRAIL_REPORT_SUMMARY},
                                  {"status", HEAPTRAIL_REPORT_STATUS},
                                  {"sites", HEAPTRAIL_REPORT_SITES},
                                  {"tasks", HEAPTRAIL_REPORT_TASKS},
                                  {"heaps", HEAPTRAIL_REPORT_HEAPS},
                                  {"oldest", HEAPTRAIL_REPORT_OLDEST},
                                  {"failures", HEAPTRAIL_REPORT_FAILURES},
                                  {"totals", HT_POSIX_SHOW_TOTALS},
                                  {NULL, 0}};
static const choice_t s_format[] = {{"text", 0}, {"json", 1}, {NULL, 0}};
static const choice_t s_sort[] = {{"bytes", HEAPTRAIL_SORT_BYTES},
                                  {"blocks", HEAPTRAIL_SORT_BLOCKS},
                                  {"peak", HEAPTRAIL_SORT_PEAK},
                                  {"total", HEAPTRAIL_SORT_TOTAL},
                                  {NULL, 0}};
static const choice_t s_color[] = {{"auto", HT_POSIX_COLOR_AUTO},
                                   {"always", HT_POSIX_COLOR_ALWAYS},
                                   {"never", HT_POSIX_COLOR_NEVER},
                                   {NULL, 0}};
static const choice_t s_symbols[] = {{"lines", HT_POSIX_SYMBOLS_LINES},
                                     {"names", HT_POSIX_SYMBOLS_NAMES},
                                     {"none", HT_POSIX_SYMBOLS_NONE},
                                     {NULL, 0}};
static const choice_t s_signal[] = {
    {"USR1", SIGUSR1},    {"USR2", SIGUSR2},    {"HUP", SIGHUP}, {"QUIT", SIGQUIT},
    {"WINCH", SIGWINCH},  {"URG", SIGURG},      {"IO", SIGIO},   {"PWR", SIGPWR},
    {"SIGUSR1", SIGUSR1}, {"SIGUSR2", SIGUSR2}, {NULL, 0}};

#define FIELD(name) offsetof(ht_posix_options_t, name)

static const option_t s_options[] = {
    {"report", "exit|signal|both|none", "when to report", s_report, 0, 0, FIELD(report), false},
    {"show", "summary|status|sites|tasks|heaps|oldest|failures|totals", "what to report", s_show, 0,
     0, FIELD(show), false},
    {"format", "text|json", "for people or for programs", s_format, 0, 0, FIELD(json), true},
    {"file", "PATH", "append to a file instead of standard error; %p: process id", NULL, 0, 0,
     FIELD(file), false},
    {"rows", "1..1000000", "rows of each table", NULL, 1, 1000000, FIELD(rows), false},
    {"sort", "bytes|blocks|peak|total", "order of sites and tasks", s_sort, 0, 0, FIELD(sort),
     false},
    {"stacks", "0..32", "return addresses kept per allocation; 0 or 1: the caller only", NULL, 0,
     HT_STACK_DEPTH_MAX, FIELD(stacks), false},
    {"blocks", "1..16777216", "live blocks followed, at most; 37 bytes each as they come", NULL, 1,
     1U << 24, FIELD(blocks), false},
    {"sites", "1..16777216", "distinct call stacks; 200 bytes each as they come", NULL, 1, 1U << 24,
     FIELD(sites), false},
    {"signal", "USR1|USR2|HUP|QUIT|WINCH|URG|IO|PWR", "the signal that asks for a report", s_signal,
     0, 0, FIELD(signal), false},
    {"freeres", "0|1", "let the C library free its own memory before the report at exit", s_bool, 0,
     0, FIELD(freeres), true},
    {"color", "auto|always|never", "colours in text", s_color, 0, 0, FIELD(color), false},
    {"symbols", "lines|names|none", "what addresses are called", s_symbols, 0, 0, FIELD(symbols),
     false},
    {"help", "0|1", "print this", s_bool, 0, 0, FIELD(help), true},
};
#define OPTION_COUNT (sizeof(s_options) / sizeof(s_options[0]))

#define KEY_MAX 32 /* a key longer than this cannot be meant as one of ours */

/* Levenshtein's distance of two short words (Wagner & Fischer 1974), one row at a time. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[KEY_MAX + 1];
    size_t columns = strlen(b);
    for (size_t j = 0; j <= columns; j++) {
        row[j] = (unsigned)j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i + 1U;
        for (size_t j = 0; j < columns; j++) {
            unsigned best = diagonal + (a[i] != b[j]);
            if (row[j] + 1U < best) { best = row[j] + 1U; }
            if (row[j + 1] + 1U < best) { best = row[j + 1] + 1U; }
            diagonal = row[j + 1];
            row[j + 1] = best;
        }
    }
    return row[columns];
}

static const option_t *find_option(const char *key)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(s_options[i].name, key) == 0) { return &s_options[i]; }
    }
    return NULL;
}

/* The option that was probably meant, or NULL. */
static const char *nearest_option(const char *key)
{
    const char *nearest = NULL;
    unsigned nearest_distance = 3; /* further away is another word */
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        unsigned d = distance(key, s_options[i].name);
        if (d < nearest_distance && d < strlen(s_options[i].name)) {
            nearest_distance = d;
            nearest = s_options[i].name;
        }
    }
    return nearest;
}

static void say_unknown(const char *key, ht_posix_say_fn say)
{
    const char *parts[OPTION_COUNT * 2 + 16];
    size_t n = 0;
    parts[n++] = "HEAPTRAIL_OPTIONS: no option is called '";
    parts[n++] = key;
    const char *nearest = nearest_option(key);
    parts[n++] = nearest != NULL ? "'; did you mean '" : "'";
    if (nearest != NULL) {
        parts[n++] = nearest;
        parts[n++] = "'?";
    }
    parts[n++] = " Options:";
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        parts[n++] = " ";
        parts[n++] = s_options[i].name;
    }
    parts[n] = NULL;
    say(parts);
}

static void say_bad(const option_t *option, const char *value, ht_posix_say_fn say)
{
    say((const char *const[]){"HEAPTRAIL_OPTIONS: ", option->name, "='", value, "' is not one of ",
                              option->values, "; going on with the default", NULL});
}

/* A whole decimal number within limits. */
static bool read_number(const char *text, uint32_t min, uint32_t max, uint32_t *number)
{
    uint64_t value = 0;
    if (*text == '\0') { return false; }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') { return false; }
        value = value * 10U + (uint64_t)(*text - '0');
        if (value > max) { return false; }
    }
    *number = (uint32_t)value;
    return value >= min;
}

static bool read_choice(const choice_t *choices, const char *text, uint32_t *value)
{
    for (; choices->name != NULL; choices++) {
        if (strcmp(choices->name, text) == 0) {
            *value = choices->value;
            return true;
        }
    }
    return false;
}

static bool set_option(ht_posix_options_t *options, const option_t *option, const char *value)
{
    unsigned char *field = (unsigned char *)options + option->offset;
    uint32_t number = 0;
    if (option->choices == NULL && option->max == 0) { /* the path */
        if (*value == '\0') { return false; }
        memcpy(options->file, value, strlen(value) + 1);
        return true;
    }
    bool good = option->choices != NULL ? read_choice(option->choices, value, &number)
                                        : read_number(value, option->min, option->max, &number);
    if (!good) { return false; }
    if (option->is_bool) {
        *(bool *)field = number != 0;
    } else {
        memcpy(field, &number, sizeof(number));
    }
    return true;
}

/* One key=value. */
static void read_one(ht_posix_options_t *options, char *text, ht_posix_say_fn say)
{
    char *equals = strchr(text, '=');
    if (equals != NULL) { *equals = '\0'; }
    if (strlen(text) > KEY_MAX) { text[KEY_MAX] = '\0'; }
    const option_t *option = find_option(text);
    if (option == NULL) {
        say_unknown(text, say);
    } else if (equals == NULL) {
        say((const char *const[]){"HEAPTRAIL_OPTIONS: '", text, "' needs a value: ", text, "=",
                                  option->values, NULL});
    } else if (!set_option(options, option, equals + 1)) {
        say_bad(option, equals + 1, say);
    }
}

static const ht_posix_options_t s_defaults = {
    .report = HT_POSIX_REPORT_EXIT,
    .show = HEAPTRAIL_REPORT_SUMMARY,
    .rows = 20,
    .sort = HEAPTRAIL_SORT_BYTES,
    .stacks = 8,
    .blocks = 1U << 24,
    .sites = 65536,
    .signal = SIGUSR2,
    .freeres = true,
};

void ht_posix_options_read(ht_posix_options_t *options, const char *text, ht_posix_say_fn say)
{
    memcpy(options, &s_defaults, sizeof(*options));
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, ":");
        char one[HT_POSIX_PATH_MAX];
        if (length >= sizeof(one)) {
            say((const char *const[]){"HEAPTRAIL_OPTIONS: an option is too long and was left out",
                                      NULL});
        } else if (length != 0) {
            memcpy(one, text, length);
            one[length] = '\0';
            read_one(options, one, say);
        }
        text += length + (text[length] == ':');
    }
}

void ht_posix_options_help(ht_posix_say_fn say)
{
    say((const char *const[]){"HEAPTRAIL_OPTIONS=\"option=value:option=value\"", NULL});
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        static const char spaces[] = "         ";
        size_t length = strlen(s_options[i].name);
        say((const char *const[]){
            "  ", s_options[i].name,
            &spaces[length < sizeof(spaces) - 1 ? length : sizeof(spaces) - 2], s_options[i].help,
            " (", s_options[i].values, ")", NULL});
    }
}
