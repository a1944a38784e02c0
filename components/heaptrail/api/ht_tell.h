/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** @file ht_tell.h  Who is told about an error. */
#pragma once

#include "heaptrail_errors.h"
#include "ht_tracker.h"

typedef struct {
    ht_port_lock_t lock;
    heaptrail_error_fn_t fn;
    void *context;
} ht_tell_state_t;

/** The firmware's callback under HEAPTRAIL_POLICY_CALLBACK; NULL: nobody. */
void ht_tell_set(heaptrail_error_fn_t fn, void *context);
