/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_trace.h
 * The writing end of a trace: what happens goes into a ring as it is, under the tracker's lock, in
 * which it happens. What makes it small, and sends it, is ht_drain.h, in a task of its own.
 *
 *   ring of core 0   [ event | event | event |   ...   ]     head: the tracker's, tail: the drain's
 *   ring of core 1   [ event | event |   ...           ]
 *   next                                                      the number of the next event
 *
 * The lock gives each event its number, so the numbers are the order in which the table changed,
 * whatever core did it. A number is used up by an event that finds no room, too: a gap says exactly
 * where how many were lost. The drain reads `next` under the lock, once for all events that there
 * are: whatever has a smaller number is in a ring by then, or nowhere.
 *
 *   raw event, 24 bytes (40 on 64-bit)
 *     address | what | who | tick          the words of a record, as far as the event has them
 *     clock | number:27 kind:5
 */
#pragma once

#include "ht_tracker.h"

/** What a raw event tells. */
enum {
    HT_RAW_MORE = 0,     /**< the slot belongs to the event before it */
    HT_RAW_ALLOC,        /**< the words of its record; of a pool's block, too */
    HT_RAW_DROPPED,      /**< the same, but there is no record */
    HT_RAW_LARGE,        /**< the same; `what` is the size alone */
    HT_RAW_FREE,         /**< address, the task in `who` */
    HT_RAW_POOL_FREE,    /**< the words of the record that ended */
    HT_RAW_REALLOC_FREE, /**< as HT_RAW_FREE */
    HT_RAW_PUT_BACK,     /**< the words of its record, its tick in a second slot's `tick`; or
                              `what` and `who` 0 */
    HT_RAW_RELABEL,      /**< address, the origin in `who` */
    HT_RAW_FAILURE,      /**< 2 slots: see ht_trace_failure() */
    HT_RAW_TASK,         /**< its handle, its row in `who`; then its name in one slot's bytes */
    HT_RAW_TASK_GONE,    /**< its row in `who` */
    HT_RAW_ERROR,        /**< its number in `address`, its task in `who` */
    HT_RAW_MARK,         /**< its number in `address`; then a ht_trace_mark_t */
    HT_RAW_RESET,        /**< the tracker forgot everything; its generation in `address` */
    HT_RAW_HEAP,         /**< start, size, its row in `who`; then a ht_trace_heap_t */
    HT_RAW_SAID          /**< a piece of a record: see ht_trace_say() */
};

#define HT_RAW_KIND_BITS 5U
#define HT_RAW_KIND(head) ((head)&31U)
#define HT_RAW_NUMBER(head) ((head) >> HT_RAW_KIND_BITS)
#define HT_RAW_NUMBERS (UINT32_MAX >> HT_RAW_KIND_BITS) /**< numbers are modulo this plus 1 */

typedef struct {
    uintptr_t address;
    ht_word_t what;
    ht_word_t who;
    ht_tick_t tick; /**< when; not a stamp, which may be ahead of the clock */
    uint32_t clock;
    uint32_t head; /**< number and kind */
} ht_raw_t;

/** What of a slot behind the first an event may use for itself: the words in front of `clock`. */
#define HT_RAW_BYTES offsetof(ht_raw_t, clock)

typedef struct {
    ht_raw_t *slots; /**< mask + 1 of them, a power of two */
    uint32_t mask;
    uint32_t room; /**< mask + 1; 0 while the trace is paused */
    uint32_t head; /**< slots ever used: the tracker's */
    uint32_t tail; /**< slots ever read: the drain's */
} ht_ring_t;

/** The tracker's sums at one moment. */
typedef struct {
    uint32_t live_blocks;
    uint32_t total_blocks;
    uint32_t freed_blocks;
    uint32_t failures;
    uint64_t live_bytes;
    uint64_t total_bytes;
} ht_trace_sums_t;

/** Bytes of a mark's name, with its zero. */
#define HT_TRACE_NAME_MAX 32

typedef struct {
    char name[HT_TRACE_NAME_MAX];
    ht_trace_sums_t sums;
} ht_trace_mark_t;

static_assert(sizeof(ht_trace_mark_t) == 64 && 64 % HT_RAW_BYTES == 0,
              "a mark fills whole slots on every platform");

typedef struct {
    char name[HT_TASK_NAME_MAX];
    uint32_t caps;
    uint32_t pool; /**< 0 or 1 */
    uint32_t unused[2];
} ht_trace_heap_t;

static_assert(sizeof(ht_trace_heap_t) == 32, "so does a heap");

