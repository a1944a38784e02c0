/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A JSON string may grow twofold, its author thought: but \u00xx is six characters.
 *
 * expect: overflow offset=9 damaged=12 size=9 found=free
 * alloc:  quoted < main
 * caller: main
 */
#include "case.h"

static char *quoted(const char *text)
{
    char *all = malloc(BUG(2, 6) * strlen(text) + sizeof("\"\""));
    char *at = all;
    *at++ = '"';
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20U) {
            at += sprintf(at, "\\u%04x", (unsigned)*text);
        } else {
            *at++ = *text;
        }
    }
    strcpy(at, "\"");
    return all;
}

int main(void)
{
    char *text = quoted("\1\2\3");
    free(text);
    return done();
}
