/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_tracker.h
 * The tracker: one context that ties the tables together, and the hot path.
 *
 *   allocation   origin (no lock) -> lock -> stamp, slot in the live table, three rows of counters
 * -> unlock free         lock -> find, count, empty the slot -> unlock realloc      hold the old
 * record, let the heap do it, then put back (it failed) or replace
 *
 * Everything under the lock takes a constant time. Nothing here allocates, prints or calls back.
 */
#pragma once

#include "ht_checks.h"
#include "ht_error.h"
#include "ht_failure.h"
#include "ht_freed.h"
#include "ht_heap.h"
#include "ht_origin.h"
#include "ht_table.h"
#include "ht_tally.h"
#include "ht_task.h"
#include "ht_types.h"

/** An all-zero tracker is HT_STATE_NEW: its owner gives it memory at the first event. */
enum {
    HT_STATE_NEW = 0,
    HT_STATE_RUNNING = 1,
    HT_STATE_STOPPED = 2,
    HT_STATE_MOVING = 3 /**< as stopped, while it gets other tables: ht_tracker_claim() */
};

/** What an allocation has to do; one signed byte, so that one branch tells the first from the rest.
 */
enum {
    HT_WAY_QUICK = 1,    /**< running, only the caller is kept of a stack, no checks, no filter */
    HT_WAY_OTHER = 0,    /**< new, or any of these */
    HT_WAY_STOPPED = -1, /**< nothing */
    HT_WAY_GUARDED = -2, /**< as quick, but with redzones (checks.simple_alloc) */
    HT_WAY_STACKS = -3,  /**< as quick, but with stacks */
    HT_WAY_TRACED = -4   /**< as quick, but with a trace */
};

/** Sizes of the tables. Nothing here changes after ht_tracker_init(). */
typedef struct {
    uint32_t max_blocks;   /**< live blocks, 1 .. 2^24 */
    uint32_t max_origins;  /**< distinct origins, 1 .. 65534 on 32-bit */
    uint32_t frame_words;  /**< return addresses in the stack depot; 0: sites only */
    uint32_t max_tasks;    /**< tasks, 1 .. 252 on 32-bit */
    uint32_t max_failures; /**< failed allocations kept; 0: counted only */
    uint32_t stack_depth; /**< frames per stack, 0 .. HT_STACK_DEPTH_MAX; 0 or 1: the caller only */
    uint32_t max_freed;   /**< freed blocks kept in mind, those in quarantine included; 0 or a power
                             of   two; see ht_freed_ring_size() */
} ht_sizes_t;

/** Where the scrubber is, and when it was where. */
typedef struct {
    volatile uint32_t busy; /**< one at a time */
    uint32_t at; /**< the next bucket to look at; behind the last come the freed blocks */
    bool in_round;
    ht_tick_t last_call;
    uint32_t moves;   /**< the table's, when the round began */
    uint32_t errors;  /**< found in this round */
    uint32_t rounds;  /**< complete ones of the scrubber */
    ht_tick_t began;  /**< this round */
    ht_tick_t passed; /**< when the last complete look at every block began */
    ht_tick_t clean;  /**< the same of the last one that found nothing */
    bool has_passed;
    bool has_clean;
} ht_scrub_t;

/** Only what passes is recorded. All zero: everything passes. */
typedef struct {
    uint32_t task_id;   /**< only this task; 0: any */
    uint32_t origin_id; /**< only this origin; 0: any */
    size_t size_min;    /**< in bytes */
    size_t size_max;    /**< in bytes; 0: no limit */
    uint32_t caps;      /**< only requests with all of these capabilities; 0: any */
} ht_filter_t;

/** The low-memory trigger; see ht_lowmem.h. All zero: no watch can be set. */
typedef struct {
    struct ht_lowmem_watch *watch;
    uint32_t max;
    uint32_t count; /**< watches in use */
    uint32_t made;  /**< blocks recorded while there was a watch */
    size_t spent;   /**< bytes allocated since the last look */
    size_t budget;  /**< look when so many are; 0 during a look */
    uint32_t looks; /**< ever begun; a new watch, a stop and a start count as one */
    size_t (*free_bytes)(uint32_t caps); /**< any context, while flash can be read */
    void (*wake)(void);                  /**< have a task run what is due; any context */
} ht_lowmem_t;

