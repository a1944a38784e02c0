/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file oracle.h
 * What a tracker should say, worked out in the plainest way: arrays, linear search, sums when
 * asked. Slow, and obviously right. It shares no code with the core but the sizes and row types.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ht_origin.h"
#include "ht_tracker.h"

#define ORACLE_MAX 4096
#define ORACLE_ROWS 64

typedef struct {
    uintptr_t address; /* 0: none */
    size_t size;
    uint32_t origin, heap, task, core;
    uint64_t tick;  /* without a wrap */
    uint64_t event; /* how many events came before it */
    bool held;
    bool forgotten; /* by a reset while it was held */
} oracle_block_t;

typedef struct {
    ht_origin_key_t key;
    uintptr_t frames[4];
    uint32_t total, freed, dropped, failures;
    uint64_t total_bytes;
    size_t peak;
    uint32_t lives[HT_LIFETIME_BUCKETS];
} oracle_origin_t;

typedef struct {
    uintptr_t key; /* 0: gone, or no task */
    bool used, gone;
    char name[HT_TASK_NAME_MAX];
    uint32_t total;
    uint64_t total_bytes;
    size_t peak;
} oracle_task_t;

typedef struct {
    uintptr_t start;
    size_t size;
    uint32_t caps, total;
    size_t peak;
} oracle_heap_t;

typedef struct {
    uint32_t number, origin, task;
    size_t size, alignment;
    uint64_t tick, event;
} oracle_failure_t;

typedef struct {
    ht_sizes_t sizes;
    ht_filter_t filter;
    bool running;
    uint64_t now, last_tick, event;
    uint32_t last_order;
    uint32_t limit; /* of records */
    oracle_block_t blocks[ORACLE_MAX];
    uint32_t block_count; /* used so far, holes among them */
    oracle_origin_t origins[ORACLE_ROWS];
    uint32_t origin_count, frames_used; /* origin 0 not counted */
    oracle_task_t tasks[ORACLE_ROWS];
    uint32_t task_count, cursor; /* the first four counted */
    oracle_heap_t heaps[HT_HEAPS_MAX + 1];
    uint32_t heap_count;
    oracle_failure_t failures[ORACLE_MAX];
    uint32_t failure_count;
    heaptrail_loss_t loss;
} oracle_t;

typedef struct {
    uint32_t blocks;
    size_t bytes;
} oracle_sum_t;

/** Start again. The oracle is large: not on a stack. */
void oracle_init(oracle_t *oracle, const ht_sizes_t *sizes, uint64_t now);

uint32_t oracle_intern(oracle_t *oracle, const ht_origin_key_t *key);
void oracle_add(oracle_t *oracle, uintptr_t address, size_t size, uint32_t origin, uintptr_t key,
                const char *name, uint32_t core);
void oracle_remove(oracle_t *oracle, uintptr_t address);
/** What realloc() does to the old block; 0 .. is a handle, -1: it has no record. */
int oracle_hold(oracle_t *oracle, uintptr_t address);
void oracle_put_back(oracle_t *oracle, int held, bool was_reset);
void oracle_drop(oracle_t *oracle, int held);
void oracle_fail(oracle_t *oracle, size_t size, size_t alignment, uint32_t origin, uintptr_t key,
                 const char *name);
void oracle_task_gone(oracle_t *oracle, uintptr_t key);
void oracle_add_heap(oracle_t *oracle, uintptr_t start, size_t size, uint32_t caps);
/** A mark: the number of events so far. */
uint64_t oracle_mark(oracle_t *oracle);
void oracle_reset(oracle_t *oracle);

/** Live blocks whose field is `id`, later than event `since`. */
typedef enum { ORACLE_BY_ORIGIN, ORACLE_BY_TASK, ORACLE_BY_HEAP } oracle_field_t;
oracle_sum_t oracle_sum(const oracle_t *oracle, oracle_field_t field, uint32_t id, uint64_t since);
/** Ticks since the oldest live block of an origin; 0 when there is none. */
uint64_t oracle_oldest(const oracle_t *oracle, uint32_t origin);
uint64_t oracle_age(const oracle_t *oracle, uint64_t tick);
/** The block that an address lies in, or NULL. */
const oracle_block_t *oracle_whois(const oracle_t *oracle, uintptr_t address);
const oracle_block_t *oracle_find(const oracle_t *oracle, uintptr_t address);
