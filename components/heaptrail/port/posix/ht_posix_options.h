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

typedef struct {
    uint32_t report; /**< HT_POSIX_REPORT_* together */
    uint32_t show;   /**< heaptrail_report_kind_t or HT_POSIX_SHOW_TOTALS */
    bool json;
    uint32_t rows;
    uint32_t sort; /**< heaptrail_sort_t */
    uint32_t stacks;
    uint32_t blocks;
    uint32_t sites;
    uint32_t signal; /**< number of the signal */
    bool freeres;
    uint32_t color;   /**< ht_posix_color_t */
    uint32_t symbols; /**< ht_posix_symbols_t */
    bool help;
    char file[HT_POSIX_PATH_MAX]; /**< empty: standard error */
} ht_posix_options_t;

/** Where messages about options go: pieces of one line, ends with NULL. */
typedef void (*ht_posix_say_fn)(const char *const *parts);

/** Defaults, then what `text` (may be NULL) says. Each mistake gives one message and no effect. */
void ht_posix_options_read(ht_posix_options_t *options, const char *text, ht_posix_say_fn say);

/** The options and what they mean, as `help=1` prints it. */
void ht_posix_options_help(ht_posix_say_fn say);
