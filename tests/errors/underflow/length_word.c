/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A string keeps its length in front of its text; a plain block has no such place.
 *
 * expect: underflow offset=-16 damaged=8 size=40 found=free
 * alloc:  main
 * caller: main
 */
#include "case.h"

typedef struct {
    uint64_t length;
    uint64_t room;
} prefix_t;

static void set_length(char *text, uint64_t length)
{
    ((prefix_t *)(void *)text - 1)->length = length;
}

int main(void)
{
    char *block = malloc(40);
    char *text = block + BUG(0, sizeof(prefix_t));
    strcpy(text, "sixteen letters.");
    set_length(text, 16);
    free(block);
    return done();
}
