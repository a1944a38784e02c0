/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Allocations before main() and after it: constructors, destructors, atexit handlers. */
#include <stdio.h>
#include <stdlib.h>

static char *s_text;

static __attribute__((constructor(101))) void first(void)
{
    s_text = malloc(123);
}

static __attribute__((constructor)) void second(void)
{
    s_text = realloc(s_text, 1234);
    snprintf(s_text, 1234, "made before main()");
}

static __attribute__((destructor)) void last(void)
{
    free(s_text);
    free(malloc(77));
    setenv("HT_TEST", "a variable of the C library's memory", 1);
}

static void at_exit(void)
{
    char *kept = malloc(55);
    snprintf(kept, 55, "leaked at exit");
    puts(kept);
}

int main(void)
{
    for (int i = 0; i < 40; i++) { /* more than fit into the C library's static table */
        atexit(i == 0 ? at_exit : first);
    }
    puts(s_text);
    return 0;
}
