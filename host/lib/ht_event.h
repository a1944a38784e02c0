/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_event.h
 * What a trace tells, decoded: one event at a time. SPEC.md, section 5, says what the fields mean;
 * indices are those of the trace. Texts and arrays in an event are valid while its function runs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A text in an event: not terminated. */
typedef struct {
    const char *bytes;
    size_t length;
} ht_text_t;

typedef enum {
    HT_EVENT_BOOT, /**< another run begins, or a first one: everything known before is void */
    HT_EVENT_HELLO,
    HT_EVENT_ORIGIN,
    HT_EVENT_SITE,
    HT_EVENT_TASK,
    HT_EVENT_TASK_GONE,
    HT_EVENT_HEAP,
    HT_EVENT_ALLOC,
    HT_EVENT_FREE,
    HT_EVENT_POOL_BLOCK,
    HT_EVENT_RELABEL,  /**< a live block has another origin than its allocation said */
    HT_EVENT_PUT_BACK, /**< a realloc() failed: what its free took is live again; see `block` */
    HT_EVENT_HEAP_SAMPLE,
    HT_EVENT_MARK,
    HT_EVENT_FAILURE,
    HT_EVENT_ERROR,
    HT_EVENT_LOSS, /**< said by the device, or found by the decoder (cause HT_EVENT_LOSS_FRAMES) */
    HT_EVENT_SNAPSHOT,
    HT_EVENT_SNAPSHOT_BLOCK,
    HT_EVENT_SNAPSHOT_END,
    HT_EVENT_COUNTERS,
    HT_EVENT_SEARCH, /**< the device looked for leaks; its suspects follow */
    HT_EVENT_SUSPECT,
    HT_EVENT_END,
    HT_EVENT_KINDS
} ht_event_kind_t;

/** Cause of a loss that the decoder found by itself: frames that are missing in the sequence. */
#define HT_EVENT_LOSS_FRAMES 100U

typedef struct {
    uint64_t live_blocks;
    uint64_t live_bytes;
    uint64_t total_blocks;
    uint64_t total_bytes;
    uint64_t freed_blocks;
    uint64_t failures;
} ht_counters_t;

/** A search for leaks, as the device made it: the fields in the order of the record. */
typedef struct {
    uint64_t number, suspects, evidence; /**< HT_EVIDENCE_... that it looked for */
    uint64_t origin, task;               /**< only of these; 0: of any */
    uint64_t scanned;                    /**< HT_SCANNED... */
    uint64_t passes, words, took_us;
    uint64_t reachable_blocks, reachable_bytes, possible_blocks, possible_bytes;
    uint64_t indirect_blocks, indirect_bytes, lost_blocks, lost_bytes;
    uint64_t young_blocks, unsure_blocks, left_out_blocks, flags; /**< HT_SEARCH_... */
    uint64_t sure_sites[4], suppressed_sites;                     /**< follows ... certain */
    uint64_t growth_steps, growth_span_us, growth_left_out, growth_per_hour;
    uint64_t caps, free_bytes, bytes_per_hour, left_us; /**< what runs out; caps 0: nothing */
} ht_search_t;

/** Suspects of a search that are kept, at most: more than any device has sites. */
#define HT_SUSPECTS_MAX 65536U

/** Who may leak. Parts that `evidence` does not name are 0. */
typedef struct {
    uint64_t number, rank, origin, sure, evidence, live_blocks, live_bytes;
    struct {
        uint64_t lost_blocks, lost_bytes, with_blocks, with_bytes;
        uint64_t possible_blocks, possible_bytes, indirect_blocks, indirect_bytes;
    } reach;
    struct {
        uint64_t flags; /**< HT_GROWTH_... */
        int64_t bytes_per_hour;
        uint64_t steps, rising_permille, span_us, from_bytes, to_bytes;
    } growth;
    struct {
        uint64_t blocks, bytes, task, tasks;
    } left;
    struct {
        uint64_t blocks, bytes, age_us, usual_us, times;
    } overdue;
} ht_suspect_t;

/** Of two searches one is of more use: of all sites, and with a scan. The latest of those. */
static inline bool ht_search_replaces(const ht_search_t *search, const ht_search_t *older)
{
    bool of_all = search->origin == 0 && search->task == 0;
    return of_all && (older->number == 0 || older->scanned != 0 || search->scanned == 0);
}

typedef struct {
    uint64_t start, end;
    int64_t bias; /**< what is added to the file's addresses */
    ht_text_t build_id;
    ht_text_t path;
} ht_object_t;

