/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * 20 bits are 2 bytes and a half; the half was rounded away.
 *
 * expect: overflow offset=2 damaged=1 size=2 found=free
 * alloc:  new_bits < main
 * caller: main
 */
#include "case.h"

static uint8_t *new_bits(size_t bits)
{
    uint8_t *set = malloc(BUG(bits / 8, (bits + 7) / 8));
    for (size_t i = 0; i < bits; i += 8) {
        set[i / 8] = 0;
    }
    return set;
}

int main(void)
{
    uint8_t *set = new_bits(20);
    set[0] |= 1U;
    free(set);
    return done();
}
