/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file heaptrail_types.h
 * The rows that queries return, and the few types that every part of heaptrail shares.
 *
 * Nothing here depends on Kconfig: a row has the same layout in every build of a platform.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How a block was asked for. */
typedef enum {
    HEAPTRAIL_METHOD_UNKNOWN = 0,
    HEAPTRAIL_METHOD_MALLOC,
    HEAPTRAIL_METHOD_CALLOC,
    HEAPTRAIL_METHOD_REALLOC,
    HEAPTRAIL_METHOD_ALIGNED_ALLOC,
    HEAPTRAIL_METHOD_MEMALIGN,
    HEAPTRAIL_METHOD_POSIX_MEMALIGN,
    HEAPTRAIL_METHOD_STRDUP,
    HEAPTRAIL_METHOD_STRNDUP,
    HEAPTRAIL_METHOD_NEW,
    HEAPTRAIL_METHOD_NEW_ARRAY,
    HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC,
    HEAPTRAIL_METHOD_HEAP_CAPS_CALLOC,
    HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC,
    HEAPTRAIL_METHOD_HEAP_CAPS_ALIGNED_ALLOC,
    HEAPTRAIL_METHOD_HEAP_CAPS_ALIGNED_CALLOC,
    HEAPTRAIL_METHOD_HEAP_CAPS_MALLOC_PREFER,
    HEAPTRAIL_METHOD_HEAP_CAPS_CALLOC_PREFER,
    HEAPTRAIL_METHOD_HEAP_CAPS_REALLOC_PREFER,
    HEAPTRAIL_METHOD_REGISTERED, /**< told to us by register_allocation() */
    HEAPTRAIL_METHOD_FREE,       /**< of a free(), in error reports */
    HEAPTRAIL_METHOD_POOL,       /**< from a pool: heaptrail_pool.h */
    HEAPTRAIL_METHOD_COUNT
} heaptrail_method_t;

/** A call site: constant, in flash, made by the macros of heaptrail_site.h. Never copied. */
typedef struct {
    const char *file;
    const char *function;
    const char *variable; /**< what the result is stored in; NULL where the macro does not know */
    uint32_t line;
    uint32_t method; /**< heaptrail_method_t */
} heaptrail_site_t;

/**
 * The RAM half of a call site: what the hot path may read with the flash cache off.
 * A zero `origin` means "not used yet". Made by the macros; do not touch.
 */
typedef struct {
    const heaptrail_site_t *site;
    uint32_t origin;
    uint32_t method;
} heaptrail_site_ref_t;

/** Buckets of heaptrail_site_row_t::lifetimes. */
#define HEAPTRAIL_LIFETIME_BUCKETS 20

/** Frames in a row, at most. */
#define HEAPTRAIL_FRAMES_MAX 32

/** Bytes of a task's name, with its zero. */
#define HEAPTRAIL_TASK_NAME_MAX 16

/** A mark: "now", to be given to a query as `since`. All zero: since the beginning. */
typedef struct {
    uint64_t tick;
    uint32_t order;
} heaptrail_mark_t;

/** Where a block came from. Strings and frames stay valid as long as the tracker is not reset. */
typedef struct {
    uint32_t id;                  /**< the origin's number, 0: unknown (table of origins full) */
    const heaptrail_site_t *site; /**< NULL where only the call stack is known */
    const uintptr_t *frames;      /**< return addresses, innermost first */
    uint32_t frame_count;
    heaptrail_method_t method;
    uint32_t caps; /**< capabilities asked for, MALLOC_CAP_* */
} heaptrail_origin_t;

/** One live block. */
typedef struct {
    uintptr_t address;
    size_t size_bytes; /**< as requested */
    heaptrail_origin_t origin;
    uint32_t heap_id;
    uint32_t task_id;
    char task_name[HEAPTRAIL_TASK_NAME_MAX];
    uint8_t core;
    bool in_isr;
    uint64_t age_us;
    uint64_t sequence; /**< orders all allocations of a tracker; unique, not dense */
} heaptrail_block_row_t;

/** A choice of blocks that is the caller's own; see heaptrail_select_t. */
typedef struct {
    bool (*fn)(void *context, const heaptrail_block_row_t *row); /**< true: the block counts. Called
                                        with no lock held, once or more per block and query */
    void *context;
    const char *words; /**< for titles, behind "only blocks": "that are mine"; NULL: none */
} heaptrail_choice_t;

/** One origin with its counters. With a mark, `since_*` counts live blocks allocated later than it.
 */
