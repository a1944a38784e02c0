/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hammer.h"

#include <string.h>

#define LENGTH_MAX 6U
#define NUMBER 0x5EED0000U /* no address */

void hammer_init(hammer_t *hammer, void *(*make)(size_t bytes), void (*end)(void *block),
                 uint32_t seed)
{
    memset(hammer, 0, sizeof(*hammer));
    hammer->make = make;
    hammer->end = end;
    hammer->random = seed;
}

static uint32_t random_below(hammer_t *hammer, uint32_t n)
{
    hammer->random = hammer->random * 1664525U + 1013904223U; /* Knuth, TAOCP 2, 3.3.4 */
    return (hammer->random >> 16) % n;
}

static void push(hammer_t *hammer, uint32_t i)
{
    hammer_node_t *node = hammer->make(sizeof(*node) + random_below(hammer, 100));
    node->next = hammer->slot[i];
    node->number = NUMBER + hammer->length[i];
    hammer->slot[i] = node;
    hammer->length[i]++;
}

static void pop(hammer_t *hammer, uint32_t i)
{
    hammer_node_t *node = hammer->slot[i];
    hammer->slot[i] = node->next;
    hammer->length[i]--;
    hammer->end(node);
}

/* What is only in registers meanwhile. */
static void swap(hammer_t *hammer, uint32_t i, uint32_t j)
{
    hammer_node_t *list = hammer->slot[i];
    uint32_t length = hammer->length[i];
    hammer->slot[i] = hammer->slot[j];
    hammer->length[i] = hammer->length[j];
    hammer->slot[j] = list;
    hammer->length[j] = length;
}

void hammer_step(hammer_t *hammer)
{
    uint32_t i = random_below(hammer, HAMMER_SLOTS);
    uint32_t what = random_below(hammer, 16);
    hammer->steps++;
    if (what == 0) {
        swap(hammer, i, random_below(hammer, HAMMER_SLOTS));
    } else if (hammer->length[i] == 0 || (what % 2U == 0 && hammer->length[i] < LENGTH_MAX)) {
        push(hammer, i);
    } else {
        pop(hammer, i);
    }
}

bool hammer_is_whole(const hammer_t *hammer)
{
    for (uint32_t i = 0; i < HAMMER_SLOTS; i++) {
        uint32_t left = hammer->length[i];
        for (const hammer_node_t *node = hammer->slot[i]; node != NULL; node = node->next) {
            if (left == 0 || node->number != NUMBER + --left) { return false; }
        }
        if (left != 0) { return false; }
    }
    return true;
}
