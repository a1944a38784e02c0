/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * aligned_alloc(): a ring of descriptors is closed with one descriptor too many.
 *
 * expect: overflow offset=128 damaged=8 size=128 found=free
 * alloc:  new_ring < main
 * caller: main
 */
#include "case.h"

typedef struct {
    uint32_t flags, length;
} descriptor_t;

static descriptor_t *new_ring(size_t count)
{
    return aligned_alloc(64, count * sizeof(descriptor_t));
}

static void close_ring(descriptor_t *ring, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ring[i] = (descriptor_t){0x2U, 0x0U};
    }
}

int main(void)
{
    descriptor_t *ring = new_ring(16);
    close_ring(ring, 16 + BUG(1, 0));
    free(ring);
    return done();
}
