/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * new[]: a table of squares includes the end.
 *
 * expect: overflow offset=28 damaged=4 size=28 found=free
 * alloc:  squares < main
 * caller: main
 */
#include "case.h"

static int *squares(int count)
{
    int *table = new int[static_cast<size_t>(count)];
    for (int i = 0; i < count + BUG(1, 0); i++) {
        table[i] = 4 * i * i;
    }
    return table;
}

int main()
{
    int *table = squares(7);
    delete[] table;
    return done();
}
