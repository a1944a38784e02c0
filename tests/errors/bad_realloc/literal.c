/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A default text, a literal, is made longer in place.
 *
 * expect: bad_realloc place=read_only found=realloc
 * caller: append < main
 */
#include "case.h"

static char *append(char *text, const char *more)
{
    char *longer = realloc(text, 20);
    return longer != NULL ? strcat(longer, more) : NULL;
}

int main(void)
{
    static const char name[] = "name";
    char *text = append(BUG((char *)(uintptr_t)name, strdup(name)), "=42");
    free(text);
    return done();
}
