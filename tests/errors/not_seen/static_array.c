/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The array that is overrun is static.
 *
 * expect: none
 * why:    there are no redzones around static variables
 */
#include "case.h"

static char s_names[2][8];
static char s_behind[64];

static void set_name(char *name, int index)
{
    name[index] = '\0';
}

int main(void)
{
    set_name(s_names[0], 0);
    set_name(s_names[0] + sizeof(s_names), BUG(0, -1));
    return s_behind[0] == '\0' ? done() : 1;
}
