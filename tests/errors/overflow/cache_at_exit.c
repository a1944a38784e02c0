/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * One of 200 entries of a cache that nobody ever frees is damaged.
 *
 * expect: overflow offset=32 damaged=4 size=32 found=exit
 * alloc:  insert < main
 * caller: -
 */
#include "case.h"

typedef struct entry {
    struct entry *next;
    uint32_t key;
    uint32_t values[5];
} entry_t;

static entry_t *s_cache[16];

static void insert(uint32_t key)
{
    entry_t *entry = malloc(sizeof(*entry));
    entry->next = s_cache[key % 16];
    entry->key = key;
    s_cache[key % 16] = entry;
    for (uint32_t i = 0; i < (key == 77 ? BUG(6, 5) : 5); i++) {
        entry->values[i] = 2 * key;
    }
}

int main(void)
{
    for (uint32_t key = 0; key < 200; key++) {
        insert(key);
    }
    return done();
}
