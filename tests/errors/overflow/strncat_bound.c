/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * strncat() is told the size of the buffer, and not what is left of it.
 *
 * expect: overflow offset=16 damaged=4 size=16 found=free
 * alloc:  status_line < main
 * caller: main
 */
#include "case.h"

#define LINE 16

static char *status_line(const char *status)
{
    char *line = malloc(LINE);
    strcpy(line, "status=");
    strncat(line, status, BUG(LINE, LINE - 1 - strlen(line)));
    return line;
}

int main(void)
{
    char *line = status_line("overheated!!");
    free(line);
    return done();
}
