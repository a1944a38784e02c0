/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A block so large that the C library maps it on its own.
 *
 * expect: overflow offset=1048577 damaged=1 size=1048577 found=free
 * alloc:  load < main
 * caller: main
 */
#include "case.h"

static char *load(size_t bytes)
{
    char *text = malloc(bytes + BUG(0, 1));
    memset(text, ' ', bytes);
    text[bytes] = '\0';
    return text;
}

int main(void)
{
    char *text = load(1024 * 1024 + 1);
    free(text);
    return done();
}
