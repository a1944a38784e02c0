/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file heaptrail_error_types.h
 * The rows and words of heaptrail_errors.h. As in heaptrail_types.h, nothing here depends on
 * Kconfig.
 */
#pragma once

#include "heaptrail_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What was found. */
typedef enum {
    HEAPTRAIL_ERROR_NONE = 0,
    HEAPTRAIL_ERROR_OVERFLOW,         /**< bytes behind the end of a block were written */
    HEAPTRAIL_ERROR_UNDERFLOW,        /**< bytes before the start of a block were written */
    HEAPTRAIL_ERROR_WRITE_AFTER_FREE, /**< a freed block was written */
    HEAPTRAIL_ERROR_DOUBLE_FREE,      /**< free() of a block that is freed already */
    HEAPTRAIL_ERROR_REALLOC_FREED,    /**< realloc() of a block that is freed already */
    HEAPTRAIL_ERROR_BAD_FREE,         /**< free() of what is not the start of a block */
    HEAPTRAIL_ERROR_BAD_REALLOC,      /**< realloc() of what is not the start of a block */
    HEAPTRAIL_ERROR_HEAP_DAMAGED,     /**< the heap's own bookkeeping was overwritten */
    HEAPTRAIL_ERROR_STACK_OVERFLOW, /**< suspected: the damage begins right below a task's stack */
    HEAPTRAIL_ERROR_COUNT
} heaptrail_error_kind_t;

/** When it was found. */
typedef enum {
    HEAPTRAIL_FOUND_FREE = 0,   /**< in free() of that block */
    HEAPTRAIL_FOUND_REALLOC,    /**< in realloc() of that block */
    HEAPTRAIL_FOUND_QUARANTINE, /**< when the block left the quarantine */
    HEAPTRAIL_FOUND_VERIFY,     /**< heaptrail_verify() and its like */
    HEAPTRAIL_FOUND_SCRUB,      /**< by the background scrubber */
    HEAPTRAIL_FOUND_EXIT,       /**< at the end of the program */
    HEAPTRAIL_FOUND_COUNT
} heaptrail_found_t;

/** What an address is. */
typedef enum {
    HEAPTRAIL_PLACE_UNKNOWN = 0,    /**< in no memory that is known */
    HEAPTRAIL_PLACE_BLOCK,          /**< in a live block; offset 0: its start */
    HEAPTRAIL_PLACE_FRONT_REDZONE,  /**< before the start of a live block */
    HEAPTRAIL_PLACE_TAIL_REDZONE,   /**< behind the end of a live block */
    HEAPTRAIL_PLACE_QUARANTINE,     /**< in a freed block that waits in the quarantine */
    HEAPTRAIL_PLACE_RECENTLY_FREED, /**< in no live block; in one that was freed lately */
    HEAPTRAIL_PLACE_HEAP,           /**< in a heap, in no block that is known: free or a header */
    HEAPTRAIL_PLACE_STACK,          /**< on a stack; of which task, if `task_id` is not 0 */
    HEAPTRAIL_PLACE_STATIC,         /**< a variable: .data, .bss and the like */
    HEAPTRAIL_PLACE_READ_ONLY,      /**< code or constants */
    HEAPTRAIL_PLACE_OTHER,          /**< memory that no heap manages, or another allocator's */
    HEAPTRAIL_PLACE_COUNT
} heaptrail_place_t;

/** What is done about an error. */
typedef enum {
    HEAPTRAIL_POLICY_REPORT = 0, /**< write the report to the log at once and go on */
    HEAPTRAIL_POLICY_CALLBACK,   /**< call the callback instead, and go on */
    HEAPTRAIL_POLICY_ABORT       /**< write the report, then abort() */
} heaptrail_policy_t;

/** Bytes around the damage that a report shows. */
#define HEAPTRAIL_WINDOW_BYTES 16

/** What is known of a block, live or freed. Address 0: there is none. */
typedef struct {
    uintptr_t address;
    size_t size_bytes; /**< as requested */
    heaptrail_origin_t allocated;
    uint32_t task_id;
    char task_name[HEAPTRAIL_TASK_NAME_MAX];
    uint8_t core;
    bool in_isr;
    uint64_t age_us; /**< since it was allocated */
    bool freed;      /**< it is no longer live; what follows is known then */
    heaptrail_origin_t freed_by;
    uint32_t freed_task_id;
    char freed_task_name[HEAPTRAIL_TASK_NAME_MAX];
    bool freed_in_isr;
    uint64_t freed_age_us;
} heaptrail_block_story_t;

