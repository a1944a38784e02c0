/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_posix_cfi.h
 * How to leave a function: the part of the call frame information (DWARF 5, 6.4; System V ABI
 * x86-64, 3.7) that ordinary frames need, in eight bytes, so that it can be cached per return
 * address.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    HT_CFI_PLAIN =
        1, /**< caller's stack pointer = base + cfa_offset, return address right below it */
    HT_CFI_ODD = 2, /**< something else: ask the compiler's unwinder */
    HT_CFI_END = 3  /**< the outermost frame, or no information */
};

typedef struct {
    unsigned kind;
    bool base_is_bp;  /**< base: the frame pointer; else the stack pointer */
    bool bp_is_saved; /**< at caller's stack pointer + bp_offset; else unchanged */
    int32_t cfa_offset;
    int32_t bp_offset;
} ht_cfi_rule_t;

/** The rule at a return address. No locks, no allocation. O(length of the function's information).
 */
ht_cfi_rule_t ht_cfi_rule(uintptr_t return_address);
