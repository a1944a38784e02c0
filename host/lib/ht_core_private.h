/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * What ht_core.c is made of:
 *
 *   ht_core.c         finding the state, its header and its table of fields
 *   ht_core_rows.c    origins, tasks, heaps, failures
 *   ht_core_blocks.c  records: live blocks and freed ones; totals
 */
#pragma once

#include "ht_core.h"
#include "ht_strings.h"

/* Tables and fields: SPEC.md, 3. */
enum {
    TRACKER,
    RECORD,
    ORIGIN,
    TASK,
    HEAP,
    FAILURE,
    FREED,
    SITE,
    TABLES,
};
enum {
    TRACKER_STATE = 1,
    TRACKER_LAST_TICK,
    TRACKER_LAST_ORDER,
    TRACKER_STARTED,
    TRACKER_DEPTH,
    TRACKER_BUCKETS,
    TRACKER_BUCKET_COUNT,
    TRACKER_USED,
    TRACKER_ORIGINS,
    TRACKER_ORIGIN_COUNT,
    TRACKER_FRAMES,
    TRACKER_FRAMES_USED,
    TRACKER_TASKS,
    TRACKER_TASK_COUNT,
    TRACKER_HEAPS,
    TRACKER_HEAP_COUNT,
    TRACKER_FAILURES,
    TRACKER_FAILURE_MAX,
    TRACKER_FAILURE_COUNT,
    TRACKER_FREED,
    TRACKER_FREED_MAX,
    TRACKER_FREED_COUNT,
    TRACKER_FRONT,
    TRACKER_LOST_FULL,
    TRACKER_LOST_CROWDED,
    TRACKER_LOST_LARGE,
    TRACKER_LOST_FILTERED,
    TRACKER_UNKNOWN_FREES,
    TRACKER_LOST_ORIGINS,
    TRACKER_LOST_FRAMES,
    TRACKER_LOST_TASKS,
    TRACKER_MAX_BLOCKS,
    TRACKER_MAX_ORIGINS,
    TRACKER_MAX_TASKS,
    TRACKER_MEMORY,
    TRACKER_TALLY_WHO,
    TRACKER_TALLY_BLOCKS,
    TRACKER_TALLY_FREED,
    TRACKER_TALLY_TOTAL,
    TRACKER_TALLY_LIVE,
    TRACKER_TALLY_PEAK,
};

typedef struct {
    uint16_t bytes; /* 0: there is no such field */
    uint32_t offset;
} ht_core_field_t;

/* One live or freed block's record, taken apart. */
typedef struct {
    uint64_t key; /* what it is filed under: bit 1 cleared */
    uint64_t address, size, tick;
    uint32_t heap, core, origin, task, order;
    bool is_live;
} ht_core_record_t;

typedef struct {
    ht_core_t core; /* first: what users have */
    const ht_memory_t *memory;
    ht_core_progress_t progress;
    uint64_t state;
    unsigned version; /* of heaptrail_state */
    unsigned bucket_slots;
    unsigned record_bytes;
    ht_core_field_t field[TABLES][256];
    uint64_t now; /* tick of the newest stamp */
    ht_strings_t strings;
    size_t note_capacity;
} ht_core_reader_t;

/* Remember a sentence about what is missing. */
void ht_core_say(ht_core_reader_t *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A number at an address, of up to 8 bytes. */
bool ht_core_number(const ht_core_reader_t *reader, uint64_t address, size_t bytes,
                    uint64_t *value);

/* A field of the tracker; 0 where there is none. */
uint64_t ht_core_tracker(const ht_core_reader_t *reader, unsigned field);

/* The address of a field of the tracker that is a table itself. False: there is no such field. */
bool ht_core_tracker_at(const ht_core_reader_t *reader, unsigned field, uint64_t *address);

/* A field of the row that begins at `row`; 0 where there is none. */
uint64_t ht_core_row(const ht_core_reader_t *reader, unsigned table, uint64_t row, unsigned field);
bool ht_core_has(const ht_core_reader_t *reader, unsigned table, unsigned field);
size_t ht_core_row_bytes(const ht_core_reader_t *reader, unsigned table);

/* A table under way: only rows that are in memory as a whole are visited. */
typedef struct {
    uint64_t at;      /* the row's address */
    uint64_t base;    /* of row 0 */
    uint64_t row;     /* its number */
    uint64_t count;   /* of all rows */
    uint64_t visited; /* so far */
    size_t row_bytes;
} ht_core_walk_t;
ht_core_walk_t ht_core_walk(uint64_t base, uint64_t count, size_t row_bytes);
bool ht_core_next(const ht_core_reader_t *reader, ht_core_walk_t *walk);
/* Say how many rows were missing, if any. */
void ht_core_walked(ht_core_reader_t *reader, const ht_core_walk_t *walk, const char *noun);

/* How many rows of `row_bytes` to look for: `count`, unless it is more than there is memory for. */
uint64_t ht_core_limit(ht_core_reader_t *reader, uint64_t count, size_t row_bytes,
                       const char *noun);

/*
 * The task in a record's third word; from version 2 on also the heap.
 *   version 1  size heap guard core | origin task order is_tcb
 *   version 2  order size           | origin task heap guard is_tcb core
 */
uint32_t ht_core_task_of(const ht_core_reader_t *reader, uint64_t who);
uint32_t ht_core_heap_of(const ht_core_reader_t *reader, uint64_t who);

/* Ticks until the newest stamp, in µs. */
uint64_t ht_core_age_us(const ht_core_reader_t *reader, uint64_t tick);

/* Row `origin` as it is in rows; of the unknown origin where there is none. */
heaptrail_origin_t ht_core_origin(const ht_core_reader_t *reader, uint32_t origin);
void ht_core_task_name(const ht_core_reader_t *reader, uint32_t task,
                       char name[HEAPTRAIL_TASK_NAME_MAX]);
bool ht_core_in_isr(uint32_t task);

/* ht_core_rows.c. False: no memory. */
bool ht_core_read_origins(ht_core_reader_t *reader);
bool ht_core_read_tasks(ht_core_reader_t *reader);
bool ht_core_read_heaps(ht_core_reader_t *reader);
bool ht_core_read_failures(ht_core_reader_t *reader);

/* ht_core_blocks.c. False: no memory. */
bool ht_core_read_blocks(ht_core_reader_t *reader);
bool ht_core_read_freed(ht_core_reader_t *reader);
void ht_core_count(ht_core_reader_t *reader);
