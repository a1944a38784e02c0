/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A pool hands out pieces of one block; such a piece is given to free().
 *
 * expect: bad_free offset=128 size=256 place=block found=free
 * alloc:  pool_open < main
 * caller: main
 */
#include "case.h"

static struct {
    char *bytes;
    size_t used;
} s_pool;

static void pool_open(size_t size)
{
    s_pool.bytes = malloc(size);
}

static void *pool_get(size_t size)
{
    void *piece = s_pool.bytes + s_pool.used;
    s_pool.used += size;
    return piece;
}

static void pool_put(void *piece)
{
    if (piece == s_pool.bytes + s_pool.used - 64) { s_pool.used -= 64; }
}

int main(void)
{
    pool_open(256);
    pool_get(64);
    pool_get(64);
    void *piece = pool_get(64);
    BUG(free(piece), pool_put(piece));
    free(s_pool.bytes);
    return done();
}
