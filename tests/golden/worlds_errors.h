/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file worlds_errors.h
 * Memory errors, addresses and explanations that reports are drawn from; fake_errors() has them
 * all.
 */
#pragma once

#include "fake.h"

typedef struct {
    const char *name;
    heaptrail_error_row_t row;
} named_error_t;

extern const named_error_t g_errors[];
extern const uint32_t g_error_count;
extern const heaptrail_error_row_t g_extreme_error;

/** One address of each place but a live block and free memory. */
extern const heaptrail_address_row_t g_addresses[];

extern const heaptrail_checks_t g_all_checks;

/** What is kept of a failure with this verdict. Valid until the next call. */
const heaptrail_explanation_t *explanation(heaptrail_verdict_t verdict);
