/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A freed block that is written, and 3 MiB of others that come and go before the end.
 *
 * options: quarantine=65536
 * expect: write_after_free offset=7 damaged=1 size=100 found=quarantine
 * alloc:  main
 * free:   main
 * caller: -
 */
#include "case.h"

static void churn(void)
{
    for (int i = 0; i < 1000; i++) {
        free(malloc(3000));
    }
}

int main(void)
{
    char *text = malloc(100);
    if (BUG(0, 1)) { text[7] = '7'; }
    free(text);
    if (BUG(1, 0)) { text[7] = '7'; }
    churn();
    return done();
}
