/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The end of a line is cut off, even where the line is empty.
 *
 * expect: underflow offset=-1 damaged=1 size=16 found=free
 * alloc:  new_line < main
 * caller: main
 */
#include "case.h"

static char *new_line(void)
{
    return calloc(16, 1);
}

static void chomp(char *line)
{
    size_t length = strlen(line);
    if (BUG(1, length != 0)) { line[length - 1] = '\0'; }
}

int main(void)
{
    char *line = new_line();
    strcpy(line, "x\n");
    chomp(line);
    line[0] = '\0';
    chomp(line);
    free(line);
    return done();
}
