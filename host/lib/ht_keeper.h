/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_keeper.h
 * What a reader must be told to join a trace in its middle: definitions, live blocks, counters.
 * Follows the events and writes it all down as a checkpoint of a recorded file (SPEC.md 5.6).
 *
 * Memory: 48 bytes per live block in a table between 1/3 and 2/3 full, each definition once, and
 * those of a task's row that had other owners, while blocks of theirs live.
 */
#pragma once

#include "ht_event.h"
#include "ht_writer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ht_keeper ht_keeper_t;

/** NULL: no memory. Free it with ht_keeper_free(). */
ht_keeper_t *ht_keeper_new(void);
void ht_keeper_free(ht_keeper_t *keeper);

/** The next event. O(1), but for the end of a snapshot, and one in so many tasks that begin in the
 * row of another one: O(live blocks). */
void ht_keeper_event(ht_keeper_t *keeper, const ht_event_t *event);

/** Live blocks that are known, those of pools included. */
uint64_t ht_keeper_blocks(const ht_keeper_t *keeper);

/** False: there was no memory for something; a checkpoint would not be the truth. */
bool ht_keeper_is_whole(const ht_keeper_t *keeper);

/**
 * Everything that is known, into frames: hello, definitions (by time), counters, a snapshot. The
 * writer's boot and flags are the caller's business. False: no memory; what was written is not
 * whole.
 */
bool ht_keeper_write(ht_keeper_t *keeper, ht_writer_t *writer);

#ifdef __cplusplus
}
#endif
