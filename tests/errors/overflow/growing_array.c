/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A growing array asks for more room one element too late. The block is realloc()'s.
 *
 * expect: overflow offset=64 damaged=8 size=64 found=free
 * alloc:  main
 * caller: main
 */
#include "case.h"

typedef struct {
    uint64_t *items;
    size_t count, room;
} array_t;

static void append(array_t *array, uint64_t item)
{
    if (array->count >= array->room + BUG(1, 0)) {
        array->room += array->room + 1;
        array->items = realloc(array->items, array->room * sizeof(*array->items));
    }
    array->items[array->count++] = item;
}

int main(void)
{
    array_t array = {malloc(8 * sizeof(uint64_t)), 0, 8};
    array.items = realloc(array.items, 2 * 8 * sizeof(uint64_t)); /* grown ... */
    array.items = realloc(array.items, 8 * sizeof(uint64_t));     /* ... and as before */
    for (uint64_t i = 0; i < 9; i++) {
        append(&array, 2 * i);
    }
    free(array.items);
    return done();
}