/** One pair of a hello. */
typedef struct {
    uint32_t key;       /**< HT_HELLO_* */
    uint64_t number;    /**< of an even key */
    ht_text_t text;     /**< of an odd key */
    ht_object_t object; /**< of HT_HELLO_OBJECT */
} ht_hello_pair_t;

typedef struct {
    ht_event_kind_t kind;
    uint8_t core;
    bool before_reset; /**< out of the flight recorder */
    uint8_t pointer_bytes;
    uint32_t boot;
    uint32_t task;    /**< index, of what has a context: alloc, free, failure, error */
    uint64_t time_us; /**< since boot */
    uint64_t offset;  /**< in the wire's bytes: where its frame begins */
    union {
        struct {
            uint64_t address;
            uint64_t size;
            uint32_t origin;
            bool unrecorded; /**< the device has no record of it */
        } alloc;
        struct {
            uint64_t address;
            bool by_realloc;
        } free;
        struct {
            bool freed;
            uint64_t address, size;
            uint32_t origin, heap;
        } pool;
        struct {
            uint64_t address;
            uint32_t origin;
        } relabel;
        struct {
            uint32_t index, method, caps, site, depth;
            const uint64_t *frames; /**< depth of them, innermost first */
        } origin;
        struct {
            uint32_t index, line, method;
            uint64_t address;
            ht_text_t file, function, variable;
        } site;
        struct {
            uint32_t index, type; /**< HT_TRACE_TASK... */
            uint64_t handle;
            ht_text_t name;
        } task_defined;
        uint32_t task_gone;
        struct {
            uint32_t index, caps;
            bool pool;
            uint64_t start, bytes;
            ht_text_t name;
        } heap;
        struct {
            uint32_t heap;
            uint64_t free_bytes, largest_bytes;
            uint64_t min_free_bytes; /**< UINT64_MAX: not known */
        } sample;
        struct {
            uint32_t number;
            ht_text_t name;
            ht_counters_t counters;
        } mark;
        struct {
            uint32_t number, caps, origin;
            bool measured;
            uint64_t size, alignment, free_bytes, largest_bytes;
        } failure;
        struct {
            uint32_t number, kind, found, repeats, place;
            uint64_t address, block, block_size, damaged_bytes;
            int64_t damage_offset;
            uint32_t block_origin, block_task, free_origin, free_task, caller_origin;
            ht_text_t report;
        } error;
        struct {
            uint32_t cause; /**< HT_LOSS_* or HT_EVENT_LOSS_FRAMES */
            uint32_t core;
            uint64_t count;
        } loss;
        struct {
            uint32_t number;
            uint64_t blocks;
            bool complete; /**< of its end */
        } snapshot;
        struct {
            uint64_t address, size, age_us;
            uint32_t origin, task, heap;
            bool pool;
            uint8_t core;
            bool
                unrecorded; /**< the device has no record; of a put back: only the address is set */
        } block;
        ht_counters_t counters;
        const ht_search_t *search;
        const ht_suspect_t *suspect;
        struct {
            const ht_hello_pair_t *pair;
            size_t count;
        } hello;
        uint32_t end; /**< HT_END_* */
    };
} ht_event_t;

/** An allocation or a free, of which there are millions, in little room. What an event says of it
 * beyond this is the same for all of a batch, and stands in an event that goes with it: its head.
 */
typedef struct {
    uint64_t address;
    uint64_t size;     /**< of an allocation, as `origin` and `unrecorded` */
    uint32_t after_us; /**< the head's time */
    uint32_t origin;
    uint32_t task;
    uint8_t kind; /**< HT_EVENT_ALLOC or HT_EVENT_FREE */
    uint8_t core;
    bool unrecorded;
    bool by_realloc; /**< of a free */
} ht_brief_t;

/** The event that a brief is. `event` is a copy of the head of its batch. */
static inline void ht_event_of_brief(ht_event_t *event, const ht_event_t *head,
                                     const ht_brief_t *brief)
{
    event->kind = (ht_event_kind_t)brief->kind;
    event->core = brief->core;
    event->task = brief->task;
    event->time_us = head->time_us + brief->after_us;
    if (brief->kind == HT_EVENT_ALLOC) {
        event->alloc.address = brief->address;
        event->alloc.size = brief->size;
        event->alloc.origin = brief->origin;
        event->alloc.unrecorded = brief->unrecorded;
    } else {
        event->free.address = brief->address;
        event->free.by_realloc = brief->by_realloc;
    }
}

#ifdef __cplusplus
}
#endif
