/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * DHAT's JSON, version 2 (the comment in valgrind's dhat/dh_main.c): a program point per stack,
 * with lifetimes, without accesses. Times are in µs since boot.
 */
#include <jansson.h>
#include <stdlib.h>

#include "ht_export.h"

/* Blocks that lived less than this count as short-lived in the viewer: 1 ms. */
#define SHORT_LIVED_US 1000

typedef struct {
    ht_export_t export;
    ht_export_sum_t *sum;      /* by origin */
    ht_profile_amount_t *peak; /* what each held at the overall peak */
} writer_t;

static void free_writer(writer_t *writer)
{
    free(writer->sum);
    free(writer->peak);
    free(writer);
}

static void *open_dhat(const ht_export_t *export)
{
    const ht_profile_t *profile = export->profile;
    writer_t *writer = calloc(1, sizeof(*writer));
    if (writer == NULL) { return NULL; }
    writer->export = *export;
    writer->sum = calloc(profile->view.origins, sizeof(*writer->sum));
    writer->peak = calloc(profile->view.origins, sizeof(*writer->peak));
    if (writer->sum == NULL || writer->peak == NULL) {
        free_writer(writer);
        return NULL;
    }
    for (size_t i = 0; i < profile->rows; i++) {
        const ht_profile_row_t *row = &profile->row[i];
        writer->peak[row->origin].blocks += row->value[HT_VALUE_PEAK].blocks;
        writer->peak[row->origin].bytes += row->value[HT_VALUE_PEAK].bytes;
    }
    return writer;
}

static void step_dhat(void *context, const ht_step_t *step)
{
    writer_t *writer = context;
    const ht_flow_row_t *flow = &writer->export.profile->view.flow[step->flow];
    ht_export_count(&writer->sum[flow->origin], step);
}

/* "0x4AA1D9F: name (file.c:332)", as valgrind words it. */
static json_t *frame_text(const ht_profile_t *profile, const ht_profile_location_t *location,
                          uint32_t frame)
{
    char text[1400];
    const ht_profile_function_t *function = ht_profile_function(profile, frame);
    if (function->file != NULL) {
        (void)snprintf(text, sizeof(text), "0x%llX: %.600s (%.600s:%u)",
                       (unsigned long long)location->address, function->name, function->file,
                       profile->frame[frame].line);
    } else {
        (void)snprintf(text, sizeof(text), "0x%llX: %.600s (in %.600s)",
                       (unsigned long long)location->address, function->name,
                       location->object == NULL ? "?" : location->object);
    }
    json_t *json = json_string(text);
    return json != NULL ? json : json_string("?");
}

/* Entry 0 is the root; entry n + 1 is the profile's frame n. */
static json_t *frame_table(const ht_profile_t *profile)
{
    json_t *table = json_array();
    (void)json_array_append_new(table, json_string("[root]"));
    for (size_t l = 0; l < profile->locations; l++) {
        const ht_profile_location_t *location = &profile->location[l];
        for (uint32_t f = 0; f < location->count; f++) {
            (void)json_array_append_new(table, frame_text(profile, location, location->first + f));
        }
    }
    return table;
}

static json_t *stack_of(const ht_profile_t *profile, ht_row_t origin)
{
    json_t *array = json_array();
    uint32_t frame[HT_PROFILE_DEPTH_MAX];
    size_t count = ht_profile_frames(profile, origin, frame);
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(array, json_integer((json_int_t)frame[i] + 1));
    }
    return array;
}

/* Blocks that still live have lived until the end, as valgrind counts them. */
static uint64_t lifetimes_of(const writer_t *writer, const ht_export_sum_t *sum)
{
    return sum->lifetimes_us + sum->blocks * writer->export.profile->view.last_us - sum->made_us;
}

static json_t *point_of(const writer_t *writer, ht_row_t origin)
{
    const ht_export_sum_t *sum = &writer->sum[origin];
    const ht_profile_amount_t *peak = &writer->peak[origin];
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "tb",
                     (json_int_t)sum->total_bytes, "tbk", (json_int_t)sum->total_blocks, "tl",
                     (json_int_t)lifetimes_of(writer, sum), "mb", (json_int_t)sum->max_bytes, "mbk",
                     (json_int_t)sum->max_blocks, "gb", (json_int_t)peak->bytes, "gbk",
                     (json_int_t)peak->blocks, "eb", (json_int_t)sum->bytes, "ebk",
                     (json_int_t)sum->blocks, "fs", stack_of(writer->export.profile, origin));
}

static json_t *points_of(const writer_t *writer)
{
    json_t *points = json_array();
    for (uint32_t i = 0; i < writer->export.profile->view.origins; i++) {
        if (writer->sum[i].total_blocks != 0) {
            (void)json_array_append_new(points, point_of(writer, i));
        }
    }
    return points;
}

static bool close_dhat(void *context)
{
    writer_t *writer = context;
    const ht_profile_t *profile = writer->export.profile;
    json_t *name = json_string(ht_profile_name(profile));
    json_t *file = json_pack(
        "{s:i, s:s, s:s, s:b, s:b, s:s, s:s, s:i, s:o, s:I, s:I, s:I, s:o, s:o}", "dhatFileVersion",
        2, "mode", "heap", "verb", "Allocated", "bklt", 1, "bkacc", 0, "tu", "µs", "Mtu", "s",
        "tuth", SHORT_LIVED_US, "cmd", name != NULL ? name : json_string("?"), "pid",
        (json_int_t)profile->view.hello->pid, "te", (json_int_t)profile->view.last_us, "tg",
        (json_int_t)profile->view.peak_time_us, "pps", points_of(writer), "ftbl",
        frame_table(profile));
    bool good = file != NULL && json_dumpf(file, writer->export.file, JSON_COMPACT) == 0;
    json_decref(file);
    (void)fputc('\n', writer->export.file);
    good = good || ferror(writer->export.file) != 0;
    free_writer(writer);
    return good;
}

const ht_export_stream_t ht_export_dhat = {open_dhat, step_dhat, NULL, close_dhat};
