/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A message is marked in its last byte, after it was sent.
 *
 * expect: write_after_free offset=32 damaged=1 size=33 found=exit
 * alloc:  main
 * free:   send_away < main
 */
#include "case.h"

static void send_away(char *message)
{
    free(message);
}

static void mark(char *message, size_t size)
{
    message[size - 1] = '!';
}

int main(void)
{
    char *message = malloc(33);
    if (BUG(0, 1)) { mark(message, 33); }
    send_away(message);
    if (BUG(1, 0)) { mark(message, 33); }
    return done();
}
