/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A table of columns holds one block under two names, with other columns in between.
 *
 * expect: double_free size=16 found=free
 * alloc:  fill < main
 * free:   clear < main
 * caller: clear < main
 */
#include "case.h"

#define COLUMNS 12

static void fill(char *columns[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) {
        columns[i] = malloc((size_t)(10 + i));
    }
    if (BUG(1, 0)) {
        free(columns[9]);
        columns[9] = columns[6];
    }
}

static void clear(char *columns[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) {
        free(columns[i]);
    }
}

int main(void)
{
    char *columns[COLUMNS];
    fill(columns);
    clear(columns);
    return done();
}
