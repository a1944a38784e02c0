/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_site_match.h  Does a block's origin have these names? For lists of what may leak. */
#pragma once

#include "heaptrail_types.h"

/** Fields that are NULL or 0 match all; the others must match. */
typedef struct {
    const char *file; /**< the end of the path: "net.c", "main/net.c" */
    uint32_t line;    /**< with file */
    const char *function;
    const char *variable;
    uintptr_t caller, caller_end; /**< a return address in [caller, caller_end) is in the stack */
} ht_site_match_t;

/** What is wrong with it, or NULL. That nothing is named is not. */
const char *ht_site_match_fault(const ht_site_match_t *match);

/** Whether anything is named. */
bool ht_site_match_names(const ht_site_match_t *match);

bool ht_site_matches(const ht_site_match_t *match, const heaptrail_origin_t *origin);
