/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Only the 64th byte behind the end is written.
 *
 * expect: overflow offset=163 damaged=1 size=100 found=free
 * alloc:  main
 * caller: main
 */
#include "case.h"

static void put_marker(char *canvas, size_t column)
{
    canvas[column] = '.';
}

int main(void)
{
    char *canvas = malloc(100);
    put_marker(canvas, BUG(163, 99));
    free(canvas);
    return done();
}
