/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* heaptrail.h and heaptrail_errors.h, as far as the reports ask, answered from a core dump. */
#include <string.h>

#include "heaptrail_leaks.h"
#include "heaptrail_lowmem.h"
#include "ht_core_view.h"

enum { FIRST_TASK = 4 };

static const ht_core_t *s_core;

void ht_core_view(const ht_core_t *core)
{
    s_core = core;
}

static void answer(heaptrail_walk_t *walk, uint32_t count)
{
    if (walk != NULL) { *walk = (heaptrail_walk_t){count, false}; }
}

/* A dump knows no marks: `since` comes from nowhere and is not asked for. */
static bool is_selected(const heaptrail_select_t *select, const heaptrail_block_row_t *block)
{
    if (select == NULL) { return true; }
    uint32_t caps = block->heap_id < s_core->heap_count ? s_core->heaps[block->heap_id].caps : 0;
    return (select->task_id == 0 || select->task_id == block->task_id) &&
           (select->site_id == 0 || select->site_id == block->origin.id) &&
           (select->heap_id == 0 || select->heap_id == block->heap_id) &&
           (caps & select->caps) == select->caps && block->size_bytes >= select->size_min &&
           block->age_us >= select->age_min_us &&
           (select->choice == NULL || select->choice->fn(select->choice->context, block));
}

/* --- lists ------------------------------------------------------------------------------------ */

esp_err_t heaptrail_for_each_block(const heaptrail_select_t *select, heaptrail_block_fn_t fn,
                                   void *context, heaptrail_walk_t *walk)
{
    uint32_t count = 0;
    bool more = true;
    for (size_t i = 0; more && i < s_core->block_count; i++) {
        if (is_selected(select, &s_core->blocks[i])) {
            more = fn(context, &s_core->blocks[i]);
            count++;
        }
    }
    answer(walk, count);
    return ESP_OK;
}

/* The rows are the dump's own, and their since_* fields are those of the latest query: as on the
 * device. */
static void add_selected(const heaptrail_select_t *select)
{
    for (size_t i = 0; i < s_core->site_count; i++) {
        s_core->sites[i].since_blocks = 0;
        s_core->sites[i].since_bytes = 0;
        s_core->sites[i].oldest_age_us = 0;
    }
    for (size_t i = 0; i < s_core->task_count; i++) {
        s_core->tasks[i].since_blocks = 0;
        s_core->tasks[i].since_bytes = 0;
    }
    for (size_t i = 0; i < s_core->heap_count; i++) {
        s_core->heaps[i].since_blocks = 0;
        s_core->heaps[i].since_bytes = 0;
    }
    for (size_t i = 0; i < s_core->block_count; i++) {
        const heaptrail_block_row_t *block = &s_core->blocks[i];
        if (!is_selected(select, block)) { continue; }
        heaptrail_site_row_t *site = &s_core->sites[block->origin.id];
        if (block->age_us > site->oldest_age_us) { site->oldest_age_us = block->age_us; }
        site->since_blocks++;
        site->since_bytes += block->size_bytes;
        s_core->tasks[block->task_id].since_blocks++;
        s_core->tasks[block->task_id].since_bytes += block->size_bytes;
        s_core->heaps[block->heap_id].since_blocks++;
        s_core->heaps[block->heap_id].since_bytes += block->size_bytes;
    }
}

esp_err_t heaptrail_for_each_site(const heaptrail_select_t *select, heaptrail_site_fn_t fn,
                                  void *context, heaptrail_walk_t *walk)
{
    uint32_t count = 0;
    bool more = true;
    add_selected(select);
    for (size_t i = 0; more && i < s_core->site_count; i++) {
        const heaptrail_site_row_t *row = &s_core->sites[i];
        if (row->total_blocks != 0 || row->failures != 0) {
            more = fn(context, row);
            count++;
        }
    }
    answer(walk, count);
    return ESP_OK;
}

esp_err_t heaptrail_for_each_task(const heaptrail_select_t *select, heaptrail_task_fn_t fn,
                                  void *context, heaptrail_walk_t *walk)
{
    uint32_t count = 0;
    bool more = true;
    add_selected(select);
    for (size_t i = 0; more && i < s_core->task_count; i++) {
        const heaptrail_task_row_t *row = &s_core->tasks[i];
        if (row->total_blocks != 0 || (i >= FIRST_TASK && !row->deleted)) {
            more = fn(context, row);
            count++;
        }
    }
    answer(walk, count);
    return ESP_OK;
}

esp_err_t heaptrail_for_each_heap(const heaptrail_select_t *select, heaptrail_heap_fn_t fn,
                                  void *context, heaptrail_walk_t *walk)
{
    uint32_t count = 0;
    bool more = true;
    add_selected(select);
    for (size_t i = 0; more && i < s_core->heap_count; i++) {
        const heaptrail_heap_row_t *row = &s_core->heaps[i];
        if (row->total_blocks != 0 || row->size_bytes != 0) {
            more = fn(context, row);
            count++;
        }
    }
    answer(walk, count);
    return ESP_OK;
}

esp_err_t heaptrail_for_each_failure(const heaptrail_select_t *select, heaptrail_failure_fn_t fn,
                                     void *context, heaptrail_walk_t *walk)
{
    (void)select;
    uint32_t count = 0;
    for (bool more = true; more && count < s_core->failure_count; count++) {
        more = fn(context, &s_core->failures[count]);
    }
    answer(walk, count);
    return ESP_OK;
}

/* --- single answers --------------------------------------------------------------------------- */

esp_err_t heaptrail_status(heaptrail_status_t *status)
{
    *status = s_core->status;
    return ESP_OK;
}

