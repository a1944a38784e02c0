/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Processes, signals and file descriptors: argv[1] says what. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *s_kept[1000];
static int s_count;

static void keep(int count, size_t size)
{
    for (int i = 0; i < count; i++) {
        s_kept[s_count++] = malloc(size);
    }
}

/* Says something without stdio's buffer, which would be one block more. */
static void say(const char *text)
{
    if (write(STDOUT_FILENO, text, strlen(text)) < 0) { abort(); }
}

static int run_fork(void)
{
    keep(10, 100);
    pid_t child = fork();
    if (child == 0) {
        keep(20, 200);
        exit(4);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static volatile int s_stop;

static void *churn(void *argument)
{
    while (!s_stop) {
        free(realloc(malloc(100), 5000));
    }
    return argument;
}

/* Forks while other threads are in malloc() all the time. */
static int run_storm(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, churn, NULL);
    }
    int bad = 0;
    for (int i = 0; i < 40; i++) {
        pid_t child = fork();
        if (child == 0) {
            free(malloc(10));
            exit(0);
        }
        int status = 0;
        waitpid(child, &status, 0);
        bad += status != 0;
    }
    s_stop = 1;
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    return bad;
}

static int run_vfork(void)
{
    keep(10, 100);
    pid_t child = vfork();
    if (child == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    child = vfork();
    if (child == 0) { _exit(5); }
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static int run_busy(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, churn, NULL);
    }
    say("ready\n");
    for (int i = 0; i < 1500000; i++) {
        free(malloc(50));
    }
    s_stop = 1;
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    say("still alive\n");
    return 0;
}

static __attribute__((noinline)) void leak_here(void)
{
    keep(17, 50);
}

static int replace_stderr(const char *path)
{
    keep(10, 100);
    for (int fd = 2; fd < 900; fd++) {
        close(fd);
    }
    if (open(path, O_WRONLY | O_CREAT, 0666) != 2) { return 1; }
    return write(2, "the program's own file\n", 23) != 23;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "fork") == 0) { return run_fork(); }
    if (strcmp(what, "storm") == 0) { return run_storm(); }
    if (strcmp(what, "vfork") == 0) { return run_vfork(); }
    if (strcmp(what, "busy") == 0) { return run_busy(); }
    if (strcmp(what, "leave3") == 0) { return 3; }
    if (strcmp(what, "nothing") == 0) { say("nothing\n"); }
    if (strcmp(what, "leak") == 0) { leak_here(); }
    if (strcmp(what, "replace") == 0 && argc > 2) { return replace_stderr(argv[2]); }
    if (strcmp(what, "exec") == 0) {
        keep(10, 100);
        execl("/bin/true", "true", (char *)NULL);
    }
    if (strcmp(what, "close") == 0) {
        keep(10, 100);
        close(0), close(1), close(2);
    }
    if (strcmp(what, "wait") == 0) {
        keep(10, 100);
        say("ready\n");
        for (;;) {
            pause();
        }
    }
    return 0;
}
