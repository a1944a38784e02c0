/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Rows are added with reallocarray(), and the index of the new one is one too far.
 *
 * expect: overflow offset=36 damaged=12 size=36 found=realloc
 * alloc:  add_row < main
 * caller: add_row < main
 */
#include "case.h"

typedef struct {
    uint16_t cells[6];
} row_t;

static row_t *add_row(row_t *rows, size_t count)
{
    rows = reallocarray(rows, count + 1, sizeof(*rows));
    memset(rows[count + BUG(count == 2, 0)].cells, 0x24, sizeof(rows->cells));
    return rows;
}

int main(void)
{
    row_t *rows = NULL;
    for (size_t count = 0; count < 4; count++) {
        rows = add_row(rows, count);
    }
    free(rows);
    return done();
}
