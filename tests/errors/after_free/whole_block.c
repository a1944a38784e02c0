/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The order is wrong: a key is freed, then overwritten so that nobody can read it.
 *
 * expect: write_after_free offset=0 damaged=32 size=32 found=exit
 * alloc:  main
 * free:   forget < main
 */
#include "case.h"

static void forget(unsigned char *key)
{
    if (BUG(0, 1)) { memset(key, 0x35, 32); }
    free(key);
    if (BUG(1, 0)) { memset(key, 0x35, 32); }
}

int main(void)
{
    unsigned char *key = malloc(32);
    forget(key);
    return done();
}
