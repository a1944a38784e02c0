/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Every function of the allocator. Says what came back, which must not depend on who watches.
 * With an argument also requests that fail: valgrind counts a failed realloc() as one that
 * succeeded.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(const char *what, int good)
{
    printf("%s: %s, errno %d\n", what, good ? "yes" : "no", errno);
    errno = 0;
}

static volatile size_t s_huge = SIZE_MAX / 2;
static volatile size_t s_zero = 0;

static void odd_sizes(void)
{
    void *p = malloc(s_zero);
    say("malloc(0)", p != NULL);
    p = realloc(p, 10);
    say("realloc(p, 10)", p != NULL);
    say("realloc(p, 0)", realloc(p, s_zero) != NULL);
    p = realloc(NULL, s_zero);
    say("realloc(NULL, 0)", p != NULL);
    free(p);
    free(NULL);
    p = calloc(s_zero, 10);
    say("calloc(0, 10)", p != NULL);
    free(p);
    p = malloc(300000); /* a mapping of its own */
    p = realloc(p, 900000);
    say("a large realloc", p != NULL);
    free(p);
}

static void failures(void)
{
    void *volatile p = malloc(100);
    memset(p, 'x', 100);
    say("malloc(huge)", malloc(s_huge) != NULL);
    say("realloc(p, huge)", realloc(p, s_huge) != NULL);
    say("the old block", ((char *)p)[99] == 'x');
    say("calloc overflow", calloc(s_huge, 4) != NULL);
    say("reallocarray overflow", reallocarray(p, s_huge, 4) != NULL);
    p = reallocarray(p, 20, 30);
    say("reallocarray", p != NULL);
    free(p);
    void *out = &out;
    int error = posix_memalign(&out, 64, s_huge);
    printf("posix_memalign(huge): %d, out is kept: %d\n", error, out == &out);
    say("aligned_alloc(huge)", aligned_alloc(64, s_huge) != NULL);
    errno = 77;
    p = malloc(10);
    free(p);
    say("errno is kept", 1);
}

static void alignments(void)
{
    void *p = NULL;
    static const size_t alignments[] = {0, 1, 3, 4, 8, 24, 64, 4096};
    for (size_t i = 0; i < sizeof(alignments) / sizeof(alignments[0]); i++) {
        p = NULL;
        int error = posix_memalign(&p, alignments[i], 100);
        printf("posix_memalign(%zu): %d, aligned %d\n", alignments[i], error,
               error == 0 && (uintptr_t)p % alignments[i] == 0);
        free(p);
    }
    void *blocks[] = {memalign(128, 10), aligned_alloc(256, 512), valloc(5000), memalign(48, 7)};
    static const uintptr_t masks[] = {127, 255, 4095, 15};
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        say("aligned", blocks[i] != NULL && ((uintptr_t)blocks[i] & masks[i]) == 0);
        free(blocks[i]);
    }
    p = malloc(10);
    say("malloc_usable_size", malloc_usable_size(p) >= 10);
    free(p);
}

/* Random sizes and lives; the seed is fixed. Returns what is left in use: a leak on purpose. */
static void **churn(void)
{
    enum { SLOTS = 500 };
    void **slots = calloc(SLOTS, sizeof(*slots));
    uint32_t state = 12345;
    for (int i = 0; i < 60000; i++) {
        state = state * 1664525U + 1013904223U;
        size_t slot = (state >> 8) % SLOTS;
        size_t size = (state >> 12) % 3000;
        if (state % 3 == 0) {
            free(slots[slot]);
            slots[slot] = NULL;
        } else {
            slots[slot] = realloc(slots[slot], size + 1);
        }
    }
    return slots;
}

int main(int argc, char **argv)
{
    (void)argv;
    odd_sizes();
    alignments();
    if (argc > 1) { failures(); }
    static void *volatile s_kept;
    s_kept = churn();
    printf("done %d\n", s_kept != NULL);
    return 0;
}
