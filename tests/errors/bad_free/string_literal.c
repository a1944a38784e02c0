/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A message is a literal or a copy; the literal is freed, too.
 *
 * expect: bad_free place=read_only found=free
 * caller: main
 */
#include "case.h"

static char *message(int code)
{
    static char ok[] = "all is well";
    const char *text = code == 0 ? "all is well" : "failure";
    if (BUG(0, 1)) { return strdup(text); }
    return code == 0 ? (char *)(uintptr_t)text : ok;
}

int main(void)
{
    char *text = message(0);
    free(text);
    return done();
}
