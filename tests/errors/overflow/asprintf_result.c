/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A unit is added to what asprintf() gave.
 *
 * expect: overflow offset=5 damaged=3 size=5 found=free
 * alloc:  degrees < main
 * caller: main
 */
#include "case.h"

static char *degrees(double value)
{
    char *text = NULL;
    if (asprintf(&text, BUG("%.1f", "%.1f   "), value) < 0) { exit(1); }
    memcpy(text + 4, " deg", 4); /* and no end: it was written behind the digits */
    return text;
}

int main(void)
{
    char *text = degrees(21.5);
    free(text);
    return done();
}
