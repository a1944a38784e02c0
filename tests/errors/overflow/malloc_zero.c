/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * An empty list has an empty block: malloc(0), and its end is written.
 *
 * expect: overflow offset=0 damaged=1 size=0 found=free
 * alloc:  join < main
 * caller: main
 */
#include "case.h"

static char *join(const char *const *words, size_t count)
{
    size_t size = BUG(0, 1);
    for (size_t i = 0; i < count; i++) {
        size += strlen(words[i]);
    }
    char *all = malloc(size);
    char *at = all;
    for (size_t i = 0; i < count; i++) {
        at = stpcpy(at, words[i]);
    }
    *at = '\0';
    return all;
}

int main(void)
{
    char *all = join(NULL, 0);
    free(all);
    return done();
}
