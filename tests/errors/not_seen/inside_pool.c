/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Two pieces of one pool: the first one runs into the second.
 *
 * expect: none
 * why:    a pool is one block, its pieces are not known
 */
#include "case.h"

static char *s_pool;

static char *piece(size_t index)
{
    return s_pool + 32 * index;
}

int main(void)
{
    s_pool = calloc(4, 32);
    memset(piece(0), 'p', BUG(33, 32));
    free(s_pool);
    return done();
}
