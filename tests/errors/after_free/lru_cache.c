/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A cache of two entries evicts the one whose hit is counted afterwards.
 *
 * expect: write_after_free offset=4 damaged=1 size=8 found=exit
 * alloc:  insert < main
 * free:   insert < main
 */
#include "case.h"

typedef struct {
    uint32_t key;
    uint8_t hits;
} entry_t;

static entry_t *s_newest, *s_oldest;

static void insert(uint32_t key)
{
    entry_t *entry = malloc(sizeof(*entry));
    *entry = (entry_t){key, 'h'};
    free(s_oldest);
    s_oldest = s_newest;
    s_newest = entry;
}

int main(void)
{
    insert(1);
    entry_t *hit = s_newest;
    insert(2);
    if (BUG(1, 0)) { insert(3); }
    hit->hits = 'H';
    return done();
}
