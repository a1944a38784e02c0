/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A heap for firmware on the board: powers of two, a free list for each, cleared blocks. heaptrail
 * is told of each block, as the wraps of a port do. It keeps its own words in its own memory, which
 * is no variable, and leaves a gap behind each block.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** Memory that no section is in, see ../board/board.ld. */
#define HEAP_INTERNAL 0x88000000U
#define HEAP_EXTERNAL 0x8C000000U
#define HEAP_OTHERS                                                                                \
    0x8A000000U /**< of those who run meanwhile: no old pointer is to our blocks                   \
                 */
#define HEAP_BYTES 0x00100000U

typedef struct heap heap_t;

heap_t *heap_at(uintptr_t start);

/** Any context. Never NULL: the program ends. */
void *heap_make(heap_t *heap, size_t bytes);
void heap_free(heap_t *heap, void *block);
