/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A list of links inside of items: the link is freed, and not the item around it.
 *
 * expect: bad_free offset=16 size=32 place=block found=free
 * alloc:  new_item < main
 * caller: drop < main
 */
#include "case.h"

typedef struct link {
    struct link *next, *previous;
} link_t;

typedef struct {
    uint64_t id, time;
    link_t link;
} item_t;

static link_t *new_item(uint64_t id)
{
    item_t *item = malloc(sizeof(*item));
    *item = (item_t){id, 0, {NULL, NULL}};
    return &item->link;
}

static void drop(link_t *link)
{
    free((char *)link - BUG(0, offsetof(item_t, link)));
}

int main(void)
{
    link_t *link = new_item(4);
    drop(link);
    return done();
}
