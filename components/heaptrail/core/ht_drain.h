/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_drain.h
 * The reading end of a trace: takes raw events out of the rings in the order of their numbers,
 * makes records and frames of them, and hands these to a sink.
 *
 *   rings ──► by number ──► records ──► frame ──► write()
 *                 ▲
 *                 └── between two events: definitions, snapshot, counters, copied from the
 *                     tracker's tables under the lock together with the number of the next event
 *
 * What is copied from the tables is true between two events and nowhere else. So whoever copies
 * notes that number, and writes what was copied when all events before it are written, and none
 * behind it: ht_drain_to().
 *
 * When the sink takes only a part of a frame, everything stays where it is: a function that could
 * not write all says false, changes nothing that it will not do again, and is called again later.
 * One caller at a time; no lock is held while the sink is called.
 */
#pragma once

#include "ht_coder.h"
#include "ht_trace.h"
#include "ht_trace_clock.h"

typedef size_t (*ht_drain_write_fn)(void *context, const void *bytes, size_t length);

/** What is sent beside events: one step after the other. */
enum {
    HT_STAGE_IDLE = 0,
    HT_STAGE_HELLO,
    HT_STAGE_HEAPS,
    HT_STAGE_TASKS,
    HT_STAGE_ORIGINS, /**< those that were defined before */
    HT_STAGE_SNAPSHOT,
    HT_STAGE_BLOCKS,
    HT_STAGE_END
};

/** Where that is. */
typedef struct {
    uint32_t stage;
    uint32_t cursor;
    bool inexact; /**< copied from the tables as they are now, in front of events from before */
} ht_steps_t;

/** Counters of the tracker that are told as losses, from HT_LOSS_TABLE_FULL on. */
#define HT_DRAIN_TOLD 7U

typedef struct {
    uint32_t number;
    uint32_t blocks; /**< sent */
    uint32_t moves;  /**< the table's, when it began */
    uint32_t gaps;   /**< the drain's, then */
    uint32_t tries;  /**< snapshots that were not complete, one after the other */
    bool wanted;
} ht_drain_snapshot_t;

typedef struct {
    ht_tracker_t *tracker;
    ht_trace_t trace;
    ht_coder_t coder;
    ht_trace_clock_t clock;
    ht_drain_write_fn write;
    void *context;
    bool finished;    /**< the frame is complete, and waits for the sink */
    uint32_t sent;    /**< bytes of it that were taken */
    uint32_t expect;  /**< number of the event that comes next */
    uint8_t *defined; /**< a bit per origin, then one per task */
    bool complete;    /**< of each frame alone */
    bool in_one;      /**< what is written must go into the frame that is open */
    ht_steps_t intro; /**< not HT_STAGE_IDLE: no event may be written before it is done */
    ht_steps_t steps;
    ht_drain_snapshot_t snapshot;
    uint32_t said_bytes; /**< of the record that is being put together, in `said` */
    uint8_t said[HT_TRACE_SAID_MAX];
    uint32_t hello_pairs; /**< of the hello that is being written */
    uint32_t generation;
    uint32_t gaps; /**< places where events are missing */
    uint32_t told_lost[HT_LOST_CAUSES];
    uint32_t told[HT_DRAIN_TOLD];
    uint64_t now;         /**< when this poll began, µs */
    uint64_t hello_at;    /**< when the last hello was begun */
    uint32_t hello_frame; /**< and the frame's number */
    uint64_t counters_at;
    uint32_t counters_interval_ms; /**< UINT32_MAX: never */
    uint32_t latency_ms;           /**< a frame that is not full may wait so long */
    bool urgent;                   /**< but not the one that is open */
    uint32_t open_frame;           /**< the one that waits, and since when */
    uint64_t open_since;
    bool pause_told;
    bool ended; /**< the last record is written */
    size_t memory_bytes;
    /* counters */
    uint64_t events;
    uint64_t bytes;
    uint32_t frames;
    uint32_t snapshots;
    uint32_t most_pending;
} ht_drain_t;

/** What ht_drain_init() wants to know. */
typedef struct {
    uint32_t ring_events; /**< per core, a power of two */
    uint32_t frame_bytes; /**< at least HT_FRAME_WIRE_MIN, at most HT_FRAME_MAX */
    bool pauses;
    bool complete; /**< each frame holds all definitions that it refers to; nothing else is sent */
    uint16_t boot;
    ht_drain_write_fn write;
    void *context;
    uint32_t counters_interval_ms; /**< UINT32_MAX: never */
    uint32_t latency_ms;           /**< 0: each poll sends what there is */
} ht_drain_config_t;

