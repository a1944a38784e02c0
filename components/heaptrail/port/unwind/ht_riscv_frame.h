/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_riscv_frame.h
 * The frame of a function, told from its code: where, at a return address in it, the words lie that
 * it will return with.
 *
 *   before the call          high
 *   of the function   sp -> +------------------+ <- its caller's sp ("top")
 *                           | ra, s0, s1, ...  |
 *                           | locals           |
 *   within it         sp -> +------------------+
 *                            low
 */
#pragma once

#include "ht_riscv_code.h"

/** Instructions that one frame may take to find, at most. */
#define HT_RV_FRAME_BUDGET 320U

typedef enum {
    HT_RV_FRAME_NONE,    /**< the address is no return address */
    HT_RV_FRAME_UNKNOWN, /**< it is, but the code does not say where its frame ends */
    HT_RV_FRAME_SP,      /**< top = sp + size */
    HT_RV_FRAME_S0       /**< top = s0 + size: a frame of variable size */
} ht_rv_base_t;

/** Packed into one word, so that it is learned and read in one piece. In words of 4 bytes. */
typedef struct {
    unsigned base : 2;     /**< ht_rv_base_t */
    unsigned ra_below : 6; /**< ra lies this far below the top */
    unsigned s0_below : 6; /**< so does the caller's s0; 0: it is still in s0 */
    unsigned size : 18;
} ht_rv_frame_t;

_Static_assert(sizeof(ht_rv_frame_t) == sizeof(uint32_t), "one word");

/**
 * Follow the code from pc to where the function returns, or leaves by a jump: past calls, along
 * branches not taken first. Takes from the budget. The result's base is HT_RV_FRAME_SP or _S0, or
 * _UNKNOWN: no way out was found, as in a function that never returns.
 */
ht_rv_frame_t ht_rv_frame_by_exit(ht_rv_code_t *code, uintptr_t pc);

/** The same by a function's first instructions, which set the frame up. Its ra must be saved before
 * `pc`. */
ht_rv_frame_t ht_rv_frame_by_entry(ht_rv_code_t *code, uintptr_t entry, uintptr_t pc);

/** The same for a pc whose function's entry is not known: the nearest code before it that sets up a
 * frame. */
ht_rv_frame_t ht_rv_frame_by_search(ht_rv_code_t *code, uintptr_t pc);
