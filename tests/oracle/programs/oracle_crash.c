/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Programs that allocate, and are ended by a signal: what was allocated before must be known.
 *
 *   oracle_crash HOW     BLOCKS blocks of 32 bytes from make_block(), every third of which is freed
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCKS = 50000 };

static void *s_block[BLOCKS];
static volatile int *volatile s_nowhere;
static volatile unsigned s_bottom = 1U << 30;
static sigjmp_buf s_back;

static __attribute__((noinline)) void *make_block(void)
{
    void *block = malloc(32);
    __asm__ volatile("" ::: "memory"); /* no tail call */
    return block;
}

static void make_blocks(void)
{
    for (unsigned i = 0; i < BLOCKS; i++) {
        s_block[i] = make_block();
        if (i % 3 == 0) { free(s_block[i]); }
    }
}

static __attribute__((noinline)) unsigned go_down(unsigned depth)
{
    volatile char frame[1000];
    frame[depth % sizeof(frame)] = (char)depth;
    if (depth == s_bottom) { return 0; }
    return go_down(depth + 1U) + (unsigned)frame[0];
}

static void *fault(void *argument)
{
    *s_nowhere = 1;
    return argument;
}

static void fault_in_thread(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, fault, NULL) == 0) { pthread_join(thread, NULL); }
}

/* The handler of a program that tells of its end: it takes itself away, and lets it happen. */
static void tell(int number)
{
    static const char text[] = "told\n";
    if (write(STDOUT_FILENO, text, sizeof(text) - 1) < 0) { _exit(9); }
    signal(number, SIG_DFL);
    raise(number);
}

static void recover(int number)
{
    (void)number;
    siglongjmp(s_back, 1);
}

/* Says what of the program's own view of signals is not as without heaptrail. */
static int ask(void)
{
    struct sigaction old;
    const struct sigaction own = {.sa_handler = recover, .sa_flags = SA_NODEFER};
    const struct sigaction none = {.sa_handler = SIG_DFL};
    int wrong =
        sigaction(SIGSEGV, NULL, &old) != 0 || old.sa_handler != SIG_DFL || old.sa_flags != 0;
    wrong |= (sigaction(SIGSEGV, &own, &old) != 0 || old.sa_handler != SIG_DFL) << 1;
    if (sigsetjmp(s_back, 1) == 0) { *s_nowhere = 1; }
    wrong |= (sigaction(SIGSEGV, &none, &old) != 0 || old.sa_handler != recover ||
              (old.sa_flags & SA_NODEFER) == 0)
             << 2;
    wrong |= (signal(SIGTERM, SIG_IGN) != SIG_DFL) << 3;
    raise(SIGTERM);
    wrong |= (signal(SIGTERM, recover) != SIG_IGN) << 4;
    wrong |= (signal(SIGTERM, SIG_DFL) != recover || signal(SIGTERM, SIG_DFL) != SIG_DFL) << 5;
    wrong |= (signal(SIGKILL, SIG_DFL) != SIG_ERR || sigaction(999, &own, NULL) == 0) << 6;
    return wrong;
}

/* A forked child ends by the signal, too, and does not touch the trace. */
static int in_child(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        make_blocks();
        fault(NULL);
    }
    waitpid(child, &status, 0);
    return !(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

/* Signals that come from elsewhere find it in the allocator, as a rule. */
static void allocate_on(void)
{
    puts("up");
    fflush(stdout);
    for (;;) {
        free(make_block());
    }
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    if (strcmp(how, "busy") == 0) { allocate_on(); }
    make_blocks();
    if (strcmp(how, "segv") == 0) { fault(NULL); }
    if (strcmp(how, "abort") == 0) { abort(); }
    if (strcmp(how, "trap") == 0) { __builtin_trap(); }
    if (strcmp(how, "stack") == 0) { go_down(0); }
    if (strcmp(how, "thread") == 0) { fault_in_thread(); }
    if (strcmp(how, "heap") == 0) { /* glibc finds it, and aborts inside malloc() */
        memset((char *)malloc(24) + 24, 0xff, 64);
        for (unsigned i = 0; i < 100; i++) {
            s_block[i] = malloc(100000);
        }
    }
    if (strcmp(how, "handled") == 0) {
        signal(SIGSEGV, tell);
        fault(NULL);
    }
    if (strcmp(how, "term") == 0) { raise(SIGTERM); }
    if (strcmp(how, "ask") == 0) { return ask(); }
    if (strcmp(how, "child") == 0) { return in_child(); }
    return 2;
}
