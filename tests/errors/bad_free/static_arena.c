/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * An arena is a large static array, far beyond the pages that come from the program's file.
 *
 * expect: bad_free place=static found=free
 * caller: arena_reset < main
 */
#include "case.h"

static char s_arena[1024 * 1024];
static size_t s_used;

static char *arena_get(size_t bytes)
{
    s_used += bytes;
    return &s_arena[s_used - bytes];
}

static void arena_reset(char *last)
{
    BUG(free(last), (void)last);
    s_used = 0;
}

int main(void)
{
    arena_get(500000);
    char *piece = arena_get(1000);
    arena_reset(piece);
    return done();
}
