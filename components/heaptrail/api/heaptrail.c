/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The public interface: argument checks over the core's functions, applied to the default tracker.
 */
#include "heaptrail.h"

#include <string.h>

#include "ht_check.h"
#include "ht_default.h"
#include "ht_log.h"
#include "ht_lowmem.h"
#include "ht_pool_measure.h"
#include "ht_query.h"

esp_err_t heaptrail_start(void)
{
    ht_tracker_t *tracker = ht_default();
    /* Going on changes nothing, above all not that every block so far is known. */
    if (tracker->state != HT_STATE_RUNNING) { ht_tracker_run(tracker, true); }
    return ESP_OK;
}

esp_err_t heaptrail_stop(void)
{
    ht_tracker_run(ht_default(), false);
    return ESP_OK;
}

esp_err_t heaptrail_reset(void)
{
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    ht_tracker_reset(ht_default());
    return ESP_OK;
}

esp_err_t heaptrail_set_filter(const heaptrail_filter_t *filter)
{
    ht_filter_t set = {0};
    if (filter != NULL) {
        if (filter->size_max != 0 && filter->size_min > filter->size_max) {
            ht_log(HEAPTRAIL_LOG_ERROR, "heaptrail_set_filter: size_min is larger than size_max");
            return ESP_ERR_INVALID_ARG;
        }
        set = (ht_filter_t){filter->task_id, filter->site_id, filter->size_min, filter->size_max,
                            filter->caps};
    }
    ht_tracker_t *tracker = ht_default();
    bool passes_all =
        (set.task_id | set.origin_id | set.caps) == 0 && (set.size_min | set.size_max) == 0;
    if (!passes_all || tracker->filtering) { ht_tracker_set_filter(tracker, &set); }
    return ESP_OK;
}

heaptrail_mark_t heaptrail_mark(void)
{
    ht_stamp_t stamp = ht_tracker_mark(ht_default());
    return (heaptrail_mark_t){stamp.tick, stamp.order};
}

bool heaptrail_is_since(const heaptrail_block_row_t *row, const heaptrail_mark_t *mark)
{
    return row != NULL && mark != NULL && ht_query_is_since(row->sequence, mark);
}

uint32_t heaptrail_task_id(void)
{
    return ht_tracker_task(ht_default()).index;
}

static ht_select_t selection(const heaptrail_select_t *select)
{
    if (select == NULL) { return (ht_select_t){0}; }
    return (ht_select_t){
        .since = select->since,
        .task_id = select->task_id,
        .origin_id = select->site_id,
        .heap_id = select->heap_id,
        .caps = select->caps,
        .size_min = select->size_min,
        .age_min_us = select->age_min_us,
        .choice = select->choice != NULL && select->choice->fn != NULL ? select->choice : NULL,
    };
}

static void answer(heaptrail_walk_t *walk, ht_walk_t got, bool disturbed)
{
    if (walk != NULL) { *walk = (heaptrail_walk_t){got.rows, got.disturbed || disturbed}; }
}

esp_err_t heaptrail_for_each_block(const heaptrail_select_t *select, heaptrail_block_fn_t fn,
                                   void *context, heaptrail_walk_t *walk)
{
    if (fn == NULL) { return ESP_ERR_INVALID_ARG; }
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    ht_select_t chosen = selection(select);
    answer(walk, ht_query_blocks(ht_default(), &chosen, fn, context), false);
    return ESP_OK;
}

/* The frame of the three queries whose rows carry since_*: only one of them at a time. */
static esp_err_t begin(const heaptrail_select_t *select, bool has_fn, bool *disturbed)
{
    if (!has_fn) { return ESP_ERR_INVALID_ARG; }
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    ht_select_t chosen = selection(select);
    return ht_query_since_begin(ht_default(), &chosen, disturbed) ? ESP_OK : ESP_ERR_INVALID_STATE;
}

esp_err_t heaptrail_for_each_site(const heaptrail_select_t *select, heaptrail_site_fn_t fn,
                                  void *context, heaptrail_walk_t *walk)
{
    bool disturbed = false;
    esp_err_t err = begin(select, fn != NULL, &disturbed);
    if (err == ESP_OK) {
        answer(walk, ht_query_sites(ht_default(), fn, context), disturbed);
        ht_query_since_end(ht_default());
    }
    return err;
}

