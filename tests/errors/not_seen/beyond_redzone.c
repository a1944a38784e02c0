/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Strided, and the stride leaps over the redzone: the write lands inside of another block.
 *
 * expect: none
 * why:    only writes into a redzone are seen, not those that leap over it
 */
#include "case.h"

static void set_column(char *grid, ptrdiff_t row_bytes, int row)
{
    grid[row_bytes * row] = '#';
}

int main(void)
{
    char *grid = calloc(1, 256);
    char *other = calloc(1, 4096);
    ptrdiff_t apart = other + 2048 - grid;
    set_column(grid, BUG(apart, 64), 0);
    set_column(grid, BUG(apart, 64), 1);
    free(other);
    free(grid);
    return done();
}
