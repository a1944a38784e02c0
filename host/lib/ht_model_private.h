/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_model_private.h
 * The parts of a model, and who has them:
 *   ht_model.c         new, free, an event to its function, the view
 *   ht_model_live.h    the live table (inline: every event passes there); .c what is seldom
 *   ht_model_flow.h    a block more or less: flows, peaks (inline)
 *   ht_model_blocks.c  blocks made and ended, snapshots, windows
 *   ht_model_change.c  what turned out otherwise: failed realloc(), another origin
 *   ht_model_define.c  origins, sites, tasks, heaps, hello
 *   ht_model_notes.c   marks, failures, errors, losses, heap samples
 *   ht_model_series.c  samples over time
 */
#pragma once

#include "ht_model.h"
#include "ht_strings.h"

#define HT_NO_ROW UINT32_MAX

/** Tables begin with one, and rows that events change are as many of them. */
#define HT_CACHE_LINE 64U
_Static_assert(sizeof(ht_flow_row_t) == 2U * HT_CACHE_LINE, "the second one is touched seldom");

/** A function that only calls for memory: gcc takes it for one without an effect, and leaves its
 * call out, unless it is part of its caller from the start. */
#define HT_PREFETCH static inline __attribute__((always_inline))

/** An index of the trace above this is damage, or an attack: it gets row 0. */
#define HT_INDEX_MAX (UINT32_C(1) << 22)

/** A table of rows that grows. */
#define HT_ROWS(type)                                                                              \
    struct {                                                                                       \
        type *row;                                                                                 \
        size_t count, capacity;                                                                    \
    }

/** Index of the trace to row; rows that are not there are 0. */
typedef struct {
    ht_row_t *row;
    size_t size;
} ht_index_t;

static inline ht_row_t ht_index_find(const ht_index_t *index, uint32_t at)
{
    return at < index->size ? index->row[at] : 0;
}

enum {
    HT_LIVE_POOL = 1U << 0,
    HT_LIVE_CARRIED = 1U << 1,
    HT_LIVE_UNRECORDED = 1U << 2,
    HT_LIVE_CORE_SHIFT = 8
};

/* A block in a pool has the address of the one that the pool lies in, or may have. */
#define HT_KEY_POOL (UINT64_C(1) << 63)

/** A row of the live table; `key` 0: free. Blocks at 0 do not exist. */
typedef struct {
    uint64_t key;     /**< address, and HT_KEY_POOL */
    uint64_t time_us; /**< when it was made */
    uint64_t size : 48;
    uint64_t snapshot : 16; /**< the latest snapshot that it was in, or after which it was made */
    uint32_t flow;          /**< of a free row: the next free one */
    uint16_t marks;         /**< marks before it; UINT16_MAX: so many or more */
    uint16_t flags;
} ht_slot_t;

_Static_assert(sizeof(ht_slot_t) == 32, "two slots to a cache line");

#define HT_BUCKET_ENTRIES 12U

typedef struct {
    uint8_t tag[HT_BUCKET_ENTRIES]; /**< 0: free */
    uint8_t unused[4];              /**< compared with the tags, sixteen bytes at once */
    uint32_t row[HT_BUCKET_ENTRIES];
} ht_bucket_t;

_Static_assert(sizeof(ht_bucket_t) == 64, "a cache line");

typedef struct {
    ht_bucket_t *bucket;
    size_t size;       /**< buckets, a power of two */
    size_t used;       /**< blocks */
    unsigned shift;    /**< 64 less the bits of `size` */
    uint32_t free_row; /**< the latest one; HT_NO_ROW: none */
    ht_slot_t *slot;   /**< rows */
    size_t rows, capacity;
} ht_live_t;

/** Blocks that realloc() took and may put back: as many tasks can be inside it. */
#define HT_REALLOCS 64U

/** A block that begins. */
typedef struct {
    uint64_t key, size, time_us;
    ht_row_t origin, task, heap;
    unsigned flags; /**< HT_LIVE_... */
} ht_birth_t;

/** Flows by what they are of: open addressing, at most half full. */
typedef struct {
    uint64_t key; /**< ht_flow_key(); 0: free */
    ht_row_t row;
} ht_flow_slot_t;

/**
 * Where a flow was found: direct mapped, so that mostly one look does. Eight tasks of an origin lie
 * side by side, and so do a thousand origins.
 */
#define HT_FLOW_CACHE 8192U

