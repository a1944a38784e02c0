/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A list grows and moves; a pointer into its old place is written.
 *
 * expect: write_after_free offset=4 damaged=2 size=16 found=exit
 * alloc:  main
 * free:   grow < main
 */
#include "case.h"

static int16_t *grow(int16_t *list, size_t count)
{
    return realloc(list, count * sizeof(*list));
}

int main(void)
{
    int16_t *list = malloc(8 * sizeof(*list));
    int16_t *third = &list[2];
    memset(list, 0, 8 * sizeof(*list));
    list = grow(list, 4096);
    third = BUG(third, &list[2]);
    *third = 0x4444;
    free(list);
    return done();
}
