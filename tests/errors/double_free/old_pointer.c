/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A list grew and moved; the pointer to its old place is freed, too.
 *
 * expect: double_free size=32 found=free
 * alloc:  main
 * free:   grow < main
 * caller: main
 */
#include "case.h"

static char *grow(char *list, size_t size)
{
    return realloc(list, size);
}

int main(void)
{
    char *list = malloc(32);
    char *grown = grow(list, 100000);
    free(grown);
    BUG(free(list), (void)0);
    return done();
}