typedef struct {
    heaptrail_origin_t origin;
    uint32_t live_blocks;
    size_t live_bytes;
    size_t peak_bytes;
    uint32_t total_blocks; /**< exact, even when records were dropped */
    uint64_t total_bytes;
    uint32_t dropped_blocks; /**< counted in the totals, but without a record */
    uint32_t failures;
    uint32_t since_blocks;
    size_t since_bytes;
    uint64_t oldest_age_us;                         /**< of its live blocks; 0 when there is none */
    uint32_t lifetimes[HEAPTRAIL_LIFETIME_BUCKETS]; /**< [b]: lives under 2^b ticks; 65535 means "or
                                                       more" */
} heaptrail_site_row_t;

/** One task, alive or gone. */
typedef struct {
    uint32_t id;
    char name[HEAPTRAIL_TASK_NAME_MAX]; /**< as it was when first seen */
    uintptr_t handle; /**< 0 when the task is gone or is none (interrupts, start-up) */
    bool deleted;
    uint32_t live_blocks;
    size_t live_bytes;
    size_t peak_bytes;
    uint32_t total_blocks;
    uint64_t total_bytes;
    uint32_t since_blocks;
    size_t since_bytes;
} heaptrail_task_row_t;

/** One heap, or one pool (heaptrail_pool.h). The second half is sampled, see heaptrail_sample(). */
typedef struct {
    uint32_t id;
    char name[HEAPTRAIL_TASK_NAME_MAX];
    uintptr_t start;
    size_t size_bytes;
    uint32_t caps; /**< what the heap offers, MALLOC_CAP_* */
    uint32_t live_blocks;
    size_t live_bytes;
    size_t peak_bytes;
    uint32_t total_blocks;
    uint32_t since_blocks;
    size_t since_bytes;
    bool sampled; /**< false: nothing below is known yet */
    size_t free_bytes;
    size_t largest_free_bytes;
    size_t min_free_bytes; /**< lowest since the start (where the platform counts it) or of all
                              samples */
    size_t min_largest_free_bytes; /**< lowest of all samples */
    uint32_t
        fragmentation_permille; /**< 1000 x (1 - largest / free); 0: all free memory is one block */
    uint64_t sample_age_us;
    bool pool; /**< a pool: its memory is a block of another heap, or static */
} heaptrail_heap_row_t;

/** One allocation that failed. */
typedef struct {
    uint32_t number; /**< 1 for the first one ever; gaps: the ring was too small */
    size_t size_bytes;
    uint32_t caps;
    size_t alignment; /**< 0: none asked for */
    heaptrail_origin_t origin;
    uint32_t task_id;
    char task_name[HEAPTRAIL_TASK_NAME_MAX];
    bool in_isr;
    bool measured;     /**< false: taken in an interrupt, or too soon after another one */
    size_t free_bytes; /**< for those capabilities, at that moment */
    size_t largest_free_bytes;
    uint64_t age_us;
} heaptrail_failure_row_t;

/** What was lost, by cause. Each counter stops at its maximum. */
typedef struct {
    uint32_t table_full;    /**< blocks without a record: more live blocks than configured */
    uint32_t table_crowded; /**< the same, because both buckets and the stash were full */
    uint32_t too_large;     /**< blocks larger than a record can say (64 MiB on 32-bit) */
    uint32_t origins_full;  /**< allocations counted under "unknown" */
    uint32_t frames_full;   /**< stacks that had no room in the depot: counted under their site or
                               "unknown" */
    uint32_t tasks_full;    /**< allocations counted under "other tasks" */
    uint32_t failures_overwritten; /**< failed allocations that left the ring */
    uint32_t unknown_frees; /**< frees of blocks without a record (older than the tracker, filtered,
                               dropped) */
    uint32_t filtered;      /**< allocations that a filter kept out */
} heaptrail_loss_t;

/** The tracker about itself. */
typedef struct {
    bool running;
    uint32_t live_blocks;
    size_t live_bytes;
    uint64_t total_blocks;
    uint64_t total_bytes;
    uint64_t total_frees;
    uint32_t failures;
    uint32_t max_blocks;
    uint32_t origins, max_origins;
    uint32_t tasks, max_tasks;
    uint32_t heaps;
    uint32_t stack_depth;
    size_t memory_bytes; /**< RAM that the tracker uses, all of it */
    uint64_t uptime_us;
    heaptrail_loss_t loss;
    uint32_t generation; /**< another one after each heaptrail_reset() */
    uint32_t pauses;     /**< another one after each heaptrail_stop() */
    uint32_t pools;
    uint32_t pool_blocks; /**< live in pools: not in live_blocks, which has what pools lie in */
    size_t pool_bytes;    /**< the same; total_blocks, total_bytes and total_frees count all */
} heaptrail_status_t;

#ifdef __cplusplus
}
#endif
