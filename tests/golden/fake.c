/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fake.h"

#include <string.h>

static const fake_world_t *s_world;
static uint32_t s_queries;
static uint32_t s_samples;
static bool s_querying;

void fake_use(const fake_world_t *world)
{
    s_world = world;
    s_queries = 0;
    s_samples = 0;
}

static void answer(heaptrail_walk_t *walk, uint32_t rows)
{
    if (walk != NULL) { *walk = (heaptrail_walk_t){rows, s_world->disturbed}; }
}

/* As the tracker does: one query over sites, tasks or heaps at a time. */
static esp_err_t begin(void)
{
    s_queries++;
    if (s_world->busy || s_querying ||
        (s_world->busy_after != 0 && s_queries > s_world->busy_after)) {
        return ESP_ERR_INVALID_STATE;
    }
    s_querying = true;
    return ESP_OK;
}

esp_err_t heaptrail_for_each_site(const heaptrail_select_t *select, heaptrail_site_fn_t fn,
                                  void *context, heaptrail_walk_t *walk)
{
    (void)select;
    uint32_t i = 0;
    if (begin() != ESP_OK) { return ESP_ERR_INVALID_STATE; }
    for (bool more = true; more && i < s_world->site_count; i++) {
        heaptrail_site_row_t row = s_world->sites[i];
        more = fn(context, &row);
        memset(&row, 0xA5, sizeof(row)); /* a row is valid during the call only */
    }
    answer(walk, i);
    s_querying = false;
    return ESP_OK;
}

esp_err_t heaptrail_for_each_task(const heaptrail_select_t *select, heaptrail_task_fn_t fn,
                                  void *context, heaptrail_walk_t *walk)
{
    (void)select;
    uint32_t i = 0;
    if (begin() != ESP_OK) { return ESP_ERR_INVALID_STATE; }
    for (bool more = true; more && i < s_world->task_count; i++) {
        more = fn(context, &s_world->tasks[i]);
    }
    answer(walk, i);
    s_querying = false;
    return ESP_OK;
}

esp_err_t heaptrail_for_each_heap(const heaptrail_select_t *select, heaptrail_heap_fn_t fn,
                                  void *context, heaptrail_walk_t *walk)
{
    (void)select;
    uint32_t i = 0;
    if (begin() != ESP_OK) { return ESP_ERR_INVALID_STATE; }
    for (bool more = true; more && i < s_world->heap_count; i++) {
        more = fn(context, &s_world->heaps[i]);
    }
    answer(walk, i);
    s_querying = false;
    return ESP_OK;
}

esp_err_t heaptrail_for_each_block(const heaptrail_select_t *select, heaptrail_block_fn_t fn,
                                   void *context, heaptrail_walk_t *walk)
{
    uint32_t rows = 0;
    bool gone = s_world->gone_after != 0 && ++s_queries > s_world->gone_after;
    bool more = true;
    for (uint32_t i = 0; more && i < s_world->block_count; i++) {
        const heaptrail_block_row_t *row = &s_world->blocks[i];
        if (select != NULL && row->size_bytes < select->size_min) { continue; }
        if (gone && row->sequence % 2U == 1U) { continue; }
        more = fn(context, row);
        rows++;
    }
    answer(walk, rows);
    return ESP_OK;
}

esp_err_t heaptrail_for_each_failure(const heaptrail_select_t *select, heaptrail_failure_fn_t fn,
                                     void *context, heaptrail_walk_t *walk)
{
    (void)select;
    uint32_t i = 0;
    for (bool more = true; more && i < s_world->failure_count; i++) {
        more = fn(context, &s_world->failures[i]);
    }
    answer(walk, i);
    return ESP_OK;
}

esp_err_t heaptrail_whois(const void *address, heaptrail_block_row_t *row, size_t *offset)
{
    for (uint32_t i = 0; i < s_world->block_count; i++) {
        uintptr_t distance = (uintptr_t)address - s_world->blocks[i].address;
        if (distance < s_world->blocks[i].size_bytes) {
            *row = s_world->blocks[i];
            *offset = distance;
            return ESP_OK;
        }
    }
    return ESP_ERR_NOT_FOUND;
}

esp_err_t heaptrail_status(heaptrail_status_t *status)
{
    *status = s_world->status;
    return ESP_OK;
}

esp_err_t heaptrail_sample(void)
{
    s_samples++;
    return ESP_OK;
}

uint32_t fake_samples(void)
{
    return s_samples;
}

uint32_t heaptrail_tick_hz(void)
{
    return s_world->tick_hz;
}
