/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The gap of an editor's buffer is moved to the left, further than the text reaches.
 *
 * expect: underflow offset=-32 damaged=32 size=64 found=free
 * alloc:  open_buffer < main
 * caller: main
 */
#include "case.h"

static char *open_buffer(void)
{
    char *buffer = malloc(64);
    memset(buffer, 'n', 64);
    return buffer;
}

static void move_left(char *buffer, ptrdiff_t gap, ptrdiff_t by)
{
    memmove(buffer + gap - by, buffer + gap, 32);
}

int main(void)
{
    char *buffer = open_buffer();
    move_left(buffer, 16, 16);
    move_left(buffer, BUG(0, 32), 32);
    free(buffer);
    return done();
}
