/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A node with its name behind it, and no room for the name's end.
 *
 * expect: overflow offset=14 damaged=1 size=14 found=free
 * alloc:  new_node < main
 * caller: drop_all < main
 */
#include "case.h"

typedef struct node {
    struct node *next;
    uint8_t length;
    char name[];
} node_t;

static node_t *new_node(node_t *next, const char *name)
{
    size_t length = strlen(name);
    node_t *node = malloc(offsetof(node_t, name) + length + BUG(0, 1));
    node->next = next;
    node->length = (uint8_t)length;
    strcpy(node->name, name);
    return node;
}

static void drop_all(node_t *list)
{
    while (list != NULL) {
        node_t *next = list->next;
        free(list);
        list = next;
    }
}

int main(void)
{
    node_t *list = new_node(NULL, "kiwis");
    drop_all(list);
    return done();
}
