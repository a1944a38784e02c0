/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A node is removed from a list and freed, but the cursor still points to it.
 *
 * expect: write_after_free offset=8 damaged=4 size=16 found=exit
 * alloc:  push < main
 * free:   remove_after < main
 */
#include "case.h"

typedef struct node {
    struct node *next;
    int32_t value;
} node_t;

static node_t *push(node_t *list, int32_t value)
{
    node_t *node = malloc(sizeof(*node));
    *node = (node_t){list, value};
    return node;
}

static void remove_after(node_t *node)
{
    node_t *gone = node->next;
    node->next = gone->next;
    free(gone);
}

int main(void)
{
    node_t *list = push(push(push(NULL, 1), 2), 3);
    node_t *cursor = BUG(list->next, list);
    remove_after(list);
    cursor->value = 0x66666666;
    return done();
}
