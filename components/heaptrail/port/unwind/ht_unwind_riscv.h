/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_unwind_riscv.h
 * Call stacks of RISC-V code without frame pointers, without tables.
 *
 * For each frame: where the code says that its return address is saved (ht_riscv_frame.h), there it
 * is read, and believed if it is behind a call. Where the code does not say, words of the stack are
 * looked at one after the other: one is kept if it is behind a call whose target is known, begins
 * the function of the frame inside it, and saves ra in just that word. DESIGN.md says how often
 * that is right.
 *
 * What code says is constant, so it is remembered: only what is new is learned, by functions that
 * may lie in flash and that read it. Where that is not allowed just now, the walk ends there.
 */
#pragma once

#include "ht_riscv_frame.h"

/**
 * What was learned of one return address. Two words that are written by nobody's lock: the first is
 * the address XOR the second, so that halves of two entries do not match (Hyatt and Mann 2002, "A
 * lock-less transposition-table implementation for parallel search chess engines").
 */
typedef struct {
    uint32_t key;
    uint32_t frame;
} ht_rv_memo_t;

/** Where a walk begins: registers as they are at one instruction of the caller's. */
typedef struct {
    uintptr_t pc;
    uintptr_t sp;
    uintptr_t s0;
} ht_rv_regs_t;

typedef struct {
    ht_range_t stack; /**< the part in use, to its end */
    ht_rv_code_t code;
    bool (*may_learn)(void); /**< may code in flash be run and read now? Asked once, if at all */
    ht_rv_memo_t *memo;      /**< all-zero is empty */
    uint32_t memo_entries;   /**< 4 .. 65536 */
} ht_rv_walk_t;

/** Record return addresses; see ht_port_stack() for frames, max, top. Reads the walk's stack and
 * text and nothing else; O(max), and at most the code's budget. Any context. */
unsigned ht_unwind_riscv(ht_rv_walk_t *walk, const ht_rv_regs_t *regs, uintptr_t top,
                         uintptr_t *frames, unsigned max);
