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
    const choice_t *choices; /* words for numbers; ends with a NULL name; NULL: none */
    uint32_t min, max;       /* of a number that is no word; max 0: there is none */
    size_t offset;           /* of the field in ht_posix_options_t */
    enum { NUMBER, BOOL, PATH, BYTES, PAIR } type;
} option_t;

static const choice_t s_bool[] = {{"0", 0},   {"1", 1},  {"no", 0}, {"yes", 1},
                                  {"off", 0}, {"on", 1}, {NULL, 0}};
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
                                  {"errors", HEAPTRAIL_REPORT_ERRORS},
                                  {"checks", HEAPTRAIL_REPORT_CHECKS},
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

static const choice_t s_checks[] = {{"off", HT_POSIX_CHECKS_OFF},
                                    {"redzones", HT_POSIX_CHECKS_REDZONES},
                                    {"full", HT_POSIX_CHECKS_FULL},
                                    {NULL, 0}};
static const choice_t s_errors[] = {
    {"report", HT_POSIX_ERRORS_REPORT}, {"abort", HT_POSIX_ERRORS_ABORT}, {NULL, 0}};
static const choice_t s_fill[] = {{"off", HT_POSIX_NO_FILL}, {NULL, 0}};

#define FIELD(name) offsetof(ht_posix_options_t, name)

static const option_t s_options[] = {
    {"report", "exit|signal|both|none", "when to report", s_report, 0, 0, FIELD(report), NUMBER},
    {"leaks", "exit|signal|both|none", "when to scan for lost blocks, and report them", s_report, 0,
     0, FIELD(leaks), NUMBER},
    {"suppress", "PATH", "file of leaks to pass over, a line leak:PATTERN each", NULL, 0, 0,
     FIELD(suppress), PATH},
    {"show", "summary|status|sites|tasks|heaps|oldest|failures|errors|checks|totals",
     "what to report", s_show, 0, 0, FIELD(show), NUMBER},
    {"format", "text|json", "for people or for programs", s_format, 0, 0, FIELD(json), BOOL},
    {"file", "PATH", "append to a file instead of standard error; %p: process id", NULL, 0, 0,
     FIELD(file), PATH},
    {"rows", "1..1000000", "rows of each table", NULL, 1, 1000000, FIELD(rows), NUMBER},
    {"sort", "bytes|blocks|peak|total", "order of sites and tasks", s_sort, 0, 0, FIELD(sort),
     NUMBER},
    {"stacks", "0..32", "return addresses kept per allocation; 0 or 1: the caller only", NULL, 0,
     HT_STACK_DEPTH_MAX, FIELD(stacks), NUMBER},
    {"blocks", "1..16777216", "live blocks followed, at most; 37 bytes each as they come", NULL, 1,
     1U << 24, FIELD(blocks), NUMBER},
    {"sites", "1..16777216", "distinct call stacks; 200 bytes each as they come", NULL, 1, 1U << 24,
     FIELD(sites), NUMBER},
    {"signal", "USR1|USR2|HUP|QUIT|WINCH|URG|IO|PWR", "the signal that asks for a report", s_signal,
     0, 0, FIELD(signal), NUMBER},
    {"freeres", "0|1", "let the C library free its own memory before the report at exit", s_bool, 0,
     0, FIELD(freeres), BOOL},
    {"color", "auto|always|never", "colours in text", s_color, 0, 0, FIELD(color), NUMBER},
    {"symbols", "lines|names|none", "what addresses are called", s_symbols, 0, 0, FIELD(symbols),
     NUMBER},
    {"checks", "off|redzones|full", "memory errors: none; overruns and wrong frees; all", s_checks,
     0, 0, FIELD(checks), NUMBER},
    {"redzones", "0..64:0..64", "bytes guarded before and behind each block", NULL, 0, 64,
     FIELD(redzones), PAIR},
    {"fill_new", "0..255|off", "fill new blocks with this byte", s_fill, 0, 255, FIELD(fill_new),
     NUMBER},
    {"fill_freed", "0..255|off", "fill freed blocks with this byte", s_fill, 0, 255,
     FIELD(fill_freed), NUMBER},
    {"quarantine", "0..4095m", "bytes of freed blocks that wait, to see who writes to them", NULL,
     0, 4095U << 20, FIELD(quarantine), BYTES},
    {"quarantine_blocks", "0..1048576", "and how many blocks, at most", NULL, 0, 1U << 20,
     FIELD(quarantine_blocks), NUMBER},
    {"scrub_ms", "0..86400000", "look at all blocks in this time, while it runs; 0: do not", NULL,
     0, 86400000, FIELD(scrub_ms), NUMBER},
    {"errors", "report|abort", "what to do about an error", s_errors, 0, 0, FIELD(errors), NUMBER},
    {"error_interval_ms", "0..86400000", "one report per kind and place in this time; 0: all", NULL,
     0, 86400000, FIELD(error_interval_ms), NUMBER},
    {"exitcode", "0..255", "exit status of a program with errors or lost blocks; 0: its own", NULL,
     0, 255, FIELD(exitcode), NUMBER},
    {"verify_at_exit", "0|1", "look at all blocks at the end", s_bool, 0, 0, FIELD(verify_at_exit),
     BOOL},
    {"trace", "PATH|fd,N", "write a trace for the program `heaptrail'; %p: process id", NULL, 0, 0,
     FIELD(trace), PATH},
    {"trace_pid", "0..4194304", "of the process with this id only", NULL, 0, 1U << 22,
     FIELD(trace_pid), NUMBER},
    {"help", "0|1", "print this", s_bool, 0, 0, FIELD(help), BOOL},
};
#define OPTION_COUNT (sizeof(s_options) / sizeof(s_options[0]))

