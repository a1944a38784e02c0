/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Shrunk to fit, then appended to, as if the old room were still there.
 *
 * expect: overflow offset=5 damaged=3 size=5 found=free
 * alloc:  shrink_to_fit < main
 * caller: main
 */
#include "case.h"

static char *shrink_to_fit(char *text)
{
    return realloc(text, strlen(text) + 1);
}

int main(void)
{
    char *text = malloc(100);
    strcpy(text, "four");
    if (BUG(1, 0)) { text = shrink_to_fit(text); }
    strcat(text, "-th");
    free(text);
    return done();
}
