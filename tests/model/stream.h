/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file stream.h
 * A random stream of what firmware does to its heap: one seed, one stream, on every machine.
 *
 * The stream plays the heap: it hands out addresses, never the same one twice at a time, and knows
 * which blocks live. Who reads it plays the tracker (or an oracle, or nothing, for a bench).
 * Nothing here knows the core.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    STREAM_ALLOC,
    STREAM_FREE,
    STREAM_ALLOC_FAILS,
    STREAM_REALLOC_FAILS,
    STREAM_REALLOC_IN_PLACE,
    STREAM_REALLOC_MOVES,
    STREAM_REALLOC_ZERO, /* frees */
    STREAM_FREE_UNKNOWN, /* an address that was never given out */
    STREAM_TASK_CREATE,  /* its TCB at `address`: a new block, or static memory */
    STREAM_TASK_DELETE,  /* ... which is freed, or only told of */
    STREAM_TASK_SWITCH,
    STREAM_CLOCK,
    STREAM_MARK,
    STREAM_RESET,
    STREAM_FILTER,
    STREAM_STOP,
    STREAM_START,
    STREAM_ADD_HEAP,
    STREAM_KINDS
} stream_kind_t;

/* What an interrupt does inside realloc(), while the heap works. */
typedef enum {
    STREAM_INSIDE_NOTHING,
    STREAM_INSIDE_REUSE, /* allocates, and gets the address that a moving realloc() left */
    STREAM_INSIDE_RESET,
    STREAM_INSIDE_KINDS
} stream_inside_t;

#define STREAM_NAME_MAX 16
#define STREAM_SPACING 256U /* bytes from one address that is given out to the next */

typedef struct {
    stream_kind_t kind;
    stream_inside_t inside;
    uintptr_t task_key; /* who does it; under 16: HT_KEY_ISR() or start-up */
    unsigned core;
    char task_name[STREAM_NAME_MAX]; /* of task_key */
    uintptr_t address;
    uintptr_t new_address; /* where a realloc() that moves goes */
    size_t size;           /* of the new block; of a heap */
    size_t alignment;
    uint32_t origin; /* 0 .. origins - 1 */
    uint32_t ticks;  /* by which the clock moves on */
    uint32_t pick;   /* random, for what the reader has to choose */
    bool is_static;  /* of a TCB */
} stream_op_t;

typedef struct {
    uint32_t weights[STREAM_KINDS];
    uint32_t blocks;  /* live at a time, about */
    uint32_t origins; /* to choose from */
    uint32_t tasks;   /* alive at a time, at most */
    uint32_t heaps;   /* regions that addresses come from; one more is never added */
} stream_config_t;

extern const stream_config_t stream_usual;

#define STREAM_TASKS_MAX 32U

typedef struct {
    uintptr_t key;
    uint32_t slot; /* of its TCB, if that is a block */
    bool is_static;
    char name[STREAM_NAME_MAX];
} stream_task_t;

typedef struct {
    const stream_config_t *config;
    uint64_t random;
    uint8_t *slots; /* 0 free, 1 a block, 2 a TCB */
    uint32_t slot_count;
    uint32_t *live; /* slots of the blocks, TCBs not among them */
    uint32_t live_count;
    stream_task_t tasks[STREAM_TASKS_MAX]; /* [0] is "main" and stays */
    uint32_t task_count;
    uint32_t current;
    uint32_t named; /* tasks created so far */
    uint32_t heaps_added;
} stream_t;

/** Start a stream. Allocates; stream_deinit() frees. `config` stays the caller's. */
void stream_init(stream_t *stream, const stream_config_t *config, uint64_t seed);
void stream_deinit(stream_t *stream);

/** The next operation. It has happened to the heap when this returns. */
void stream_next(stream_t *stream, stream_op_t *op);

/** Any address of the memory that the stream gives out: in a block or not. */
uintptr_t stream_any_address(stream_t *stream);

/** 32 random bits. */
uint32_t stream_random(stream_t *stream);

/** The seed of a run: HEAPTRAIL_SEED, or else `usual`. */
uint64_t stream_seed(uint64_t usual);

/** Where region `heap` (1 ..) starts, and its bytes. */
uintptr_t stream_heap_start(const stream_t *stream, uint32_t heap);
size_t stream_heap_bytes(const stream_t *stream);
