/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A parser cleans up when it fails, and its caller does so too.
 *
 * expect: double_free size=24 found=free
 * alloc:  new_state < main
 * free:   parse < main
 * caller: cleanup < main
 */
#include "case.h"

static char *new_state(void)
{
    return malloc(24);
}

static int parse(const char *text, char *state)
{
    memcpy(state, text, 1);
    if (text[0] != '{') {
        BUG(free(state), (void)0);
        return -1;
    }
    return 0;
}

static void cleanup(char *state)
{
    free(state);
}

int main(void)
{
    char *state = new_state();
    if (parse("[1]", state) != -1) { return 1; }
    cleanup(state);
    return done();
}