uint32_t heaptrail_tick_hz(void)
{
    return s_core->info.tick_hz;
}

/* Nothing can be measured any more: what the device measured last is in the rows. */
esp_err_t heaptrail_sample(void)
{
    return ESP_ERR_INVALID_STATE;
}

/* The block that an address lies in; a pool's before the one that the pool lies in. */
static const heaptrail_block_row_t *block_at(uintptr_t address)
{
    const heaptrail_block_row_t *found = NULL;
    for (size_t i = 0; i < s_core->block_count; i++) {
        const heaptrail_block_row_t *block = &s_core->blocks[i];
        uintptr_t offset = address - block->address;
        if (offset != 0 && offset >= block->size_bytes) { continue; }
        if (found == NULL || s_core->heaps[block->heap_id].pool) { found = block; }
    }
    return found;
}

esp_err_t heaptrail_whois(const void *address, heaptrail_block_row_t *row, size_t *offset)
{
    const heaptrail_block_row_t *block = block_at((uintptr_t)address);
    if (block == NULL) { return ESP_ERR_NOT_FOUND; }
    *row = *block;
    *offset = (uintptr_t)address - block->address;
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

/* The newest freed block that the address was in. */
static void find_freed(heaptrail_address_row_t *row)
{
    for (size_t i = 0; i < s_core->freed_count; i++) {
        const ht_core_freed_t *freed = &s_core->freed[i];
        uintptr_t offset = row->address - freed->block.address;
        if (offset != 0 && offset >= freed->block.size_bytes) { continue; }
        row->place =
            freed->in_quarantine ? HEAPTRAIL_PLACE_QUARANTINE : HEAPTRAIL_PLACE_RECENTLY_FREED;
        row->offset_bytes = (ptrdiff_t)offset;
        row->block = story_of(&freed->block);
        row->block.freed = true;
        row->block.freed_by = freed->freed_by;
        row->block.freed_task_id = freed->freed_task_id;
        memcpy(row->block.freed_task_name, freed->freed_task_name,
               sizeof(row->block.freed_task_name));
        row->block.freed_age_us = freed->freed_age_us;
        return;
    }
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

/* The nearest live blocks on both sides of start .. end. */
static void find_neighbours(heaptrail_address_row_t *row, uintptr_t start, uintptr_t end)
{
    for (size_t i = 0; i < s_core->block_count; i++) {
        const heaptrail_block_row_t *block = &s_core->blocks[i];
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
    for (size_t i = 1; i < s_core->heap_count; i++) {
        const heaptrail_heap_row_t *heap = &s_core->heaps[i];
        if (row->address - heap->start < heap->size_bytes) {
            memcpy(row->place_name, heap->name, sizeof(row->place_name));
            if (row->place == HEAPTRAIL_PLACE_UNKNOWN) { row->place = HEAPTRAIL_PLACE_HEAP; }
        }
    }
}

esp_err_t heaptrail_explain_address(const void *address, heaptrail_address_row_t *row)
{
    memset(row, 0, sizeof(*row));
    row->address = (uintptr_t)address;
    const heaptrail_block_row_t *block = block_at(row->address);
    uintptr_t start = row->address;
    uintptr_t end = start;
    if (block != NULL) {
        row->place = HEAPTRAIL_PLACE_BLOCK;
        row->offset_bytes = (ptrdiff_t)(row->address - block->address);
        row->block = story_of(block);
        start = block->address;
        end = start + block->size_bytes;
    } else {
        find_freed(row);
    }
    find_neighbours(row, start, end);
    find_heap(row);
    return ESP_OK;
}

/* --- what is not in heaptrail_state ------------------------------------------------------------
 * Reports of these are not offered; the summary's parts that ask all the same get no rows.
 */

esp_err_t heaptrail_get_checks(heaptrail_checks_t *checks)
{
    (void)checks;
    return ESP_ERR_NOT_FOUND;
}

esp_err_t heaptrail_check_status(heaptrail_check_status_t *status)
{
    memset(status, 0, sizeof(*status));
    return ESP_ERR_NOT_FOUND;
}

esp_err_t heaptrail_for_each_error(heaptrail_error_row_fn_t fn, void *context,
                                   heaptrail_walk_t *walk)
{
    (void)fn;
    (void)context;
    answer(walk, 0);
    return ESP_ERR_NOT_FOUND;
}

esp_err_t heaptrail_last_explanation(heaptrail_explanation_t *row)
{
    (void)row;
    return ESP_ERR_NOT_FOUND;
}

esp_err_t heaptrail_for_each_lowmem(heaptrail_lowmem_row_fn_t fn, void *context,
                                    heaptrail_walk_t *walk)
{
    (void)fn;
    (void)context;
    answer(walk, 0);
    return ESP_ERR_NOT_FOUND;
}

esp_err_t heaptrail_lowmem_site(uint32_t id, uint32_t rank, heaptrail_lowmem_site_t *site)
{
    (void)id;
    (void)rank;
    (void)site;
    return ESP_ERR_NOT_FOUND;
}

/* What a core dump holds of memory is not enough for a scan. */
esp_err_t heaptrail_suspects_find(const heaptrail_suspect_options_t *options,
                                  heaptrail_suspect_summary_t *summary)
{
    (void)options;
    (void)summary;
    return ESP_ERR_NOT_SUPPORTED;
}

esp_err_t heaptrail_for_each_suspect(heaptrail_suspect_fn_t fn, void *context)
{
    (void)fn;
    (void)context;
    return ESP_ERR_NOT_FOUND;
}

void heaptrail_suspects_forget(void)
{
}
