/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_naming.h
 * Names for a trace: the ELF file by its SHA-256, or the libraries of a process by their build-ids;
 * the map; the sources.
 */
#pragma once

#include "ht_cli.h"
#include "ht_names.h"

enum { HT_NAMING_PATHS = 32 };

/** All zero is good. */
typedef struct {
    const char *elf[HT_NAMING_PATHS]; /**< files or folders */
    size_t elfs;
    const char *rom[HT_NAMING_PATHS]; /**< ELF files of the chip's ROM */
    size_t roms;
    const char *source[HT_NAMING_PATHS]; /**< FROM=TO */
    size_t sources;
    const char *map;
    bool none;       /**< addresses only */
    bool debuginfod; /**< ask servers for debug files */
} ht_naming_options_t;

/** --elf, --rom-elf, --map, --source, --no-symbols, --debuginfod. Its input is an
 * ht_naming_options_t. */
extern const struct argp ht_naming_argp;

typedef struct {
    ht_name_sources_t from;
    ht_names_t *names;
    char
        *hint; /**< a sentence for the reader: why there are addresses, how to get names; or NULL */
} ht_naming_t;

/**
 * Find what the trace is of, and name it. What is not there is noted on stderr, and goes without
 * names. @return HT_EXIT_OK or HT_EXIT_MEMORY. ht_naming_close() in any case.
 */
int ht_naming_open(ht_naming_t *naming, const ht_naming_options_t *options,
                   const ht_output_options_t *output, const ht_model_view_t *view);

/** Every site's name, with progress: for who sums up by names. Debug information is read now. */
void ht_naming_look_up_all(ht_naming_t *naming, const ht_output_options_t *output,
                           const ht_model_view_t *view);

void ht_naming_close(ht_naming_t *naming);
