/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A command line that just fills its buffer is ended behind it.
 *
 * expect: overflow offset=24 damaged=1 size=24 found=free
 * alloc:  remember < main
 * caller: forget < main
 */
#include "case.h"

#define LINE 24
#define LINES 3

static char *s_lines[LINES];

static void remember(int at, const char *keys)
{
    char *line = malloc(LINE);
    size_t n = 0;
    while (keys[n] != '\0' && n < LINE - BUG(0, 1)) {
        line[n] = keys[n];
        n++;
    }
    line[n] = '\0';
    s_lines[at] = line;
}

static void forget(void)
{
    for (int i = 0; i < LINES; i++) {
        free(s_lines[i]);
    }
}

int main(void)
{
    remember(0, "ls");
    remember(1, "tail -f /var/log/messages");
    remember(2, "exit");
    forget();
    return done();
}
