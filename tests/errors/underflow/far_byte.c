/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Only the 64th byte in front is written.
 *
 * expect: underflow offset=-64 damaged=1 size=128 found=free
 * alloc:  main
 * caller: main
 */
#include "case.h"

static void set_flag(char *flags, long index)
{
    flags[index] = 'B';
}

int main(void)
{
    char *flags = calloc(128, 1);
    set_flag(flags, BUG(-64, 64));
    free(flags);
    return done();
}
