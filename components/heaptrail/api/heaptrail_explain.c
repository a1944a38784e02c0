/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Why an allocation failed: asked for, or kept from the moment of the failure. */
#include <string.h>

#include "heaptrail_errors.h"
#include "ht_default.h"
#include "ht_explain.h"
#include "ht_explained.h"
#include "ht_query.h"

typedef struct {
    uint32_t number;     /* of the failure; 0: nothing is kept */
    uint32_t generation; /* a reset forgets it */
    ht_explanation_t explanation;
} kept_t;

/* One is shown while the other is written: who reads copies under the tracker's lock, under which
 * the two change places. */
static struct {
    volatile uint32_t busy;
    uint32_t newest;
    uint32_t second; /* of the last explanation, plus 1 */
    kept_t kept[2];
} s_last;

static void keep(ht_tracker_t *tracker, const ht_failure_t *failure)
{
    uint32_t second = (uint32_t)(ht_port_tick() / ht_port_tick_hz()) + 1U;
    uint32_t next = 1U - s_last.newest;
    kept_t *kept = &s_last.kept[next];
    if (second == s_last.second) { return; }
    kept->number = failure->number;
    kept->generation = tracker->generation;
    if (!ht_explain_failed(tracker, failure, &kept->explanation)) { return; }
    s_last.second = second;
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    s_last.newest = next;
    ht_port_unlock(&tracker->lock, irq);
}

void ht_explain_failure(ht_tracker_t *tracker, const ht_failure_t *failure)
{
    if (!ht_claim(&tracker->lock, &s_last.busy)) { return; }
    keep(tracker, failure);
    ht_release(&s_last.busy);
}

void ht_explain_hide(ht_scan_t *scan)
{
    (void)ht_scan_hide(scan, &s_last, sizeof(s_last));
}

/* --- rows ------------------------------------------------------------------------------------ */

static uint32_t fragmentation_permille(const ht_explanation_t *from)
{
    if (from->free_bytes == 0 || from->largest_free_bytes > from->free_bytes) { return 0; }
    size_t scattered = from->free_bytes - from->largest_free_bytes;
    return (uint32_t)((uint64_t)scattered * 1000U / from->free_bytes);
}

static void show_holders(const ht_tracker_t *tracker, const ht_explanation_t *from,
                         heaptrail_explanation_t *row)
{
    for (uint32_t i = 0; i < HEAPTRAIL_TOP_SITES && from->site[i].blocks != 0; i++) {
        row->site[i].origin = ht_query_origin(tracker, (ht_origin_id_t){from->site[i].id});
        row->site[i].blocks = from->site[i].blocks;
        row->site[i].bytes = from->site[i].bytes;
    }
    for (uint32_t i = 0; i < HEAPTRAIL_TOP_TASKS; i++) {
        row->task[i].task_id = from->task[i].id;
        row->task[i].blocks = from->task[i].blocks;
        row->task[i].bytes = from->task[i].bytes;
        memcpy(row->task[i].name, from->task_name[i], sizeof(row->task[i].name));
    }
}

static void show_pins(const ht_tracker_t *tracker, const ht_explanation_t *from,
                      heaptrail_explanation_t *row)
{
    for (uint32_t i = 0; i < HEAPTRAIL_PINS && from->pin[i].address != 0; i++) {
        row->pin[i].address = from->pin[i].address;
        row->pin[i].size_bytes = from->pin[i].size;
        row->pin[i].origin = ht_query_origin(tracker, (ht_origin_id_t){from->pin[i].origin});
        row->pin[i].age_us = from->pin[i].age_us;
    }
}

static void show(const ht_tracker_t *tracker, uint32_t number, const ht_explanation_t *from,
                 heaptrail_explanation_t *row)
{
    *row = (heaptrail_explanation_t){
        .failure_number = number,
        .size_bytes = from->size,
        .caps = from->caps,
        .verdict = from->verdict,
        .heaps = from->heaps,
        .heap_bytes = from->heap_bytes,
        .largest_heap_bytes = from->largest_heap_bytes,
        .free_bytes = from->free_bytes,
        .largest_free_bytes = from->largest_free_bytes,
        .fragmentation_permille = fragmentation_permille(from),
        .live_bytes = from->live_bytes,
        .quarantine_bytes = from->quarantine_bytes,
        .heaptrail_bytes = from->heaptrail_bytes,
        .hole_bytes = from->hole_bytes,
        .pin_blocks = from->pin_blocks,
        .pin_bytes = from->pin_bytes,
    };
    show_holders(tracker, from, row);
    show_pins(tracker, from, row);
}

esp_err_t heaptrail_explain_request(size_t size, uint32_t caps, heaptrail_explanation_t *row)
{
    if (row == NULL) { return ESP_ERR_INVALID_ARG; }
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    ht_tracker_t *tracker = ht_default();
    ht_port_find_heaps(tracker);
    ht_explanation_t explanation;
    if (!ht_explain(tracker, size, 0, caps, &explanation)) { return ESP_ERR_INVALID_STATE; }
    show(tracker, 0, &explanation, row);
    return ESP_OK;
}

esp_err_t heaptrail_last_explanation(heaptrail_explanation_t *row)
{
    if (row == NULL) { return ESP_ERR_INVALID_ARG; }
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    ht_tracker_t *tracker = ht_default();
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    const kept_t kept = s_last.kept[s_last.newest];
    uint32_t generation = tracker->generation;
    ht_port_unlock(&tracker->lock, irq);
    if (kept.number == 0 || kept.generation != generation) { return ESP_ERR_NOT_FOUND; }
    show(tracker, kept.number, &kept.explanation, row);
    return ESP_OK;
}
