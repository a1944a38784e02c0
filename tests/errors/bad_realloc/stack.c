/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A buffer begins on the stack, and is made larger with realloc().
 *
 * expect: bad_realloc place=stack found=realloc
 * caller: read_all < main
 */
#include "case.h"

static void read_all(size_t bytes)
{
    char small[64];
    char *buffer = BUG(small, NULL);
    if (bytes > sizeof(small)) {
        char *larger = realloc(buffer, bytes);
        if (larger != NULL) {
            memset(larger, 0, bytes);
            free(larger);
        }
    }
}

int main(void)
{
    read_all(200);
    return done();
}
