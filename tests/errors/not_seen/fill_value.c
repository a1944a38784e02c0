/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A freed block is written with what it was filled with.
 *
 * options: fill_freed=0
 * expect: none
 * why:    in the end every byte is as it was
 */
#include "case.h"

int main(void)
{
    char *flags = calloc(16, 1);
    if (BUG(0, 1)) { flags[3] = 0; }
    free(flags);
    if (BUG(1, 0)) { flags[3] = 0; }
    return done();
}
