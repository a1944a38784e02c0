/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The newline is put behind what wcsdup() gave.
 *
 * expect: overflow offset=24 damaged=4 size=24 found=free
 * alloc:  line_of < main
 * caller: main
 */
#include <wchar.h>

#include "case.h"

static wchar_t *line_of(const wchar_t *text)
{
    wchar_t *line = wcsdup(text);
    size_t end = wcslen(line);
    line[end] = L'\n';
    line[end + BUG(1, 0)] = L'\0';
    return line;
}

int main(void)
{
    wchar_t *line = line_of(L"Gruß!");
    free(line);
    return done();
}
