/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* The table of live blocks grows while another thread looks at all blocks, again and again. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCKS 150000

static void *s_blocks[BLOCKS];
static int s_ended;

/* Nothing to do for a program that is not watched. */
static void *verify(void *argument)
{
    int (*fn)(uint32_t, void *) = NULL;
    *(void **)&fn = dlsym(RTLD_DEFAULT, "heaptrail_verify_heap");
    while (fn != NULL && !__atomic_load_n(&s_ended, __ATOMIC_RELAXED)) {
        fn(0, NULL);
    }
    return argument;
}

int main(void)
{
    pthread_t verifier;
    pthread_create(&verifier, NULL, verify, NULL);
    for (size_t i = 0; i < BLOCKS; i++) {
        s_blocks[i] = malloc(16U + i % 50U);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        free(s_blocks[i]);
    }
    __atomic_store_n(&s_ended, 1, __ATOMIC_RELAXED);
    pthread_join(verifier, NULL);
    puts("done");
    return 0;
}
