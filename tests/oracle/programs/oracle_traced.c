/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Programs that a trace must not get in the way of: what they do falls into the midst of writing
 * it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCKS = 300000, FD_FIRST = 3, FD_LAST = 1000 };

static volatile bool s_enough;

static void allocate(unsigned blocks)
{
    for (unsigned i = 0; i < blocks; i++) {
        free(malloc(16));
    }
}

static void leave(int number)
{
    (void)number;
    _exit(7);
}

/* _exit() in a signal's handler. */
static int end_by_alarm(void)
{
    const struct itimerval soon = {.it_value = {.tv_usec = 200000}};
    signal(SIGALRM, leave);
    setitimer(ITIMER_REAL, &soon, NULL);
    while (!s_enough) {
        allocate(BLOCKS);
    }
    return 1;
}

static void *allocate_on(void *argument)
{
    while (!s_enough) {
        allocate(100);
    }
    return argument;
}

/* A thread that allocates and frees comes to no point where it could be cancelled. */
static int cancel(void)
{
    pthread_t thread;
    void *result = NULL;
    void *own = &result;
    if (pthread_create(&thread, NULL, allocate_on, own) != 0) { return 2; }
    usleep(20000);
    pthread_cancel(thread);
    allocate(BLOCKS);
    usleep(300000);
    s_enough = true;
    pthread_join(thread, &result);
    return result == own ? 0 : 1;
}

/* All descriptors are closed, and other files opened under their numbers: a child has them, too. */
static int take_numbers(const char *path)
{
    allocate(10);
    for (int fd = FD_FIRST; fd < FD_LAST; fd++) {
        close(fd);
    }
    int own = open(path, O_RDWR | O_CREAT, 0600);
    for (int fd = own + 1; fd < FD_LAST; fd++) {
        dup2(own, fd);
    }
    allocate(BLOCKS);
    pid_t child = fork();
    if (child == 0) {
        for (int fd = own; fd < FD_LAST; fd++) {
            if (fcntl(fd, F_GETFD) < 0) { _exit(1); }
        }
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status != 0;
}

/* The trace may be longer than the program's files. */
static int limit(void)
{
    const struct rlimit small = {4096, 4096};
    setrlimit(RLIMIT_FSIZE, &small);
    allocate(BLOCKS);
    return 0;
}

/* A library of which the program headers lie where only the file has them. */
static int load(const char *path)
{
    if (dlopen(path, RTLD_NOW) == NULL) { return 2; }
    allocate(BLOCKS);
    return 0;
}

/* --- names --------------------------------------------------------------------------------------
 */

static pthread_barrier_t s_step;

/* Allocates under three names: the one it begins with, its own choice, and another thread's. */
static void *work_and_be_named(void *argument)
{
    void **block = argument;
    block[0] = malloc(100);
    prctl(PR_SET_NAME, "reader");
    block[1] = malloc(200);
    pthread_barrier_wait(&s_step);
    pthread_barrier_wait(&s_step); /* renamed */
    block[2] = malloc(400);
    return NULL;
}

static int rename_threads(void)
{
    static void *s_block[2][3]; /* live at the end */
    pthread_t thread;
    pthread_barrier_init(&s_step, NULL, 2);
    for (int i = 0; i < 2; i++) {
        if (pthread_create(&thread, NULL, work_and_be_named, s_block[i]) != 0) { return 2; }
        pthread_barrier_wait(&s_step);
        int failed = pthread_setname_np(thread, i == 0 ? "first" : "second");
        failed |= pthread_setname_np(thread, "longer than it may be") != ERANGE;
        pthread_barrier_wait(&s_step);
        pthread_join(thread, NULL);
        if (failed) { return 1; }
    }
    pid_t child = vfork(); /* it has its parent's memory, but a name of its own */
    if (child == 0) {
        prctl(PR_SET_NAME, "child");
        _exit(0);
    }
    free(malloc(10));
    return waitpid(child, NULL, 0) != child;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "alarm") == 0) { return end_by_alarm(); }
    if (strcmp(what, "names") == 0) { return rename_threads(); }
    if (strcmp(what, "cancel") == 0) { return cancel(); }
    if (strcmp(what, "numbers") == 0 && argc > 2) { return take_numbers(argv[2]); }
    if (strcmp(what, "load") == 0 && argc > 2) { return load(argv[2]); }
    return strcmp(what, "limit") == 0 ? limit() : 2;
}
