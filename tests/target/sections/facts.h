/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* What two operations left behind: two ways to do them are the same if the facts are. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define FACTS_MAX 64

typedef struct {
    uint32_t count;
    uint32_t fact[FACTS_MAX];
    const char *name[FACTS_MAX];
} facts_t;

/** Add those of the tracker, and what the operation and the rival said. */
void facts_take(facts_t *facts);

/** Add what was seen in the end. */
void facts_take_results(facts_t *facts);

bool facts_are_same(const facts_t *a, const facts_t *b);

/** Print each fact that is not as in either of the others. */
void facts_print_difference(const facts_t *now, const facts_t *one, const facts_t *other);
