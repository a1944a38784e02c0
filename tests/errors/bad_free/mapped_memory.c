/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Another allocator's block: what mmap() gave is given to free().
 *
 * expect: bad_free place=other found=free
 * caller: close_map < main
 */
#include <sys/mman.h>

#include "case.h"

#define BYTES 16384

static void close_map(void *map)
{
    if (BUG(1, 0)) {
        free(map);
    } else {
        munmap(map, BYTES);
    }
}

int main(void)
{
    void *map = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) { return 1; }
    close_map(map);
    return done();
}
