/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A variable of main() is freed by another thread: on a stack that is not its own.
 *
 * expect: bad_free place=stack found=free caller_task=#2
 * caller: worker
 */
#include <pthread.h>

#include "case.h"

static void *worker(void *job)
{
    free(job);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    int numbers[32] = {0};
    void *job = BUG(numbers, malloc(sizeof(numbers)));
    pthread_create(&thread, NULL, worker, job);
    pthread_join(thread, NULL);
    return done();
}
