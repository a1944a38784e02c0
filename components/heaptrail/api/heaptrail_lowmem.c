/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The low-memory trigger of the default tracker: room for watches, arguments, who is told. */
#include "heaptrail_lowmem.h"

#include <string.h>

#include "ht_config.h"
#include "ht_default.h"
#include "ht_log.h"
#include "ht_lowmem.h"
#include "ht_query.h"

#define WATCHES CONFIG_HEAPTRAIL_LOWMEM_WATCHES

#if WATCHES > 0
static ht_lowmem_watch_t s_watch[WATCHES];
#else /* no room, and none is asked for */
static ht_lowmem_watch_t *const s_watch = NULL;
#endif

/* --- setting and removing ----------------------------------------------------------------------
 */

static size_t above(size_t level, size_t rearm)
{
    if (level == 0 || rearm != 0) { return rearm; }
    size_t eighth = level / 8U + 1U;
    return level <= SIZE_MAX - eighth ? level + eighth : SIZE_MAX;
}

/* The name of the first field that is wrong, or NULL. */
static const char *wrong_field(const ht_lowmem_levels_t *levels)
{
    if (levels->free_below == 0 && levels->largest_below == 0) { return "free_below_bytes"; }
    if (levels->free_rearm <= levels->free_below && levels->free_below != 0) {
        return "free_rearm_bytes";
    }
    if (levels->largest_rearm <= levels->largest_below && levels->largest_below != 0) {
        return "largest_rearm_bytes";
    }
    return NULL;
}

/* The sizes of all heaps with these capabilities together; 0: there is none. */
static size_t bytes_of(const ht_tracker_t *tracker, uint32_t caps)
{
    size_t bytes = 0;
    uint32_t wanted = ht_port_heap_caps(caps);
    uint32_t count = __atomic_load_n(&tracker->heaps.count, __ATOMIC_ACQUIRE);
    for (uint32_t id = 1; id <= count; id++) {
        const ht_heap_t *heap = &tracker->heaps.row[id];
        if ((heap->caps & wanted) == wanted) { bytes += heap->size; }
    }
    return bytes;
}

/* Measure what the levels are about; the error of a watch that cannot be. */
static esp_err_t measure(ht_tracker_t *tracker, const ht_lowmem_levels_t *levels,
                         ht_lowmem_seen_t *seen)
{
    ht_heap_sample_t sample;
    if (WATCHES == 0 || ht_port_free_bytes(levels->caps) == SIZE_MAX ||
        !ht_port_sample_caps(levels->caps, &sample)) {
        return ESP_ERR_NOT_SUPPORTED;
    }
    ht_port_find_heaps(tracker);
    size_t bytes = bytes_of(tracker, levels->caps);
    if (bytes == 0) { return ESP_ERR_NOT_FOUND; }
    if (levels->free_rearm > bytes || levels->largest_rearm > bytes) {
        ht_log(
            HEAPTRAIL_LOG_ERROR,
            "heaptrail_lowmem_watch: the level to be armed again at is more than these heaps have");
        return ESP_ERR_INVALID_ARG;
    }
    *seen = (ht_lowmem_seen_t){sample.free_bytes, sample.largest_free_bytes, true};
    return ESP_OK;
}

esp_err_t heaptrail_lowmem_watch(const heaptrail_lowmem_t *watch, uint32_t *id)
{
    if (watch == NULL) { return ESP_ERR_INVALID_ARG; }
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    const ht_lowmem_levels_t levels = {
        watch->caps, watch->free_below_bytes,
        above(watch->free_below_bytes, watch->free_rearm_bytes), watch->largest_below_bytes,
        above(watch->largest_below_bytes, watch->largest_rearm_bytes)};
    const char *wrong = wrong_field(&levels);
    if (wrong != NULL) {
        ht_log_name(HEAPTRAIL_LOG_ERROR, "heaptrail_lowmem_watch: invalid field", wrong);
        return ESP_ERR_INVALID_ARG;
    }
    ht_tracker_t *tracker = ht_default();
    ht_lowmem_seen_t seen;
    esp_err_t err = measure(tracker, &levels, &seen);
    if (err != ESP_OK) { return err; }
    if (!ht_port_lowmem_start()) { return ESP_ERR_NO_MEM; }
    ht_lowmem_open(tracker, s_watch, WATCHES, ht_port_free_bytes, ht_port_lowmem_wake);
    uint32_t index =
        ht_lowmem_add(tracker, &levels, &seen, (ht_lowmem_listener_t){watch->fn, watch->context});
    if (index == UINT32_MAX) {
        ht_log(HEAPTRAIL_LOG_ERROR,
               "heaptrail_lowmem_watch: no room: raise CONFIG_HEAPTRAIL_LOWMEM_WATCHES");
        return ESP_ERR_NO_MEM;
    }
    if (id != NULL) { *id = index + 1U; }
    return ESP_OK;
}

esp_err_t heaptrail_lowmem_unwatch(uint32_t id)
{
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    return ht_lowmem_remove(ht_default(), id - 1U) ? ESP_OK : ESP_ERR_NOT_FOUND;
}

/* --- telling -----------------------------------------------------------------------------------
 */

/* A watch, copied under the lock without its sites. False: it is not in use. */
static bool copy_watch(ht_tracker_t *tracker, uint32_t index, ht_lowmem_watch_t *copy)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    const ht_lowmem_watch_t *watch = &tracker->lowmem.watch[index];
    memcpy(copy, watch, offsetof(ht_lowmem_watch_t, site));
    ht_port_unlock(&tracker->lock, irq);
    return copy->used;
}

