/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * What ctime() gives is a variable of the C library.
 *
 * expect: bad_free place=static found=free
 * caller: stamp < main
 */
#include <time.h>

#include "case.h"

static void stamp(time_t when)
{
    char *text = BUG(ctime(&when), strdup(ctime(&when)));
    text[4] = 'J';
    free(text);
}

int main(void)
{
    stamp(0);
    return done();
}
