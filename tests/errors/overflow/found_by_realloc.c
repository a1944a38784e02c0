/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A string builder writes its end behind its room, and grows afterwards: realloc() finds it.
 *
 * expect: overflow offset=8 damaged=1 size=8 found=realloc
 * alloc:  start < main
 * caller: add < main
 */
#include "case.h"

typedef struct {
    char *text;
    size_t length, room;
} builder_t;

static void start(builder_t *builder)
{
    *builder = (builder_t){malloc(8), 0, 8};
}

static void add(builder_t *builder, const char *piece)
{
    size_t length = strlen(piece);
    if (builder->length + length + BUG(0, 1) > builder->room) {
        builder->room = 2 * (builder->length + length);
        builder->text = realloc(builder->text, builder->room);
    }
    memcpy(builder->text + builder->length, piece, length);
    builder->length += length;
    builder->text[builder->length] = '\0';
}

int main(void)
{
    builder_t builder;
    start(&builder);
    add(&builder, "key=");
    add(&builder, "some");
    add(&builder, "thing");
    free(builder.text);
    return done();
}
