/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The same buffer is freed twice in a row.
 *
 * expect: double_free size=20 found=free
 * alloc:  main
 * free:   main
 * caller: main
 */
#include "case.h"

int main(void)
{
    char *buffer = malloc(20);
    strcpy(buffer, "twice");
    free(buffer);
    BUG(free(buffer), (void)0);
    return done();
}
