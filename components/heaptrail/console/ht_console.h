/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_console.h
 * What the parts of the console share: sub-commands, options, the command under way, its output.
 *
 *     argv -> parse -> values, names -> a report or an action -> chunks
 *
 * One table of options feeds the parser, the help, completion and esp_console's argtable. We do not
 * call arg_parse(): it allocates three times, and ends the program when it cannot. Who looks at a
 * heap that is full must not be the one who falls.
 */
#pragma once

#include "heaptrail_console.h"
#include "heaptrail_report.h"
#include "ht_json.h"

/* --- options: id, name, letter ("": none), value ("": takes none), help
 * ---------------------------
 */
#define HT_OPTIONS(X)                                                                              \
    X(JSON, "json", "", "", "JSON, for programs")                                                  \
    X(ROWS, "rows", "n", "ROWS", "at most so many rows")                                           \
    X(ALL, "all", "", "", "all rows")                                                              \
    X(SORT, "sort", "", "ORDER", "what comes first")                                               \
    X(TASK, "task", "", "TASK", "only blocks of this task: a name, or its id")                     \
    X(SITE, "site", "", "SITE", "only of this site: an id, FILE:LINE, a function, 0xADDRESS")      \
    X(HEAP, "heap", "", "HEAP", "only in this heap: a name, or its id")                            \
    X(CAPS, "caps", "", "CAPS", "only in heaps that offer all of these, as 8BIT,INTERNAL")         \
    X(MIN, "min", "", "SIZE", "only of at least so many bytes, as 100, 4k, 1M")                    \
    X(OLDER, "older", "", "TIME", "only older than that, as 10 (seconds), 5m, 2h")                 \
    X(SINCE, "since", "", "MARK", "only later than this mark")                                     \
    X(NO_SCAN, "no-scan", "", "", "without the scan, which takes time and memory")                 \
    X(COLOR, "color", "", "WHEN", "always, never, or auto: if the terminal can")                   \
    X(WIDTH, "width", "", "COLUMNS", "how wide the terminal is")                                   \
    X(CLEAR, "clear", "", "", "forget the errors")                                                 \
    X(LIST, "list", "", "", "list the marks")                                                      \
    X(REMOVE, "remove", "", "MARK", "remove a mark")                                               \
    X(YES, "yes", "", "", "yes, forget it all")                                                    \
    X(HELP, "help", "h", "", "how to use it")

typedef enum {
#define HT_OPTION_ID(id, name, letter, value, help) HT_OPT_##id,
    HT_OPTIONS(HT_OPTION_ID)
#undef HT_OPTION_ID
        HT_OPTS
} ht_opt_t;

typedef struct {
    const char *name;
    const char *letter; /**< NULL: none */
    const char *value;  /**< NULL: takes none */
    const char *help;
} ht_opt_info_t;

/** A literal of the table, or NULL for "": a constant. */
#define HT_OR_NULL(literal) (sizeof(literal) > 1U ? (literal) : NULL)

extern const ht_opt_info_t ht_opt_info[HT_OPTS];

/* --- sub-commands --------------------------------------------------------------------------------
 */

typedef struct ht_con ht_con_t;

/** A value that has a name. */
typedef struct {
    const char *name;
    uint32_t value;
} ht_choice_t;

/** What the word behind a sub-command is, for completion. */
typedef enum { HT_WORD_NONE, HT_WORD_MARK, HT_WORD_HEAP, HT_WORD_SUB, HT_WORD_OFF } ht_word_t;

typedef struct {
    const char *name;
    const char *word; /**< "ADDRESS", "[NAME]"; NULL: none */
    ht_word_t word_is;
    uint32_t options;          /**< a bit each */
    const ht_choice_t *orders; /**< of --sort, ended by a NULL */
    heaptrail_report_kind_t kind;
    int (*run)(ht_con_t *con);
    const char *help;
    const char *more;     /**< what else there is to say; NULL: nothing */
    const char *examples; /**< one a line */
} ht_sub_t;

extern const ht_sub_t ht_subs[];
extern const uint32_t ht_sub_count;

const ht_sub_t *ht_sub_named(const char *name);

/** A command under way. */
struct ht_con {
    const heaptrail_console_t *io;
    const ht_sub_t *sub; /**< NULL: not known yet */
    const char *word;    /**< behind the sub-command; NULL: none */
    uint32_t given;      /**< options, a bit each */
    uint32_t unpaused;   /**< bytes written since the last pause */
    bool json;
    bool color;
    uint16_t width;
    int code; /**< what a message so far means: usage, or failed */
    const char *value[HT_OPTS];
    heaptrail_mark_t since;
};

/* --- arguments -----------------------------------------------------------------------------------
 */

/** Read the arguments. False: a message was written. */
bool ht_con_parse(ht_con_t *con, int argc, char *const *argv);

static inline bool ht_con_has(const ht_con_t *con, ht_opt_t opt)
{
    return (con->given & 1U << opt) != 0;
}

