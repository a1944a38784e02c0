/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Programs whose stacks are looked at: sample() stands where an allocation would. */
#pragma once

#include <stdint.h>

/* Write down the stack as it is, and what each walk says of it. Returns its argument. */
int sample(int value);

/* Ways of calling, chains.c; the same with memory of their own or of libc's, chains_libc.c. */
void run_chains(void);
void run_libc_chains(void);
