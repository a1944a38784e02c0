/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * wcscpy() into a block that was measured without the terminator.
 *
 * expect: overflow offset=20 damaged=4 size=20 found=free
 * alloc:  copy_name < main
 * caller: main
 */
#include <wchar.h>

#include "case.h"

static wchar_t *copy_name(const wchar_t *name)
{
    wchar_t *copy = malloc((wcslen(name) + BUG(0, 1)) * sizeof(wchar_t));
    return wcscpy(copy, name);
}

int main(void)
{
    wchar_t *name = copy_name(L"Köln!");
    free(name);
    return done();
}
