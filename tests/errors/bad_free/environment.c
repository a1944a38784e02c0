/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * What getenv() gives belongs to the environment, which lies above the stack.
 *
 * expect: bad_free place=stack found=free
 * caller: main
 */
#include "case.h"

static char *home(void)
{
    char *value = getenv("PATH");
    return BUG(value, strdup(value));
}

int main(void)
{
    char *folder = home();
    free(folder);
    return done();
}
