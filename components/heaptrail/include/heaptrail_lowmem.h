/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file heaptrail_lowmem.h
 * Low memory: tell a task when free memory, or the largest free block, falls below a level, with
 * who asked and who held what at that moment.
 *
 *     static void on_low(void *context, const heaptrail_lowmem_row_t *row) { shed_load(); }
 *
 *     const heaptrail_lowmem_t watch = {
 *         .caps = MALLOC_CAP_INTERNAL, .free_below_bytes = 20 * 1024, .fn = on_low};
 *     heaptrail_lowmem_watch(&watch, NULL);
 *
 * Room for watches: CONFIG_HEAPTRAIL_LOWMEM_WATCHES, 0 by default. Nothing is spent while no watch
 * is set. With one, every recorded allocation takes the slow way of the tracker (278
 * instructions more, counted on rv32imc: docs/costs.md) and counts down what may be allocated until
 * free memory can be below a level; only then free memory is read, in that very allocation, and the
 * snapshot is taken there. The largest free block is only known by a walk: it is judged when the
 * heaps are measured (heaptrail_sample(), each CONFIG_HEAPTRAIL_SAMPLE_INTERVAL_MS) and when an
 * allocation fails.
 *
 * Allocations that are not recorded at all (tracker stopped, no link-time wraps) are seen by the
 * measurements only. On Linux and ESP-IDF's linux target there is no free memory to look at:
 * ESP_ERR_NOT_SUPPORTED.
 */
#pragma once

#include "heaptrail.h"
#include "heaptrail_lowmem_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What to watch. At least one of the two `_below` is not 0. */
typedef struct {
    uint32_t caps;              /**< memory with all of these MALLOC_CAP_*; 0: all memory */
    size_t free_below_bytes;    /**< fire when less is free; 0: not watched */
    size_t free_rearm_bytes;    /**< armed again when this much is; 0: an eighth above the level */
    size_t largest_below_bytes; /**< fire when the largest free block is smaller; 0: not watched */
    size_t largest_rearm_bytes; /**< armed again when it is this large; 0: an eighth above */
    heaptrail_lowmem_fn_t fn;   /**< NULL: nobody is told, reports show it */
    void *context;
} heaptrail_lowmem_t;

/** Called for each watch with no lock held. Return false to end the query. */
typedef bool (*heaptrail_lowmem_row_fn_t)(void *context, const heaptrail_lowmem_row_t *row);

/**
 * Set a watch. Memory that is below a level already fires when it has been above. From a task; not
 * from an ISR. `id` may be NULL.
 *
 * @return ESP_OK; ESP_ERR_INVALID_ARG: no level, or a re-arm level that is not above its level (the
 *         log says which); ESP_ERR_NO_MEM: no room for a watch or for the timer;
 *         ESP_ERR_NOT_FOUND: no heap has these capabilities; ESP_ERR_NOT_SUPPORTED: see above;
 *         ESP_ERR_INVALID_STATE: in an ISR.
 */
esp_err_t heaptrail_lowmem_watch(const heaptrail_lowmem_t *watch, uint32_t *id);

/** Remove a watch, with its snapshot. A call of its function that has begun may still be under way.
 * ESP_ERR_NOT_FOUND: there is none of this id. Not from an ISR. O(1). */
esp_err_t heaptrail_lowmem_unwatch(uint32_t id);

/** Take snapshots and call functions that are due, here and now: for who cannot wait for the task
 * of esp_timer. Not from an ISR. O(sites) when there is something to do. */
esp_err_t heaptrail_lowmem_poll(void);

/** Every watch, in the order of their ids. Not from an ISR. */
esp_err_t heaptrail_for_each_lowmem(heaptrail_lowmem_row_fn_t fn, void *context,
                                    heaptrail_walk_t *walk);

/** The site of `rank` (0: most bytes) in the newest snapshot of a watch. ESP_ERR_NOT_FOUND: no such
 * watch, no complete snapshot, or not so many sites. O(1). */
esp_err_t heaptrail_lowmem_site(uint32_t id, uint32_t rank, heaptrail_lowmem_site_t *site);

#ifdef __cplusplus
}
#endif
