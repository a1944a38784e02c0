/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_model.h
 * What a trace says about the heap: events in, tables out.
 *
 *   events ──► live table   address → size, time, flow
 *              flows        (origin, task, heap): what came that way, what lives
 *              origins, sites, tasks, heaps: as defined, each with its peak
 *              marks, failures, errors, losses, heap samples, samples of live bytes
 *
 * Frees are of blocks, not of sites, so all that a site freed is known: carried + total - live -
 * vanished. **Temporary** is a block that its own task freed, not by realloc(), before it allocated
 * another one.
 *
 * A model is of one run (boot): HT_EVENT_BOOT, or a hello with another generation, empties it. It
 * may be read between any two events. One thread at a time; two models do not know each other.
 * Memory: 32 bytes per live block and 11 to 21 to find it by, 160 to 190 per flow, 232 per origin,
 * 512 per origin for its samples; tables grow by doubling.
 */
#pragma once

#include "ht_event.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Rows of a model are numbered from 0; row 0 of origins, sites, tasks and heaps is "unknown". */
typedef uint32_t ht_row_t;

#define HT_LIFETIMES 40U     /**< [b]: lived less than 2^b µs, and not less than 2^(b-1) */
#define HT_SERIES_POINTS 64U /**< samples over time, at most; they thin out by halves */
#define HT_HOLDERS 5U        /**< origins named with a failure */
#define HT_ROWS_KEPT 1000U   /**< failures, errors and marks kept, each; more are counted only */

typedef struct {
    uint32_t index; /**< in the trace */
    bool defined;   /**< false: used, but its definition was not seen */
    uint32_t method, caps, depth;
    ht_row_t site;          /**< 0: none */
    const uint64_t *frames; /**< return addresses, innermost first */
    ht_row_t first_flow;    /**< of its list; UINT32_MAX: none */
    uint64_t live_bytes, peak_bytes;
    uint64_t peak_time_us;
    uint64_t failures;
    uint32_t lifetimes[HT_LIFETIMES]; /**< of the freed blocks */
} ht_origin_row_t;

/** A call site that a macro recorded. Strings are never NULL. */
typedef struct {
    uint32_t index, line, method;
    uint64_t address; /**< of its descriptor in the firmware */
    const char *file, *function, *variable;
} ht_site_row_t;

typedef struct {
    uint32_t index, type; /**< HT_TRACE_TASK... */
    bool defined, gone;
    uint64_t handle;
    const char *name; /**< a task with another name is in another row */
    uint64_t began_us, gone_us;
    uint64_t live_bytes, peak_bytes;
    uint64_t last_key; /**< its latest allocation, while that lives and nothing came after it */
} ht_task_row_t;

typedef struct {
    uint64_t time_us, free_bytes, largest_bytes;
} ht_heap_point_t;

typedef struct {
    uint32_t index, caps;
    bool defined, pool;
    uint64_t start, bytes;
    const char *name;
    uint64_t live_bytes, live_blocks;
    uint64_t peak_bytes, peak_blocks, peak_time_us;
    uint64_t peak_epoch;
    uint64_t samples; /**< measurements; 0: what follows means nothing */
    uint64_t free_bytes, largest_bytes, sample_time_us;
    uint64_t least_free_bytes, least_largest_bytes; /**< of all measurements, and of the device's */
    uint32_t worst_permille;                        /**< fragmentation: 1 - largest / free */
    uint64_t worst_time_us;
    uint32_t point_count, point_step; /**< every step-th measurement is kept */
    ht_heap_point_t point[HT_SERIES_POINTS];
} ht_heap_row_t;

/** What came from one origin, by one task, into one heap. (What each event changes is a cache line,
 * the first.) */
typedef struct {
    ht_row_t origin, task;
    uint16_t heap;
    bool pool; /**< blocks out of a pool: counted nowhere but here, and in the pool's heap row */
    uint32_t live_blocks; /**< as many as the live table has rows at most */
    uint64_t live_bytes;
    uint64_t total_blocks, total_bytes; /**< allocations seen */
    uint64_t temporary_blocks;
    uint64_t peak_epoch, heap_epoch; /**< what is kept below is of these peaks */
    uint64_t kept_bytes, heap_kept_bytes;
    uint32_t kept_blocks, heap_kept_blocks;
    uint64_t carried_blocks, carried_bytes; /**< were live before they were seen */
    uint64_t vanished_blocks;               /**< ended unseen: their free was lost */
    uint64_t vanished_bytes;
    ht_row_t next; /**< of the same origin; UINT32_MAX: the last */
    uint32_t unused;
} ht_flow_row_t;

