/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_unwind_xtensa.h
 * Xtensa's windowed ABI, once the register windows are spilled: below each frame's sp lies the save
 * area of the frame inside it.
 *
 *      sp of a frame ->                       high
 *      sp - 4   a3 of the frame inside it
 *      sp - 8   a2
 *      sp - 12  a1: the sp of this frame's caller
 *      sp - 16  a0: where this frame returns to, with the size of a window in its top two bits
 *
 * (Xtensa Instruction Set Architecture, "Windowed Procedure-Call Protocol"; ESP-IDF's
 * debug_helpers.c reads the same words.)
 */
#pragma once

#include "ht_unwind.h"

/** A frame: as esp_backtrace_get_start() gives the first. */
typedef struct {
    uint32_t pc;      /**< in this frame, or its return address */
    uint32_t sp;      /**< of this frame */
    uint32_t next_pc; /**< where it returns to; 0: it is the outermost */
} ht_xtensa_frame_t;

/** An address of code, of a return address: without the size of a window. All chips have their code
 * between 0x40000000 and 0x7fffffff. */
static inline uint32_t ht_xtensa_address(uint32_t return_address)
{
    return (return_address & 0x3FFFFFFFU) | 0x40000000U;
}

/** Does code lie there? */
typedef bool (*ht_is_code_fn)(uint32_t address);

/**
 * Record return addresses; see ht_port_stack() for frames, max, top. Starts with the first frame's
 * return address. `stack` is the part in use: no word outside of it is read, and each frame's sp
 * must be aligned and above the one before. O(max), HT_UNWIND_INNER_MAX frames more at most.
 */
unsigned ht_unwind_xtensa(const ht_range_t *stack, const ht_xtensa_frame_t *first,
                          ht_is_code_fn is_code, uintptr_t top, uintptr_t *frames, unsigned max);