/* What `checks` means where nothing else is said. The bytes are those of ESP-IDF's comprehensive
 * poisoning: neither is text, a small number, or an address. */
#define REDZONES_DEFAULT (16U << 8 | 16U)
#define NEW_BYTE 0xceU
#define FREED_BYTE 0xfeU
#define QUARANTINE_BYTES (1U << 20)
#define QUARANTINE_BLOCKS 8192U

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

/* The value of a digit; 16: it is none. */
static unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9') { return (unsigned)(c - '0'); }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10U : 16U;
}

/* The digits at *text, at most `max`; *text is left behind them. 0x begins a hexadecimal one. */
static bool read_digits(const char **text, uint32_t max, uint32_t *number)
{
    unsigned base = 10;
    uint64_t value = 0;
    if ((*text)[0] == '0' && (*text)[1] == 'x') {
        base = 16;
        *text += 2;
    }
    const char *start = *text;
    for (unsigned digit; (digit = digit_of(**text)) < base; (*text)++) {
        value = value * base + digit;
        if (value > max) { return false; }
    }
    *number = (uint32_t)value;
    return *text != start;
}

/* A whole number within limits. */
static bool read_number(const char *text, uint32_t min, uint32_t max, uint32_t *number)
{
    return read_digits(&text, max, number) && *text == '\0' && *number >= min;
}

/* Bytes: 4096, 64k, 1m. */
static bool read_bytes(const char *text, uint32_t max, uint32_t *number)
{
    if (!read_digits(&text, max, number)) { return false; }
    unsigned shift = *text == 'k' || *text == 'K' ? 10 : *text == 'm' || *text == 'M' ? 20 : 0;
    if (text[shift != 0] != '\0' || *number > max >> shift) { return false; }
    *number <<= shift;
    return true;
}

