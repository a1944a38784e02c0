/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_export.h
 * A trace in the formats of other programs' viewers. A format is a row in ht_export.c and a file of
 * its own; it is either written from a profile at once, or step by step as blocks come and go.
 */
#pragma once

#include <stdio.h>

#include "ht_profile.h"

/** What is asked for. */
typedef struct {
    ht_profile_value_t what; /**< of the formats that show one value, or one first */
    const char *version;     /**< of heaptrail */
} ht_export_options_t;

typedef enum {
    HT_STEP_MADE,
    HT_STEP_CARRIED, /**< was live before the trace, or before it was seen */
    HT_STEP_FREED,
    HT_STEP_VANISHED /**< its end was lost */
} ht_step_kind_t;

/** A block comes or goes: of a pool, or another one, as the profile has them. */
typedef struct {
    ht_step_kind_t kind;
    uint64_t address, size;
    uint64_t time_us, made_us;
    ht_row_t flow; /**< of the profile's model */
} ht_step_t;

/** Where a format's writer writes, and what it knows: the whole trace, read once before. */
typedef struct {
    FILE *file;
    const ht_profile_t *profile;
    ht_export_options_t options;
} ht_export_t;

/** Functions of a format that is written step by step. */
typedef struct {
    void *(*open)(const ht_export_t *export); /**< NULL: no memory */
    void (*step)(void *writer, const ht_step_t *step);
    void (*event)(void *writer, const ht_event_t *event); /**< marks and so on; may be NULL */
    bool (*close)(void *writer); /**< the end, and frees it. False: no memory */
} ht_export_stream_t;

typedef struct {
    const char *name;
    const char *words;                          /**< a line: whose viewer */
    bool has_what;                              /**< takes options.what */
    bool is_of_heap;                            /**< has no meaning for pools' blocks alone */
    bool (*profile)(const ht_export_t *export); /**< false: no memory */
    const ht_export_stream_t *stream;           /**< instead of `profile` */
} ht_export_format_t;

/** The formats, the last one with a NULL name. */
extern const ht_export_format_t ht_export_formats[];

/* --- for the formats -------------------------------------------------------------------------- */

/** Text without what would end a name or a line in the format: control characters and those of
 * `bad` become '_'. NULL writes nothing. */
void ht_export_text(FILE *file, const char *text, const char *bad);

/** Sums per key. */
typedef struct {
    uint64_t blocks, bytes;
    uint64_t max_blocks, max_bytes; /**< when `bytes` was at its highest */
    uint64_t total_blocks, total_bytes;
    uint64_t lifetimes_us; /**< of the freed ones */
    uint64_t made_us;      /**< when they were made, summed up, of the live ones */
} ht_export_sum_t;

/** Count a step in. */
void ht_export_count(ht_export_sum_t *sum, const ht_step_t *step);

/* The formats themselves. */
bool ht_export_folded(const ht_export_t *export);
bool ht_export_speedscope(const ht_export_t *export);
bool ht_export_pprof(const ht_export_t *export);
bool ht_export_callgrind(const ht_export_t *export);
bool ht_export_csv(const ht_export_t *export);
extern const ht_export_stream_t ht_export_csv_events;
extern const ht_export_stream_t ht_export_dhat;
extern const ht_export_stream_t ht_export_massif;
extern const ht_export_stream_t ht_export_heaptrack;
extern const ht_export_stream_t ht_export_perfetto;
