/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The setting lives until the program ends: the end finds it.
 *
 * expect: overflow offset=10 damaged=2 size=10 found=exit
 * alloc:  configure < main
 * caller: -
 */
#include "case.h"

static char *s_setting;

static void configure(const char *value)
{
    s_setting = malloc(10);
    strncpy(s_setting, value, BUG(12, 10));
}

int main(void)
{
    configure("fast");
    return done();
}
