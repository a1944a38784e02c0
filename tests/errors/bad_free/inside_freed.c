/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * An item is freed as a whole, and then a part of it, as if the part were a block.
 *
 * expect: bad_free offset=16 size=48 place=quarantine found=free
 * alloc:  new_item < main
 * free:   drop < main
 * caller: drop < main
 */
#include "case.h"

typedef struct {
    uint64_t id, time;
    char name[32];
} item_t;

static item_t *new_item(void)
{
    return calloc(1, sizeof(item_t));
}

static void drop(item_t *item)
{
    char *name = item->name;
    free(item);
    BUG(free(name), (void)name);
}

int main(void)
{
    item_t *item = new_item();
    drop(item);
    return done();
}
