/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A parser frees the pointer that it has moved along the text.
 *
 * expect: bad_free offset=11 size=12 place=block found=free
 * alloc:  count_words < main
 * caller: count_words < main
 */
#include "case.h"

static int count_words(const char *text)
{
    char *copy = strdup(text);
    char *at = copy;
    int words = 0;
    while (*at != '\0') {
        words += *at != ' ' && (at == copy || at[-1] == ' ');
        at++;
    }
    free(BUG(at, copy));
    return words;
}

int main(void)
{
    if (count_words("one two six") != 3) { return 1; }
    return done();
}