/** The nearest live block on one side. Address 0: none. */
typedef struct {
    uintptr_t address;
    size_t size_bytes;
    size_t gap_bytes; /**< between the two blocks, redzones and the heap's headers included */
    heaptrail_origin_t allocated; /**< one frame at most in a report from before a reset */
    char task_name[HEAPTRAIL_TASK_NAME_MAX];
} heaptrail_neighbour_t;

/** One error. Pointers in it (frames, sites) are valid until as many errors again have happened. */
typedef struct {
    uint32_t
        repeats;     /**< more of this kind and sites, counted here and not reported on their own */
    uint32_t number; /**< 1 for the first one since the start */
    heaptrail_error_kind_t kind;
    heaptrail_found_t found;
    bool before_reset;       /**< kept in memory over a warm reset: of the program's previous run */
    bool aborted;            /**< the policy was to abort */
    uint64_t uptime_us;      /**< when, since the start of its run */
    uintptr_t address;       /**< what was freed, or the first byte that changed */
    heaptrail_place_t place; /**< what `address` is (of a wrong free) */
    char place_name[HEAPTRAIL_TASK_NAME_MAX]; /**< the heap or the task of `place`; else "" */
    ptrdiff_t offset_bytes; /**< of `address` from the block's start; negative: before it */
    size_t damaged_bytes;   /**< from the first to the last byte that changed; 0: no damage */
    ptrdiff_t window_offset_bytes; /**< of expected[0] from the block's start */
    uint32_t window_bytes;         /**< used in expected and actual; 0: nothing to show */
    uint8_t expected[HEAPTRAIL_WINDOW_BYTES];
    uint8_t actual[HEAPTRAIL_WINDOW_BYTES];
    heaptrail_block_story_t block;
    heaptrail_origin_t caller; /**< who called when it was found: the free() or realloc() */
    char caller_task_name[HEAPTRAIL_TASK_NAME_MAX];
    bool caller_in_isr;
    heaptrail_neighbour_t left;
    heaptrail_neighbour_t right;
    bool block_checked;        /**< the block was seen intact before */
    uint64_t block_checked_us; /**< how long before the error it was, at most */
    bool heap_checked;         /**< so was every block, by the scrubber or on demand */
    uint64_t heap_checked_us;  /**< how long before the error that round began */
    char stack_task_name[HEAPTRAIL_TASK_NAME_MAX]; /**< whose stack may have overflowed; else "" */
    bool stack_margin_known;
    size_t stack_margin_bytes; /**< the least that was ever left of that stack */
} heaptrail_error_row_t;

/** What an address is, and what lies around it. */
typedef struct {
    uintptr_t address;
    heaptrail_place_t place;
    char place_name[HEAPTRAIL_TASK_NAME_MAX]; /**< the heap or the task; else "" */
    uint32_t task_id;                         /**< of a stack; 0: unknown or none */
    ptrdiff_t offset_bytes;                   /**< from the start of `block` */
    heaptrail_block_story_t block;            /**< the block it belongs to; address 0: none */
    heaptrail_neighbour_t left;               /**< the nearest live block that begins before it */
    heaptrail_neighbour_t right;              /**< the nearest live block that begins behind it */
} heaptrail_address_row_t;

/** Which checks are made. From Kconfig; changed with heaptrail_set_checks(). */
typedef struct {
    bool redzones;               /**< new blocks get redzones */
    uint8_t redzone_front_bytes; /**< 0 .. 64; rounded up to the alignment of a block */
    uint8_t redzone_tail_bytes;  /**< 0 .. 64, and up to the next word */
    bool fill_new;               /**< fill new blocks with new_byte (calloc's are zero anyway) */
    uint8_t new_byte;
    bool fill_freed; /**< fill freed blocks with freed_byte */
    uint8_t freed_byte;
    bool heap_headers;           /**< look at the heap's header of each block before it is freed */
    bool wrong_frees;            /**< a free() of no block is reported and not carried out */
    uint32_t quarantine_blocks;  /**< freed blocks that wait; at most the configured number */
    size_t quarantine_bytes;     /**< and their bytes; 0: none waits */
    uint32_t report_interval_ms; /**< one report per kind and site in this time; 0: no limit */
    uint32_t scrub_round_ms;     /**< the scrubber sees every block in this time; 0: no scrubber */
} heaptrail_checks_t;

