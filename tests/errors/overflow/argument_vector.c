/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A list of arguments without room for the NULL that ends it.
 *
 * expect: overflow offset=24 damaged=8 size=24 found=free
 * alloc:  arguments < main
 * caller: main
 */
#include "case.h"

static char **arguments(char *line)
{
    size_t count = 0;
    for (const char *at = line; *at != '\0'; at++) {
        count += at == line || at[-1] == ' ';
    }
    char **list = malloc((count + BUG(0, 1)) * sizeof(*list));
    char *state = NULL;
    size_t n = 0;
    for (char *word = strtok_r(line, " ", &state); word; word = strtok_r(NULL, " ", &state)) {
        list[n++] = word;
    }
    list[n] = NULL;
    return list;
}

int main(void)
{
    char line[] = "cp -r here";
    char **list = arguments(line);
    free(list);
    return done();
}
