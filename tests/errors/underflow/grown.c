/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A queue that has grown pushes to its front, once too often.
 *
 * expect: underflow offset=-8 damaged=8 size=128 found=free
 * alloc:  grow < main
 * caller: main
 */
#include "case.h"

static uint64_t *grow(uint64_t *queue, size_t count)
{
    return realloc(queue, count * sizeof(*queue));
}

static void push_front(uint64_t *queue, size_t *head, uint64_t value)
{
    --*head;
    queue[*head] = value;
}

int main(void)
{
    uint64_t *queue = malloc(8 * sizeof(*queue));
    size_t head = 8;
    queue = grow(queue, 16);
    for (int i = 0; i < 8 + BUG(1, 0); i++) {
        push_front(queue, &head, 0x2200000000000022U);
    }
    free(queue);
    return done();
}
