/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Memory as a chip has it, for walks that run at the desk: included before everything else, it
 * makes their reads go through memory_at(), which ends the test when a word is read that is not
 * there.
 */
#pragma once

#include <stdint.h>

const void *memory_at(uintptr_t address);

#define HT_UNWIND_AT(address) memory_at((uintptr_t)(address))

/* What there is, and how often a word of it was read. */
#define MEMORY_CODE 0x42000000U
#define MEMORY_CODE_WORDS 1024U
#define MEMORY_STACK 0x3FC80000U
#define MEMORY_STACK_WORDS 1024U

extern uint32_t g_code[MEMORY_CODE_WORDS];
extern uint32_t g_stack[MEMORY_STACK_WORDS];
extern unsigned g_reads;