esp_err_t heaptrail_for_each_task(const heaptrail_select_t *select, heaptrail_task_fn_t fn,
                                  void *context, heaptrail_walk_t *walk)
{
    bool disturbed = false;
    esp_err_t err = begin(select, fn != NULL, &disturbed);
    if (err == ESP_OK) {
        answer(walk, ht_query_tasks(ht_default(), fn, context), disturbed);
        ht_query_since_end(ht_default());
    }
    return err;
}

esp_err_t heaptrail_for_each_heap(const heaptrail_select_t *select, heaptrail_heap_fn_t fn,
                                  void *context, heaptrail_walk_t *walk)
{
    bool disturbed = false;
    esp_err_t err = begin(select, fn != NULL, &disturbed);
    if (err == ESP_OK) {
        answer(walk, ht_query_heaps(ht_default(), fn, context), disturbed);
        ht_query_since_end(ht_default());
    }
    return err;
}

esp_err_t heaptrail_for_each_failure(const heaptrail_select_t *select, heaptrail_failure_fn_t fn,
                                     void *context, heaptrail_walk_t *walk)
{
    if (fn == NULL) { return ESP_ERR_INVALID_ARG; }
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    ht_select_t chosen = selection(select);
    answer(walk, ht_query_failures(ht_default(), &chosen, fn, context), false);
    return ESP_OK;
}

esp_err_t heaptrail_whois(const void *address, heaptrail_block_row_t *row, size_t *offset)
{
    if (row == NULL) { return ESP_ERR_INVALID_ARG; }
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    bool found = ht_query_whois(ht_default(), (uintptr_t)address, row, offset);
    return found ? ESP_OK : ESP_ERR_NOT_FOUND;
}

esp_err_t heaptrail_status(heaptrail_status_t *status)
{
    if (status == NULL) { return ESP_ERR_INVALID_ARG; }
    ht_query_status(ht_default(), status);
    return ESP_OK;
}

uint32_t heaptrail_tick_hz(void)
{
    return ht_port_tick_hz();
}

/* Measure one heap outside the lock, then store what was measured. */
static void sample_heap(ht_tracker_t *tracker, uint32_t id)
{
    ht_heap_t *heap = &tracker->heaps.row[id];
    ht_heap_sample_t sample = {.min_free_bytes = SIZE_MAX};
    bool measured = heap->kind == HT_HEAP_REAL
                        ? ht_port_sample_heap(heap->start, &sample)
                        : ht_pool_measure(id, &sample.free_bytes, &sample.largest_free_bytes);
    if (!measured) { return; }
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    size_t lowest = heap->sampled ? heap->min_free_bytes : SIZE_MAX;
    size_t lowest_largest = heap->sampled ? heap->min_largest_free_bytes : SIZE_MAX;
    size_t low =
        sample.free_bytes < sample.min_free_bytes ? sample.free_bytes : sample.min_free_bytes;
    heap->free_bytes = sample.free_bytes;
    heap->largest_free_bytes = sample.largest_free_bytes;
    heap->min_free_bytes = low < lowest ? low : lowest;
    heap->min_largest_free_bytes =
        sample.largest_free_bytes < lowest_largest ? sample.largest_free_bytes : lowest_largest;
    heap->sampled_at = ht_port_tick();
    heap->sampled = true;
    ht_port_unlock(&tracker->lock, irq);
}

esp_err_t heaptrail_sample(void)
{
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    ht_tracker_t *tracker = ht_default();
    ht_port_find_heaps(tracker);
    for (uint32_t id = 1; id <= tracker->heaps.count; id++) {
        sample_heap(tracker, id);
    }
    ht_lowmem_measure(tracker, &(ht_lowmem_facts_t){.cause = HEAPTRAIL_LOWMEM_SAMPLE});
    ht_tracker_sweep(tracker);
    return ESP_OK;
}

const char *heaptrail_check(void)
{
    return ht_check(ht_default());
}
