/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * aligned_alloc(): the byte before an aligned block is written.
 *
 * expect: underflow offset=-1 damaged=1 size=192 found=free
 * alloc:  new_line < main
 * caller: main
 */
#include "case.h"

static char *new_line(void)
{
    return aligned_alloc(64, 192);
}

static void write_backwards(char *line, long from, long to)
{
    for (long i = from; i >= to; i--) {
        line[i] = 'T';
    }
}

int main(void)
{
    char *line = new_line();
    write_backwards(line, 191, BUG(-1, 0));
    free(line);
    return done();
}
