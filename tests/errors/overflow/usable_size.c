/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * All of malloc_usable_size() may be written, and no more.
 *
 * expect: overflow offset=30 damaged=2 size=30 found=free
 * alloc:  main
 * caller: main
 */
#include <malloc.h>

#include "case.h"

int main(void)
{
    char *text = malloc(30);
    memset(text, 'x', malloc_usable_size(text) + BUG(2, 0));
    free(text);
    return done();
}
