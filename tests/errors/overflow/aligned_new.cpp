/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * operator new with an alignment: the third of two lines is written.
 *
 * expect: overflow offset=128 damaged=32 size=128 found=free
 * alloc:  new_lines < main
 * caller: main
 */
#include <new>

#include "case.h"

struct alignas(32) Line {
    uint8_t bytes[32];
};

static Line *new_lines(size_t count)
{
    return new Line[count];
}

int main()
{
    Line *lines = new_lines(4);
    for (int i = 0; i < 4 + BUG(1, 0); i++) {
        memset(lines[i].bytes, 0x10, sizeof(lines[i].bytes));
    }
    delete[] lines;
    return done();
}