/* FRONT:TAIL, or one number for both. */
static bool read_pair(const char *text, uint32_t max, uint32_t *number)
{
    uint32_t front = 0;
    if (!read_digits(&text, max, &front)) { return false; }
    uint32_t tail = front;
    if (*text == ':' && !read_number(text + 1, 0, max, &tail)) { return false; }
    if (*text != ':' && *text != '\0') { return false; }
    *number = front << 8 | tail;
    return true;
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

static bool read_value(const option_t *option, const char *text, uint32_t *number)
{
    if (option->choices != NULL && read_choice(option->choices, text, number)) { return true; }
    if (option->max == 0) { return false; }
    switch (option->type) {
    case BYTES:
        return read_bytes(text, option->max, number);
    case PAIR:
        return read_pair(text, option->max, number);
    default:
        return read_number(text, option->min, option->max, number);
    }
}

static bool set_option(ht_posix_options_t *options, const option_t *option, const char *value)
{
    unsigned char *field = (unsigned char *)options + option->offset;
    uint32_t number = 0;
    if (option->type == PATH) {
        if (*value == '\0') { return false; }
        memcpy(field, value, strlen(value) + 1);
        return true;
    }
    if (!read_value(option, value, &number)) { return false; }
    if (option->type == BOOL) {
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
    .redzones = HT_POSIX_NOT_GIVEN,
    .fill_new = HT_POSIX_NOT_GIVEN,
    .fill_freed = HT_POSIX_NOT_GIVEN,
    .quarantine = HT_POSIX_NOT_GIVEN,
    .quarantine_blocks = HT_POSIX_NOT_GIVEN,
    .error_interval_ms = 1000,
    .verify_at_exit = true,
};

/* The option that text begins with ends here: at a ':', but not at the one of "redzones=16:16". */
static size_t option_length(const char *text)
{
    static const char pair[] = "redzones=";
    size_t length = strcspn(text, ":");
    if (strncmp(text, pair, sizeof(pair) - 1) == 0 && text[length] == ':') {
        size_t digits = strspn(text + length + 1, "0123456789");
        char behind = text[length + 1 + digits];
        if (digits != 0 && (behind == ':' || behind == '\0')) { length += 1 + digits; }
    }
    return length;
}

/* True when an option was given that says how to check. */
static bool has_details(const ht_posix_options_t *options)
{
    return options->redzones != s_defaults.redzones || options->fill_new != s_defaults.fill_new ||
           options->fill_freed != s_defaults.fill_freed ||
           options->quarantine != s_defaults.quarantine ||
           options->quarantine_blocks != s_defaults.quarantine_blocks ||
           options->scrub_ms != s_defaults.scrub_ms || options->errors != s_defaults.errors ||
           (options->exitcode != s_defaults.exitcode &&
            (options->leaks & HT_POSIX_REPORT_EXIT) == 0);
}

void ht_posix_options_read(ht_posix_options_t *options, const char *text, ht_posix_say_fn say)
{
    memcpy(options, &s_defaults, sizeof(*options));
    while (text != NULL && *text != '\0') {
        size_t length = option_length(text);
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
    if (options->checks == HT_POSIX_CHECKS_OFF && has_details(options)) {
        say((const char *const[]){
            "HEAPTRAIL_OPTIONS: nothing is checked without checks=redzones or "
            "checks=full",
            NULL});
    }
}

static uint32_t given_or(uint32_t value, uint32_t otherwise)
{
    return value != HT_POSIX_NOT_GIVEN ? value : otherwise;
}

void ht_posix_options_checks(const ht_posix_options_t *options, heaptrail_checks_t *checks)
{
    bool is_on = options->checks != HT_POSIX_CHECKS_OFF;
    bool is_full = options->checks == HT_POSIX_CHECKS_FULL;
    uint32_t redzones = given_or(options->redzones, REDZONES_DEFAULT);
    bool unfilled = options->fill_freed == HT_POSIX_NO_FILL;
    uint32_t quarantine =
        given_or(options->quarantine, is_full && !unfilled ? QUARANTINE_BYTES : 0);
    uint32_t fill_new = given_or(options->fill_new, is_full ? NEW_BYTE : HT_POSIX_NO_FILL);
    /* A quarantine sees a write by what it filled the block with. */
    uint32_t fill_freed =
        given_or(options->fill_freed, is_full || quarantine != 0 ? FREED_BYTE : HT_POSIX_NO_FILL);
    *checks = (heaptrail_checks_t){
        .redzones = is_on && redzones != 0,
        .redzone_front_bytes = (uint8_t)(redzones >> 8),
        .redzone_tail_bytes = (uint8_t)(redzones & 0xffU),
        .fill_new = is_on && fill_new < HT_POSIX_NO_FILL,
        .new_byte = (uint8_t)fill_new,
        .fill_freed = is_on && fill_freed < HT_POSIX_NO_FILL,
        .freed_byte = (uint8_t)fill_freed,
        .heap_headers = is_on,
        .wrong_frees = is_on,
        .quarantine_blocks = given_or(options->quarantine_blocks, QUARANTINE_BLOCKS),
        .quarantine_bytes = quarantine,
        .report_interval_ms = options->error_interval_ms,
        .scrub_round_ms = options->scrub_ms,
    };
    if (!is_on || checks->quarantine_bytes == 0) { checks->quarantine_blocks = 0; }
}

void ht_posix_options_help(ht_posix_say_fn say)
{
    say((const char *const[]){"HEAPTRAIL_OPTIONS=\"option=value:option=value\"", NULL});
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        static const char spaces[] = "                  ";
        size_t length = strlen(s_options[i].name);
        say((const char *const[]){
            "  ", s_options[i].name,
            &spaces[length < sizeof(spaces) - 1 ? length : sizeof(spaces) - 2], s_options[i].help,
            " (", s_options[i].values, ")", NULL});
    }
}
