/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * memset() clears as many words as there are half-words.
 *
 * expect: overflow offset=16 damaged=16 size=16 found=free
 * alloc:  new_levels < main
 * caller: main
 */
#include "case.h"

static uint16_t *new_levels(size_t count)
{
    uint16_t *levels = malloc(count * sizeof(uint16_t));
    memset(levels, 0, count * BUG(sizeof(uint32_t), sizeof(uint16_t)));
    return levels;
}

int main(void)
{
    uint16_t *levels = new_levels(8);
    free(levels);
    return done();
}