/** What is wrong with a value. */
typedef enum {
    HT_VALUE_GOOD,
    HT_VALUE_EMPTY,
    HT_VALUE_NOT_A_NUMBER,
    HT_VALUE_NEGATIVE,
    HT_VALUE_TOO_LARGE,
    HT_VALUE_BAD_UNIT
} ht_value_t;

/** "123": digits only, at most `max`. */
ht_value_t ht_value_number(const char *text, uint64_t max, uint64_t *n);
/** "100", "4k", "1M", "2GiB": bytes; k is 1024. */
ht_value_t ht_value_size(const char *text, uint64_t *bytes);
/** "10", "10s", "500ms", "5m", "2h", "1d": microseconds; without a unit seconds. */
ht_value_t ht_value_time(const char *text, uint64_t *us);
/** With 0x or with a letter, or eight digits: hexadecimal; else decimal. */
ht_value_t ht_value_address(const char *text, uint64_t *address);
/** "8BIT,INTERNAL", "8bit|dma", "0x804". False: `*bad` (of `*bad_length` bytes) is no capability.
 */
bool ht_value_caps(const char *text, uint32_t *caps, const char **bad, size_t *bad_length);

/** NULL, or the name in `names` (ended by a NULL) that is nearest to a mistyped one. */
const char *ht_nearest(const char *word, const char *const *names);

/** Fill in the question from the options. False: a message was written. */
bool ht_con_ask(ht_con_t *con, heaptrail_report_t *ask);

/* --- names to numbers. False: a message was written ----------------------------------------------
 */
bool ht_find_task(ht_con_t *con, const char *word, uint32_t *id);
bool ht_find_heap(ht_con_t *con, const char *word, uint32_t *id);
bool ht_find_site(ht_con_t *con, const char *word, uint32_t *id);

/* --- marks: a few, for all consoles together -----------------------------------------------------
 */

typedef struct {
    char name[HEAPTRAIL_CONSOLE_NAME_MAX];
    heaptrail_mark_t mark;
    uint64_t uptime_us; /**< when it was taken */
    uint32_t number;    /**< 1 for the first ever; 0: free */
} ht_mark_t;

/** Take a mark; NULL: under a number. `replaced` (name[0] 0: none) had its name or its place.
 * ESP_ERR_INVALID_STATE: another console is at the marks. */
esp_err_t ht_mark_take(const char *name, ht_mark_t *taken, ht_mark_t *replaced);
/** NULL: the newest. ESP_ERR_NOT_FOUND. */
esp_err_t ht_mark_find(const char *name, ht_mark_t *found);
esp_err_t ht_mark_remove(const char *name);
esp_err_t ht_mark_forget_all(void);
/** All of them, the newest first. */
esp_err_t ht_mark_list(ht_mark_t marks[HEAPTRAIL_CONSOLE_MARKS], uint32_t *count);
/** 1 to 15 letters, digits, '.', '_', '-', the first no '-'. */
bool ht_mark_name_good(const char *name);

/* --- output --------------------------------------------------------------------------------------
 */

/** A heaptrail_write_fn_t over the console's: in chunks, with pauses. The context is a ht_con_t. */
void ht_con_write(void *con, const char *text, size_t length);

void ht_con_open(ht_con_t *con, ht_out_t *out);

/** What is wrong: before + 'word' + after + say + near. Only `word` comes from the user: it is cut,
 * and made harmless. Each may be NULL. */
typedef struct {
    const char *before;
    const char *word;
    size_t word_length; /**< 0: all of it */
    const char *after;
    const char *say;  /**< ": say " and this */
    const char *near; /**< ": did you mean" and this */
} ht_complaint_t;

/** Write it as text or JSON. @return false */
bool ht_con_complain(ht_con_t *con, const ht_complaint_t *complaint);

/** Say why it could not be done. @return HEAPTRAIL_CONSOLE_FAILED, as con->code is from now on. */
int ht_con_failed(ht_con_t *con, esp_err_t err);

/** "{"heaptrail":1,"command":"mark"": left open. */
void ht_con_json_open(ht_con_t *con, ht_out_t *out, ht_json_t *json);
void ht_con_json_close(ht_json_t *json);

/** NULL: all sub-commands. */
int ht_con_help(ht_con_t *con, const ht_sub_t *sub);

/** "'word' is no sub-command", and which is near. @return false */
bool ht_con_no_such_sub(ht_con_t *con, const char *word);

/* --- actions -------------------------------------------------------------------------------------
 */
int ht_do_report(ht_con_t *con);
int ht_do_errors(ht_con_t *con);
int ht_do_mark(ht_con_t *con);
int ht_do_check(ht_con_t *con);
int ht_do_whois(ht_con_t *con);
int ht_do_scrub(ht_con_t *con);
int ht_do_recorder(ht_con_t *con);
int ht_do_start(ht_con_t *con);
int ht_do_stop(ht_con_t *con);
int ht_do_reset(ht_con_t *con);
int ht_do_help(ht_con_t *con);
