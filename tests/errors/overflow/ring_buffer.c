/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A ring buffer wraps one byte too late.
 *
 * expect: overflow offset=16 damaged=1 size=16 found=free
 * alloc:  ring_open < main
 * caller: ring_close < main
 */
#include "case.h"

typedef struct {
    char *bytes;
    size_t size, head;
} ring_t;

static void ring_open(ring_t *ring, size_t size)
{
    *ring = (ring_t){malloc(size), size, 0};
}

static void ring_put(ring_t *ring, char byte)
{
    if (ring->head >= ring->size + BUG(1, 0)) { ring->head = 0; }
    ring->bytes[ring->head++] = byte;
}

static void ring_close(ring_t *ring)
{
    free(ring->bytes);
}

int main(void)
{
    ring_t ring;
    ring_open(&ring, 16);
    for (int i = 0; i < 50; i++) {
        ring_put(&ring, (char)(2 * i));
    }
    ring_close(&ring);
    return done();
}