/** Bytes of memory for a drain of this tracker. */
size_t ht_drain_memory_bytes(const ht_tracker_t *tracker, const ht_drain_config_t *config);

/** Prepare, in memory aligned to 8. The next thing to do is ht_trace_attach(). */
void ht_drain_init(ht_drain_t *drain, ht_tracker_t *tracker, const ht_drain_config_t *config,
                   void *memory);

/** Write everything that happened until now. False: the sink did not take all. */
bool ht_drain_poll(ht_drain_t *drain);

/** After ht_trace_detach(): write what is left and the end. False: the sink did not take all; call
 * it again. */
bool ht_drain_end(ht_drain_t *drain, uint32_t why);

/**
 * Everything else stands still for ever, wherever it was: in the midst of an event, or (`inside`)
 * of this very drain, whose open frame is lost then. Write what lies in the rings, in frames that
 * stand alone. Takes no lock but one that nobody gives back. False: not such frames, or the sink
 * did not take all.
 */
bool ht_drain_rescue(ht_drain_t *drain, bool inside);

/** Write what was measured of the heaps last. False as above. */
bool ht_drain_heaps(ht_drain_t *drain);

/** Hand the frame to the sink, unless it may wait for more. False: the sink did not take all. */
bool ht_drain_flush_if_due(ht_drain_t *drain);

/** Have the next polls send a snapshot. */
void ht_drain_want_snapshot(ht_drain_t *drain);

/* --- between the files of the drain ------------------------------------------------------------
 */

/** Write a record; a full frame is handed to the sink first. False: it is still there. */
bool ht_drain_put(ht_drain_t *drain, const ht_record_out_t *out);

/** Close the frame, if there is one, and hand it to the sink. False: the sink did not take all. */
bool ht_drain_flush(ht_drain_t *drain);

/** Write all events before this number. */
bool ht_drain_to(ht_drain_t *drain, uint32_t limit);

/** Define a task, in frames that stand alone, unless that was done. */
bool ht_drain_define_task(ht_drain_t *drain, uint32_t index);

/** That was done, by an event: the name is the one of that time. */
void ht_drain_task_is_defined(ht_drain_t *drain, uint32_t index);

/** Define a heap as it is now. */
bool ht_drain_define_heap(ht_drain_t *drain, uint32_t index);

/** Write one event. `slots`: where it is in its ring. */
bool ht_drain_event(ht_drain_t *drain, unsigned core, uint32_t at);

/** Slots of an event of this kind. */
uint32_t ht_drain_slots(uint32_t kind);

/** The number of the next event; all before it are in the rings, or lost. Takes the lock. */
uint32_t ht_drain_limit(const ht_drain_t *drain);

/** Define an origin, and its site, unless that was done. */
bool ht_drain_define_origin(ht_drain_t *drain, uint32_t index);

/** The reader knows no definition any more: origins, and tasks in frames that stand alone. */
void ht_drain_define_anew(ht_drain_t *drain);

/** Have hello, heaps and tasks said before the next event: at the start, and where a definition may
 * be among what was lost. */
void ht_drain_introduce(ht_drain_t *drain);

/** Begin to say all of it again, or a snapshot, if that is due; step by step: ht_drain_step(). */
void ht_drain_resync(ht_drain_t *drain);

/** One step. False: the sink did not take all. */
bool ht_drain_step(ht_drain_t *drain, ht_steps_t *steps);

/** The generation as a trace has it: a reset counts the tracker's up twice. */
HT_INLINE uint32_t ht_drain_generation(uint32_t generation)
{
    return generation / 2U;
}

/** Say hello, in as many records as it takes. */
bool ht_drain_hello(ht_drain_t *drain);

/** `count` events are missing here. */
bool ht_drain_gap(ht_drain_t *drain, uint32_t count);

bool ht_drain_put_heap(ht_drain_t *drain, uint32_t index, uintptr_t start, size_t bytes,
                       const ht_trace_heap_t *facts);
bool ht_drain_put_task(ht_drain_t *drain, uint64_t time_us, uint32_t index, uintptr_t handle,
                       const char *name);
bool ht_drain_put_task_gone(ht_drain_t *drain, uint64_t time_us, uint32_t index);
void ht_drain_sums(ht_bytes_t *bytes, const ht_trace_sums_t *sums);

/** The fields that a record of a snapshot and one that was put back share. */
void ht_drain_block(ht_bytes_t *bytes, const ht_record_t *record, uint64_t age_us);
