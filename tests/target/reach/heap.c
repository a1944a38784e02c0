/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "heap.h"

#include <stdlib.h>
#include <string.h>

#include "heaptrail_types.h"
#include "ht_default.h"

#define CLASSES 16U
#define SMALLEST 16U

/* [ class | the block, and a gap ] */
typedef union head {
    union head *next;
    struct {
        uint32_t class;
        uint32_t bytes;
    } used;
} head_t;

struct heap {
    ht_port_lock_t lock;
    uintptr_t end; /* of what was ever in use */
    head_t *free[CLASSES];
};

heap_t *heap_at(uintptr_t start)
{
    heap_t *heap = (heap_t *)start;
    memset(heap, 0, sizeof(*heap));
    heap->end = start + sizeof(*heap);
    return heap;
}

static head_t *take(heap_t *heap, uint32_t class)
{
    size_t bytes = SMALLEST << class;
    ht_port_irq_t irq = ht_port_lock(&heap->lock);
    head_t *head = heap->free[class];
    if (head != NULL) {
        heap->free[class] = head->next;
    } else {
        head = (head_t *)heap->end;
        heap->end += bytes;
    }
    ht_port_unlock(&heap->lock, irq);
    if (heap->end > (uintptr_t)heap + HEAP_BYTES) { abort(); }
    memset(head, 0, bytes);
    return head;
}

void *heap_make(heap_t *heap, size_t bytes)
{
    uint32_t class = 0;
    while (SMALLEST << class < sizeof(head_t) + bytes + sizeof(uintptr_t)) {
        class ++;
    }
    head_t *head = take(heap, class);
    head->used.class = class;
    ht_on_alloc(head + 1, bytes, 0, HEAPTRAIL_METHOD_MALLOC,
                (uintptr_t)__builtin_return_address(0));
    return head + 1;
}

void heap_free(heap_t *heap, void *block)
{
    head_t *head = (head_t *)block - 1;
    uint32_t class = head->used.class;
    ht_on_free(block);
    ht_port_irq_t irq = ht_port_lock(&heap->lock);
    head->next = heap->free[class];
    heap->free[class] = head;
    ht_port_unlock(&heap->lock, irq);
}
