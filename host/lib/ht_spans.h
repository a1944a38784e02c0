/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Stretches of addresses that may contain each other, and which is the innermost at an address.
 *
 *   added     |-------- f --------|   |-- g --|
 *                 |-- inlined --|
 *   flattened | f | inlined     |f|   |   g   |      one sorted array, one binary search
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HT_SPANS_NONE UINT32_MAX

typedef struct {
    uint64_t low, high; /* high excluded */
    uint32_t depth;     /* of two equal stretches the deeper is the inner one */
    uint32_t value;     /* the user's; not HT_SPANS_NONE */
} ht_span_t;

typedef struct {
    uint64_t start;
    uint32_t value;
    uint32_t unused;
} ht_span_step_t;

/** All zero is empty. */
typedef struct {
    ht_span_t *spans; /* what was added, gone after flattening */
    size_t span_count, span_capacity;
    ht_span_step_t *steps; /* ascending; each holds up to the next one's start */
    size_t step_count, step_capacity;
} ht_spans_t;

/** Add a stretch; one without extent is ignored. False: no memory. */
bool ht_spans_add(ht_spans_t *spans, uint64_t low, uint64_t high, uint32_t depth, uint32_t value);

/** Once, after the last was added: O(n log n). False: no memory. */
bool ht_spans_flatten(ht_spans_t *spans);

/** The value of the innermost stretch at an address, or HT_SPANS_NONE: O(log n). `low` is where the
 *  stretch, or the part of it that is not interrupted by an inner one, begins; may be NULL. */
uint32_t ht_spans_find(const ht_spans_t *spans, uint64_t address, uint64_t *low);

void ht_spans_free(ht_spans_t *spans);
