/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Memory errors, for what becomes of a program that has them: argv[1] says which, argv[2] how it
 * ends. (Which errors are seen, and what is said of them: tests/errors.) */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void overflow(void)
{
    volatile char *block = malloc(13);
    block[13] = 'x';
    free((void *)block);
}

static void overflow_that_stays(void)
{
    static volatile char *s_block;
    s_block = malloc(13);
    s_block[13] = 'x';
}

static void write_after_free(void)
{
    volatile char *block = malloc(1000);
    free((void *)block);
    block[7] = 0;
}

static void double_free(void)
{
    void *volatile block = malloc(20);
    free(block);
    free(block);
}

static void many(void)
{
    for (int i = 0; i < 50; i++) {
        double_free();
    }
}

static void *overflow_in_thread(void *unused)
{
    overflow();
    return unused;
}

static void in_threads(void)
{
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) {
        pthread_create(&threads[i], NULL, overflow_in_thread, NULL);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
    }
}

/* An error before the fork is the parent's alone. The child frees what the parent made. */
static void before_fork(void)
{
    void *block = malloc(100);
    overflow();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        free(block);
        exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    printf("child: %d\n", WEXITSTATUS(status));
    free(block);
}

static void in_child(void)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        overflow();
        exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    printf("child: %d\n", WEXITSTATUS(status));
}

/* realloc() of all kinds of wrong pointers: the program lives on. */
static void wrong_reallocs(void)
{
    void *volatile freed = malloc(20);
    char *volatile block = malloc(20);
    int on_stack = 0;
    free(freed);
    printf("%d", realloc(freed, 100) == NULL);
    printf("%d", realloc(block + 8, 100) == NULL);
    printf("%d\n", realloc(*(void *volatile *)&(void *){&on_stack}, 100) == NULL);
    free(block);
}

static void nothing(void)
{
}

static void in_handler(void)
{
    overflow();
}

static void at_exit(void)
{
    atexit(in_handler);
}

static const struct {
    const char *name;
    void (*fn)(void);
} s_errors[] = {
    {"overflow", overflow},
    {"overflow_that_stays", overflow_that_stays},
    {"double_free", double_free},
    {"write_after_free", write_after_free},
    {"many", many},
    {"in_threads", in_threads},
    {"before_fork", before_fork},
    {"in_child", in_child},
    {"at_exit", at_exit},
    {"wrong_reallocs", wrong_reallocs},
    {"nothing", nothing},
};

int main(int argc, char **argv)
{
    const char *end = argc > 2 ? argv[2] : "return";
    printf("begin ");
    for (size_t i = 0; argc > 1 && i < sizeof(s_errors) / sizeof(s_errors[0]); i++) {
        if (strcmp(s_errors[i].name, argv[1]) == 0) { s_errors[i].fn(); }
    }
    printf("end"); /* flushed by who ends the program */
    if (strcmp(end, "_exit") == 0) {
        fflush(stdout);
        _exit(3);
    }
    if (strcmp(end, "quick_exit") == 0) {
        fflush(stdout);
        quick_exit(3);
    }
    return 3;
}
