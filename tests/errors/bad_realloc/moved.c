/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A copy of a list's pointer is reallocated after the list has moved.
 *
 * expect: realloc_freed size=16 found=realloc
 * alloc:  main
 * free:   grow < main
 * caller: grow < main
 */
#include "case.h"

static int *grow(int *list, size_t count)
{
    return realloc(list, count * sizeof(*list));
}

int main(void)
{
    int *list = malloc(16);
    int *moved = grow(list, 20000);
    int *again = grow(BUG(list, moved), 40000);
    free(again != NULL ? again : moved);
    return done();
}
