/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A block is aligned by hand; the aligned pointer is freed, and not the block.
 *
 * expect: bad_free offset=64 size=319 place=block found=free
 * alloc:  main
 * caller: main
 */
#include "case.h"

int main(void)
{
    char *block = malloc(256 + 63);
    /* The boundary behind the first one, so that the offset is the same wherever the block lies. */
    size_t skip = 64 - ((uintptr_t)block & 63U);
    char *aligned = block + skip;
    memset(aligned, 0, 192);
    free(BUG(block + 64, block));
    return done();
}
