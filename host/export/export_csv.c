/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* CSV (RFC 4180): the sites with their values, or every block that comes and goes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ht_export.h"

/* A field; in quotes if need be. A leading '=' and its like would be a formula in a spreadsheet. */
static void field(FILE *file, const char *text)
{
    if (text == NULL) { return; }
    bool formula = text[0] != '\0' && strchr("=+-@", text[0]) != NULL;
    if (!formula && strpbrk(text, "\",\r\n") == NULL) {
        (void)fputs(text, file);
        return;
    }
    (void)fputs(formula ? "\"'" : "\"", file);
    for (; *text != '\0'; text++) {
        if (*text == '"') { (void)fputc('"', file); }
        (void)fputc(*text, file);
    }
    (void)fputc('"', file);
}

static void stack_field(FILE *file, const ht_profile_t *profile, ht_row_t origin)
{
    uint32_t frame[HT_PROFILE_DEPTH_MAX];
    size_t count = ht_profile_frames(profile, origin, frame);
    (void)fputc('"', file);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) { (void)fputs(" < ", file); }
        ht_export_text(file, ht_profile_function(profile, frame[i])->name, "\"");
    }
    (void)fputc('"', file);
}

/* Who, where: the fields that both files begin or end with. */
static void place_fields(FILE *file, const ht_profile_t *profile, ht_row_t origin, ht_row_t task,
                         ht_row_t heap)
{
    uint32_t frame[HT_PROFILE_DEPTH_MAX];
    (void)ht_profile_frames(profile, origin, frame);
    const ht_profile_function_t *function = ht_profile_function(profile, frame[0]);
    (void)fprintf(file, "%" PRIu32 ",", profile->view.origin[origin].index);
    field(file, function->name);
    (void)fputc(',', file);
    field(file, function->file);
    (void)fputc(',', file);
    if (function->file != NULL) { (void)fprintf(file, "%" PRIu32, profile->frame[frame[0]].line); }
    (void)fputc(',', file);
    field(file, profile->view.task[task].name);
    (void)fputc(',', file);
    field(file, profile->view.heap[heap].name);
}

bool ht_export_csv(const ht_export_t *export)
{
    FILE *file = export->file;
    (void)fputs("origin,function,file,line,task,heap,live_bytes,live_blocks,total_bytes,"
                "total_blocks,peak_bytes,peak_blocks,temporary_blocks,stack\r\n",
                file);
    for (size_t i = 0; i < export->profile->rows; i++) {
        const ht_profile_row_t *row = &export->profile->row[i];
        place_fields(file, export->profile, row->origin, row->task, row->heap);
        for (unsigned v = 0; v < HT_VALUE_TEMPORARY; v++) {
            (void)fprintf(file, ",%" PRIu64 ",%" PRIu64, row->value[v].bytes, row->value[v].blocks);
        }
        (void)fprintf(file, ",%" PRIu64 ",", row->value[HT_VALUE_TEMPORARY].blocks);
        stack_field(file, export->profile, row->origin);
        (void)fputs("\r\n", file);
    }
    return true;
}

/* --- events ----------------------------------------------------------------------------------- */

static void *open_events(const ht_export_t *export)
{
    ht_export_t *writer = malloc(sizeof(*writer));
    if (writer == NULL) { return NULL; }
    *writer = *export;
    (void)fputs("time_us,event,address,size_bytes,lived_us,origin,function,file,line,task,heap\r\n",
                writer->file);
    return writer;
}

static void write_event(void *context, const ht_step_t *step)
{
    static const char *const names[] = {[HT_STEP_MADE] = "alloc",
                                        [HT_STEP_CARRIED] = "carried",
                                        [HT_STEP_FREED] = "free",
                                        [HT_STEP_VANISHED] = "vanished"};
    const ht_export_t *export = context;
    const ht_flow_row_t *flow = &export->profile->view.flow[step->flow];
    bool ended = step->kind == HT_STEP_FREED || step->kind == HT_STEP_VANISHED;
    (void)fprintf(export->file, "%" PRIu64 ",%s,0x%" PRIx64 ",%" PRIu64 ",", step->time_us,
                  names[step->kind], step->address, step->size);
    if (ended) { (void)fprintf(export->file, "%" PRIu64, step->time_us - step->made_us); }
    (void)fputc(',', export->file);
    place_fields(export->file, export->profile, flow->origin, flow->task, flow->heap);
    (void)fputs("\r\n", export->file);
}

static bool close_events(void *writer)
{
    free(writer);
    return true;
}

const ht_export_stream_t ht_export_csv_events = {open_events, write_event, NULL, close_events};
