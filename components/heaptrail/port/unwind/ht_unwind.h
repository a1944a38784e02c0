/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file ht_unwind.h
 * What every walk over a stack stands on: no word is read that does not lie in a known range.
 *
 *   ht_unwind_frames.h   frame pointers (RISC-V, x86)
 *   ht_unwind_riscv.h    RISC-V without them: the code itself says where its frames end
 *   ht_riscv_code.h        its reading of instructions
 *   ht_riscv_frame.h       its reading of one function's frame
 *   ht_unwind_xtensa.h   Xtensa's save areas, register windows spilled
 *
 * None knows an operating system: ranges come in, addresses go out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ht_port.h" /* HT_PORT_HOT */

/* Where an address of the program's is read. Tests keep their memory elsewhere, and look at each
 * read. */
#ifndef HT_UNWIND_AT
#define HT_UNWIND_AT(address) ((const void *)(uintptr_t)(address))
#endif

/** Frames between a port's ht_port_stack() and the entry point, at most: the allocator's own. */
#define HT_UNWIND_INNER_MAX 16U

/** Addresses low .. high - 1; empty: nothing is known. */
typedef struct {
    uintptr_t low;
    uintptr_t high;
} ht_range_t;

static inline bool ht_range_has(const ht_range_t *range, uintptr_t address, size_t bytes)
{
    uintptr_t offset = address - range->low;
    uintptr_t span = range->high - range->low;
    return offset < span && bytes <= span - offset;
}

/* Aligned, and known to lie in a range. */
__attribute__((no_sanitize("address"))) static inline uint32_t ht_unwind_word(uintptr_t address)
{
    return *(const volatile uint32_t *)HT_UNWIND_AT(address);
}

/** The stack's word at an address. False: there is none. */
static inline bool ht_unwind_load(const ht_range_t *stack, uintptr_t address, uint32_t *word)
{
    if (address % 4U != 0 || !ht_range_has(stack, address, 4)) { return false; }
    *word = ht_unwind_word(address);
    return true;
}
