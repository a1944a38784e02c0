/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "ht_keeper_private.h"

#define FIRST_SIZE 1024U

/* The high bits of the product depend on every bit of the address. */
static size_t home(const ht_kept_blocks_t *blocks, uint64_t key)
{
    return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (blocks->size - 1U);
}

/* The slot that has the key, or the empty one where it belongs. */
static ht_kept_block_t *probe(const ht_kept_blocks_t *blocks, uint64_t key)
{
    size_t i = home(blocks, key);
    while (blocks->slot[i].key != 0 && blocks->slot[i].key != key) {
        i = (i + 1U) & (blocks->size - 1U);
    }
    return &blocks->slot[i];
}

ht_kept_block_t *ht_kept_find(const ht_kept_blocks_t *blocks, uint64_t key)
{
    if (blocks->size == 0 || key == 0) { return NULL; }
    ht_kept_block_t *block = probe(blocks, key);
    return block->key == key ? block : NULL;
}

static bool grow(ht_kept_blocks_t *blocks)
{
    ht_kept_blocks_t bigger = {.size = blocks->size == 0 ? FIRST_SIZE : blocks->size * 2U,
                               .used = blocks->used};
    bigger.slot = calloc(bigger.size, sizeof(bigger.slot[0]));
    if (bigger.slot == NULL) { return false; }
    for (size_t i = 0; i < blocks->size; i++) {
        if (blocks->slot[i].key != 0) { *probe(&bigger, blocks->slot[i].key) = blocks->slot[i]; }
    }
    free(blocks->slot);
    *blocks = bigger;
    return true;
}

ht_kept_block_t *ht_kept_put(ht_kept_blocks_t *blocks, uint64_t key)
{
    if (blocks->used >= blocks->size / 3U * 2U && !grow(blocks)) { return NULL; }
    ht_kept_block_t *block = probe(blocks, key);
    if (block->key == 0) {
        *block = (ht_kept_block_t){.key = key};
        blocks->used++;
    }
    return block;
}

/* The blocks behind the hole move forward if they may, so that each is found from its home (Knuth
 * 6.4, algorithm R). */
void ht_kept_remove(ht_kept_blocks_t *blocks, ht_kept_block_t *block)
{
    const size_t mask = blocks->size - 1U;
    size_t hole = (size_t)(block - blocks->slot);
    for (size_t i = (hole + 1U) & mask; blocks->slot[i].key != 0; i = (i + 1U) & mask) {
        size_t distance_home = (i - home(blocks, blocks->slot[i].key)) & mask;
        if (distance_home >= ((i - hole) & mask)) {
            blocks->slot[hole] = blocks->slot[i];
            hole = i;
        }
    }
    blocks->slot[hole].key = 0;
    blocks->used--;
}
