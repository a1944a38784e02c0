/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * What getline() gave is ended at its size, and not at its length.
 *
 * expect: overflow offset=120 damaged=1 size=120 found=free
 * alloc:  read_line < main
 * caller: main
 */
#include "case.h"

static char *read_line(FILE *file)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length = getline(&line, &size, file);
    line[BUG(size, (size_t)length - 1)] = '\0';
    return line;
}

int main(void)
{
    char text[] = "one line\nanother\n";
    FILE *file = fmemopen(text, sizeof(text) - 1, "r");
    char *line = read_line(file);
    free(line);
    fclose(file);
    return done();
}
