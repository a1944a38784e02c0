/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The ways a program can end: argv[1] says which. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void at_quick_exit_(void)
{
    free(malloc(33));
}

static void *exit_here(void *argument)
{
    exit(*(int *)argument);
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "return";
    int status = 9;
    static void *volatile s_kept;
    for (int i = 0; i < 1000; i++) {
        s_kept = malloc((size_t)i);
        if (i % 2 == 0) { free(s_kept); }
    }
    printf("about to end: %s\n", how);
    fflush(stdout);
    if (how[0] == '_') { printf("this is never flushed"); }
    if (strcmp(how, "exit") == 0) { exit(status); }
    if (strcmp(how, "_exit") == 0) { _exit(status); }
    if (strcmp(how, "_Exit") == 0) { _Exit(status); }
    if (strcmp(how, "quick_exit") == 0) {
        at_quick_exit(at_quick_exit_);
        quick_exit(status);
    }
    if (strcmp(how, "thread") == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, exit_here, &status);
        pthread_join(thread, NULL);
    }
    return status;
}
