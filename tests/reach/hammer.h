/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Somebody who allocates, links, moves and frees all the time, and loses nothing: a task, a hart's
 * program, or an interrupt handler, while another one scans.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HAMMER_SLOTS 8U

typedef struct hammer_node {
    struct hammer_node *next;
    uint32_t number;
} hammer_node_t;

typedef struct {
    void *(*make)(size_t bytes);
    void (*end)(void *block);
    uint32_t random;
    hammer_node_t *volatile slot[HAMMER_SLOTS]; /* lists: all that there is */
    uint32_t length[HAMMER_SLOTS];
    uint32_t steps;
} hammer_t;

/** `make` and `end`: of its heap. Any context. */
void hammer_init(hammer_t *hammer, void *(*make)(size_t bytes), void (*end)(void *block),
                 uint32_t seed);

/** A block is made, freed, or two lists change places. */
void hammer_step(hammer_t *hammer);

/** Are all the lists whole? */
bool hammer_is_whole(const hammer_t *hammer);
