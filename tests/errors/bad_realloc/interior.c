/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The rest of a line, behind its first word, is to be made longer.
 *
 * expect: bad_realloc offset=4 size=24 place=block found=realloc
 * alloc:  main
 * caller: longer < main
 */
#include "case.h"

static char *longer(char *text)
{
    return realloc(text, 100);
}

int main(void)
{
    char *line = malloc(24);
    strcpy(line, "set colour");
    char *rest = BUG(line + 4, line);
    char *grown = longer(rest);
    free(grown != NULL ? grown : line);
    return done();
}
