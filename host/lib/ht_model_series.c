/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Live bytes over time, by origin: at most HT_SERIES_POINTS samples on a grid whose step doubles
 * when they are full, every second one dropped. */
#include <stdlib.h>
#include <string.h>

#include "ht_model_private.h"

#define FIRST_STEP_US 1000U

void ht_model_series_free(ht_model_t *model)
{
    for (uint32_t i = 0; i < model->series.count; i++) {
        free((void *)(uintptr_t)model->series.by_origin[i]);
    }
    model->series.count = 0;
}

void ht_model_series_begin(ht_model_t *model, uint64_t time_us)
{
    ht_model_series_free(model);
    model->series.first_us = time_us;
    model->series.step_us = FIRST_STEP_US;
    model->next_sample_us = time_us;
}

static void thin(ht_model_t *model)
{
    ht_series_t *series = &model->series;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < series->count; i++) {
        if (i % 2U != 0) {
            free((void *)(uintptr_t)series->by_origin[i]);
            continue;
        }
        series->total[kept] = series->total[i];
        series->origins[kept] = series->origins[i];
        series->by_origin[kept++] = series->by_origin[i];
    }
    series->count = kept;
    series->step_us *= 2U;
    model->next_sample_us = series->first_us + kept * series->step_us;
}

static void take_one(ht_model_t *model)
{
    ht_series_t *series = &model->series;
    uint64_t *bytes = malloc(model->origins.count * sizeof(*bytes));
    model->next_sample_us += series->step_us;
    if (bytes == NULL) {
        model->view.no_memory = true;
        return;
    }
    for (size_t i = 0; i < model->origins.count; i++) {
        bytes[i] = model->origins.row[i].live_bytes;
    }
    series->total[series->count] = model->view.live_bytes;
    series->origins[series->count] = (uint32_t)model->origins.count;
    series->by_origin[series->count++] = bytes;
}

/* What lives now has lived at every point of the grid up to `time_us`. */
void ht_model_series_take(ht_model_t *model, uint64_t time_us)
{
    ht_series_t *series = &model->series;
    while ((time_us - series->first_us) / series->step_us >= HT_SERIES_POINTS) {
        thin(model);
    }
    while (model->next_sample_us <= time_us && series->count < HT_SERIES_POINTS &&
           !model->view.no_memory) {
        take_one(model);
    }
}