static void fill_trigger(const ht_tracker_t *tracker, const ht_lowmem_watch_t *watch,
                         heaptrail_lowmem_row_t *row)
{
    uint32_t task = watch->facts.task.index;
    row->cause = (heaptrail_lowmem_cause_t)watch->facts.cause;
    row->by_largest = watch->by_largest;
    row->free_bytes = watch->seen.free_bytes;
    row->largest_known = watch->seen.largest_known;
    row->largest_free_bytes = watch->seen.largest_bytes;
    row->age_us = ht_ticks_to_us(ht_age(ht_port_tick(), watch->tick));
    row->frozen = watch->frozen;
    if (watch->frozen) {
        row->site_count = watch->site_count;
        row->drift_allocations = watch->drift_made;
        row->drift_frees = watch->drift_ended;
        row->drift_us = ht_ticks_to_us(watch->drift_ticks);
    }
    if (row->cause == HEAPTRAIL_LOWMEM_SAMPLE) { return; }
    row->size_bytes = watch->facts.size;
    row->origin = ht_query_origin(tracker, watch->facts.origin);
    row->task_id = task;
    memcpy(row->task_name, tracker->tasks.rows[task].name, sizeof(row->task_name));
    row->in_isr = task == HT_TASK_ISR_0 || task == HT_TASK_ISR_1;
}

static void fill_row(const ht_tracker_t *tracker, uint32_t index, const ht_lowmem_watch_t *watch,
                     heaptrail_lowmem_row_t *row)
{
    const ht_lowmem_levels_t *levels = &watch->levels;
    *row = (heaptrail_lowmem_row_t){.id = index + 1U,
                                    .caps = levels->caps,
                                    .free_below_bytes = levels->free_below,
                                    .free_rearm_bytes = levels->free_rearm,
                                    .largest_below_bytes = levels->largest_below,
                                    .largest_rearm_bytes = levels->largest_rearm,
                                    .armed = watch->armed,
                                    .fired = watch->fired};
    if (watch->fired != 0) { fill_trigger(tracker, watch, row); }
}

/* Only who clears the mark tells. */
static bool take_untold(ht_tracker_t *tracker, ht_lowmem_watch_t *watch)
{
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    bool mine = watch->used && watch->untold;
    if (mine) { watch->untold = false; }
    ht_port_unlock(&tracker->lock, irq);
    return mine;
}

/* Apart: the row need not be on the stack while a snapshot is taken. */
static __attribute__((noinline)) void tell(ht_tracker_t *tracker, uint32_t index)
{
    ht_lowmem_watch_t copy;
    heaptrail_lowmem_row_t row;
    if (!copy_watch(tracker, index, &copy) || copy.listener.fn == NULL) { return; }
    fill_row(tracker, index, &copy, &row);
    copy.listener.fn(copy.listener.context, &row);
}

esp_err_t heaptrail_lowmem_poll(void)
{
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    ht_tracker_t *tracker = ht_default();
    for (uint32_t i = 0; i < tracker->lowmem.max; i++) {
        if (!take_untold(tracker, &tracker->lowmem.watch[i])) { continue; }
        ht_lowmem_freeze(tracker, &tracker->lowmem.watch[i]);
        tell(tracker, i);
    }
    return ESP_OK;
}

/* --- questions ---------------------------------------------------------------------------------
 */

esp_err_t heaptrail_for_each_lowmem(heaptrail_lowmem_row_fn_t fn, void *context,
                                    heaptrail_walk_t *walk)
{
    if (fn == NULL) { return ESP_ERR_INVALID_ARG; }
    if (ht_port_in_isr()) { return ESP_ERR_INVALID_STATE; }
    ht_tracker_t *tracker = ht_default();
    uint32_t rows = 0;
    bool more = true;
    for (uint32_t i = 0; more && i < tracker->lowmem.max; i++) {
        ht_lowmem_watch_t copy;
        heaptrail_lowmem_row_t row;
        if (!copy_watch(tracker, i, &copy)) { continue; }
        fill_row(tracker, i, &copy, &row);
        rows++;
        more = fn(context, &row);
    }
    if (walk != NULL) { *walk = (heaptrail_walk_t){.rows = rows}; }
    return ESP_OK;
}

esp_err_t heaptrail_lowmem_site(uint32_t id, uint32_t rank, heaptrail_lowmem_site_t *site)
{
    if (site == NULL) { return ESP_ERR_INVALID_ARG; }
    ht_tracker_t *tracker = ht_default();
    if (id == 0 || id > tracker->lowmem.max) { return ESP_ERR_NOT_FOUND; }
    ht_lowmem_site_t copy = {0};
    ht_port_irq_t irq = ht_port_lock(&tracker->lock);
    const ht_lowmem_watch_t *watch = &tracker->lowmem.watch[id - 1U];
    bool found = watch->used && watch->frozen && rank < watch->site_count;
    if (found) { copy = watch->site[rank]; }
    ht_port_unlock(&tracker->lock, irq);
    if (!found) { return ESP_ERR_NOT_FOUND; }
    *site = (heaptrail_lowmem_site_t){ht_query_origin(tracker, (ht_origin_id_t){copy.origin}),
                                      copy.blocks, copy.bytes};
    return ESP_OK;
}
