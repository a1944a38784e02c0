/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Two threads each think that they are the last one.
 *
 * expect: double_free size=56 found=free task=main freed_task=#2 caller_task=#3
 * alloc:  main
 * free:   drop < first
 * caller: drop < second
 */
#include <pthread.h>

#include "case.h"

static void drop(void *shared)
{
    free(shared);
}

static void *first(void *shared)
{
    drop(shared);
    return NULL;
}

static void *second(void *shared)
{
    BUG(drop(shared), (void)shared);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    void *shared = malloc(56);
    pthread_create(&thread, NULL, first, shared);
    pthread_join(thread, NULL);
    pthread_create(&thread, NULL, second, shared);
    pthread_join(thread, NULL);
    return done();
}
