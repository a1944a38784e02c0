/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_posix.h
 * What the files of the Linux port know of each other.
 *
 *   hooks    malloc & co. of the program ──> real allocator, default tracker
 *   life     first allocation, fork, exit: when the tracker is born and when the report is written
 *   thread   one small state per thread;  names: threads that are renamed
 *   heap     glibc's allocator below us, and its headers;  own: heaptrail's own memory
 *   checks   which errors are looked for, and when;  place: what an address is
 *   stop     all other threads;  roots: where pointers are;  maps: what memory there is
 *   stack    return addresses;  new: which of them are operator new;  elf: both from dynamic
 * symbols options  HEAPTRAIL_OPTIONS;  report: where it goes;  symbols: names in it
 *   fatal    signals that end a traced program
 *   trace    where a trace goes, and when;  objects, describe: what its hello says
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ht_default.h"
#include "ht_posix_options.h"

/* --- threads --------------------------------------------------------------------------------- */

/** One per thread that allocated. */
typedef struct ht_posix_thread {
    uintptr_t key;   /**< ht_port_task_key() */
    uint32_t busy;   /**< inside heaptrail: what it allocates now is not the program's */
    uint32_t rounds; /**< destructor rounds seen, see ht_posix_thread.c */
    struct ht_posix_thread *next;     /**< in the free list */
    struct ht_posix_thread *all_next; /**< in the list of all states */
    uintptr_t stack_top; /**< the thread's stack ends here or a little below; 0: it is gone */
} ht_posix_thread_t;

/** Before the first ht_posix_thread_self(). Called once, allocates nothing. */
void ht_posix_threads_init(void);

/** The state of the calling thread; NULL: none yet. Async-signal-safe. */
ht_posix_thread_t *ht_posix_thread_find(void);

/** The same; makes one. NULL: before ht_posix_threads_init(), or no memory. Keeps errno. */
ht_posix_thread_t *ht_posix_thread_self(void);

/** The key of a thread that allocated, by its pthread_t; 0: none. Async-signal-safe. O(threads). */
uintptr_t ht_posix_thread_key(uintptr_t thread);

/** Is an address in the mapping [low, high) on the stack of a thread that allocated? */
bool ht_posix_thread_on_stack(uintptr_t address, uintptr_t low, uintptr_t high);

/* --- life ------------------------------------------------------------------------------------ */

enum {
    HT_POSIX_NEW = 0,     /**< nothing happened yet */
    HT_POSIX_BOOTING = 1, /**< a thread is in ht_posix_boot() */
    HT_POSIX_RUNNING = 2,
    HT_POSIX_FROZEN = 3 /**< counted and being reported: allocations pass through */
};

extern uint32_t ht_posix_phase;

/** What whoever leaves heaptrail has to do: write the report that a thread inside of it was asked
 * for; stop (ht_posix_stop.h); end the program (ht_posix_fatal.h). */
enum { HT_POSIX_PENDING_REPORT = 1, HT_POSIX_PENDING_STOP = 2, HT_POSIX_PENDING_END = 4 };
extern uint32_t ht_posix_report_pending;

/** Is this memory this process's? False in a child of vfork() or clone(). */
bool ht_posix_is_owner(void);

/** Options, tables, thread states. The first allocation calls it. Keeps errno. */
void ht_posix_boot(void);

/** Zeroed memory that is no part of the watched heap and no root of a scan, or NULL. */
void *ht_posix_pages(size_t bytes);
void ht_posix_pages_free(void *pages, size_t bytes);

/** Grow the live table from this many blocks on. */
extern uint32_t ht_posix_grow_at;
void ht_posix_grow_init(const ht_tracker_t *tracker, uint32_t max_blocks);
void ht_posix_grow(ht_tracker_t *tracker);
void ht_posix_grow_forked(void);

extern ht_posix_options_t ht_posix_options;

/** glibc >= 2.38: aligned_alloc() refuses an alignment that is no power of two. */
extern bool ht_posix_strict_aligned_alloc;

/* --- checks ---------------------------------------------------------------------------------- */

/** The checks that the options ask for, before the first block. */
void ht_posix_checks_boot(const ht_posix_options_t *options);

/** At the end: look at every block, if the options ask for it. The caller is muted. */
void ht_posix_checks_end(const ht_posix_options_t *options);

/** What the program exits with: `status`, or the options' exitcode if errors were found. */
int ht_posix_checks_status(const ht_posix_options_t *options, int status);

/** Errors found so far. */
uint32_t ht_posix_checks_errors(void);

/** Look at some blocks if it is time to: there is no thread that could. The caller is muted. */
void ht_posix_checks_scrub(const ht_posix_options_t *options);

/** In a forked child: the errors of the parent are the parent's. */
void ht_posix_checks_forked(void);

/* --- stacks and names ------------------------------------------------------------------------ */

/** Where `frames` leaves operator new: the first frame that is the program's. Sets *method if any
 * frame before it is operator new or new[]. */
unsigned ht_posix_new_skip(const uintptr_t *frames, unsigned count, uint32_t *method);

/** True when an address lies between the lowest and the highest known operator new. */
bool ht_posix_new_near(uintptr_t address);

/** Look for operator new in the object that holds this address. True: it had some we did not know.
 */
bool ht_posix_new_learn(uintptr_t address);

/** Get ready to name addresses (opens libdw): may allocate, must be muted. */
void ht_posix_symbols_open(void);

/** A heaptrail_symbol_fn_t. */
bool ht_posix_symbol(void *context, uintptr_t address, char *text, size_t size);

/** In a forked child: another thread may have been inside libdw. */
void ht_posix_symbols_forked(void);

/* --- reports --------------------------------------------------------------------------------- */

/** Keep a copy of the original standard error, for a report that goes there. */
void ht_posix_output_open(void);

/** Write the report that the options ask for. The caller is muted. */
void ht_posix_report(const char *why);

/** In a forked child: its file may be another one. */
void ht_posix_output_forked(void);

/** Start of a message on standard error. One write(2), no allocation. `parts` ends with NULL. */
void ht_posix_complain(const char *const *parts);

/** Tell a trace's hello which objects are loaded. */
void ht_posix_describe_objects(const ht_port_story_t *story);

/** A path of the options, with the process id for %p. */
void ht_posix_path(char *path, size_t size, const char *text);

/* --- the hooks' side of a thread ---------------------------------------------------------------
 */

/** Enter heaptrail. NULL: do not record (it is our own allocation, or the report is under way). */
static inline ht_posix_thread_t *ht_posix_enter(void)
{
    uint32_t phase = __atomic_load_n(&ht_posix_phase, __ATOMIC_ACQUIRE);
    if (__builtin_expect(phase != HT_POSIX_RUNNING, 0)) {
        if (phase == HT_POSIX_FROZEN) { return NULL; }
        ht_posix_boot();
    }
    ht_posix_thread_t *self = ht_posix_thread_self();
    if (__builtin_expect(self == NULL || self->busy != 0, 0)) { return NULL; }
    self->busy = 1;
    return self;
}

/** Leave it; write the trace if it is time to, and do what was asked for meanwhile. */
void ht_posix_late(ht_posix_thread_t *self);
void ht_posix_trace_drain(void);

static inline void ht_posix_leave(ht_posix_thread_t *self)
{
    if (__builtin_expect(ht_default_tracker.trace != NULL, 0)) { ht_posix_trace_drain(); }
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    self->busy = 0;
    if (__builtin_expect(__atomic_load_n(&ht_posix_report_pending, __ATOMIC_RELAXED) != 0, 0)) {
        ht_posix_late(self);
    }
}
