/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A sieve of primes below 50 crosses out 50. The block is calloc()'s.
 *
 * expect: overflow offset=50 damaged=1 size=50 found=free
 * alloc:  sieve < main
 * caller: main
 */
#include "case.h"

static int sieve(size_t end)
{
    char *crossed = calloc(end, 1);
    int primes = 0;
    for (size_t n = 2; n < end; n++) {
        if (crossed[n] != 0) { continue; }
        primes++;
        for (size_t k = 2 * n; k < end + BUG(1, 0); k += n) {
            crossed[k] = 'x';
        }
    }
    free(crossed);
    return primes;
}

int main(void)
{
    if (sieve(50) != 15) { return 1; }
    return done();
}
