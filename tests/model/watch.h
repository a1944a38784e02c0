/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file watch.h
 * Low-memory watches beside the model: a memory that every block of the stream takes of, recorded
 * or not, and what watches on it must do, worked out from nothing but what is free.
 */
#pragma once

#include "ht_lowmem.h"
#include "oracle.h"

#define WATCH_COUNT 3U

typedef struct {
    ht_lowmem_watch_t rows[WATCH_COUNT];
    size_t bytes; /* of the memory */
    struct {
        uintptr_t address; /* 0: none */
        size_t size;
    } blocks[ORACLE_MAX];
    uint32_t block_count;
    /* before the step */
    bool armed[WATCH_COUNT];
    uint32_t fired[WATCH_COUNT];
    uint32_t fired_ever; /* by all of them */
} watch_t;

/** Set the watches, on a memory of so many bytes of which nothing is taken. One at a time: the
 * tracker asks for what is free by a function without a context. */
void watch_init(watch_t *watch, ht_tracker_t *tracker, size_t bytes);

/** The heap gave a block, or got it back; what it never gave changes nothing. */
void watch_take(watch_t *watch, uintptr_t address, size_t size);
void watch_give(watch_t *watch, uintptr_t address);

/** Around an allocation of which the tracker is told: the name of what the watches did wrong, or
 * NULL. `oracle` knows the block already. */
void watch_before(watch_t *watch);
const char *watch_after(watch_t *watch, const ht_tracker_t *tracker, const oracle_t *oracle,
                        size_t size, uint32_t origin);

/** Measure, as the idle task and failures do. */
const char *watch_measure(watch_t *watch, ht_tracker_t *tracker);
