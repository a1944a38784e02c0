/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Chains through a library that was built by somebody else: callbacks of picolibc's qsort(),
 * bsearch() and printf(). And two programs as firmware has them: a parser, a tree. */
#include <stdio.h>
#include <stdlib.h>

#include "sample.h"

#define FUNCTION __attribute__((noinline, noclone))

static volatile int s_calls;

/* Not each of hundreds of the same. */
static int sample_some(int value)
{
    return ++s_calls % 7 == 0 ? sample(value) : value;
}

FUNCTION static int compare(const void *a, const void *b)
{
    int difference = *(const int *)a - *(const int *)b;
    sample_some(difference);
    return difference;
}

static int put(char c, FILE *file)
{
    (void)file;
    sample_some(c);
    return c;
}

FUNCTION static void run_library(void)
{
    int numbers[] = {5, 3, 9, 1, 7, 2, 8, 6, 4, 12, 0, 11};
    const size_t count = sizeof(numbers) / sizeof(numbers[0]);
    int key = 8;
    qsort(numbers, count, sizeof(numbers[0]), compare);
    for (int i = 0; i < 4; i++) {
        const int *found = bsearch(&key, numbers, count, sizeof(numbers[0]), compare);
        s_calls += found != NULL;
    }
    FILE file = FDEV_SETUP_STREAM(put, NULL, NULL, _FDEV_SETUP_WRITE);
    fprintf(&file, "%d of %s, %08lx%c\n", key, "twenty", 0xDECADEUL, '!');
}

/* --- a parser: expressions of numbers, + * ( ) --------------------------------------------------
 */

typedef struct {
    const char *at;
    int depth;
} parser_t;

static int sum(parser_t *parser);

static int atom(parser_t *parser)
{
    if (*parser->at == '(') {
        parser->at++;
        parser->depth++;
        int value = sum(parser);
        parser->depth--;
        parser->at++;
        return value;
    }
    int value = sample_some(parser->depth) * 0;
    while (*parser->at >= '0' && *parser->at <= '9') {
        value = value * 10 + *parser->at++ - '0';
    }
    return value;
}

static int product(parser_t *parser)
{
    int value = atom(parser);
    while (*parser->at == '*') {
        parser->at++;
        value *= atom(parser);
    }
    return value;
}

static int sum(parser_t *parser)
{
    int value = product(parser);
    while (*parser->at == '+') {
        parser->at++;
        value += product(parser);
    }
    return value;
}

/* --- a tree --------------------------------------------------------------------------------------
 */

typedef struct node {
    struct node *left, *right;
    int key;
} node_t;

typedef void (*visit_t)(node_t *node, void *context);

static node_t s_nodes[24];
static int s_node_count;

static node_t *insert(node_t *root, int key)
{
    if (root == NULL) {
        node_t *node = &s_nodes[s_node_count++];
        node->key = sample_some(key);
        return node;
    }
    if (key < root->key) {
        root->left = insert(root->left, key);
    } else {
        root->right = insert(root->right, key);
    }
    return root;
}

static void walk_tree(node_t *root, visit_t visit, void *context)
{
    if (root == NULL) { return; }
    walk_tree(root->left, visit, context);
    visit(root, context);
    walk_tree(root->right, visit, context);
}

static void add_key(node_t *node, void *context)
{
    *(int *)context += sample_some(node->key);
}

FUNCTION static int run_tree(void)
{
    node_t *root = NULL;
    unsigned key = 17;
    int total = 0;
    for (unsigned i = 0; i < sizeof(s_nodes) / sizeof(s_nodes[0]); i++) {
        key = key * 75U % 257U;
        root = insert(root, (int)key);
    }
    walk_tree(root, add_key, &total);
    return total;
}

void run_libc_chains(void)
{
    parser_t parser = {.at = "1+2*(3+4*(5+6)*(7+(8*9+(10+11))))+(12+13)*14+(((15)))"};
    s_calls += sum(&parser);
    s_calls += run_tree();
    run_library();
}
