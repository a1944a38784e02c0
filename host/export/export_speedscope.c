/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* speedscope's JSON (its file-format-spec.ts): a sampled profile per value, over shared frames. */
#include <jansson.h>

#include "ht_export.h"

static json_t *text(const char *string)
{
    json_t *json = json_string(string);
    return json != NULL ? json : json_string("?"); /* not UTF-8 */
}

static json_t *frames_of(const ht_profile_t *profile)
{
    json_t *array = json_array();
    for (size_t i = 0; i < profile->frames; i++) {
        const ht_profile_function_t *function = ht_profile_function(profile, (uint32_t)i);
        json_t *object = json_object();
        (void)json_object_set_new(object, "name", text(function->name));
        if (function->file != NULL) {
            (void)json_object_set_new(object, "file", text(function->file));
            (void)json_object_set_new(object, "line",
                                      json_integer((json_int_t)profile->frame[i].line));
        }
        (void)json_array_append_new(array, object);
    }
    return array;
}

static json_t *stack_of(const ht_profile_t *profile, ht_row_t origin)
{
    json_t *array = json_array();
    uint32_t frame[HT_PROFILE_DEPTH_MAX];
    for (size_t f = ht_profile_frames(profile, origin, frame); f > 0; f--) {
        (void)json_array_append_new(array, json_integer((json_int_t)frame[f - 1]));
    }
    return array;
}

static json_t *profile_of(const ht_profile_t *profile, ht_profile_value_t value)
{
    static const char *const names[HT_VALUES] = {
        [HT_VALUE_LIVE] = "live bytes at the end",
        [HT_VALUE_TOTAL] = "bytes allocated ever",
        [HT_VALUE_PEAK] = "live bytes at the peak",
        [HT_VALUE_TEMPORARY] = "temporary allocations",
    };
    json_t *samples = json_array();
    json_t *weights = json_array();
    uint64_t sum = 0;
    for (size_t i = 0; i < profile->rows; i++) {
        uint64_t weight = ht_profile_weight(&profile->row[i], value);
        if (weight == 0) { continue; }
        sum += weight;
        (void)json_array_append_new(samples, stack_of(profile, profile->row[i].origin));
        (void)json_array_append_new(weights, json_integer((json_int_t)weight));
    }
    return json_pack("{s:s, s:s, s:s, s:i, s:I, s:o, s:o}", "type", "sampled", "name", names[value],
                     "unit", value == HT_VALUE_TEMPORARY ? "none" : "bytes", "startValue", 0,
                     "endValue", (json_int_t)sum, "samples", samples, "weights", weights);
}

bool ht_export_speedscope(const ht_export_t *export)
{
    char exporter[64];
    json_t *profiles = json_array();
    for (unsigned value = 0; value < HT_VALUES; value++) {
        (void)json_array_append_new(profiles,
                                    profile_of(export->profile, (ht_profile_value_t)value));
    }
    (void)snprintf(exporter, sizeof(exporter), "heaptrail@%s", export->options.version);
    json_t *file = json_pack("{s:s, s:{s:o}, s:o, s:o, s:i, s:s}", "$schema",
                             "https://www.speedscope.app/file-format-schema.json", "shared",
                             "frames", frames_of(export->profile), "profiles", profiles, "name",
                             text(ht_profile_name(export->profile)), "activeProfileIndex",
                             (int)export->options.what, "exporter", exporter);
    bool good = file != NULL && json_dumpf(file, export->file, JSON_COMPACT) == 0;
    json_decref(file);
    (void)fputc('\n', export->file);
    return good || ferror(export->file) != 0; /* what was not written is the caller's to tell */
}