/** Bytes of a record that somebody else makes, at most, and in which pieces it goes into a ring: so
 * no section is long. */
#define HT_TRACE_SAID_MAX 256U
#define HT_TRACE_PIECE 32U

static_assert(HT_TRACE_PIECE % HT_RAW_BYTES == 0, "a piece fills whole slots, too");

/** A record, but for its dt: fields as in SPEC.md, 5.3, behind it. */
typedef struct {
    uint32_t tag;
    uint32_t origin; /**< that it refers to: to be defined before it; 0: none */
    const uint8_t *bytes;
    uint32_t length; /**< 1 .. HT_TRACE_SAID_MAX */
} ht_trace_said_t;

/** Why an event was lost. */
enum { HT_LOST_FULL = 0, HT_LOST_SLOW, HT_LOST_CAUSES };

typedef struct ht_trace {
    ht_ring_t ring[2];             /**< by core; HT_PORT_CORES of them are used */
    uint32_t next;                 /**< the number of the next event, written last (release) */
    uint32_t lost[HT_LOST_CAUSES]; /**< events */
    uint32_t slow;                 /**< the drain's: the sink takes no more just now */
    uint32_t paused;               /**< the ring was full, and `pauses` */
    bool pauses;
    uint32_t lost_said; /**< records that found no room: the task's that says them */
    uint32_t marks;     /**< ever */
    uint32_t summed;    /**< the sums hold the origins below this one: see ht_trace_sum() */
    uint32_t total_blocks;
    uint32_t freed_blocks;
    ht_sum_t total_bytes;
} ht_trace_t;

/** Prepare a trace whose rings are `slots`: HT_PORT_CORES times `count`, a power of two. */
void ht_trace_init(ht_trace_t *trace, ht_raw_t *slots, uint32_t count, bool pauses);

/** From now on everything is traced. The tracker must not be new, nor traced. O(origins) in
 * constant slices. */
void ht_trace_attach(ht_tracker_t *tracker, ht_trace_t *trace);

/** From now on nothing is. When this returns nobody writes to the rings any more. O(1). */
void ht_trace_detach(ht_tracker_t *tracker);

/** Count all origins' blocks anew, while the tracker goes on. O(origins) in constant slices. */
void ht_trace_sum(ht_tracker_t *tracker, ht_trace_t *trace);

/** The same of the trace that is attached, if one is. */
void ht_trace_sum_again(ht_tracker_t *tracker);

/** The tracker's sums now. Lock held. O(heaps). */
void ht_trace_sums(const ht_tracker_t *tracker, const ht_trace_t *trace, ht_trace_sums_t *sums);

/** Put a mark into the ring. False: there is no trace (*traced false), or no room. Any context.
 * O(heaps). */
bool ht_trace_mark(ht_tracker_t *tracker, const char *name, bool *traced);

/** Put a record into the ring, whole or not at all; a quarter of the ring stays free for what the
 * program does. False: there is no trace (*traced false), or no room: nothing is counted as lost.
 * From one task at a time. O(length), in sections of a piece each. */
bool ht_trace_say(ht_tracker_t *tracker, const ht_trace_said_t *said, bool *traced);

/** A report of an error is complete. Any context. O(1). */
void ht_trace_error(ht_tracker_t *tracker, uint32_t number);

/** The drain wrote all that was before the pause: go on. Returns the number of the next event.
 * O(1). */
uint32_t ht_trace_go_on(ht_tracker_t *tracker, ht_trace_t *trace);

/** An event that found no room. Lock held; the caller uses up its number. */
void ht_trace_lose(ht_trace_t *trace);

/* --- what the tracker tells: lock held, nothing happens without a trace ------------------------
 */

/** Is there a trace? Without the lock: perhaps not any more. */
HT_INLINE bool ht_tracing(const ht_tracker_t *tracker)
{
    return HT_PORT_TRACES && __atomic_load_n(&tracker->trace, __ATOMIC_RELAXED) != NULL;
}

/** A record was made. */
void ht_trace_alloc(ht_tracker_t *tracker, const ht_record_t *record, ht_tick_t now);

/** A block gets no record. */
void ht_trace_dropped(ht_tracker_t *tracker, uintptr_t address, size_t size, uint32_t origin,
                      ht_word_t by, ht_tick_t now);

/** The block of a record is about to end; `by`: the task's bits in a record. */
void ht_trace_free(ht_tracker_t *tracker, const ht_record_t *record, ht_word_t by, ht_tick_t now);

