/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A builder was reset, which freed its text; adding to it reallocates the freed text.
 *
 * expect: realloc_freed size=32 found=realloc
 * alloc:  start < main
 * free:   reset < main
 * caller: add < main
 */
#include "case.h"

typedef struct {
    char *text;
} builder_t;

static void start(builder_t *builder)
{
    builder->text = malloc(32);
}

static void reset(builder_t *builder)
{
    free(builder->text);
    builder->text = BUG(builder->text, NULL);
}

static void add(builder_t *builder, const char *piece)
{
    char *text = realloc(builder->text, 64);
    if (text == NULL) {
        builder->text = NULL;
        return;
    }
    builder->text = strcpy(text, piece);
}

int main(void)
{
    builder_t builder;
    start(&builder);
    reset(&builder);
    add(&builder, "again");
    free(builder.text);
    return done();
}
