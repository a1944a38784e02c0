/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_checks.h
 * Which memory errors are looked for, and the counters of what was found. All zero: none.
 */
#pragma once

#include "heaptrail_error_types.h"
#include "ht_types.h"

/** Redzones are at most this long, each. */
#define HT_REDZONE_BYTES_MAX 64U

/** The front of a block with HT_GUARD_WIDE: no smaller than the largest alignment and the largest
 * cache line that have a redzone in front. */
#define HT_GUARD_WIDE_BYTES 128U

typedef struct {
    bool on;           /**< the checked path is taken: some check is on, or was */
    bool simple_alloc; /**< nothing but redzones: ht_hot_checked.h does it */
    bool slow_free;    /**< more than redzones */
    bool redzones;     /**< new blocks get them */
    bool fill_new;
    bool fill_freed;
    bool heap_headers;
    bool wrong_frees;
    uint8_t front; /**< bytes of the front redzone, a multiple of HT_PORT_ALIGN. Both sizes stay
                      once one of them is not 0: records do not keep them */
    uint8_t tail;  /**< bytes of the tail redzone, as asked for; it goes on to the next word */
    uint8_t new_byte;
    uint8_t freed_byte;
    uint32_t seed; /**< of the canaries */
    uint32_t report_interval_ms;
    uint32_t scrub_round_ms;
    uint8_t policy[HEAPTRAIL_ERROR_COUNT]; /**< heaptrail_policy_t */
    uint32_t doubts; /**< pointers looked up in `doubt_second`, see ht_checked.c */
    uint32_t doubt_second;
    /* counters */
    uint32_t errors[HEAPTRAIL_ERROR_COUNT];
    uint32_t unguarded_blocks;
    uint32_t released_early;
    uint32_t leaked_blocks;
    size_t leaked_bytes;
} ht_checks_t;
