/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A value is a number, a text in place or a text of its own; the tag is wrong, and letters are
 * freed.
 *
 * expect: bad_free place=unknown found=free
 * caller: drop < main
 */
#include "case.h"

typedef struct {
    enum { IN_PLACE, OWNED } kind;
    union {
        char in_place[8];
        char *owned;
    };
} value_t;

static void drop(value_t *value)
{
    if (value->kind == OWNED) { free(value->owned); }
}

int main(void)
{
    value_t value = {.kind = BUG(OWNED, IN_PLACE)};
    memcpy(value.in_place, "BADLUCK", 8);
    drop(&value);
    return done();
}
