/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A range is a start and an end; the end is freed.
 *
 * expect: bad_free offset=40 size=40 place=tail_redzone found=free
 * alloc:  new_range < main
 * caller: drop_range < main
 */
#include "case.h"

typedef struct {
    int *first, *end;
} range_t;

static range_t new_range(size_t count)
{
    int *items = calloc(count, sizeof(*items));
    return (range_t){items, items + count};
}

static void drop_range(range_t range)
{
    free(BUG(range.end, range.first));
}

int main(void)
{
    range_t range = new_range(10);
    drop_range(range);
    return done();
}
