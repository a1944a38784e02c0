/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* A tracker and an oracle that go through the same stream side by side. */
#pragma once

#include "ht_check.h"
#include "ht_query.h"
#include "oracle.h"
#include "stream.h"
#include "watch.h"

#define MODEL_MARKS 4

typedef struct {
    heaptrail_mark_t mark;
    uint64_t event;
} model_mark_t;

typedef struct {
    ht_tracker_t tracker;
    void *memory;
    oracle_t oracle;
    stream_t stream;
    uint64_t now;
    uint32_t step;
    model_mark_t marks[MODEL_MARKS]; /* [0] is "since the beginning" */
    uint32_t next_mark;
    uint32_t adding; /* heaps added */
    watch_t *watch;  /* NULL: no low-memory watches are set */
    char wrong[200]; /* the first difference, empty as long as there is none */
} model_t;

/** Allocates. */
void model_init(model_t *model, const ht_sizes_t *sizes, const stream_config_t *config,
                uint64_t seed);
/** The same with low-memory watches, on a memory of so many bytes. */
void model_init_watched(model_t *model, const ht_sizes_t *sizes, const stream_config_t *config,
                        uint64_t seed, size_t bytes);
void model_deinit(model_t *model);

/** One step of the stream to both. False: ht_check() says `wrong`. */
bool model_step(model_t *model);

/** Ask both everything. False: `wrong` says what differs. */
bool model_compare(model_t *model);

/** Note a difference. Returns `same`. */
bool model_expect(model_t *model, bool same, const char *what, uint64_t row, uint64_t is,
                  uint64_t should_be);
