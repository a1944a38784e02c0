/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Threads that run at once and free each other's blocks; keys whose destructors allocate; detached
 * threads. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 8
#define BLOCKS 5000

static void *s_blocks[THREADS][BLOCKS];
static pthread_key_t s_key;
static pthread_barrier_t s_barrier;

static void destroy(void *value)
{
    char *copy = malloc(64);
    snprintf(copy, 64, "%s", (char *)value);
    free(value);
    free(copy);
}

static void *work(void *argument)
{
    size_t me = (size_t)argument;
    pthread_setspecific(s_key, strdup("the thread's own"));
    for (size_t i = 0; i < BLOCKS; i++) {
        s_blocks[me][i] = malloc(1 + (i * 31 + me * 7) % 800);
    }
    pthread_barrier_wait(&s_barrier);
    size_t other = (me + 1) % THREADS;
    for (size_t i = 0; i < BLOCKS; i++) {
        if (i % 3 == 0) {
            s_blocks[other][i] = realloc(s_blocks[other][i], 2000);
        } else {
            free(s_blocks[other][i]);
            s_blocks[other][i] = NULL;
        }
    }
    return NULL;
}

static void *nothing(void *argument)
{
    free(malloc(10));
    return argument;
}

int main(void)
{
    pthread_t threads[THREADS];
    pthread_key_create(&s_key, destroy);
    pthread_barrier_init(&s_barrier, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, work, (void *)i);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    size_t kept = 0;
    for (size_t i = 0; i < THREADS * BLOCKS; i++) {
        if (s_blocks[i / BLOCKS][i % BLOCKS] != NULL) { kept++; }
    }
    for (int i = 0; i < 20; i++) {
        pthread_create(&threads[0], NULL, nothing, NULL);
        pthread_join(threads[0], NULL);
    }
    printf("%zu blocks kept\n", kept);
    return 0;
}