typedef struct ht_tracker {
    volatile uint32_t state;
    ht_port_lock_t lock;
    ht_stamp_t last;  /**< the newest stamp given */
    int8_t way;       /**< HT_WAY_*, for the hot path: see ht_tracker_choose_way() */
    bool ends_simply; /**< the same for a free: running, and nothing but redzones to look at */
    bool filtering;   /**< there is a filter or a low-memory watch: each block takes the slow way */
    bool blind;       /**< some allocation may have been missed: stopped, filtered, reset */
    const void *volatile scope_hint[2]; /**< per core: the newest entry point, see ht_scope.h */
    ht_bit_lengths_t bit_length;
    ht_callers_t callers;
    ht_table_t table;
    ht_origins_t origins;
    ht_tasks_t tasks;
    ht_heaps_t heaps;
    ht_tally_t tally;
    ht_failures_t failures;
    ht_checks_t checks;
    ht_freed_ring_t freed;
    ht_errors_t errors;
    ht_scrub_t scrub;
    ht_filter_t filter;
    ht_lowmem_t lowmem;
    struct ht_trace *trace; /**< where events go, see ht_trace.h; NULL: nowhere */
    uint32_t held_blocks;   /**< inside a realloc, of those that count */
    size_t held_bytes;
    uint32_t stack_depth;
    uint32_t generation;     /**< changes with each reset */
    uint32_t pauses;         /**< changes with each stop */
    volatile uint32_t query; /**< 1 while a query uses the since_* fields */
    ht_tick_t started_at;
    ht_tick_t swept_at;
    size_t memory_bytes;
    uint32_t lost_full;
    uint32_t lost_crowded;
    uint32_t lost_large;
    uint32_t lost_filtered;
    uint32_t unknown_frees;
} ht_tracker_t;

/** A block that is inside realloc(). */
typedef struct {
    ht_record_t *slot; /**< NULL: the block has no record */
    uintptr_t address;
    uint32_t generation;
} ht_hold_t;

HT_INLINE bool ht_filter_is_set(const ht_filter_t *filter)
{
    return filter->task_id != 0 || filter->origin_id != 0 || filter->size_min != 0 ||
           filter->size_max != 0 || filter->caps != 0;
}

/** The name of the first field of sizes that is out of range, or NULL when all are good. */
const char *ht_sizes_check(const ht_sizes_t *sizes);

/** Bytes of memory that a tracker of these sizes needs (not counting the ht_tracker_t); 0 if they
 * are bad. */
size_t ht_tracker_memory_bytes(const ht_sizes_t *sizes);

/** The tables of a tracker, laid out in its memory. */
typedef struct {
    ht_table_t table;
    ht_origins_t origins;
    ht_tasks_t tasks;
    ht_failures_t failures;
    ht_freed_ring_t freed;
    uint32_t stack_depth;
    size_t memory_bytes;
} ht_plan_t;

/**
 * Lay out tables in `memory`, which is aligned for uint64_t, zeroed, and large enough. No lock:
 * this is the long half of ht_tracker_init(), and touches no tracker.
 */
ht_plan_t ht_tracker_plan(const ht_sizes_t *sizes, void *memory);

/** What can be done to a tracker that others may be starting at the same time. No lock. */
void ht_tracker_prepare(ht_tracker_t *tracker, const ht_plan_t *plan);

/**
 * Make a stopped tracker that has recorded nothing ready for other tables: from now on nobody but
 * the caller starts it, or touches its tables, until ht_tracker_begin(). False, and nothing is
 * done: it is in use, or somebody else is at it. Takes the lock. O(1).
 */
bool ht_tracker_claim(ht_tracker_t *tracker);

