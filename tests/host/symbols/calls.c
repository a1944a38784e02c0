/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Calls of an allocating function, each with what it is kept in. Compiled as C and as C++: the two
 * give calls different columns. */
#include "calls.h"

typedef struct {
    char *rx;
    void *slots[4];
} context_t;

static context_t s_context;
static char *s_text;

static void take(void *first, void *second)
{
    s_context.slots[2] = first;
    s_context.slots[3] = second;
}

static void *give_back(void)
{
    expect("return");
    return note_call(1);
}

static void through_pointer(char **out, context_t *context)
{
    expect("*out");
    *out = (char *)note_call(2);
    expect("context->slots[1]");
    context->slots[1] = note_call(3);
}

void make_calls(void)
{
    expect("s_text");
    s_text = (char *)note_call(4);
    expect("s_context.rx");
    s_context.rx =
        /* here */
        (char *)note_call( //
            5);
    expect("argument of take");
    take(note_call(6), s_text);
    through_pointer(&s_text, &s_context);
    s_context.slots[0] = give_back();
    expect("local");
    char *local;
    if ((local = (char *)note_call(7)) != s_text) { s_text = local; }
    expect("left");
    void *left = note_call(8);
    expect("right");
    void *right = s_text != local ? left : note_call(9);
    take(left, right);
}