struct ht_model {
    ht_model_options_t options;
    ht_live_t live;
    ht_model_view_t view; /**< the counters; its pointers are set when it is asked for */
    uint64_t next_sample_us;
    ht_flow_slot_t *flow_slot;
    size_t flow_slots;                  /**< a power of two */
    uint16_t flow_cache[HT_FLOW_CACHE]; /**< row + 1; 0: none. Rows beyond that are searched for */
    ht_row_t last_heap;
    uint32_t last_task_index; /**< and its row: most events come in runs */
    ht_row_t last_task;
    ht_slot_t realloc[HT_REALLOCS]; /**< a ring: the latest blocks that ended by realloc() */
    uint64_t realloc_time_us[HT_REALLOCS];
    uint64_t realloc_count;
    uint64_t made;     /**< blocks, pools' included: as the device counts */
    uint16_t snapshot; /**< the latest one, counted */
    uint32_t snapshot_number;
    uint64_t snapshot_blocks;   /**< seen of it */
    bool in_snapshot, complete; /**< complete: what is live is known, device and model can agree */
    bool lost;                  /**< events, since what is live was known */
    ht_index_t origin_of, site_of, task_of, heap_of;
    HT_ROWS(ht_origin_row_t) origins;
    HT_ROWS(ht_site_row_t) sites;
    HT_ROWS(ht_task_row_t) tasks;
    HT_ROWS(ht_heap_row_t) heaps;
    HT_ROWS(ht_flow_row_t) flows;
    HT_ROWS(ht_mark_row_t) marks;
    HT_ROWS(ht_failure_row_t) failures;
    HT_ROWS(ht_error_row_t) errors;
    HT_ROWS(ht_loss_row_t) losses;
    HT_ROWS(ht_object_row_t) objects;
    HT_ROWS(ht_suspect_row_t) suspects;
    ht_search_t search; /**< number 0: none */
    uint64_t searching; /**< the search whose suspects are to be kept; 0: none */
    ht_hello_row_t hello;
    ht_series_t series;
    ht_strings_t strings;
};

/** Room for one more row: zeroed, NULL when there is no memory (noted). */
#define HT_ROW_ADD(model, rows)                                                                    \
    (ht_model_row((model), (void **)&(rows).row, &(rows).capacity, &(rows).count,                  \
                  sizeof(*(rows).row)))
void *ht_model_row(ht_model_t *model, void **rows, size_t *capacity, size_t *count, size_t bytes);

/* --- ht_model_define.c --- */
bool ht_model_unknown_rows(ht_model_t *model);
ht_row_t ht_model_origin(ht_model_t *model, uint32_t index);
ht_row_t ht_model_task(ht_model_t *model, uint32_t index);
ht_row_t ht_model_heap(ht_model_t *model, uint32_t index);
void ht_model_define_origin(ht_model_t *model, const ht_event_t *event);
void ht_model_define_site(ht_model_t *model, const ht_event_t *event);
void ht_model_define_task(ht_model_t *model, const ht_event_t *event);
void ht_model_task_gone(ht_model_t *model, const ht_event_t *event);
void ht_model_define_heap(ht_model_t *model, const ht_event_t *event);
void ht_model_hello(ht_model_t *model, const ht_event_t *event);
const char *ht_model_text(ht_model_t *model, ht_text_t text);

/* --- ht_model_blocks.c --- */
void ht_model_take_briefs(ht_model_t *model, uint64_t since_us, const ht_brief_t *brief,
                          size_t count);
void ht_model_pool_block(ht_model_t *model, const ht_event_t *event);
void ht_model_snapshot(ht_model_t *model, const ht_event_t *event);
void ht_model_snapshot_block(ht_model_t *model, const ht_event_t *event);
void ht_model_snapshot_end(ht_model_t *model, const ht_event_t *event);
void ht_model_blocks_window(ht_model_t *model);
ht_row_t ht_model_search_heap(ht_model_t *model, uint64_t address);
void ht_model_carried_block(ht_model_t *model, const ht_birth_t *known);

void ht_model_series_take(ht_model_t *model, uint64_t time_us);

static inline bool ht_heap_has(const ht_heap_row_t *heap, uint64_t address)
{
    return address - heap->start < heap->bytes;
}

/* Mostly that of the address before. */
static inline ht_row_t ht_model_heap_at(ht_model_t *model, uint64_t address)
{
    const ht_heap_row_t *last = &model->heaps.row[model->last_heap];
    return ht_heap_has(last, address) ? model->last_heap : ht_model_search_heap(model, address);
}

/* The time is that. */
static inline void ht_model_advance(ht_model_t *model, uint64_t time_us)
{
    ht_model_view_t *view = &model->view;
    view->last_us = time_us > view->last_us ? time_us : view->last_us;
    if (view->last_us >= model->next_sample_us) { ht_model_series_take(model, view->last_us); }
}

static inline unsigned ht_lifetime_bucket(uint64_t us)
{
    unsigned bits = us == 0 ? 0U : 64U - (unsigned)__builtin_clzll(us);
    return bits < HT_LIFETIMES ? bits : HT_LIFETIMES - 1U;
}

/* --- ht_model_change.c --- */
void ht_model_remember_realloc(ht_model_t *model, const ht_slot_t *slot);
void ht_model_put_back(ht_model_t *model, const ht_event_t *event);
void ht_model_relabel(ht_model_t *model, const ht_event_t *event);

/* --- ht_model_notes.c --- */
void ht_model_mark(ht_model_t *model, const ht_event_t *event);
void ht_model_failure(ht_model_t *model, const ht_event_t *event);
void ht_model_error(ht_model_t *model, const ht_event_t *event);
void ht_model_loss(ht_model_t *model, const ht_event_t *event);
void ht_model_search(ht_model_t *model, const ht_event_t *event);
void ht_model_suspect(ht_model_t *model, const ht_event_t *event);
void ht_model_heap_sample(ht_model_t *model, const ht_event_t *event);
uint32_t ht_model_marks_before(const ht_model_t *model, uint64_t time_us);

/* --- ht_model_series.c --- */
void ht_model_series_begin(ht_model_t *model, uint64_t time_us);
void ht_model_series_free(ht_model_t *model);
