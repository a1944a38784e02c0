/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A number is padded on its left to 72 columns, in a block of 8: the whole front redzone.
 *
 * expect: underflow offset=-64 damaged=64 size=8 found=free
 * alloc:  main
 * caller: main
 */
#include "case.h"

static void pad_left(char *end, size_t digits, size_t columns)
{
    memset(end - columns, ' ', columns - digits);
}

int main(void)
{
    char *text = malloc(8);
    memcpy(text + 6, "42", 2);
    pad_left(text + 8, BUG(8, 2), BUG(72, 8));
    free(text);
    return done();
}
