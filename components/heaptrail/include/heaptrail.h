/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file heaptrail.h
 * Who holds the heap: the public interface of the firmware's tracker.
 *
 * Nothing has to be called: with CONFIG_HEAPTRAIL_START_AT_BOOT every allocation is recorded from
 * the first one on. What follows asks questions and changes what is recorded.
 *
 * Unless a function says otherwise: it may be called from any task, before the scheduler runs and
 * with the scheduler suspended; from an ISR only where it says so. It takes the tracker's lock
 * (interrupts masked) for constant slices, never while a callback of yours runs, and allocates
 * nothing. Pointers may be NULL only where it says so; elsewhere NULL gives ESP_ERR_INVALID_ARG.
 */
#pragma once

#include "esp_err.h"
#include "heaptrail_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Sizes and memory for heaptrail_init(). Zero in a size: the Kconfig value. */
typedef struct {
    uint32_t max_blocks;   /**< live blocks, 1 .. 2^24; 18.3 bytes each (36.6 on 64-bit) */
    uint32_t max_sites;    /**< distinct sites and stacks; about 110 bytes each */
    uint32_t max_tasks;    /**< tasks, 1 .. 252; 56 bytes each on 32-bit */
    uint32_t max_failures; /**< failed allocations kept, up to 2^24; 44 bytes each on 32-bit */
    uint32_t frame_words;  /**< room for return addresses, all stacks together; 4 bytes each */
    uint32_t stack_depth;  /**< frames per stack, 1 .. 32; 1: the caller only */
    uint32_t max_freed; /**< freed blocks kept in mind or in quarantine (heaptrail_errors.h), up to
                             2^16, rounded up to a power of two; 28 bytes each on 32-bit. A
                             quarantine that was set before is cut to one less */
    void *
        memory; /**< where the tables go, aligned to 8; NULL: the static memory of Kconfig's size */
    size_t memory_bytes; /**< at least heaptrail_memory_bytes(); 0 with memory == NULL */
} heaptrail_config_t;

/** What is recorded from now on. All zero: everything. Fields are combined with "and". */
typedef struct {
    uint32_t task_id; /**< only this task (heaptrail_task_row_t::id); 0: any */
    uint32_t site_id; /**< only this site (heaptrail_origin_t::id); 0: any */
    size_t size_min;  /**< bytes */
    size_t size_max;  /**< bytes; 0: no limit */
    uint32_t caps;    /**< only requests with all of these MALLOC_CAP_*; 0: any */
} heaptrail_filter_t;

/** Which rows a query returns. All zero (or a NULL pointer): all of them. */
typedef struct {
    const heaptrail_mark_t *since;    /**< only what happened later than this mark; NULL: all */
    uint32_t task_id;                 /**< blocks of this task; 0: any */
    uint32_t site_id;                 /**< blocks of this site; 0: any */
    uint32_t heap_id;                 /**< blocks in this heap; 0: any */
    uint32_t caps;                    /**< blocks in heaps that offer all of these; 0: any */
    size_t size_min;                  /**< bytes */
    uint64_t age_min_us;              /**< microseconds */
    const heaptrail_choice_t *choice; /**< a function that says which, asked last; NULL: none */
} heaptrail_select_t;

/** What a query says beside its rows. */
typedef struct {
    uint32_t rows;  /**< rows handed to the callback */
    bool disturbed; /**< the program moved rows meanwhile: some may be missing or doubled */
} heaptrail_walk_t;

/** @{ */
/** Called for each row with no lock held. Return false to end the query. */
typedef bool (*heaptrail_block_fn_t)(void *context, const heaptrail_block_row_t *row);
typedef bool (*heaptrail_site_fn_t)(void *context, const heaptrail_site_row_t *row);
typedef bool (*heaptrail_task_fn_t)(void *context, const heaptrail_task_row_t *row);
typedef bool (*heaptrail_heap_fn_t)(void *context, const heaptrail_heap_row_t *row);
typedef bool (*heaptrail_failure_fn_t)(void *context, const heaptrail_failure_row_t *row);
/** @} */

/** How much a log line matters. */
typedef enum { HEAPTRAIL_LOG_ERROR, HEAPTRAIL_LOG_WARN, HEAPTRAIL_LOG_INFO } heaptrail_log_level_t;

/**
 * Where heaptrail's own log lines go. `text` has no newline and is valid during the call only. Not
 * called in an ISR: what is said there goes to the early log.
 */
typedef void (*heaptrail_log_fn_t)(void *context, heaptrail_log_level_t level, const char *text);

/** Where a report goes: `length` bytes of UTF-8 at `text`, not zero-terminated. */
typedef void (*heaptrail_write_fn_t)(void *context, const char *text, size_t length);

/* --- life ------------------------------------------------------------------------------------ */

/** Bytes of memory that heaptrail_init() wants for this configuration; 0 if it is not valid. */
size_t heaptrail_memory_bytes(const heaptrail_config_t *config);