/** What heaptrail_verify_*() and heaptrail_scrub() looked at. */
typedef struct {
    uint32_t blocks;      /**< live blocks with redzones */
    uint32_t quarantined; /**< freed blocks */
    uint32_t errors;      /**< found now */
    bool round_complete;  /**< every block has been looked at (of a scrub: in this round) */
} heaptrail_verified_t;

/** Counters of the checks. */
typedef struct {
    uint32_t errors[HEAPTRAIL_ERROR_COUNT]; /**< by kind, all of them, reported or not */
    uint32_t reported;                      /**< since the start */
    uint32_t repeated;           /**< counted only: the same kind and site just before, or found
                              in an interrupt with the flash cache off */
    uint32_t overwritten;        /**< reports that are no longer in the ring */
    uint32_t quarantined_blocks; /**< now */
    size_t quarantined_bytes;
    uint32_t quarantine_max_blocks; /**< configured */
    uint32_t released_early;        /**< left the quarantine because the heap needed the memory */
    uint32_t unguarded_blocks;      /**< blocks that got no redzones: no record or no memory left */
    uint32_t leaked_blocks;         /**< not given back, because the heap's header was damaged */
    size_t leaked_bytes;
    size_t redzone_bytes;  /**< of the live blocks, both ends, about */
    uint32_t scrub_rounds; /**< complete ones of the scrubber */
    bool scrubbed;         /**< every block has been looked at, by it or on demand */
    uint64_t scrub_age_us; /**< since the last such look began */
} heaptrail_check_status_t;

/* --- why an allocation failed ---------------------------------------------------------------- */

/** Why a request could not be served, in a word. */
typedef enum {
    HEAPTRAIL_VERDICT_UNKNOWN = 0, /**< not measured */
    HEAPTRAIL_VERDICT_IMPOSSIBLE,  /**< no heap offers this, or none is as large */
    HEAPTRAIL_VERDICT_EXHAUSTED,   /**< there is less free memory than was asked for */
    HEAPTRAIL_VERDICT_FRAGMENTED,  /**< there is enough, in too small pieces */
    HEAPTRAIL_VERDICT_FITS,        /**< it would fit now: memory came back meanwhile */
    HEAPTRAIL_VERDICT_COUNT
} heaptrail_verdict_t;

/** Sites that an explanation names, at most. */
#define HEAPTRAIL_TOP_SITES 5
/** Tasks that it names, at most. */
#define HEAPTRAIL_TOP_TASKS 3
/** Blocks around the largest hole that it names, at most. */
#define HEAPTRAIL_PINS 4

/** Why a request could not be served: the state of the heaps that could have, as it was then. */
typedef struct {
    uint32_t failure_number; /**< heaptrail_failure_row_t::number */
    size_t size_bytes;
    uint32_t caps;
    heaptrail_verdict_t verdict;
    uint32_t heaps;            /**< that offer the capabilities */
    size_t heap_bytes;         /**< their sizes together */
    size_t largest_heap_bytes; /**< and the largest of them */
    size_t free_bytes;
    size_t largest_free_bytes;
    uint32_t fragmentation_permille;
    size_t live_bytes;       /**< held by blocks with a record, in these heaps */
    size_t quarantine_bytes; /**< held by the quarantine; given back before anything fails */
    size_t heaptrail_bytes;  /**< heaptrail's tables, and redzones in these heaps */
    struct {
        heaptrail_origin_t origin;
        uint32_t blocks;
        size_t bytes;
    } site[HEAPTRAIL_TOP_SITES]; /**< that hold most of exactly this memory; blocks 0: no more */
    struct {
        uint32_t task_id;
        char name[HEAPTRAIL_TASK_NAME_MAX];
        uint32_t blocks;
        size_t bytes;
    } task[HEAPTRAIL_TOP_TASKS];
    size_t hole_bytes;   /**< what would be free in one piece without the pins; 0: not known */
    uint32_t pin_blocks; /**< live blocks between these two free blocks; more than are listed? */
    size_t pin_bytes;
    struct {
        uintptr_t address;
        size_t size_bytes;
        heaptrail_origin_t origin;
        uint64_t age_us;
    } pin[HEAPTRAIL_PINS];
} heaptrail_explanation_t;

#ifdef __cplusplus
}
#endif
