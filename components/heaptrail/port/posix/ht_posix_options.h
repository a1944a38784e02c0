/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_posix_options.h  HEAPTRAIL_OPTIONS="key=value:key=value", read without allocating. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "heaptrail_report.h"

#define HT_POSIX_PATH_MAX 1024

typedef enum { HT_POSIX_COLOR_AUTO, HT_POSIX_COLOR_ALWAYS, HT_POSIX_COLOR_NEVER } ht_posix_color_t;
typedef enum {
    HT_POSIX_SYMBOLS_LINES,
    HT_POSIX_SYMBOLS_NAMES,
    HT_POSIX_SYMBOLS_NONE
} ht_posix_symbols_t;

/** The values of `report`. */
enum { HT_POSIX_REPORT_NONE = 0, HT_POSIX_REPORT_EXIT = 1, HT_POSIX_REPORT_SIGNAL = 2 };

/** `show=totals`: the one line, and no report of heaptrail_report.h. */
#define HT_POSIX_SHOW_TOTALS HEAPTRAIL_REPORT_COUNT

/** What `checks` looks for, before the options that say it in detail. */
typedef enum {
    HT_POSIX_CHECKS_OFF,
    HT_POSIX_CHECKS_REDZONES,
    HT_POSIX_CHECKS_FULL
} ht_posix_checks_t;
typedef enum { HT_POSIX_ERRORS_REPORT, HT_POSIX_ERRORS_ABORT } ht_posix_errors_t;

/** Of an option about checks: not given, `checks` decides. */
#define HT_POSIX_NOT_GIVEN UINT32_MAX
/** Of fill_new and fill_freed: off. */
#define HT_POSIX_NO_FILL 256U

typedef struct {
    uint32_t report; /**< HT_POSIX_REPORT_* together */
    uint32_t leaks;  /**< the same, of the scan for lost blocks */
    uint32_t show;   /**< heaptrail_report_kind_t or HT_POSIX_SHOW_TOTALS */
    bool json;
    uint32_t rows;
    uint32_t sort; /**< heaptrail_sort_t */
    uint32_t stacks;
    uint32_t blocks;
    uint32_t sites;
    uint32_t signal; /**< number of the signal */
    bool freeres;
    uint32_t color;    /**< ht_posix_color_t */
    uint32_t symbols;  /**< ht_posix_symbols_t */
    uint32_t checks;   /**< ht_posix_checks_t */
    uint32_t redzones; /**< front << 8 | tail, or HT_POSIX_NOT_GIVEN */
    uint32_t fill_new; /**< 0 .. 255, HT_POSIX_NO_FILL or HT_POSIX_NOT_GIVEN; so is fill_freed */
    uint32_t fill_freed;
    uint32_t quarantine; /**< bytes, or HT_POSIX_NOT_GIVEN */
    uint32_t quarantine_blocks;
    uint32_t scrub_ms;
    uint32_t errors; /**< ht_posix_errors_t */
    uint32_t error_interval_ms;
    uint32_t exitcode; /**< 0: leave the program's alone */
    bool verify_at_exit;
    bool help;
    char suppress[HT_POSIX_PATH_MAX]; /**< a file of suppressions of leaks; empty: none */
    char file[HT_POSIX_PATH_MAX];     /**< empty: standard error */
    char trace[HT_POSIX_PATH_MAX];    /**< a path, or "fd,N"; empty: no trace */
    uint32_t trace_pid;               /**< only this process is traced; 0: whichever reads this */
} ht_posix_options_t;

/** Where messages about options go: pieces of one line, ends with NULL. */
typedef void (*ht_posix_say_fn)(const char *const *parts);

/** Defaults, then what `text` (may be NULL) says. Each mistake gives one message and no effect. */
void ht_posix_options_read(ht_posix_options_t *options, const char *text, ht_posix_say_fn say);

/** The checks that the options ask for. */
void ht_posix_options_checks(const ht_posix_options_t *options, heaptrail_checks_t *checks);

/** The options and what they mean, as `help=1` prints it. */
void ht_posix_options_help(ht_posix_say_fn say);
