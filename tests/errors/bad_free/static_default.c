/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A setting that was never set is its default, which is no block.
 *
 * expect: bad_free place=static found=free
 * caller: set_name < main
 */
#include "case.h"

static char s_default[] = "device";
static char *s_name = s_default;

static void set_name(const char *name)
{
    if (BUG(1, s_name != s_default)) { free(s_name); }
    s_name = strdup(name);
}

int main(void)
{
    set_name("lamp");
    free(s_name);
    return done();
}
