/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * 64 bytes behind the end: the whole redzone, to its last byte.
 *
 * expect: overflow offset=100 damaged=64 size=100 found=free
 * alloc:  main
 * caller: main
 */
#include "case.h"

static void draw_line(char *canvas, size_t columns)
{
    memset(canvas, '.', columns);
}

int main(void)
{
    char *canvas = malloc(100);
    draw_line(canvas, 100 + BUG(64, 0));
    free(canvas);
    return done();
}
