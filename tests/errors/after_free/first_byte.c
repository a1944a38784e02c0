/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A session's token is wiped after the session was closed: its first byte.
 *
 * expect: write_after_free offset=0 damaged=1 size=24 found=exit
 * alloc:  open_session < main
 * free:   close_session < main
 */
#include "case.h"

static char *open_session(void)
{
    char *token = malloc(24);
    strcpy(token, "secret");
    return token;
}

static void close_session(char *token)
{
    free(token);
}

int main(void)
{
    char *token = open_session();
    if (BUG(0, 1)) { token[0] = '-'; }
    close_session(token);
    if (BUG(1, 0)) { token[0] = '-'; }
    return done();
}