/** One live block, as ht_model_each_block() tells it. */
typedef struct {
    uint64_t address, size, time_us;
    ht_row_t flow;  /**< UINT32_MAX: outside of the sizes asked for */
    uint32_t marks; /**< how many marks came before it */
    uint8_t core;
    bool pool, carried;
    bool unrecorded; /**< the device has no record of it */
} ht_live_row_t;

typedef struct {
    uint32_t number;
    const char *name;
    uint64_t time_us;
    bool is_mark;         /**< false: plain counters */
    ht_counters_t device; /**< as the device counts */
    ht_counters_t ours;   /**< as this model does, at that moment */
    bool differs;         /**< the live blocks or bytes do, and nothing was lost that explains it */
} ht_mark_row_t;

typedef struct {
    ht_row_t origin;
    uint64_t live_bytes, live_blocks;
} ht_holder_t;

/** As the device's reports word them: docs/reports.md, Failures. */
typedef enum {
    HT_CAUSE_UNKNOWN = 0,
    HT_CAUSE_IMPOSSIBLE,
    HT_CAUSE_TOO_LARGE,
    HT_CAUSE_EXHAUSTED,
    HT_CAUSE_FRAGMENTED,
    HT_CAUSE_WOULD_FIT
} ht_cause_t;

typedef struct {
    uint32_t number, caps;
    ht_row_t origin, task;
    uint64_t time_us, size, alignment;
    bool measured;
    uint64_t free_bytes, largest_bytes;
    ht_cause_t cause;
    uint32_t heaps;        /**< that offer such memory */
    uint64_t heap_bytes;   /**< their size */
    uint64_t live_bytes;   /**< live blocks in them */
    uint32_t holder_count; /**< who held most of it, the largest first */
    ht_holder_t holder[HT_HOLDERS];
} ht_failure_row_t;

typedef struct {
    uint32_t number, kind, found, repeats, place;
    ht_row_t task;
    uint64_t time_us, address, block, block_size, damaged_bytes;
    int64_t damage_offset;
    ht_row_t block_origin, block_task, free_origin, free_task, caller_origin;
    const char *report; /**< the device's words; never NULL */
} ht_error_row_t;

typedef struct {
    uint32_t cause; /**< HT_LOSS_* or HT_EVENT_LOSS_FRAMES */
    uint64_t count, times;
    uint64_t first_us, last_us;
} ht_loss_row_t;

typedef struct {
    uint64_t start, end;
    int64_t bias;
    const uint8_t *build_id;
    size_t build_id_bytes;
    const char *path;
} ht_object_row_t;

/** What the device's search for leaks found of one origin. */
typedef struct {
    ht_suspect_t told; /**< with the trace's indices */
    ht_row_t origin;
    ht_row_t left_task;
} ht_suspect_row_t;

/** What hello said. Strings are NULL where it did not. */
typedef struct {
    const char *chip, *idf_version, *app_name, *app_version, *heaptrail_version, *compiled;
    const char *program;
    const uint8_t *elf_sha256;
    size_t elf_sha256_bytes;
    const uint8_t *build_id;
    size_t build_id_bytes;
    uint64_t tick_hz, generation, wall_clock_us, cores, stack_depth, max_blocks, ring_bytes;
    uint64_t reset_reason, policy, pid;
    bool has_wall_clock, has_generation, has_reset_reason;
} ht_hello_row_t;

/** Live bytes over time: `count` samples, `step_us` apart, the first at `first_us`. */
typedef struct {
    uint32_t count;
    uint64_t first_us, step_us;
    uint64_t total[HT_SERIES_POINTS]; /**< of all, pools left out */
    const uint64_t *by_origin[HT_SERIES_POINTS];
    uint32_t origins[HT_SERIES_POINTS]; /**< length of each; later ones held 0 */
} ht_series_t;