/** The short half, after ht_tracker_prepare(): a tracker in HT_STATE_NEW or HT_STATE_MOVING begins
 * to use its tables. The checks stay as they are; a quarantine is cut to its new ring. Lock held,
 * if others may call. O(1). */
void ht_tracker_begin(ht_tracker_t *tracker, const ht_plan_t *plan, uint32_t state);

/**
 * Give memory to a tracker in HT_STATE_NEW. `memory` is aligned for uint64_t, zeroed, and stays the
 * tracker's. State becomes `state`. Call with nothing else using the tracker, or with its lock
 * held.
 */
void ht_tracker_init(ht_tracker_t *tracker, const ht_sizes_t *sizes, void *memory, uint32_t state);

/** Work out what the hot path has to do, after its state, the checks or the filter changed. Lock
 * held, if others may call. O(1). */
void ht_tracker_choose_way(ht_tracker_t *tracker);

/** The same, and before that what follows from the checks and the ring of freed blocks. */
void ht_tracker_settle(ht_tracker_t *tracker);

/** Record a new block. Any context. O(1). */
void ht_tracker_add(ht_tracker_t *tracker, uintptr_t address, size_t size, ht_origin_id_t origin);

/** As ht_tracker_add(), for a block with redzones: `address` is the firmware's, guard HT_GUARD_*.
 * False: there is no record of it. Any context. O(1). */
bool ht_tracker_add_guarded(ht_tracker_t *tracker, uintptr_t address, size_t size,
                            ht_origin_id_t origin, uint32_t guard);

/** True if a copy of a record (ht_query_bucket()) is of a pool's block. */
static inline bool ht_in_pool(const ht_tracker_t *tracker, const ht_record_t *record)
{
    return tracker->heaps.row[ht_record_heap(record).index].kind != HT_HEAP_REAL;
}

/** A new block, in full. */
typedef struct {
    uintptr_t address; /**< of a pool's block ht_pool_key() */
    size_t size;
    ht_origin_id_t origin;
    uint32_t guard;    /**< HT_GUARD_* */
    ht_heap_id_t pool; /**< the pool's row; 0: the heap that the address lies in */
} ht_add_t;

/** Record a new block. `sp`: the caller's stack pointer or one above it. False: there is no record
 * of it. Any context. O(1); with a low-memory watch also what ht_lowmem_look() takes, when one may
 * be due. */
bool ht_tracker_add_as(ht_tracker_t *tracker, const ht_add_t *add, uintptr_t sp);

/** What ht_tracker_end() found. */
typedef struct {
    ht_record_t record; /**< as it was */
    bool held; /**< it entered the quarantine under `number`: fill it, then ht_freed_hold() */
    uint32_t number;
} ht_ended_t;

/**
 * A block is about to be freed: forget it, and remember it among the freed ones as freed by
 * `origin`. False: it has no record. Any context. O(1).
 */
bool ht_tracker_end(ht_tracker_t *tracker, uintptr_t address, ht_origin_id_t origin,
                    ht_ended_t *ended);

/** The forgotten block at an address is about to be freed: *guard says where the heap's begins.
 * False: there is none. Any context. O(1). */
bool ht_tracker_end_forgotten(ht_tracker_t *tracker, uintptr_t address, uint32_t *guard);

/** Make a row for a task by its key, before it allocates anything. Takes the lock. O(1). */
uint32_t ht_tracker_task_seen(ht_tracker_t *tracker, uintptr_t key);

/** True while a live block without a record cannot be: everything passed by, nothing was lost. */
bool ht_tracker_sees_all(const ht_tracker_t *tracker);

/** Forget a block before it goes back to the heap. False: it had no record. Any context. O(1). */
bool ht_tracker_remove(ht_tracker_t *tracker, uintptr_t address);

/**
 * Before realloc(): keep the record's slot, but let nobody find it, because the heap may give the
 * address to someone else before realloc() returns. O(1).
 */
