/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A thread writes behind a block that main() owns.
 *
 * expect: overflow offset=40 damaged=4 size=40 found=free task=main caller_task=main
 * alloc:  main
 * caller: main
 */
#include <pthread.h>

#include "case.h"

#define SLOTS 10

static void *worker(void *context)
{
    uint32_t *results = context;
    for (uint32_t i = 1; i <= SLOTS; i++) {
        results[i - BUG(0, 1)] = 2 * i;
    }
    return NULL;
}

int main(void)
{
    pthread_t thread;
    uint32_t *results = malloc(SLOTS * sizeof(*results));
    pthread_create(&thread, NULL, worker, results);
    pthread_join(thread, NULL);
    free(results);
    return done();
}
