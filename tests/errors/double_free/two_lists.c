/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A node is in two lists; both lists free their nodes.
 *
 * expect: double_free size=24 found=free
 * alloc:  new_node < main
 * free:   drop_all < main
 * caller: drop_all < main
 */
#include "case.h"

typedef struct {
    int values[6];
} node_t;

typedef struct {
    node_t *nodes[4];
    int count;
} list_t;

static node_t *new_node(void)
{
    return calloc(1, sizeof(node_t));
}

static void add(list_t *list, node_t *node)
{
    list->nodes[list->count++] = node;
}

static void drop_all(list_t *list)
{
    while (list->count != 0) {
        free(list->nodes[--list->count]);
    }
}

int main(void)
{
    list_t active = {0};
    list_t idle = {0};
    add(&active, new_node());
    add(&idle, new_node());
    add(&idle, BUG(active.nodes[0], new_node()));
    drop_all(&active);
    drop_all(&idle);
    return done();
}
