/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_check_words.h
 * The checks by name, those that are on and those that are not.
 */
#pragma once

#include "ht_report.h"

typedef enum {
    HT_CHECK_REDZONES,
    HT_CHECK_WRONG_FREES,
    HT_CHECK_HEAP_HEADERS,
    HT_CHECK_QUARANTINE,
    HT_CHECK_FILL_FREED,
    HT_CHECK_FILL_NEW,
    HT_CHECK_SCRUBBER,
    HT_CHECKS
} ht_check_kind_t;

bool ht_check_any(const heaptrail_checks_t *checks);

/** "redzones, wrong frees; off: scrubber": part of a sentence. */
void ht_check_words(ht_out_t *out, const heaptrail_checks_t *checks);

/** The keys of those that are on, as an array. */
void ht_check_words_json(ht_json_t *json, const char *key, const heaptrail_checks_t *checks);
