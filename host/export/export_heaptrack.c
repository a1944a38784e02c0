/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * heaptrack's interpreted format, version 3, as its accumulatedtracedata.cpp reads it. A line each,
 * numbers in hexadecimal; strings, addresses and stacks are numbered from 1 (0: none), in the order
 * in which they come; allocations (a size and a stack) from 0:
 *
 *   v VERSION FORMAT | X command | I bytes of a page, pages
 *   s LENGTH TEXT                        a string
 *   i ADDRESS MODULE [FUNCTION FILE LINE]...   an address, with what was inlined there
 *   t ADDRESS CALLER                     a stack: one address more than the stack CALLER
 *   a SIZE STACK                         an allocation; + and - of its number; c milliseconds
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ht_export.h"

enum { HEAPTRACK_VERSION = 0x010400, FORMAT_VERSION = 3, PAGE_BYTES = 4096 };

typedef struct {
    ht_export_t export;
    uint32_t *location;     /* heaptrack's address, by the profile's location; 0: not written yet */
    uint32_t *stack;        /* heaptrack's stack, by origin; 0: not written yet */
    ht_pairs_t strings;     /* by their address: equal ones have the same */
    ht_pairs_t stacks;      /* by address and caller */
    ht_pairs_t allocations; /* by size and stack */
    uint32_t locations;
    uint64_t time_ms;
    bool failed; /* no memory */
} writer_t;

static uint32_t number_of(writer_t *writer, ht_pairs_t *pairs, uint64_t a, uint64_t b, bool *is_new)
{
    uint32_t number = ht_pairs_number(pairs, a, b, is_new);
    writer->failed = writer->failed || number == HT_PAIRS_NONE;
    return number;
}

/* --- definitions ------------------------------------------------------------------------------ */

/* "conn->rx" as "conn.rx": heaptrack takes the '>' for the end of a template, and cuts there. */
static void write_string(FILE *file, const char *text)
{
    size_t arrows = 0;
    for (const char *at = text; (at = strstr(at, "->")) != NULL; at += 2) {
        arrows++;
    }
    (void)fprintf(file, "s %zx ", strlen(text) - arrows);
    for (const char *at; (at = strstr(text, "->")) != NULL; text = at + 2) {
        (void)fprintf(file, "%.*s.", (int)(at - text), text);
    }
    ht_export_text(file, text, "");
    (void)fputc('\n', file);
}

/* Equal texts are one pointer in the profile. */
static uint32_t string_number(writer_t *writer, const char *text)
{
    bool is_new;
    if (text == NULL) { return 0; }
    uint32_t number = number_of(writer, &writer->strings, (uintptr_t)text, 0, &is_new) + 1U;
    if (is_new) { write_string(writer->export.file, text); }
    return number;
}

static uint32_t location_number(writer_t *writer, uint32_t location)
{
    const ht_profile_t *profile = writer->export.profile;
    const ht_profile_location_t *from = &profile->location[location];
    if (writer->location[location] != 0) { return writer->location[location]; }
    const char *module = from->object != NULL ? from->object : ht_profile_name(profile);
    uint32_t module_number = string_number(writer, module);
    for (uint32_t i = 0; i < from->count; i++) { /* strings come before the line that has them */
        const ht_profile_function_t *function = ht_profile_function(profile, from->first + i);
        (void)string_number(writer, function->name);
        (void)string_number(writer, function->file);
    }
    (void)fprintf(writer->export.file, "i %" PRIx64 " %" PRIx32, from->address, module_number);
    for (uint32_t i = 0; i < from->count; i++) {
        const ht_profile_function_t *function = ht_profile_function(profile, from->first + i);
        (void)fprintf(writer->export.file, " %" PRIx32 " %" PRIx32 " %" PRIx32,
                      string_number(writer, function->name), string_number(writer, function->file),
                      profile->frame[from->first + i].line);
    }
    (void)fputc('\n', writer->export.file);
    writer->location[location] = ++writer->locations;
    return writer->location[location];
}

