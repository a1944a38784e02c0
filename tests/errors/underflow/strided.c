/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Strided, downwards: the state of every record is set, and of two records before the first one.
 *
 * expect: underflow offset=-48 damaged=28 size=72 found=free
 * alloc:  main
 * caller: main
 */
#include "case.h"

typedef struct {
    uint32_t state;
    char name[20];
} record_t;

static void mark_down(record_t *records, int from, int to)
{
    for (int i = from; i >= to; i--) {
        records[i].state = 0x80000002U;
    }
}

int main(void)
{
    record_t *records = malloc(3 * sizeof(*records));
    mark_down(records, 2, BUG(-2, 0));
    free(records);
    return done();
}
