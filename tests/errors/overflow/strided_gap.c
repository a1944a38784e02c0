/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Strided, with a gap: the last field of each of two records behind the end is set.
 *
 * expect: overflow offset=68 damaged=28 size=48 found=free
 * alloc:  main
 * caller: main
 */
#include "case.h"

typedef struct {
    char name[20];
    uint32_t state;
} slot_t;

static void reset_states(slot_t *slots, int count)
{
    for (int i = 0; i < count; i++) {
        slots[i].state = 0x10U;
    }
}

int main(void)
{
    enum { SLOTS = 2 };
    slot_t *slots = malloc(SLOTS * sizeof(*slots));
    reset_states(slots, BUG(2 * SLOTS, SLOTS));
    free(slots);
    return done();
}
