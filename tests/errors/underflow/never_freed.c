/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A table of levels counts from -1; nobody frees it.
 *
 * expect: underflow offset=-2 damaged=2 size=8 found=exit
 * alloc:  set_levels < main
 * caller: -
 */
#include "case.h"

static int16_t *s_levels;

static void set_levels(void)
{
    s_levels = malloc(4 * sizeof(*s_levels));
    for (int level = BUG(-1, 0); level < 4; level++) {
        s_levels[level] = 0x0202;
    }
}

int main(void)
{
    set_levels();
    return done();
}
