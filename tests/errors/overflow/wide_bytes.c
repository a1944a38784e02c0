/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A limit in bytes where wmemset() wants it in characters.
 *
 * expect: overflow offset=12 damaged=36 size=12 found=free
 * alloc:  new_line < main
 * caller: main
 */
#include <wchar.h>

#include "case.h"

#define COLUMNS 3

static wchar_t *new_line(void)
{
    wchar_t *line = malloc(COLUMNS * sizeof(wchar_t));
    wmemset(line, L'.', BUG(COLUMNS * sizeof(wchar_t), COLUMNS));
    return line;
}

int main(void)
{
    wchar_t *line = new_line();
    free(line);
    return done();
}
