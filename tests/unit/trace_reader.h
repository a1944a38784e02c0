/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file trace_reader.h
 * A reader of traces for tests, written from SPEC.md, section 5, alone: it shares nothing with the
 * encoder, not even the header, and nothing with host/lib. It is naive on purpose: it keeps all in
 * arrays, searches them from front to back, and calls reader_wrong() for whatever the page does not
 * allow.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef READER_BLOCKS
#define READER_BLOCKS 20000
#define READER_ROWS 4096
#define READER_MARKS 4096
#endif

typedef struct {
    uint64_t address, size, made_us;
    uint32_t origin, task, core;
    bool live, unrecorded, in_realloc, pooled, seen; /* seen: by the snapshot under way */
    char by[8];                                      /* how the name of its task began then */
} reader_block_t;

typedef struct {
    bool defined;
    uint64_t method, caps, site, depth, frames[40];
    uint64_t blocks, bytes, freed; /* ever */
} reader_origin_t;

typedef struct {
    bool defined, gone;
    uint64_t handle, kind;
    char name[32];
} reader_task_t;

typedef struct {
    uint64_t live_blocks, live_bytes, total_blocks, total_bytes, freed, failures;
} reader_sums_t;

typedef struct {
    char name[64];
    uint64_t number, time_us;
    uint32_t task;        /**< who set it */
    bool exact;           /* the reader knew all at that moment */
    reader_sums_t device; /* as the mark says */
    reader_sums_t ours;   /* as the events say */
} reader_mark_t;

typedef struct {
    bool defined, pool;
    uint64_t start, bytes;
    char name[32];
} reader_heap_t;

typedef struct {
    /* the wire */
    uint8_t body[5000];
    size_t used;
    bool in_frame, escaped, any;
    /* the stream */
    bool begun;
    uint32_t boot, flags;
    uint64_t sequence; /* of the next frame */
    uint64_t frames, text_bytes, damaged, lost_frames;
    /* within a frame */
    uint64_t time, address, context;
    bool unrecorded;
    uint64_t odd;
    uint32_t recent_origins[7], recent_origin_count;
    uint64_t recent_blocks[15];
    uint32_t recent_block_count;
    struct {
        bool known;
        uint32_t origin;
        uint64_t size;
    } sizes[32];
    /* what is known */
    bool exact;    /* a snapshot was complete, and nothing was lost since */
    bool counting; /* `sums` are right: since the first counters */
    reader_sums_t sums;
    reader_block_t blocks[READER_BLOCKS];
    uint32_t block_count;
    reader_origin_t origins[READER_ROWS];
    reader_task_t tasks[READER_ROWS];
    reader_heap_t heaps[32];
    reader_mark_t marks[READER_MARKS];
    uint32_t mark_count;
    uint64_t events, allocs, frees, lost[16], errors, failures, samples, counters, hellos, ends;
    uint64_t end_why, generation, snapshots, snapshots_complete, unknown_frees;
    uint64_t searches, suspects;      /* suspects: of the latest search */
    uint64_t search[34], suspect[32]; /* the numbers of the latest ones, without the time */
    uint64_t snapshot_began;          /* blocks when it began, in the order of the events */
    bool in_snapshot;
    bool frame_loss; /* a frame is missing: what was in it is not known */
    uint64_t latest_us;
    char wrong[200]; /* the first thing that the page does not allow */
} reader_t;

/** All zero. Large: not on a stack. */
void reader_init(reader_t *reader);

void reader_feed(reader_t *reader, const uint8_t *bytes, size_t length);

/** The live block at an address, the newest; NULL. */
reader_block_t *reader_find(reader_t *reader, uint64_t address);

/** Live blocks and their bytes, pools' not counted. */
reader_sums_t reader_live(const reader_t *reader);

/** CRC-32 of zlib, a bit at a time. */
uint32_t reader_crc(const uint8_t *bytes, size_t length);
