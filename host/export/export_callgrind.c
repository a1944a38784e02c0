/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Callgrind's profile format (valgrind's cl-format.xml): what a function allocated itself, and what
 * those that it called did, line by line.
 *
 *   stack  main:10 > open:20 > malloc'd at read:30
 *   self   read:30            inclusive   open:20 calls read, main:10 calls open
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ht_export.h"

#define NOBODY UINT32_MAX

enum { LIVE_BYTES, LIVE_BLOCKS, TOTAL_BYTES, TOTAL_BLOCKS, PEAK_BYTES, PEAK_BLOCKS, TEMPORARY };
enum { COSTS = 7 };

/* What a line of a function costs: by itself (callee NOBODY), or by what it calls. */
typedef struct {
    uint32_t function, line, callee, callee_line;
    uint64_t cost[COSTS];
} entry_t;

typedef struct {
    entry_t *entry;
    size_t count, capacity;
} entries_t;

static void costs_of(const ht_profile_row_t *row, uint64_t cost[COSTS])
{
    for (unsigned v = 0; v < HT_VALUE_TEMPORARY; v++) {
        cost[2 * v] = row->value[v].bytes;
        cost[2 * v + 1] = row->value[v].blocks;
    }
    cost[TEMPORARY] = row->value[HT_VALUE_TEMPORARY].blocks;
}

static bool same_place(const entry_t *a, const entry_t *b)
{
    return a->function == b->function && a->line == b->line && a->callee == b->callee;
}

static bool add(entries_t *entries, const entry_t *entry)
{
    if (!ht_array_room((void **)&entries->entry, &entries->capacity, entries->count,
                       sizeof(*entry))) {
        return false;
    }
    entries->entry[entries->count++] = *entry;
    return true;
}

/* A call that recursion makes twice in a stack counts once. */
static bool is_told(const entries_t *entries, size_t first, const entry_t *entry)
{
    for (size_t i = first; i < entries->count; i++) {
        if (same_place(&entries->entry[i], entry)) { return true; }
    }
    return false;
}

static bool add_row(entries_t *entries, const ht_profile_t *profile, const ht_profile_row_t *row)
{
    uint32_t frame[HT_PROFILE_DEPTH_MAX];
    size_t count = ht_profile_frames(profile, row->origin, frame);
    size_t first = entries->count;
    for (size_t i = 0; i < count; i++) {
        const ht_profile_frame_t *at = &profile->frame[frame[i]];
        const ht_profile_frame_t *callee = i == 0 ? NULL : &profile->frame[frame[i - 1]];
        entry_t entry = {.function = at->function,
                         .line = at->line,
                         .callee = callee == NULL ? NOBODY : callee->function,
                         .callee_line = callee == NULL ? 0 : callee->line};
        costs_of(row, entry.cost);
        if (!is_told(entries, first, &entry) && !add(entries, &entry)) { return false; }
    }
    return true;
}

static int compare(const void *left, const void *right)
{
    const entry_t *a = left;
    const entry_t *b = right;
    if (a->function != b->function) { return a->function < b->function ? -1 : 1; }
    /* What it costs by itself comes first: NOBODY is the largest. */
    if (a->callee != b->callee) { return a->callee > b->callee ? -1 : 1; }
    return a->line == b->line ? 0 : a->line < b->line ? -1 : 1;
}

static void merge(entries_t *entries)
{
    size_t kept = 0;
    if (entries->count == 0) { return; }
    qsort(entries->entry, entries->count, sizeof(entry_t), compare);
    for (size_t i = 1; i < entries->count; i++) {
        if (!same_place(&entries->entry[kept], &entries->entry[i])) {
            entries->entry[++kept] = entries->entry[i];
            continue;
        }
        for (unsigned c = 0; c < COSTS; c++) {
            entries->entry[kept].cost[c] += entries->entry[i].cost[c];
        }
    }
    entries->count = kept + 1;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void costs(FILE *file, uint32_t line, const uint64_t cost[COSTS])
{
    (void)fprintf(file, "%" PRIu32, line);
    for (unsigned c = 0; c < COSTS; c++) {
        (void)fprintf(file, " %" PRIu64, cost[c]);
    }
    (void)fputc('\n', file);
}

static void function_lines(const ht_export_t *export, const char *file_key, const char *name_key,
                           uint32_t number)
{
    const ht_profile_function_t *function = &export->profile->function[number];
    (void)fprintf(export->file, "%s=", file_key);
    ht_export_text(export->file, function->file == NULL ? "???" : function->file, "()");
    (void)fprintf(export->file, "\n%s=(%" PRIu32 ") ", name_key, number + 1U);
    ht_export_text(export->file, function->name, "");
    (void)fputc('\n', export->file);
}

static void head(const ht_export_t *export)
{
    FILE *file = export->file;
    uint64_t cost[COSTS];
    ht_profile_row_t total = {0};
    memcpy(total.value, export->profile->total, sizeof(total.value));
    costs_of(&total, cost);
    (void)fprintf(file, "# callgrind format\nversion: 1\ncreator: heaptrail-%s\ncmd: ",
                  export->options.version);
    ht_export_text(file, ht_profile_name(export->profile), "");
    (void)fputs("\npositions: line\n"
                "event: LiveB : live bytes\nevent: LiveBk : live blocks\n"
                "event: TotalB : bytes allocated ever\nevent: TotalBk : blocks allocated ever\n"
                "event: PeakB : live bytes at the peak\nevent: PeakBk : live blocks at the peak\n"
                "event: TmpBk : temporary blocks\n"
                "events: LiveB LiveBk TotalB TotalBk PeakB PeakBk TmpBk\nsummary:",
                file);
    for (unsigned c = 0; c < COSTS; c++) {
        (void)fprintf(file, " %" PRIu64, cost[c]);
    }
    (void)fputc('\n', file);
}

static void body(const ht_export_t *export, const entries_t *entries)
{
    uint32_t function = NOBODY;
    for (size_t i = 0; i < entries->count; i++) {
        const entry_t *entry = &entries->entry[i];
        if (entry->function != function) {
            (void)fputc('\n', export->file);
            function_lines(export, "fl", "fn", entry->function);
            function = entry->function;
        }
        if (entry->callee != NOBODY) {
            function_lines(export, "cfi", "cfn", entry->callee);
            (void)fprintf(export->file, "calls=%" PRIu64 " %" PRIu32 "\n",
                          entry->cost[TOTAL_BLOCKS], entry->callee_line);
        }
        costs(export->file, entry->line, entry->cost);
    }
}

bool ht_export_callgrind(const ht_export_t *export)
{
    entries_t entries = {.count = 0};
    bool good = true;
    for (size_t i = 0; good && i < export->profile->rows; i++) {
        good = add_row(&entries, export->profile, &export->profile->row[i]);
    }
    if (good) {
        merge(&entries);
        head(export);
        body(export, &entries);
    }
    free(entries.entry);
    return good;
}
