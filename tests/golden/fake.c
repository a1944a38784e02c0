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
static heaptrail_select_t s_selected;

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
static esp_err_t begin(const heaptrail_select_t *select)
{
    s_queries++;
    if (select != NULL) { s_selected = *select; }
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
    uint32_t i = 0;
    if (begin(select) != ESP_OK) { return ESP_ERR_INVALID_STATE; }
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
    uint32_t i = 0;
    if (begin(select) != ESP_OK) { return ESP_ERR_INVALID_STATE; }
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
    uint32_t i = 0;
    if (begin(select) != ESP_OK) { return ESP_ERR_INVALID_STATE; }
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

esp_err_t heaptrail_for_each_lowmem(heaptrail_lowmem_row_fn_t fn, void *context,
                                    heaptrail_walk_t *walk)
{
    uint32_t i = 0;
    for (bool more = true; more && i < s_world->watch_count; i++) {
        more = fn(context, &s_world->watches[i]);
    }
    answer(walk, i);
    return ESP_OK;
}

static bool s_suspects_kept;
static heaptrail_suspect_options_t s_looked_for;

esp_err_t heaptrail_suspects_find(const heaptrail_suspect_options_t *options,
                                  heaptrail_suspect_summary_t *summary)
{
    static const heaptrail_suspect_summary_t none;
    s_looked_for = *options;
    if (s_world->find_error == ESP_OK) {
        *summary = s_world->leaks != NULL ? *s_world->leaks->summary : none;
    }
    s_suspects_kept = s_world->find_error == ESP_OK;
    return s_world->find_error;
}

esp_err_t heaptrail_for_each_suspect(heaptrail_suspect_fn_t fn, void *context)
{
    if (!s_suspects_kept) { return ESP_ERR_INVALID_STATE; }
    for (uint32_t i = 0; s_world->leaks != NULL && i < s_world->leaks->count; i++) {
        heaptrail_suspect_t row = s_world->leaks->rows[i];
        row.rank = i;
        bool more = fn(context, &row);
        memset(&row, 0xA5, sizeof(row));
        if (!more) { break; }
    }
    return ESP_OK;
}

void heaptrail_suspects_forget(void)
{
    s_suspects_kept = false;
}

bool fake_keeps_suspects(void)
{
    return s_suspects_kept;
}

heaptrail_suspect_options_t fake_looked_for(void)
{
    return s_looked_for;
}

esp_err_t heaptrail_lowmem_site(uint32_t id, uint32_t rank, heaptrail_lowmem_site_t *site)
{
    for (uint32_t i = 0; i < s_world->watch_count; i++) {
        if (s_world->watches[i].id == id && rank < s_world->watches[i].site_count) {
            *site = s_world->watch_sites[rank];
            return ESP_OK;
        }
    }
    return ESP_ERR_NOT_FOUND;
}

esp_err_t heaptrail_whois(const void *address, heaptrail_block_row_t *row, size_t *offset)
{
    for (uint32_t i = 0; i < s_world->block_count; i++) {
        uintptr_t distance = (uintptr_t)address - s_world->blocks[i].address;
        if (distance == 0 || distance < s_world->blocks[i].size_bytes) {
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

heaptrail_select_t fake_selected(void)
{
    return s_selected;
}

uint32_t fake_samples(void)
{
    return s_samples;
}

uint32_t heaptrail_tick_hz(void)
{
    return s_world->tick_hz;
}

/* --- memory errors -----------------------------------------------------------------------------
 */

esp_err_t heaptrail_get_checks(heaptrail_checks_t *checks)
{
    *checks = s_world->checks;
    return ESP_OK;
}

esp_err_t heaptrail_check_status(heaptrail_check_status_t *status)
{
    *status = s_world->check_status;
    return ESP_OK;
}

esp_err_t heaptrail_for_each_error(heaptrail_error_row_fn_t fn, void *context,
                                   heaptrail_walk_t *walk)
{
    uint32_t i = 0;
    for (bool more = true; more && i < s_world->error_count; i++) {
        heaptrail_error_row_t row = s_world->errors[i];
        more = fn(context, &row);
        memset(&row, 0xA5, sizeof(row));
    }
    answer(walk, i);
    return ESP_OK;
}

esp_err_t heaptrail_last_explanation(heaptrail_explanation_t *row)
{
    if (s_world->explanation == NULL) { return ESP_ERR_NOT_FOUND; }
    *row = *s_world->explanation;
    return ESP_OK;
}

static heaptrail_block_story_t story_of(const heaptrail_block_row_t *row)
{
    heaptrail_block_story_t story = {.address = row->address,
                                     .size_bytes = row->size_bytes,
                                     .allocated = row->origin,
                                     .task_id = row->task_id,
                                     .core = row->core,
                                     .in_isr = row->in_isr,
                                     .age_us = row->age_us};
    memcpy(story.task_name, row->task_name, sizeof(story.task_name));
    return story;
}

static heaptrail_neighbour_t neighbour_of(const heaptrail_block_row_t *row, size_t gap_bytes)
{
    heaptrail_neighbour_t neighbour = {.address = row->address,
                                       .size_bytes = row->size_bytes,
                                       .gap_bytes = gap_bytes,
                                       .allocated = row->origin};
    memcpy(neighbour.task_name, row->task_name, sizeof(neighbour.task_name));
    return neighbour;
}

/* The nearest blocks on both sides of start .. end. */
static void find_neighbours(heaptrail_address_row_t *row, uintptr_t start, uintptr_t end)
{
    for (uint32_t i = 0; i < s_world->block_count; i++) {
        const heaptrail_block_row_t *block = &s_world->blocks[i];
        uintptr_t block_end = block->address + block->size_bytes;
        if (block->address < start && block->address > row->left.address) {
            row->left = neighbour_of(block, start > block_end ? start - block_end : 0);
        }
        if (block->address >= end && block->address > start &&
            (row->right.address == 0 || block->address < row->right.address)) {
            row->right = neighbour_of(block, block->address - end);
        }
    }
}

static void find_heap(heaptrail_address_row_t *row)
{
    for (uint32_t i = 0; i < s_world->heap_count; i++) {
        const heaptrail_heap_row_t *heap = &s_world->heaps[i];
        if (row->address - heap->start < heap->size_bytes) {
            memcpy(row->place_name, heap->name, sizeof(row->place_name));
            if (row->place == HEAPTRAIL_PLACE_UNKNOWN) { row->place = HEAPTRAIL_PLACE_HEAP; }
        }
    }
}

esp_err_t heaptrail_explain_address(const void *address, heaptrail_address_row_t *row)
{
    heaptrail_block_row_t block;
    size_t offset = 0;
    for (uint32_t i = 0; i < s_world->address_count; i++) {
        if (s_world->addresses[i].address == (uintptr_t)address) {
            *row = s_world->addresses[i];
            return ESP_OK;
        }
    }
    memset(row, 0, sizeof(*row));
    row->address = (uintptr_t)address;
    uintptr_t start = row->address;
    uintptr_t end = start;
    if (heaptrail_whois(address, &block, &offset) == ESP_OK) {
        row->place = HEAPTRAIL_PLACE_BLOCK;
        row->block = story_of(&block);
        row->offset_bytes = (ptrdiff_t)offset;
        start = block.address;
        end = block.address + block.size_bytes;
    }
    find_neighbours(row, start, end);
    find_heap(row);
    return ESP_OK;
}
