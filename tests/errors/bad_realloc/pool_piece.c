/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A piece of a static pool is to be made larger: another allocator's block.
 *
 * expect: bad_realloc place=static found=realloc
 * caller: enlarge < main
 */
#include "case.h"

static _Alignas(16) char s_pool[1024];
static size_t s_used;

static void *pool_get(size_t size)
{
    void *piece = &s_pool[s_used];
    s_used += size;
    return piece;
}

static void *enlarge(void *piece, size_t size)
{
    return realloc(piece, size);
}

int main(void)
{
    void *piece = BUG(pool_get(64), malloc(64));
    void *larger = enlarge(piece, 128);
    free(larger);
    return done();
}