ht_hold_t ht_tracker_hold(ht_tracker_t *tracker, uintptr_t address);

/** After realloc() failed: the block is there as before, so is its record. O(1). */
void ht_tracker_put_back(ht_tracker_t *tracker, ht_hold_t hold);

/** After realloc() succeeded: the old block ended. Add the new one after this. O(1). */
void ht_tracker_drop_held(ht_tracker_t *tracker, ht_hold_t hold);

/** Take a record out of the table and out of every count, as if its block had never been: what a
 * reset does. Lock held. O(1). */
void ht_tracker_forget(ht_tracker_t *tracker, ht_record_t *record);

/** Forget a block that stays allocated. False: it had no record (and that is not counted). O(1). */
bool ht_tracker_unregister(ht_tracker_t *tracker, uintptr_t address);

/** What became of a new block on the hot path (ht_hot.h). */
typedef enum {
    HT_HOT_ADDED,
    HT_HOT_DROPPED, /**< the table is full; it is counted */
    HT_HOT_UNUSUAL, /**< nothing happened: ht_tracker_add_slow() has to do it */
    HT_HOT_CROWDED  /**< nothing happened: ht_tracker_add_crowded() has to do it */
} ht_hot_t;

/** What is known of the block that starts at an address. */
typedef struct {
    size_t size;
    uint32_t caps; /**< asked for */
} ht_known_t;

/** Look up a block by its first byte. False: it has no record. O(1). */
bool ht_tracker_known(ht_tracker_t *tracker, uintptr_t address, ht_known_t *known);

/** Say that a live block comes from another origin than it was recorded with. False: it has no
 * record. O(1). */
bool ht_tracker_relabel(ht_tracker_t *tracker, uintptr_t address, ht_origin_id_t origin);

/** Move a record that is in no heap to this one, which was added after it. Lock held. O(1). */
void ht_tracker_adopt(ht_tracker_t *tracker, ht_record_t *record, ht_heap_id_t heap);

/** Store a failed allocation; its stamp, task and number are filled in here. O(1). */
void ht_tracker_fail(ht_tracker_t *tracker, ht_failure_t *failure);

/** The row of the calling task, made if need be. Takes the lock only the first time. O(1). */
ht_task_id_t ht_tracker_task(ht_tracker_t *tracker);

/** A task ended and its handle may be used again. Not needed for tasks whose TCB is a recorded
 * block. O(1). */
void ht_tracker_task_gone(ht_tracker_t *tracker, uintptr_t key);

/** A task that has a row has another name from now on, cut to HT_TASK_NAME_MAX - 1 bytes. (FreeRTOS
 * knows no such thing, threads do.) O(1). */
void ht_tracker_task_named(ht_tracker_t *tracker, uintptr_t key, const char *name);

/** Add a heap and move the blocks that lie in it to it. False: no room. O(blocks), in constant
 * slices. */
bool ht_tracker_add_heap(ht_tracker_t *tracker, uintptr_t start, size_t size, uint32_t caps,
                         const char *name);

/** A stamp that is later than all before it and earlier than all after it. O(1). */
ht_stamp_t ht_tracker_mark(ht_tracker_t *tracker);

/** Stop or go on. Stopped: nothing new is recorded, frees are still followed. Nothing while the
 * tracker gets other tables: it runs after that. */
void ht_tracker_run(ht_tracker_t *tracker, bool run);

/** Set what is recorded from now on. */
void ht_tracker_set_filter(ht_tracker_t *tracker, const ht_filter_t *filter);

/** Forget every block and zero every counter; origins, tasks and heaps keep their numbers. A block
 * inside realloc() is forgotten when that returns. O(size), in constant slices. */
void ht_tracker_reset(ht_tracker_t *tracker);

/** Keep ages right across the wrap of a 32-bit tick: call now and then. O(slots), in constant
 * slices. */
void ht_tracker_sweep(ht_tracker_t *tracker);

/** Ticks to microseconds. */
uint64_t ht_ticks_to_us(uint64_t ticks);