/** A block without a record is about to be freed, or any one to be reallocated. */
void ht_trace_unknown(ht_tracker_t *tracker, uintptr_t address, bool by_realloc);

/** A block came back from realloc() as it was (NULL: it has no record); it ended there. (That it
 * went in is ht_trace_unknown().) */
void ht_trace_put_back(ht_tracker_t *tracker, const ht_record_t *record, uintptr_t address);
void ht_trace_drop_held(ht_tracker_t *tracker, const ht_record_t *record);

/** A record is taken out of every count. */
void ht_trace_forget(ht_tracker_t *tracker, const ht_record_t *record);

/** A record gets another origin. */
void ht_trace_relabel(ht_tracker_t *tracker, const ht_record_t *record, ht_origin_id_t origin);

/** A request failed. */
void ht_trace_failure(ht_tracker_t *tracker, const ht_failure_t *failure, ht_tick_t now);

/** A row became a task's; the task of a row ended. */
void ht_trace_task(ht_tracker_t *tracker, uint32_t row);
void ht_trace_task_gone(ht_tracker_t *tracker, uint32_t row);

/** A row became a heap's or a pool's. */
void ht_trace_heap(ht_tracker_t *tracker, uint32_t row);

/** What a heap's row says. */
void ht_trace_heap_facts(const ht_heap_t *row, ht_trace_heap_t *facts);

/** Everything was forgotten. */
void ht_trace_reset(ht_tracker_t *tracker);

/** As ht_hot_try_add(), while there is a trace; else it is unusual. Takes the lock. */
ht_hot_t ht_trace_try_add(ht_tracker_t *tracker, uintptr_t address, size_t size, ht_origin_t *from,
                          uint32_t guard, ht_tick_t now, uintptr_t sp);

/** As ht_tracker_remove(), with the task that frees. Takes the lock. */
bool ht_trace_remove(ht_tracker_t *tracker, uintptr_t address);

/* --- the same inline, for the hot path ----------------------------------------------------------
 */

/* Of a ring's tail the tracker needs only that the slots before it were read. RISC-V and Xtensa
 * do not store before a branch that depends on a load (RISC-V Unprivileged ISA, A.3.7). */
#if defined(__riscv) || defined(__XTENSA__)
#define HT_LOAD_GATE(from) (*(const volatile uint32_t *)(from))
#else
#define HT_LOAD_GATE(from) __atomic_load_n(from, __ATOMIC_ACQUIRE)
#endif

HT_INLINE ht_ring_t *ht_trace_ring(ht_trace_t *trace)
{
    return &trace->ring[HT_PORT_CORES == 1U ? 0 : ht_port_core()];
}

/** Put an event of one slot into the ring of this core. Lock held. */
HT_INLINE void ht_trace_put(ht_trace_t *trace, uint32_t kind, uintptr_t address, ht_word_t what,
                            ht_word_t who, ht_tick_t now)
{
    ht_ring_t *ring = ht_trace_ring(trace);
    uint32_t head = ring->head;
    uint32_t number = trace->next;
    if (__builtin_expect(head - HT_LOAD_GATE(&ring->tail) < ring->room, 1)) {
        ht_raw_t *slot = &ring->slots[head & ring->mask];
        slot->address = address;
        slot->what = what;
        slot->who = who;
        slot->tick = now;
        slot->clock = ht_port_clock();
        slot->head = number << HT_RAW_KIND_BITS | kind;
        __atomic_store_n(&ring->head, head + 1U, __ATOMIC_RELEASE);
    } else {
        ht_trace_lose(trace);
    }
    trace->next = number + 1U;
}

/** A new block got its record, which says all. Lock held. */
HT_INLINE void ht_trace_put_alloc(ht_trace_t *trace, const ht_record_t *record, size_t size,
                                  uint32_t origin, ht_tick_t now)
{
    if (__builtin_expect(origin < trace->summed, 1)) {
        trace->total_blocks++;
        ht_sum_up(&trace->total_bytes, size);
    }
    ht_trace_put(trace, HT_RAW_ALLOC, record->address, record->what, record->who, now);
}

/** A block is about to end; `by`: the task's bits in a record. Lock held. */
HT_INLINE void ht_trace_put_free(ht_trace_t *trace, const ht_record_t *record, ht_word_t by,
                                 ht_tick_t now)
{
    if (__builtin_expect(ht_record_origin(record).index < trace->summed, 1)) {
        trace->freed_blocks++;
    }
    ht_trace_put(trace, HT_RAW_FREE, record->address, 0, by, now);
}
