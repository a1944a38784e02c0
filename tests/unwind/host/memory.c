/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

uint32_t g_code[MEMORY_CODE_WORDS];
uint32_t g_stack[MEMORY_STACK_WORDS];
unsigned g_reads;

const void *memory_at(uintptr_t address)
{
    g_reads++;
    uintptr_t code = (address - MEMORY_CODE) / 4U;
    uintptr_t stack = (address - MEMORY_STACK) / 4U;
    if (address % 4U == 0 && code < MEMORY_CODE_WORDS) { return &g_code[code]; }
    if (address % 4U == 0 && stack < MEMORY_STACK_WORDS) { return &g_stack[stack]; }
    fprintf(stderr, "read at %#lx, where nothing is\n", (unsigned long)address);
    abort();
}