/* From the outermost caller inwards. */
static uint32_t stack_number(writer_t *writer, ht_row_t origin)
{
    const ht_profile_stack_t *stack = &writer->export.profile->stack[origin];
    uint32_t caller = 0;
    if (writer->stack[origin] != 0) { return writer->stack[origin]; }
    for (uint32_t i = stack->count; i > 0; i--) {
        bool is_new;
        uint32_t location = location_number(writer, stack->location[i - 1]);
        uint32_t number = number_of(writer, &writer->stacks, location, caller, &is_new) + 1U;
        if (is_new) {
            (void)fprintf(writer->export.file, "t %" PRIx32 " %" PRIx32 "\n", location, caller);
        }
        caller = number;
    }
    writer->stack[origin] = caller;
    return caller;
}

/* --- steps ------------------------------------------------------------------------------------ */

static void free_writer(writer_t *writer)
{
    free(writer->location);
    free(writer->stack);
    ht_pairs_free(&writer->strings);
    ht_pairs_free(&writer->stacks);
    ht_pairs_free(&writer->allocations);
    free(writer);
}

static uint64_t memory_bytes(const ht_model_view_t *view)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < view->heaps; i++) {
        bytes += view->heap[i].pool ? 0 : view->heap[i].bytes;
    }
    return bytes;
}

static void *open_heaptrack(const ht_export_t *export)
{
    const ht_profile_t *profile = export->profile;
    writer_t *writer = calloc(1, sizeof(*writer));
    if (writer == NULL) { return NULL; }
    writer->export = *export;
    writer->location = calloc(profile->locations + 1, sizeof(*writer->location));
    writer->stack = calloc(profile->view.origins + 1U, sizeof(*writer->stack));
    if (writer->location == NULL || writer->stack == NULL) {
        free_writer(writer);
        return NULL;
    }
    (void)fprintf(export->file, "v %x %x\nX ", (unsigned)HEAPTRACK_VERSION,
                  (unsigned)FORMAT_VERSION);
    ht_export_text(export->file, ht_profile_name(profile), "");
    (void)fprintf(export->file, "\nI %x %" PRIx64 "\n", (unsigned)PAGE_BYTES,
                  memory_bytes(&profile->view) / PAGE_BYTES);
    return writer;
}

static void tell_time(writer_t *writer, uint64_t time_us)
{
    uint64_t window_us = writer->export.profile->view.window_us;
    uint64_t ms = (time_us < window_us ? 0 : time_us - window_us) / 1000U;
    if (ms == writer->time_ms) { return; }
    writer->time_ms = ms;
    (void)fprintf(writer->export.file, "c %" PRIx64 "\n", ms);
}

static void step_heaptrack(void *context, const ht_step_t *step)
{
    writer_t *writer = context;
    bool is_new;
    bool ends = step->kind == HT_STEP_FREED || step->kind == HT_STEP_VANISHED;
    ht_row_t origin = writer->export.profile->view.flow[step->flow].origin;
    uint32_t stack = stack_number(writer, origin);
    uint32_t allocation = number_of(writer, &writer->allocations, step->size, stack, &is_new);
    if (is_new) {
        (void)fprintf(writer->export.file, "a %" PRIx64 " %" PRIx32 "\n", step->size, stack);
    }
    tell_time(writer, step->time_us);
    (void)fprintf(writer->export.file, "%c %" PRIx32 "\n", ends ? '-' : '+', allocation);
}

static bool close_heaptrack(void *context)
{
    writer_t *writer = context;
    bool good = !writer->failed;
    tell_time(writer, writer->export.profile->view.last_us);
    free_writer(writer);
    return good;
}

const ht_export_stream_t ht_export_heaptrack = {open_heaptrack, step_heaptrack, NULL,
                                                close_heaptrack};
