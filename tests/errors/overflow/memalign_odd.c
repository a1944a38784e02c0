/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * posix_memalign() with a size that is no multiple of anything: the checksum has no room.
 *
 * expect: overflow offset=99 damaged=4 size=99 found=free
 * alloc:  read_block < main
 * caller: main
 */
#include "case.h"

static uint8_t *read_block(size_t size)
{
    void *block = NULL;
    if (posix_memalign(&block, 32, size) != 0) { exit(1); }
    memset(block, 0x11, size);
    return block;
}

int main(void)
{
    uint8_t *block = read_block(BUG(99, 99 + sizeof(uint32_t)));
    const uint32_t checksum = 0x22446688U;
    memcpy(block + 99, &checksum, sizeof(checksum));
    free(block);
    return done();
}
