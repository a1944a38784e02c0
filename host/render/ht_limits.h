/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_limits.h
 * Limits that a trace must keep, and whether it does: for `heaptrail check`.
 *
 * A limits file, a limit per line; # begins a comment:
 *
 *   max-leaked-bytes 40k
 *   max-errors 0
 *   task net max-peak 64KiB
 *   site main.c:40 max-leaked-blocks 1
 */
#pragma once

#include "ht_desk.h"

typedef enum {
    HT_LIMIT_LEAKED_BYTES,
    HT_LIMIT_LEAKED_BLOCKS,
    HT_LIMIT_UNREACHABLE_BYTES, /**< lost, and lost with others: by the device's scan */
    HT_LIMIT_UNREACHABLE_BLOCKS,
    HT_LIMIT_PEAK,
    HT_LIMIT_GROWTH, /**< bytes per hour */
    HT_LIMIT_ALLOCATIONS,
    HT_LIMIT_TEMPORARY, /**< percent of the allocations */
    HT_LIMIT_FAILURES,
    HT_LIMIT_ERRORS,
    HT_LIMIT_LOST, /**< anything that is missing in the trace */
    HT_LIMITS
} ht_limit_kind_t;

/** What a limit is about. */
typedef enum {
    HT_SCOPE_ALL,
    HT_SCOPE_SITE,
    HT_SCOPE_FUNCTION,
    HT_SCOPE_FILE,
    HT_SCOPE_COMPONENT,
    HT_SCOPE_LIBRARY,
    HT_SCOPE_TASK,
    HT_SCOPE_HEAP,
    HT_SCOPES
} ht_scope_t;

typedef struct {
    ht_limit_kind_t kind;
    ht_scope_t scope;
    const char *pattern; /**< of the scope; NULL: all */
    uint64_t most;
    uint64_t value; /**< what it is: set by ht_limits_measure() */
    bool known;     /**< false: cannot be told; counts as exceeded */
    bool exceeded;
} ht_limit_t;

typedef struct {
    ht_limit_t *limit;
    size_t count, capacity;
    ht_strings_t strings;
} ht_limits_t;

/** "max-leaked-bytes"; NULL: there is no such kind. */
const char *ht_limit_name(ht_limit_kind_t kind);
const char *ht_limit_scope_name(ht_scope_t scope);
bool ht_limit_find(const char *name, ht_limit_kind_t *kind);
bool ht_limit_scope_find(const char *name, ht_scope_t *scope);

/** Does this kind take a size (40k), or a plain number? */
bool ht_limit_is_size(ht_limit_kind_t kind);

/** May a limit of this kind be about a part only? Errors, failures and losses are of all. */
bool ht_limit_has_scope(ht_limit_kind_t kind, ht_scope_t scope);

/** Add one; texts are copied. False: no memory. */
bool ht_limits_add(ht_limits_t *limits, const ht_limit_t *limit);
void ht_limits_free(ht_limits_t *limits);

/** Set value, known and exceeded of each. `desk`'s own choice is changed meanwhile. False: no
 * memory. */
bool ht_limits_measure(ht_limits_t *limits, ht_desk_t *desk);

/** How many are exceeded. */
size_t ht_limits_exceeded(const ht_limits_t *limits);

void ht_limits_text(const ht_limits_t *limits, ht_desk_t *desk);
void ht_limits_tree(const ht_limits_t *limits, ht_desk_t *desk, json_t *object);

/** JUnit's XML: a test suite, a case per limit. False: not written, errno is set. */
bool ht_limits_junit(const ht_limits_t *limits, const ht_desk_t *desk, const char *path);
