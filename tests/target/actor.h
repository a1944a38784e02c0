/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * One of those who use a tracker at the same time: a hart's program, or its interrupt handler. Each
 * has its stream of requests (the model test's), addresses of its own, and keeps account of what
 * it did, so that the sum of all accounts is what the tracker has to say in the end.
 */
#pragma once

#include "ht_tracker.h"
#include "stream.h"

#define ACTOR_ORIGINS 24

typedef struct {
    uint32_t total, freed, dropped, failures;
    uint64_t total_bytes;
    size_t live_bytes;
} actor_account_t;

typedef struct {
    stream_t stream;
    uintptr_t shift; /* of its addresses */
    size_t *size;    /* of each of the stream's slots: what is recorded of it, plus 1; 0: nothing */
    uint8_t *origin;
    actor_account_t account[ACTOR_ORIGINS];
    uint32_t unknown; /* frees of what has no record */
    uint32_t steps;
} actor_t;

/** Allocates. `number` makes its addresses and its stream its own. */
void actor_init(actor_t *actor, unsigned number);

/** One request. Any context. */
void actor_step(actor_t *actor, ht_tracker_t *tracker);

/** The tracker's number of one of the origins that the actors share. */
ht_origin_id_t actor_origin(ht_tracker_t *tracker, uint32_t origin);