/**
 * Use other sizes, or memory of the caller's (PSRAM, say, which costs time), instead of Kconfig's.
 * Only before anything has been recorded: from a constructor, or with START_AT_BOOT off. Starts
 * tracking; what was set before (checks, filter, watches) stays.
 *
 * @return ESP_OK; ESP_ERR_INVALID_ARG (the log names the field); ESP_ERR_INVALID_SIZE (memory too
 *         small; the log says how much is needed); ESP_ERR_INVALID_STATE (already in use).
 */
esp_err_t heaptrail_init(const heaptrail_config_t *config);

/** Record new allocations from now on. ISR-safe. */
esp_err_t heaptrail_start(void);

/** Record nothing new. Frees of recorded blocks are still followed, so the table stays true.
 * ISR-safe. */
esp_err_t heaptrail_stop(void);

/** Forget every block and zero every counter. Numbers of sites, tasks and heaps stay. Not from an
 * ISR. */
esp_err_t heaptrail_reset(void);

/** Record only what passes; NULL: everything. What is already recorded stays. ISR-safe. */
esp_err_t heaptrail_set_filter(const heaptrail_filter_t *filter);

/** Take a mark: everything allocated after the call is "since" it. O(1). ISR-safe. */
heaptrail_mark_t heaptrail_mark(void);

/** True when a block was allocated later than the mark. Any context. O(1). */
bool heaptrail_is_since(const heaptrail_block_row_t *row, const heaptrail_mark_t *mark);

/** The calling task's number, as in heaptrail_task_row_t::id; 0: the table of tasks is full.
 * ISR-safe. O(1). */
uint32_t heaptrail_task_id(void);

/** Send heaptrail's log lines elsewhere; NULL: back to ESP_LOG (stderr on Linux). */
void heaptrail_set_log(heaptrail_log_fn_t fn, void *context);

/* --- questions ------------------------------------------------------------------------------- */

/** Live blocks, in no order. `select` and `walk` may be NULL. O(table). Not from an ISR. */
esp_err_t heaptrail_for_each_block(const heaptrail_select_t *select, heaptrail_block_fn_t fn,
                                   void *context, heaptrail_walk_t *walk);

/**
 * Sites with their counters, in the order they were first seen. `since_*` and the oldest age count
 * the blocks that `select` selects. O(table + sites). Not from an ISR. ESP_ERR_INVALID_STATE:
 * another such query (sites, tasks or heaps) is under way.
 */
esp_err_t heaptrail_for_each_site(const heaptrail_select_t *select, heaptrail_site_fn_t fn,
                                  void *context, heaptrail_walk_t *walk);

/** Tasks, alive or gone; as heaptrail_for_each_site(). */
esp_err_t heaptrail_for_each_task(const heaptrail_select_t *select, heaptrail_task_fn_t fn,
                                  void *context, heaptrail_walk_t *walk);

/** Heaps; as heaptrail_for_each_site(). */
esp_err_t heaptrail_for_each_heap(const heaptrail_select_t *select, heaptrail_heap_fn_t fn,
                                  void *context, heaptrail_walk_t *walk);

/** Failed allocations still in the ring, oldest first; of `select` only `since` counts. Not from an
 * ISR. */
esp_err_t heaptrail_for_each_failure(const heaptrail_select_t *select, heaptrail_failure_fn_t fn,
                                     void *context, heaptrail_walk_t *walk);

/**
 * The live block that an address lies in. `offset` (may be NULL): the distance from its first byte.
 * O(1) for the first byte of a block, O(table) for others. ESP_ERR_NOT_FOUND: in no recorded block.
 */
esp_err_t heaptrail_whois(const void *address, heaptrail_block_row_t *row, size_t *offset);

/** Counters, sizes, losses, own memory. O(sites). */
esp_err_t heaptrail_status(heaptrail_status_t *status);

/**
 * Measure the heaps now: free bytes, largest free block, lowest of both. Walks every heap, with the
 * heap's own lock, so not from an ISR and not often; the idle task calls it each
 * CONFIG_HEAPTRAIL_SAMPLE_INTERVAL_MS.
 */
esp_err_t heaptrail_sample(void);

/** Does every table agree with every other one? NULL, or what is wrong. Holds the lock for long:
 * tests only. */
const char *heaptrail_check(void);

/** Ticks in a second of the clock that ages and lifetimes are measured with. Any context. */
uint32_t heaptrail_tick_hz(void);

/* --- names ----------------------------------------------------------------------------------- */

/** "malloc", "heap_caps_calloc", "new[]" ...; never NULL. Any context. */
const char *heaptrail_method_name(heaptrail_method_t method);

/**
 * All names in a capability mask, as in "8BIT|INTERNAL|DEFAULT"; bits without a name as "0x...".
 * @return The length it has, as snprintf() does: >= size when it did not fit (it is cut, and
 * terminated).
 */
size_t heaptrail_caps_name(uint32_t caps, char *text, size_t size);

#ifdef __cplusplus
}
#endif
