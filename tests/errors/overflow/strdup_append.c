/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A slash is added to what strdup() gave.
 *
 * expect: overflow offset=9 damaged=1 size=9 found=free
 * alloc:  folder < main
 * caller: main
 */
#include "case.h"

static char *folder(const char *path)
{
    char *copy = strdup(path);
    if (path[strlen(path) - 1] != '/') { strcat(copy, "/"); }
    return copy;
}

int main(void)
{
    char *path = folder(BUG("/var/log", "/var/log/"));
    free(path);
    return done();
}
