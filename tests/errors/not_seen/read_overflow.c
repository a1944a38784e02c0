/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A checksum reads one byte too many.
 *
 * expect: none
 * why:    reads leave no trace
 */
#include "case.h"

static unsigned checksum(const uint8_t *bytes, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count + BUG(1, 0); i++) {
        sum += bytes[i];
    }
    return sum;
}

int main(void)
{
    uint8_t *bytes = calloc(20, 1);
    volatile unsigned sum = checksum(bytes, 20);
    (void)sum;
    free(bytes);
    return done();
}
