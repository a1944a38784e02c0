/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A list is freed node by node; the next one is read from the node just freed.
 *
 * expect: none
 * why:    reads leave no trace
 */
#include "case.h"

typedef struct node {
    int value;
    struct node *next;
} node_t;

static int drop_first(node_t *node)
{
    int value = node->value;
    free(node);
    return BUG(node->value, value);
}

int main(void)
{
    node_t *node = malloc(sizeof(*node));
    *node = (node_t){5, NULL};
    volatile int value = drop_first(node);
    (void)value;
    return done();
}
