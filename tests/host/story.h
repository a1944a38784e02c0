/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file story.h
 * A program's life as events, random but the same for the same seed on every machine: for tests,
 * golden traces, fuzzers' corpora and benchmarks.
 *
 * What is drawn, so that a trace of it is like that of a program:
 * - origins by popularity: rank = origins * u^3, so one in eight makes half of the blocks; of four
 * blocks three are from an origin that only this task uses; six of ten origins have one size, the
 * others a range of 1 to 16; sizes are 8 * 2^(0..9), evenly in the exponent
 * - lifetimes in events: 70 % mean 8 (a few calls deep), 25 % mean 2,000, 4 % mean 200,000, 1 % for
 * ever
 * - addresses by an allocator with a list of free blocks per size, latest first, 16 bytes between
 * blocks
 * - time: one in four events in the same µs, else geometric with a mean of 4; a task switch in 50
 * - one free in 100 is a realloc()'s, followed by what became of it
 */
#pragma once

#include "ht_event.h"

typedef struct {
    uint64_t seed;
    uint64_t events; /**< allocations and frees, about */
    uint32_t origins, tasks;
    bool wide;     /**< pointers of 8 bytes */
    uint32_t rare; /**< one of the other kinds of events comes after so many; 0: 5,000 */
    uint32_t boot;
} story_config_t;

typedef void (*story_fn_t)(void *context, const ht_event_t *event);

/** From HT_EVENT_BOOT to HT_EVENT_END. What a snapshot or counters say in it is true. */
void story_tell(const story_config_t *config, story_fn_t fn, void *context);
