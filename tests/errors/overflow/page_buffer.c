/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * memalign() to a page: a sector of 1024 bytes is read into 1000.
 *
 * expect: overflow offset=1000 damaged=24 size=1000 found=free
 * alloc:  page_buffer < main
 * caller: main
 */
#include <malloc.h>

#include "case.h"

static char *page_buffer(size_t size)
{
    return memalign(4096, size);
}

static void read_sector(char *to)
{
    memset(to, 0x5A, 1024);
}

int main(void)
{
    char *buffer = page_buffer(BUG(1000, 1024));
    read_sector(buffer);
    free(buffer);
    return done();
}
