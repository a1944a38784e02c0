/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file heaptrail_pool.h
 * Second heaps: allocators of the user's own (LVGL's pool, MicroPython's GC heap), whose blocks are
 * recorded beside the heap's: by call site, task and age, in every query and report.
 *
 *     static heaptrail_pool_t s_pool;
 *     heaptrail_pool_add(&(heaptrail_pool_config_t){.name = "lvgl", .start = mem, .size_bytes = n},
 * &s_pool);
 *
 *     void *lv_malloc_core(size_t size) {
 *         return heaptrail_pool_alloc(s_pool, NULL, __builtin_return_address(0), tlsf_malloc(t,
 * size), size);
 *     }
 *     void lv_free_core(void *p) { heaptrail_pool_free(s_pool, p); tlsf_free(t, p); }
 *
 * The pool's memory is a block of the heap, or static. A live block of a pool is therefore never
 * added to what is live in the heaps: heaptrail_status_t says it apart (pool_blocks, pool_bytes), a
 * pool has a row of its own among the heaps (`pool` is true, no capabilities), and the totals of
 * the reports leave pools out and name them.
 *
 * Tell heaptrail of the end of a block before the allocator may give its memory to somebody else,
 * under the allocator's own lock if it has one. Blocks of pools have neither redzones nor a
 * quarantine. It works without the link-time wraps, too. The functions lie in flash: not with the
 * flash cache off. Each takes the tracker's lock for a constant time; from tasks, and where it says
 * so from an ISR.
 *
 * Heaps and pools together: 15. RAM: none of its own, 4 bytes per row for the measure function.
 */
#pragma once

#include "heaptrail.h"
#include "heaptrail_site.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A pool that was added; 0: none. With 0, or a pool that was removed, the functions below record
 * nothing, so that an allocator goes on whatever heaptrail_pool_add() said. */
typedef uint32_t heaptrail_pool_t;

/** What a pool has left; the answer of heaptrail_pool_measure_fn_t. */
typedef struct {
    size_t free_bytes;
    size_t largest_free_bytes;
} heaptrail_pool_room_t;

/** Measure a pool. Called by heaptrail_sample(), so also in the idle task: must not block. False:
 * not now. No lock is held. */
typedef bool (*heaptrail_pool_measure_fn_t)(void *context, heaptrail_pool_room_t *room);

/** A pool, for heaptrail_pool_add(). */
typedef struct {
    const char *name; /**< copied, cut to 15 bytes */
    void *start;
    size_t size_bytes;
    heaptrail_pool_measure_fn_t measure; /**< NULL: reports say "not measured" */
    void *context;
} heaptrail_pool_config_t;

/** Is this block dead? For heaptrail_pool_sweep(). No lock is held. */
typedef bool (*heaptrail_pool_dead_fn_t)(void *context, void *block, size_t size_bytes);

/**
 * Add a pool. Not from an ISR. O(heaps).
 *
 * @return ESP_OK; ESP_ERR_INVALID_ARG: a NULL pointer, no name, no bytes, memory that wraps around
 *         or overlaps another pool (the log says which); ESP_ERR_NO_MEM: 15 heaps and pools are
 *         there; ESP_ERR_INVALID_STATE: in an ISR. *pool is 0 then.
 */
esp_err_t heaptrail_pool_add(const heaptrail_pool_config_t *config, heaptrail_pool_t *pool);

/** The pool's number among the heaps, for heaptrail_select_t::heap_id; 0 if there is no such pool.
 * Any context. O(1). */
uint32_t heaptrail_pool_heap_id(heaptrail_pool_t pool);

/** End every block of a pool, and the pool: before its memory is given back. Nobody may allocate
 * from it meanwhile. Not from an ISR. ESP_ERR_NOT_FOUND: no such pool. O(table). */
esp_err_t heaptrail_pool_remove(heaptrail_pool_t pool);

/**
 * A block was made. `block` NULL: the allocation failed, which is counted at its site and kept
 * among the failures. Returns `block`, so that it can stand in a return statement.
 *
 * @param pool    Where.
 * @param ref     A site (HEAPTRAIL_SITE()), or NULL.
 * @param caller  Without a site: the return address to name; NULL: the caller of this function.
 * @param block   What the allocator returned.
 * @param size    As asked for. A block outside the pool, or not at a multiple of 4, is not recorded
 *                (said in the log once).
 *
 * ISR-safe. O(1), with stacks O(depth).
 */
void *heaptrail_pool_alloc(heaptrail_pool_t pool, heaptrail_site_ref_t *ref, const void *caller,
                           void *block, size_t size);

/** A block is about to end; NULL is fine. ESP_ERR_NOT_FOUND: it has no record: a second free, or it
 * is older than the pool (counted in unknown_frees). ISR-safe. O(1). */
esp_err_t heaptrail_pool_free(heaptrail_pool_t pool, const void *block);

/**
 * `old` became `block`, of a new size, in place or not. `block` NULL: with a size it failed, and
 * `old` lives on; with size 0 it was freed. Returns `block`. ISR-safe. O(1).
 */
void *heaptrail_pool_realloc(heaptrail_pool_t pool, heaptrail_site_ref_t *ref, const void *caller,
                             const void *old, void *block, size_t size);

/** Every block ended at once (a soft reset, lv_deinit()). `ended` (may be NULL): how many. Not from
 * an ISR. ESP_ERR_NOT_FOUND: no such pool. O(table) in constant slices. */
esp_err_t heaptrail_pool_clear(heaptrail_pool_t pool, uint32_t *ended);

/** A garbage collector has decided: every block that `dead` says so of ends. Call it before the
 * memory is handed out again. As heaptrail_pool_clear(); ESP_ERR_INVALID_ARG: no function. */
esp_err_t heaptrail_pool_sweep(heaptrail_pool_t pool, heaptrail_pool_dead_fn_t dead, void *context,
                               uint32_t *ended);

#ifdef __cplusplus
}
#endif

/** @{ */
/** The same with the file and line where they stand. */
#define HEAPTRAIL_POOL_ALLOC(pool, block, size)                                                    \
    heaptrail_pool_alloc((pool), HEAPTRAIL_SITE(HEAPTRAIL_METHOD_POOL, NULL), NULL, (block), (size))
#define HEAPTRAIL_POOL_REALLOC(pool, old, block, size)                                             \
    heaptrail_pool_realloc((pool), HEAPTRAIL_SITE(HEAPTRAIL_METHOD_POOL, #old), NULL, (old),       \
                           (block), (size))
/** @} */