/** Everything. Valid until the next event. */
typedef struct {
    bool no_memory; /**< some events found no room: the rest is not the truth */
    uint32_t boot;
    uint8_t pointer_bytes;
    uint64_t events, event_count[HT_EVENT_KINDS]; /**< HT_EVENT_BOOT is none: no record tells it */
    uint64_t first_us, last_us;                   /**< time of the first and of the latest event */
    uint64_t events_before;                       /**< of `events`: before the window */
    uint64_t window_us;                           /**< totals and peaks count from here */
    uint64_t live_blocks, live_bytes;             /**< pools left out, as everywhere but in flows */
    uint64_t pool_blocks, pool_bytes;
    uint64_t unrecorded_blocks, unrecorded_bytes; /**< of the live ones */
    uint64_t total_blocks, total_bytes, freed_blocks, carried_blocks, vanished_blocks;
    uint64_t temporary_blocks;
    uint64_t peak_bytes, peak_blocks, peak_time_us, peak_epoch;
    uint64_t unknown_frees;           /**< of addresses that no known block has */
    uint64_t bad_indices;             /**< numbers so large that no trace of ours has them */
    uint64_t failures, errors, marks; /**< seen, the rows kept may be fewer */
    uint64_t lost_events;             /**< losses 1 to 3 and 11, and missing frames (each one) */
    uint64_t mismatches; /**< counters and marks where the device says other live blocks or bytes,
                              and nothing was lost that explains it */
    uint64_t unknown_blocks,
        unknown_bytes; /**< live on the device at the latest counters, and not
        known here: made before the trace began, or their allocation was lost */
    bool ended;
    uint32_t end; /**< HT_END_* */
    const ht_hello_row_t *hello;
    const ht_object_row_t *object;
    const ht_origin_row_t *origin;
    const ht_site_row_t *site;
    const ht_task_row_t *task;
    const ht_heap_row_t *heap;
    const ht_flow_row_t *flow;
    const ht_mark_row_t *mark;
    const ht_failure_row_t *failure;
    const ht_error_row_t *error;
    const ht_loss_row_t *loss;
    const ht_search_t *search; /**< the latest one of all sites, rather one that scanned; NULL */
    const ht_suspect_row_t *suspect; /**< by rank; fewer than it says: the others were lost */
    uint32_t suspects;
    uint64_t search_us; /**< when */
    uint32_t objects, origins, sites, tasks, heaps, flows, mark_rows, failure_rows, error_rows,
        losses;
    const ht_series_t *series;
} ht_model_view_t;

typedef struct ht_model ht_model_t;

typedef enum {
    HT_CHANGE_MADE,
    HT_CHANGE_CARRIED, /**< was live before it was seen */
    HT_CHANGE_FREED,
    HT_CHANGE_VANISHED,  /**< ended unseen */
    HT_CHANGE_PUT_BACK,  /**< its HT_CHANGE_FREED did not happen: realloc() failed */
    HT_CHANGE_RELABELED, /**< it was made by another flow than was told */
    HT_CHANGE_WINDOW,    /**< of no block: what counts begins here, ht_model_begin_window() */
    HT_CHANGE_ANEW,      /**< of no block: another run; all that was told is of an earlier one */
} ht_change_kind_t;

/** What becomes of one block, after it happened. */
typedef struct {
    ht_change_kind_t kind;
    bool pool;
    uint64_t address, size;
    uint64_t time_us; /**< now */
    uint64_t made_us; /**< when it was made */
    ht_row_t flow;
    ht_row_t was; /**< the flow before HT_CHANGE_RELABELED */
} ht_change_t;

/** All zero: everything. */
typedef struct {
    uint64_t size_min, size_max; /**< only blocks of these sizes count; 0: no limit */
    /** Called for every change of a block that counts; NULL: nobody wants to know. It may read the
     * model. */
    void (*change)(void *context, const ht_model_t *model, const ht_change_t *change);
    void *change_context;
} ht_model_options_t;

/** NULL: no memory. To be freed with ht_model_free(). `options` may be NULL; copied. */
ht_model_t *ht_model_new(const ht_model_options_t *options);
void ht_model_free(ht_model_t *model);

/** The next event. O(1), but for snapshots' ends, failures and samples: O(rows). */
void ht_model_event(ht_model_t *model, const ht_event_t *event);

/** The next allocations and frees, as ht_decoder_sink_t.briefs gives them: what ht_model_event()
 * does with each, in less time. */
void ht_model_briefs(ht_model_t *model, const ht_event_t *head, const ht_brief_t *brief,
                     size_t count);

/** From now on: totals, peaks, failures, errors, losses and series begin anew, what lives stays
 * (as carried). O(rows). */
void ht_model_begin_window(ht_model_t *model, uint64_t time_us);

ht_model_view_t ht_model_view(const ht_model_t *model);

/** Call `fn` for each live block, in no order, until it returns false. */
void ht_model_each_block(const ht_model_t *model, bool (*fn)(void *, const ht_live_row_t *),
                         void *context);

/** What a flow had live at the moment of the overall peak, and of its heap's. */
ht_holder_t ht_model_at_peak(const ht_model_view_t *view, const ht_flow_row_t *flow);
ht_holder_t ht_model_at_heap_peak(const ht_model_view_t *view, const ht_flow_row_t *flow);

/** The blocks of a flow that were freed. */
uint64_t ht_model_freed(const ht_flow_row_t *flow);

/** NULL: everything adds up. Otherwise what does not, in words. O(rows); for tests. */
const char *ht_model_check(const ht_model_t *model);

#ifdef __cplusplus
}
#endif
