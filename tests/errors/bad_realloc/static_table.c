/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A table that starts static is grown when it is full.
 *
 * expect: bad_realloc place=static found=realloc
 * caller: add < main
 */
#include "case.h"

static int s_first[4];
static int *s_table = BUG(s_first, NULL);
static size_t s_count;

static void add(int value)
{
    if (s_count % 4 == 0 && (s_count != 0 || s_table == NULL)) {
        int *larger = realloc(s_table, (s_count + 4) * sizeof(*larger));
        if (larger == NULL) { return; }
        s_table = larger;
    }
    s_table[s_count++] = value;
}

int main(void)
{
    for (int i = 0; i < 5; i++) {
        add(i);
    }
    if (BUG(0, 1)) { free(s_table); }
    return done();
}
