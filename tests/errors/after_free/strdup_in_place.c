/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A name is freed by the table that took it, and made upper-case afterwards.
 *
 * expect: write_after_free offset=0 damaged=5 size=6 found=exit
 * alloc:  main
 * free:   replace < main
 */
#include <ctype.h>

#include "case.h"

static char *s_name;

static void replace(char *name)
{
    free(s_name);
    s_name = name;
}

static void shout(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        text[i] = "HELGA"[i];
    }
}

int main(void)
{
    char *name = strdup("helga");
    replace(name);
    if (BUG(0, 1)) { shout(name, 5); }
    replace(NULL);
    if (BUG(1, 0)) { shout(name, 5); }
    return done();
}
